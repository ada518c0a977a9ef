package all_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors/all"
)

// A folder that is in no list would be a service that nobody reads.
func TestEveryFolderIsListed(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "all" {
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
	for _, c := range all.Collectors(nil, nil) {
		for _, rt := range c.Types() {
			types = append(types, rt.Name)
		}
		for _, action := range c.Actions() {
			service, name, ok := strings.Cut(action, ":")
			if !ok || service == "" || !slices.ContainsFunc([]string{"List", "Describe", "Get"}, func(verb string) bool { return strings.HasPrefix(name, verb) }) {
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
