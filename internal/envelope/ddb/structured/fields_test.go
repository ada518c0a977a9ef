package structured

import (
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// TestPath: lengths count UTF-16 code units, names are in UTF-8, and the order
// of fields is that of their paths.
func TestPath(t *testing.T) {
	for name, want := range map[string]string{
		"name":  "T\x00\x00\x00\x00\x00\x00\x00\x01$\x00\x00\x00\x00\x00\x00\x00\x04name",
		"größe": "T\x00\x00\x00\x00\x00\x00\x00\x01$\x00\x00\x00\x00\x00\x00\x00\x05gr\xc3\xb6\xc3\x9fe",
		"😀":     "T\x00\x00\x00\x00\x00\x00\x00\x01$\x00\x00\x00\x00\x00\x00\x00\x02\xf0\x9f\x98\x80",
	} {
		if got := string(appendPath(nil, "T", name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	it := item.Item{}
	want := []string{"b", "é", "\uffff", "aa", "😀", "größe"}
	for _, name := range want {
		it[name] = item.Text("")
	}
	for i, f := range candidates(it, Config{Table: "T"}) {
		if f.name != want[i] {
			t.Errorf("field %d is %q, want %q", i, f.name, want[i])
		}
	}
}
