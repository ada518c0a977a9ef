package s3ec

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestSalamander: one body, two instruction files, two authentic plaintexts.
// Both open, and both proofs say that the format does not commit.
func TestSalamander(t *testing.T) {
	var v vector
	loadJSON(t, "s3ec-negative-generated/salamander-v2-instruction-file.json", &v)
	for _, side := range []struct {
		file  json.RawMessage
		plain string
	}{{v.A, v.PlainA}, {v.B, v.PlainB}} {
		one := v
		one.Instruction = side.file
		obj, keys := one.object(t)
		for way, make := range ways(obj) {
			mustOpen(t, way, make, keys, unhex(t, side.plain))
			p, err := Verify(t.Context(), make(), keys, Options{})
			if err != nil || !strings.Contains(weakIDs(p), "not-committing") || p.Committing {
				t.Errorf("%s: %v, %+v", way, err, p)
			}
		}
	}
}

// TestRun: a data key and vector used twice is found at the second object, and
// a copy of an object is no second use.
func TestRun(t *testing.T) {
	pair := loadVectors(t, "s3ec-negative-generated/key-iv-reuse-pair.json")
	run := NewRun()
	verify := func(obj Object, keys Keys) string {
		t.Helper()
		p, _ := Verify(t.Context(), obj, keys, Options{Run: run})
		var ids []string
		for _, id := range strings.Fields(weakIDs(p)) {
			if strings.HasPrefix(id, "duplicate-") {
				ids = append(ids, id)
			}
		}
		return strings.Join(ids, " ")
	}
	first, keys := pair[0].object(t)
	if got := verify(first, keys); got != "" {
		t.Errorf("the first: %s", got)
	}
	copied, _ := pair[0].object(t)
	if got := verify(copied, keys); got != "" {
		t.Errorf("its copy: %s", got)
	}
	second, _ := pair[1].object(t)
	if got := verify(second, keys); got != "duplicate-iv" {
		t.Errorf("the second: %q", got)
	}
	// The same wrapped key with another vector, and with the same one.
	third, _ := pair[0].object(t)
	third.Metadata = with(third.Metadata, nameIV, "AAAAAAAAAAAAAAAA")
	if got := verify(third, keys); got != "duplicate-data-key" {
		t.Errorf("another vector: %q", got)
	}
	fourth, _ := pair[0].object(t)
	fourth.Body, fourth.Size = bytes.NewReader(make([]byte, 100)), 100
	if got := verify(fourth, Keys{}); got != "duplicate-data-key duplicate-iv" {
		t.Errorf("without a key: %q", got)
	}
	var out bytes.Buffer
	again, _ := pair[1].object(t)
	p, err := Open(t.Context(), &out, again, keys, Options{Run: run})
	if err != nil || !strings.Contains(weakIDs(p), "duplicate-iv") {
		t.Errorf("opening: %v, %s", err, weakIDs(p))
	}
}

// TestDistinctObjects: objects of one writer share nothing.
func TestDistinctObjects(t *testing.T) {
	run, keys := NewRun(), allKeys()
	for range 20 {
		for _, version := range []string{"V2", "V3"} {
			p, err := Verify(t.Context(), sealed(t, []byte("text"), keys, SealOptions{Version: version})(), keys, Options{Run: run})
			if err != nil || strings.Contains(weakIDs(p), "duplicate") {
				t.Fatalf("%v, %s", err, weakIDs(p))
			}
		}
	}
}

// TestLengthClaim: the metadata's word for the length is a hint; a false one is
// said and refutes nothing.
func TestLengthClaim(t *testing.T) {
	keys := allKeys()
	for claim, want := range map[string]bool{"4": false, "5": true, "-1": false, "x": false} {
		o := sealed(t, []byte("text"), keys, SealOptions{Version: "V2"})()
		o.Metadata = with(o.Metadata, nameLength, claim)
		p, err := Verify(t.Context(), o, keys, Options{})
		if err != nil || strings.Contains(weakIDs(p), "length-claim") != want || p.Bytes != 4 {
			t.Errorf("%q: %v, %s, %d bytes", claim, err, weakIDs(p), p.Bytes)
		}
	}
}
