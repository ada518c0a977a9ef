package lab

import (
	"regexp"
	"testing"
	"time"
)

// Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
func TestPrefixesAreEvaluated(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for prefix, want := range map[string]string{
		"":                                       `^2026/03/04/05/$`,
		"logs/":                                  `^logs/2026/03/04/05/$`,
		"y=!{timestamp:yyyy}/m=!{timestamp:MM}/": `^y=2026/m=03/$`,
		"!{timestamp:yyyy/'at'/MM/dd/HH-mm-ss}/": `^2026/at/03/04/05-06-07/$`,
		"r/!{firehose:random-string}/":           `^r/[A-Z0-9]{11}/2026/03/04/05/$`,
		"!{other:thing}/":                        `^!\{other:thing\}/2026/03/04/05/$`,
	} {
		if got := prefixAt(prefix, now); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q: %q", prefix, got)
		}
	}
}
