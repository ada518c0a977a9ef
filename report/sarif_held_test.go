package report

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealaudit/sealaudit/rego"
)

// What is packed comes back, but for what SARIF does not show.
func TestHeld(t *testing.T) {
	h := held{words: newWords()}
	var want []rego.Finding
	for f := range fullSample().Findings() {
		h.add(f)
		f.Evidence = nil
		for i := range f.Unknowns {
			f.Unknowns[i].Attribute, f.Unknowns[i].Remedy = "", ""
		}
		want = append(want, f)
	}
	if diff := cmp.Diff(want, slices.Collect(h.all())); diff != "" {
		t.Error(diff)
	}
	last := len(want) - 1
	if diff := cmp.Diff(want[last], h.drop()); diff != "" || h.len() != last {
		t.Errorf("dropped another, %d are left: %s", h.len(), diff)
	}
	h.add(want[0])
	if diff := cmp.Diff(append(want[:last:last], want[0]), slices.Collect(h.all())); diff != "" {
		t.Error(diff)
	}
}
