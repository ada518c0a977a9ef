package all_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/all"
)

var update = flag.Bool("update", false, "rewrite the schemas in policies/schemas")

// The schemas that policies are checked against are the facts structs.
func TestSchemasAreTheFacts(t *testing.T) {
	dir := filepath.Join("..", "..", "policies", "schemas")
	want := map[string]bool{}
	for _, rt := range all.Types() {
		name := strings.ReplaceAll(rt.Name, "::", "_") + ".json"
		want[name] = true
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "  ")
		if err := enc.Encode(collectors.Schema(rt)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, b.Bytes()) {
			t.Errorf("%s is not what %s's facts say; run go test ./collectors/all -update", path, rt.Name)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !want[f.Name()] {
			t.Errorf("%s belongs to no resource type", f.Name())
		}
	}
}
