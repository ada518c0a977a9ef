package item_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

func TestParse(t *testing.T) {
	got, err := item.Parse([]byte(` {"s": {"S":"a\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t"}, "n":{"N":"-1.5E3"},"b":{"B":"AAE="},"t":{"BOOL":true},
		"f":{"BOOL":false},"z":{"NULL":true},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AA==","AQ=="]},
		"l":{"L":[{"S":""},{"L":[]}]},"m":{"M":{"":{"M":{}}}}} ` + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := item.Item{
		"s": item.Text("aä😀\"\\/\b\f\n\r\t"), "n": item.Number("-1.5E3"), "b": item.Bytes([]byte{0, 1}),
		"t": {Type: item.Bool, True: true}, "f": {Type: item.Bool}, "z": {Type: item.Null},
		"ss": {Type: item.SS, Set: []string{"a", "b"}}, "ns": {Type: item.NS, Set: []string{"1", "2"}},
		"bs": {Type: item.BS, Set: []string{"\x00", "\x01"}},
		"l":  {Type: item.L, List: []item.Value{item.Text(""), {Type: item.L}}},
		"m":  {Type: item.M, Map: map[string]item.Value{"": {Type: item.M, Map: map[string]item.Value{}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	again, err := item.Parse(text)
	if err != nil || !item.Equal(got, again) {
		t.Errorf("written and read it is %v, %v", again, err)
	}
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat(`{"L":[`, 40) + `{"NULL":true}` + strings.Repeat(`]}`, 40)
	for name, text := range map[string]string{
		"nothing": "", "array": "[]", "open": "{", "trailing": "{}{}", "no colon": `{"a" {}}`, "no value": `{"a":}`,
		"unknown type": `{"a":{"X":"b"}}`, "two types": `{"a":{"S":"b","N":"1"}}`, "duplicate": `{"a":{"S":"b"},"a":{"S":"c"}}`,
		"duplicate in map": `{"a":{"M":{"x":{"S":""},"x":{"S":""}}}}`, "plain": `{"a":"b"}`, "bare number": `{"a":{"N":1}}`,
		"empty name": `{"":{"S":"b"}}`, "long name": `{"` + strings.Repeat("x", 65536) + `":{"S":"b"}}`,
		"null false": `{"a":{"NULL":false}}`, "bool text": `{"a":{"BOOL":"true"}}`, "empty set": `{"a":{"SS":[]}}`,
		"repeating set": `{"a":{"SS":["x","x"]}}`, "repeating numbers": `{"a":{"NS":["1","1.0"]}}`,
		"number": `{"a":{"N":"1x"}}`, "base64": `{"a":{"B":"AA"}}`, "base64 bits": `{"a":{"B":"AB=="}}`, "base64 lines": `{"a":{"B":"AAAA\nAAAA"}}`,
		"control": "{\"a\":{\"S\":\"\x01\"}}", "utf8": "{\"a\":{\"S\":\"\xff\"}}", "escape": `{"a":{"S":"\x"}}`, "half escape": `{"a":{"S":"\u12`,
		"bad hex": `{"a":{"S":"\u12g4"}}`, "lone high": `{"a":{"S":"\ud800"}}`, "lone low": `{"a":{"S":"\udc00"}}`, "high then not low": `{"a":{"S":"\ud800\u0041"}}`,
		"high then text": `{"a":{"S":"\ud800abcdef"}}`,
		"unended":        `{"a":{"S":"`, "ends in escape": `{"a":{"S":"\`, "no comma": `{"a":{"S":""} "b":{"S":""}}`, "no end": `{"a":{"S":"x"]}`, "list of plain": `{"a":{"L":["x"]}}`,
		"deep": `{"a":` + deep + `}`, "large": `{"a":{"S":"` + strings.Repeat("x", item.MaxSize) + `"}}`, "large set": `{"a":{"SS":["` + strings.Repeat("x", item.MaxSize) + `"]}}`,
		"larger": strings.Repeat(" ", item.MaxJSON+1), "key not text": `{1:{"S":""}}`, "type not text": `{"a":{1:""}}`,
		"many":       `{"a":{"L":[` + strings.Repeat(`{"NULL":true},`, 140000) + `{"NULL":true}]}}`,
		"many names": `{"a":{"M":{"` + strings.Repeat("y", 65000) + `":{"S":"` + strings.Repeat("x", item.MaxSize-65000) + `"}}}}`,
		"big name":   `{"a":{"S":"` + strings.Repeat("x", item.MaxSize-10) + `"},"` + strings.Repeat("n", 20) + `":{"S":""}}`,
	} {
		if _, err := item.Parse([]byte(text)); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.00": "0", "-000.000": "0", "0e99": "0", "7": "7", "55.00": "55", "+123.456": "123.456", "123.456e5": "12345600",
		"0800.000e0": "800", "00.0011": "0.0011", "-1.5E-3": "-0.0015", ".5": "0.5", "5.": "5", "1e2": "100", "1000000000000000000000": "1000000000000000000000",
		"1E-130": "0." + strings.Repeat("0", 129) + "1", "9.9999999999999999999999999999999999999E+125": strings.Repeat("9", 38) + strings.Repeat("0", 88),
		".99999999999999999999999999999999999999E+126": strings.Repeat("9", 38) + strings.Repeat("0", 88),
	} {
		if got, err := item.Normalise(in); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-", "+", ".", "e1", "1e", "1e+", "1e99999", "1.2.3", "1 ", " 1", "0x1", "--1", "1e1.5", "NaN", "1e126", "1e-131", strings.Repeat("1", 39), strings.Repeat("1", 513), "١"} {
		if got, err := item.Normalise(in); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
}

// A number is its normal form, by another implementation's arithmetic.
func TestNormaliseKeepsTheValue(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var b strings.Builder
		b.WriteString([]string{"", "-", "+"}[r.IntN(3)])
		for range 1 + r.IntN(12) {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		if r.IntN(2) == 0 {
			b.WriteByte('.')
			for range r.IntN(12) {
				b.WriteByte(byte('0' + r.IntN(10)))
			}
		}
		if r.IntN(2) == 0 {
			b.WriteString([]string{"e", "E-", "e+"}[r.IntN(3)])
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		in := b.String()
		got, err := item.Normalise(in)
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		x, _ := new(big.Rat).SetString(in)
		y, ok := new(big.Rat).SetString(got)
		if !ok || x.Cmp(y) != 0 {
			t.Fatalf("%s became %s", in, got)
		}
		if again, err := item.Normalise(got); err != nil || again != got {
			t.Fatalf("%s is not normal: %s, %v", got, again, err)
		}
	}
}

func TestCompare16(t *testing.T) {
	texts := []string{"", "abc", "𐀂abc", "abc𐀂", "퀀", "퀀𐀂", "﹌", "﹌𐀂", "𐀂﹌", "𐀂퀀", "𐀁𐀁", "𠀂", "𐀁𐀂", "𐀂𐀁", "\ue000", "\uffff", "\ud7ff", "é", "ab"}
	for _, a := range texts {
		for _, b := range texts {
			want := slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
			if got := item.Compare16(a, b); (got < 0) != (want < 0) || (got > 0) != (want > 0) {
				t.Errorf("%q and %q: got %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestEqual(t *testing.T) {
	list := func(v ...item.Value) item.Value { return item.Value{Type: item.L, List: v} }
	same := [][2]item.Value{
		{item.Number("1.0"), item.Number("1")},
		{{Type: item.NS, Set: []string{"2", "1.0"}}, {Type: item.NS, Set: []string{"1", "2.00"}}},
		{{Type: item.SS, Set: []string{"b", "a"}}, {Type: item.SS, Set: []string{"a", "b"}}},
		{list(item.Number("1")), list(item.Number("01"))}, {{Type: item.Null}, {Type: item.Null}}, {item.Number("x"), item.Number("x")},
	}
	for _, p := range same {
		if !p[0].Equal(p[1]) {
			t.Errorf("%v and %v differ", p[0], p[1])
		}
	}
	for _, p := range [][2]item.Value{
		{item.Number("1"), item.Text("1")}, {item.Text("a"), item.Text("b")}, {{Type: item.Bool}, {Type: item.Bool, True: true}},
		{list(), list(item.Text(""))}, {{Type: item.M, Map: map[string]item.Value{"a": item.Text("")}}, {Type: item.M}},
	} {
		if p[0].Equal(p[1]) {
			t.Errorf("%v and %v are equal", p[0], p[1])
		}
	}
}

func TestMarshalRefusesUntyped(t *testing.T) {
	if text, err := json.Marshal(item.Value{}); err == nil {
		t.Errorf("got %s", text)
	}
	if text, err := json.Marshal(item.Value{Type: item.M}); err != nil || string(text) != `{"M":{}}` {
		t.Errorf("got %s, %v", text, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":{"S":"\ud83d\ude00"},"n":{"NS":["1","2e5"]},"m":{"M":{"x":{"L":[{"B":"AA=="},{"NULL":true}]}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		it, err := item.Parse(text)
		if err != nil {
			if !errors.Is(err, envelope.ErrFormat) {
				t.Fatalf("not of a class: %v", err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("not JSON: %q", text)
		}
		out, err := json.Marshal(it)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := item.Parse(out); err != nil || !item.Equal(it, again) {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
	})
}
