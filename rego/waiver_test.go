package rego

import (
	"strings"
	"testing"
	"time"
)

func TestWaiverPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, arn string
		want         bool
	}{
		{"arn:aws:s3:::logs", "arn:aws:s3:::logs", true},
		{"arn:aws:s3:::logs", "arn:aws:s3:::logs-2", false},
		{"arn:aws:s3:::log*", "arn:aws:s3:::logs-2", true},
		{"*", "anything", true},
		{"*:stream/demo-*", "arn:aws:kinesis:eu-west-1:111122223333:stream/demo-clicks", true},
		{"*:stream/demo-*-old", "arn:aws:kinesis:eu-west-1:111122223333:stream/demo-clicks", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "ac", false},
		{"a*a", "a", false},
		{"arn:aws:s3:::LOGS", "arn:aws:s3:::logs", false},
		{"[a-z]", "b", false},
	} {
		if got := matchesText(test.pattern, test.arn); got != test.want {
			t.Errorf("%q on %q: %t", test.pattern, test.arn, got)
		}
	}
}

func TestWaive(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	active := Waiver{Policy: "s3/*", Resource: "arn:aws:s3:::logs*", Owner: "me", Reason: "public data", Expires: "2026-11-24"}
	expired := active
	expired.Expires = "2026-11-23"
	fail := func() Finding {
		return Finding{Policy: "s3/tls_required", Status: Fail, Messages: []string{"no"}, Resource: Resource{ARN: "arn:aws:s3:::logs-1"}}
	}
	for _, test := range []struct {
		name    string
		waivers []Waiver
		status  Status
		states  string
		shown   string // when the finding's waiver expires
	}{
		{"the last day counts", []Waiver{active}, Waived, "active 1", "2026-11-24"},
		{"the day after it fails again, and shows why", []Waiver{expired}, Fail, "expired 1", "2026-11-23"},
		{"one that holds counts, whatever stands before it", []Waiver{expired, active}, Waived, "expired 1, active 1", "2026-11-24"},
		{"the first that holds counts", []Waiver{active, active}, Waived, "active 1, unmatched 0", "2026-11-24"},
		{"another policy's", []Waiver{{Policy: "kms/*", Resource: "*", Owner: "me", Reason: "r", Expires: "2027-01-01"}}, Fail, "unmatched 0", ""},
		{"another resource's", []Waiver{{Policy: "s3/*", Resource: "arn:aws:s3:::data", Owner: "me", Reason: "r", Expires: "2027-01-01"}}, Fail, "unmatched 0", ""},
	} {
		uses := startWaivers(test.waivers, now)
		f := fail()
		waive(&f, uses)
		var states []string
		for _, u := range uses {
			states = append(states, u.State+" "+string(rune('0'+u.Findings)))
		}
		shown := ""
		if f.Waiver != nil {
			shown = f.Waiver.Expires
		}
		if f.Status != test.status || strings.Join(states, ", ") != test.states || shown != test.shown || len(f.Messages) != 1 {
			t.Errorf("%s: %s, %v, shows %q", test.name, f.Status, states, shown)
		}
	}
	for _, s := range []Status{Pass, Undecided, NotApplicable} {
		f := fail()
		f.Status = s
		if waive(&f, startWaivers([]Waiver{active}, now)); f.Status != s || f.Waiver != nil {
			t.Errorf("a waiver changed %s into %s", s, f.Status)
		}
	}
}

func TestWaiversThatAreWrong(t *testing.T) {
	good := Waiver{Policy: "s3/*", Resource: "*", Owner: "me", Reason: "r", Expires: "2027-01-01"}
	for what, change := range map[string]func(*Waiver){
		"owner is missing":    func(w *Waiver) { w.Owner = " " },
		"reason is missing":   func(w *Waiver) { w.Reason = "" },
		"resource is missing": func(w *Waiver) { w.Resource = "" },
		"policy is missing":   func(w *Waiver) { w.Policy = "" },
		"2027-03-31":          func(w *Waiver) { w.Expires = "tomorrow" },
		"policy pattern":      func(w *Waiver) { w.Policy = "s3/[" },
		"2048":                func(w *Waiver) { w.Ticket = strings.Repeat("x", 3000) },
	} {
		w := good
		change(&w)
		if err := w.Check(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}
