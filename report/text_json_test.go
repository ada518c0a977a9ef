package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// Programs read what the account said, and a terminal shows no hidden
// character of it.
func TestVisibleJSON(t *testing.T) {
	for _, s := range []string{"", "plain", "naïve 日本 🙂", "a\u202eb", "\u200b\u00a0", "tag \U000e0041\U000e007f", "del \x7f", "\x1b[31m", "line\u2028end", "two\nlines\t", "\ufffd", "not utf8 \xff",
		strings.Repeat("\u2066", 100)} {
		text, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		got := VisibleJSON(text)
		var before, after map[string]string
		if json.Unmarshal(text, &before) != nil || json.Unmarshal(got, &after) != nil || len(after) != 1 {
			t.Fatalf("%q became %q", text, got)
		}
		for k, v := range before {
			if after[k] != v {
				t.Errorf("%q reads %q", v, after)
			}
		}
		if i := strings.IndexFunc(string(got), func(r rune) bool { return r != utf8.RuneError && hidden(r) }); i >= 0 || !utf8.Valid(got) {
			t.Errorf("%q still has a hidden character", got)
		}
	}
	if text := []byte("{\n  \"a\": 1\n}\n"); string(VisibleJSON(text)) != string(text) {
		t.Errorf("line ends between values changed: %q", VisibleJSON(text))
	}
}
