package all_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/all"
	"github.com/sealaudit/sealaudit/collectors/envelope"
)

// A folder that is in no list would be a service that nobody reads.
func TestEveryFolderIsListed(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "all" && e.Name() != "testdata" && e.Name() != "envelope" { // which is in proofs
			folders = append(folders, e.Name())
		}
	}
	services := slices.Sorted(slices.Values(all.Services()))
	if diff := cmp.Diff(folders, services); diff != "" {
		t.Errorf("folders (-) and services (+) differ\n%s", diff)
	}
}

func TestCollectorsSayWhatTheyRead(t *testing.T) {
	var types []string
	for _, c := range all.WithProofs(nil, nil, envelope.Options{}) {
		for _, rt := range c.Types() {
			types = append(types, rt.Name)
		}
		for _, action := range c.Actions() {
			service, name, ok := strings.Cut(action, ":")
			if _, proof := c.(collectors.SamplingCollector); proof && (action == "kms:Decrypt" || action == "dynamodb:Scan") {
				continue // read what is sealed
			}
			if !ok || service == "" || !slices.ContainsFunc([]string{"List", "Describe", "Get", "Lookup"}, func(verb string) bool { return strings.HasPrefix(name, verb) }) {
				t.Errorf("%s needs %q, which is not a reading action", c.Service(), action)
			}
		}
		if len(c.Actions()) == 0 {
			t.Errorf("%s needs no action", c.Service())
		}
	}
	var want []string
	for _, rt := range all.Types() {
		want = append(want, rt.Name)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(types))); diff != "" {
		t.Error(diff)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(types)))) != len(types) {
		t.Errorf("two collectors list the same type: %v", types)
	}
}

// Proofs are told apart from the configuration of their service, sample, and
// are read with it.
func TestProofsAreTheirServicesOwn(t *testing.T) {
	for _, c := range all.Proofs(nil, nil, envelope.Options{Sampling: collectors.Sampling{Size: 7}}) {
		service, what, ok := strings.Cut(c.Service(), "/")
		if !ok || what == "" || !slices.Contains(all.Services(), service) || slices.Contains(all.Services(), c.Service()) {
			t.Errorf("%q is no service's", c.Service())
		}
		if s, ok := c.(collectors.SamplingCollector); !ok || s.Sampling().Size != 7 {
			t.Errorf("%s does not say how it samples", c.Service())
		}
		for services, want := range map[string]bool{"": true, service: true, c.Service(): true, "none": false} {
			if got := all.Serves(c, strings.Fields(services)); got != want {
				t.Errorf("%s is of %q: %t", c.Service(), services, got)
			}
		}
	}
}
