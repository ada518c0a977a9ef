package s3ec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// sample is an object whose every bit is flipped.
type sample struct {
	obj    Object
	body   []byte
	keys   Keys
	plain  []byte
	values map[string]string // of the metadata, or of the instruction file
	file   bool
}

func samples(t testing.TB) map[string]sample {
	t.Helper()
	out := map[string]sample{}
	keys := allKeys()
	add := func(name string, obj Object, keys Keys, plain []byte) {
		body, _ := io.ReadAll(obj.Body)
		s := sample{obj: obj, body: body, keys: keys, plain: plain, values: obj.Metadata}
		if obj.Instruction != nil {
			s.file = true
			s.values = map[string]string{}
			if err := json.Unmarshal(obj.Instruction, &s.values); err != nil {
				t.Fatal(err)
			}
		}
		out[name] = s
	}
	plain := []byte("the quick brown fox jumps")
	for _, version := range []string{"V2", "V3"} {
		for _, name := range []string{wrapContext, wrapGCM, wrapOAEP} {
			for _, file := range []bool{false, true} {
				o := sealed(t, plain, keys, SealOptions{Version: version, Wrap: name, Instruction: file, Context: map[string]string{"a": "b"}})()
				add(fmt.Sprintf("%s %s file=%v", version, name, file), o, keys, plain)
			}
		}
	}
	for _, v := range loadVectors(t, "s3ec-go/objects.json") {
		if v.Name == "TestGetObjectGCM" {
			obj, keys := v.object(t)
			add("V2 kms", obj, keys, unhex(t, v.Plain))
		}
	}
	return out
}

// TestEveryFlip: each single bit of the body, of the instruction file and of
// each value of the metadata is refused, or is one of the harmless ones named
// here, and then the plaintext is the same.
func TestEveryFlip(t *testing.T) {
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			flips, harmless := 0, map[string]int{}
			try := func(what string, obj Object) {
				flips++
				proof, err := Verify(t.Context(), obj, s.keys, Options{})
				if err == nil && proof.Verdict == envelope.Verified {
					harmless[what]++
				}
				if err == nil && !allowed(name, what) {
					t.Errorf("%s: a flipped bit is accepted", what)
				}
			}
			for bit := range len(s.body) * 8 {
				obj := s.obj
				obj.Body = bytes.NewReader(flipped(s.body, bit))
				try("body", obj)
			}
			for field, value := range s.obj.Metadata {
				for bit := range len(value) * 8 {
					obj := s.obj
					obj.Metadata = with(obj.Metadata, field, string(flipped([]byte(value), bit)))
					obj.Body = bytes.NewReader(s.body)
					try(field, obj)
				}
			}
			for bit := range len(s.obj.Instruction) * 8 {
				obj := s.obj
				obj.Instruction = flipped(s.obj.Instruction, bit)
				obj.Body = bytes.NewReader(s.body)
				try(place(s.obj.Instruction, bit/8), obj)
			}
			t.Logf("%d flips, harmless: %v", flips, harmless)
		})
	}
}

// allowed are the harmless flips, with why.
func allowed(sample, field string) bool {
	switch field {
	case nameLength:
		return true // a hint, never used: a false one is a weakness of its own
	case nameMatDesc, nameDesc:
		// The material description of a raw key describes it to its owner and
		// is under no tag. Under a KMS wrap it is the encryption context.
		return !strings.Contains(sample, "kms")
	case "name":
		// Names are compared without case; x-amz-m and x-amz-tag-len may be
		// missing, and renamed are of no concern.
		return true
	}
	return false
}

// place says in which value of an instruction file an offset lies, "name" for
// the names.
func place(file []byte, at int) string {
	dec := json.NewDecoder(bytes.NewReader(file))
	_, _ = dec.Token()
	for dec.More() {
		name, _ := dec.Token()
		if int64(at) < dec.InputOffset() {
			return "name"
		}
		_, _ = dec.Token()
		if int64(at) < dec.InputOffset() {
			return name.(string)
		}
	}
	return "end"
}

func flipped(b []byte, bit int) []byte {
	b = bytes.Clone(b)
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

// TestCBCFlips: AES-CBC authenticates nothing, so most flips pass; none is ever
// called verified.
func TestCBCFlips(t *testing.T) {
	for _, v := range loadVectors(t, "s3ec-ruby-generated/objects-v1v2.json") {
		if !strings.Contains(v.Name, "cbc") || len(v.Body) > 200 {
			continue
		}
		obj, keys := v.object(t)
		body, _ := io.ReadAll(obj.Body)
		for bit := range len(body) * 8 {
			obj.Body = bytes.NewReader(flipped(body, bit))
			if p, _ := Verify(t.Context(), obj, keys, Options{}); p.Verdict == envelope.Verified || p.Authenticated {
				t.Fatalf("%s: bit %d: verified", v.Name, bit)
			}
		}
		obj.Body = bytes.NewReader(body)
		if _, err := Open(t.Context(), io.Discard, obj, keys, Options{}); err == nil || envelope.Says(err) != envelope.Unknown {
			t.Errorf("%s: opened without being allowed: %v", v.Name, err)
		}
	}
}
