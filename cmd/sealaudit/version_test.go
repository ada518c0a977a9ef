package main

import (
	"strings"
	"testing"
)

// A build outside of a checkout is named by its linker flag, and only by what
// SARIF's readers take for a version (semver.org 2.0.0).
func TestVersionOfNamedBuild(t *testing.T) {
	sha := strings.Repeat("0123456789", 4)
	for release, want := range map[string]string{
		"": "", "main": "", "v1": "", "v1.2": "", "1.2.3.4": "", "01.2.3": "", "v1.2.3 -X": "", sha[:39]: "",
		"v1.2.3": "1.2.3", "1.2.3-rc.1": "1.2.3-rc.1", "v1.2.3+linux": "1.2.3+linux", sha: "0.0.0-devel+" + sha,
	} {
		if got := versionOf(release); got != want {
			t.Errorf("%q is %q, not %q", release, got, want)
		}
	}
}
