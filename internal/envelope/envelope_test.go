package envelope_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

func TestContextRoundTrips(t *testing.T) {
	for name, context := range map[string]map[string]string{
		"empty": {}, "one": {"purpose": "test"}, "empty value": {"k": ""}, "empty key": {"": "v"},
		"sorted by bytes": {"ä": "1", "z": "2", "a": "3"},
	} {
		text, err := envelope.AppendContext([]byte("before"), context)
		if err != nil {
			t.Fatal(err)
		}
		got, err := envelope.ParseContext(text[len("before"):])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(context, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	text, _ := envelope.AppendContext(nil, map[string]string{"ä": "1", "z": "2", "a": "3"})
	if want := "\x00\x03\x00\x01a\x00\x013\x00\x01z\x00\x012\x00\x02ä\x00\x011"; string(text) != want {
		t.Errorf("got %q, want %q", text, want)
	}
	if text, err := envelope.AppendContext(nil, nil); text != nil || err != nil {
		t.Errorf("an empty context is %q, %v", text, err)
	}
}

func TestContextLimits(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for name, context := range map[string]map[string]string{"a long key": {long: ""}, "a long value": {"k": long}} {
		if _, err := envelope.AppendContext(nil, context); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := map[string]string{}
	for i := range 1 << 16 {
		many[fmt.Sprint(i)] = ""
	}
	if _, err := envelope.AppendContext(nil, many); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("too many pairs: %v", err)
	}
}

func TestMalformedContexts(t *testing.T) {
	for name, text := range map[string]string{
		"half a count": "\x00", "a count of zero": "\x00\x00", "no pair": "\x00\x01", "half a length": "\x00\x01\x00",
		"a key cut off": "\x00\x01\x00\x02k", "no value": "\x00\x01\x00\x01k", "a value cut off": "\x00\x01\x00\x01k\x00\x02v",
		"a key twice": "\x00\x02\x00\x01k\x00\x00\x00\x01k\x00\x00", "trailing bytes": "\x00\x01\x00\x01k\x00\x01v!",
		"a count that lies": "\xff\xff\x00\x01k\x00\x01v",
	} {
		if _, err := envelope.ParseContext([]byte(text)); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSays(t *testing.T) {
	for err, want := range map[error]envelope.Verdict{
		nil: envelope.Verified, envelope.ErrFormat: envelope.Refuted, envelope.ErrTampered: envelope.Refuted, envelope.ErrWrongKey: envelope.Refuted,
		envelope.ErrNoKey: envelope.Unknown, envelope.ErrRefused: envelope.Unknown, envelope.ErrUnavailable: envelope.Unknown,
		envelope.ErrUnsupported: envelope.Unknown, errors.New("disk on fire"): envelope.Unknown,
	} {
		if got := envelope.Says(err); got != want {
			t.Errorf("%v says %s, want %s", err, got, want)
		}
	}
	// A key that could not be asked says nothing, whatever else failed.
	if got := envelope.Says(errors.Join(envelope.ErrWrongKey, envelope.ErrRefused)); got != envelope.Unknown {
		t.Errorf("a wrong key beside a refused one says %s", got)
	}
}

func TestProofAddsUp(t *testing.T) {
	for name, c := range map[string]struct {
		errs []error
		want envelope.Verdict
	}{
		"all verified":          {[]error{nil, nil}, envelope.Verified},
		"one unknown":           {[]error{nil, envelope.ErrRefused, nil}, envelope.Unknown},
		"refuted after unknown": {[]error{envelope.ErrRefused, envelope.ErrTampered}, envelope.Refuted},
		"unknown after refuted": {[]error{envelope.ErrTampered, envelope.ErrRefused, nil}, envelope.Refuted},
	} {
		var p envelope.Proof
		for i, err := range c.errs {
			p.Add(fmt.Sprint("step ", i), err, "fine")
		}
		if p.Verdict != c.want || len(p.Steps) != len(c.errs) {
			t.Errorf("%s: %s after %d steps, want %s", name, p.Verdict, len(p.Steps), c.want)
		}
	}
	var p envelope.Proof
	p.Weak("unsigned")
	p.Weak("unsigned")
	if len(p.Weaknesses) != 1 || p.Weaknesses[0].Detail == "" {
		t.Errorf("weaknesses %+v", p.Weaknesses)
	}
}

// Every weakness has an id of its own and says what it means.
func TestWeaknesses(t *testing.T) {
	all := envelope.Weaknesses()
	for id, detail := range all {
		var p envelope.Proof
		if p.Weak(id); p.Weaknesses[0].Detail != detail || !strings.HasSuffix(detail, ".") {
			t.Errorf("%s: %q", id, detail)
		}
	}
	if len(all) < 18 || all["repeated-iv"] == "" {
		t.Errorf("%d weaknesses", len(all))
	}
}

// A data key can't be printed or encoded by accident.
func TestDataKeysDoNotShow(t *testing.T) {
	secret := "0123456789abcdef0123456789abcdef"
	key := envelope.NewDataKey([]byte(secret))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{key, &key, struct{ K envelope.DataKey }{key}} {
			text := fmt.Sprintf(verb, v)
			if strings.Contains(text, secret[:4]) || strings.Contains(text, "30313233") || strings.Contains(text, "48 49") {
				t.Errorf("%s of %T shows it: %s", verb, v, text)
			}
		}
	}
	if text, err := json.Marshal(map[string]any{"key": key}); err == nil {
		t.Errorf("JSON: %s", text)
	}
	if key.Len() != 32 || string(key.Bytes()) != secret {
		t.Error("the key is another")
	}
	if wrapped := key.Wrapped("RSA"); wrapped.Wrap() != "RSA" || key.Wrap() != "" || string(wrapped.Bytes()) != secret {
		t.Error("how it was wrapped is lost")
	}
	key.Zero()
	if string(key.Bytes()) != strings.Repeat("\x00", 32) {
		t.Error("the key is not zeroed")
	}
}

func TestPairs(t *testing.T) {
	context := map[string]string{"b": "2", "a": "1"}
	if diff := cmp.Diff([]envelope.Pair{{Key: "a"}, {Key: "b"}}, envelope.Pairs(context, false)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]envelope.Pair{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}, envelope.Pairs(context, true)); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseContext(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x01\x00\x01k\x00\x01v"))
	f.Fuzz(func(t *testing.T, text []byte) {
		context, err := envelope.ParseContext(text)
		if err != nil {
			return
		}
		again, err := envelope.AppendContext(nil, context)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) != len(text) {
			t.Errorf("%d bytes come back as %d", len(text), len(again))
		}
	})
}
