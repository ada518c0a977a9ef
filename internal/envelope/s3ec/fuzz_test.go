package s3ec

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// FuzzVerify: of all mutations of metadata, instruction file and body, none
// verifies whose body is not one that was sealed, and none opens to another
// plaintext.
func FuzzVerify(f *testing.F) {
	// Workers are processes of their own: everything here must be the same in
	// each, so that nothing is sealed but by the vectors' writers.
	kms := vectorKMS{}
	keys := Keys{KMS: kms}
	plains := map[string][][]byte{} // by body; a salamander has two
	repaired := map[string]bool{}   // bodies whose metadata was damaged: who mends that opens them
	add := func(v vector) {
		obj, k := v.object(f)
		body, _ := io.ReadAll(obj.Body)
		metadata, _ := json.Marshal(obj.Metadata)
		f.Add(metadata, []byte(obj.Instruction), body)
		keys.AES, keys.RSA = append(keys.AES, k.AES...), append(keys.RSA, k.RSA...)
		if one, ok := k.KMS.(fixedKMS); ok {
			kms[kms.name(one.blob, one.context)] = one.key
		}
		if v.Expect == "fail" {
			repaired[string(body)] = true
		} else {
			plains[string(body)] = append(plains[string(body)], unhex(f, v.Plain))
		}
	}
	for _, path := range []string{"s3ec-go/objects.json", "s3ec-ruby-spec/objects.json", "s3ec-ruby-generated/objects-v1v2.json",
		"s3ec-ruby-generated/objects-v3-raw.json", "s3ec-python-generated/objects.json", "s3ec-negative-generated/must-fail.json"} {
		for _, v := range loadVectors(f, path) {
			if len(v.Body) < 200 {
				add(v)
			}
		}
	}
	var v vector
	loadJSON(f, "s3ec-negative-generated/salamander-v2-instruction-file.json", &v)
	v.Instruction, v.Plain = v.A, v.PlainA
	add(v)
	v.Instruction, v.Plain = v.B, v.PlainB
	add(v)
	keys.AES, keys.RSA = distinct(keys.AES), keys.RSA[:1]
	f.Fuzz(func(t *testing.T, metadata, instruction, body []byte) {
		var m map[string]string
		if json.Unmarshal(metadata, &m) != nil {
			return
		}
		if len(instruction) == 0 {
			instruction = nil
		}
		object := func() Object {
			return Object{Metadata: m, Instruction: instruction, Body: bytes.NewReader(body), Size: int64(len(body))}
		}
		inspected, err := Inspect(object(), Options{})
		p, err2 := Verify(t.Context(), object(), keys, Options{Run: NewRun()})
		if err != nil && err2 == nil || inspected.Verdict == envelope.Verified {
			t.Error("inspecting and verifying disagree")
		}
		var out bytes.Buffer
		_, err3 := Open(t.Context(), &out, object(), keys, Options{})
		if (err2 == nil && p.Verdict == envelope.Verified) != (err3 == nil) {
			t.Errorf("verified: %v (%s), opened: %v", err2, p.Verdict, err3)
		}
		known := plains[string(body)]
		if err3 == nil && (known != nil || !repaired[string(body)]) && !slices.ContainsFunc(known, func(plain []byte) bool { return bytes.Equal(plain, out.Bytes()) }) {
			t.Error("a mutation was accepted")
		}
		if err3 != nil && out.Len() > 0 {
			t.Error("plaintext was written, and then an error")
		}
	})
}

// vectorKMS has the data keys of many vectors.
type vectorKMS map[string][]byte

func (vectorKMS) name(blob []byte, context map[string]string) string {
	text, _ := json.Marshal(context)
	return string(blob) + string(text)
}

func (k vectorKMS) Decrypt(_ context.Context, _ string, blob []byte, context map[string]string) (envelope.DataKey, error) {
	key, ok := k[k.name(blob, context)]
	if !ok {
		return envelope.DataKey{}, envelope.ErrWrongKey
	}
	return envelope.NewDataKey(bytes.Clone(key)), nil
}

func (vectorKMS) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, envelope.ErrRefused
}

func distinct(keys [][]byte) (out [][]byte) {
	for _, key := range keys {
		if !slices.ContainsFunc(out, func(have []byte) bool { return bytes.Equal(have, key) }) {
			out = append(out, key)
		}
	}
	return out
}

// FuzzInstruction: what an instruction file's parser takes, encoding/json
// takes, too, and reads as the same.
func FuzzInstruction(f *testing.F) {
	for _, v := range loadVectors(f, "s3ec-ruby-generated/objects-v1v2.json") {
		f.Add([]byte(v.Instruction))
	}
	f.Add([]byte(`{"x-amz-key":"a","x-amz-unencrypted-content-length":5}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := textMap(b, false)
		if _, err2 := parseInstruction(b); err == nil && err2 == nil && !utf8.Valid(b) {
			t.Error("no UTF-8 was taken")
		}
		if err != nil {
			return
		}
		var want map[string]string
		if err := json.Unmarshal(b, &want); err != nil || !maps.Equal(got, want) {
			t.Errorf("%v, %q and %q", err, got, want)
		}
	})
}

// FuzzMatDesc: a context that was written as ASCII reads as it was, also after
// S3's encoding is undone, which must leave it alone.
func FuzzMatDesc(f *testing.F) {
	f.Add("größe", "é𝄞 =?UTF-8?Q?x?=", "{}")
	f.Add("", "\xff", `{"a":"=?utf-8?B?w4M=?="}`)
	f.Fuzz(func(t *testing.T, name, value, text string) {
		_, _ = parseMatDesc(undouble(text))
		m := map[string]string{name: value}
		ascii, err := asciiJSON(m)
		if (err == nil) != (utf8.ValidString(name) && utf8.ValidString(value)) {
			t.Fatal(err)
		}
		if err != nil || bytes.Contains([]byte(ascii), []byte("=?")) {
			return
		}
		if got, err := parseMatDesc(undouble(ascii)); err != nil || !maps.Equal(got, m) {
			t.Errorf("%v, %q from %q", err, got, m)
		}
	})
}
