package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/sealaudit/sealaudit/rego"
)

// earlier are two judgements before that of htmlSample, with another status of
// some findings: everything that can become of a finding has become of one.
func earlier(now []rego.Finding) []Data {
	before := func(weeks int, change map[string]rego.Status) Data {
		d := sample()
		d.Manifest.Started, d.Manifest.Ended = d.Manifest.Started.AddDate(0, 0, -7*weeks), d.Manifest.Ended.AddDate(0, 0, -7*weeks)
		d.Evidence = "sha256:" + strings.Repeat(fmt.Sprintf("%02x", 16+weeks), 32)
		d.Policies = append(d.Policies, rego.Policy{ID: "dynamodb/" + hostile[0], Severity: "low", Resource: "AWS::DynamoDB::Table"})
		d.Policies[slices.IndexFunc(d.Policies, func(p rego.Policy) bool { return p.ID == "kinesis/stream_encrypted" })].Digest = "sha256:" + strings.Repeat("9", 64)
		d.Judged.Params = nil
		retired, unlisted, unjudged := finding("kinesis/stream_encrypted", "fail", "us-east-1", "retired-"+hostile[1]),
			finding("kms/key_not_pending_deletion", "fail", "us-east-1", "unlisted"), finding("kinesis/stream_encrypted", "fail", "us-east-1", "table")
		unjudged.Policy, unjudged.ID = "dynamodb/"+hostile[0], "unjudged"
		var findings []rego.Finding
		for _, f := range append(slices.Clone(now), retired, unlisted, unjudged) {
			name := f.Policy + " " + f.Resource.Name
			status, ok := change[name]
			if !ok {
				status, ok = change[f.Policy]
			}
			if ok && status == "" {
				continue
			}
			if f.Waiver = nil; ok {
				f.Status = status
			}
			if f.Status == rego.Fail && f.Policy == "kms/key_not_pending_deletion" {
				f.Messages = []string{"deletion is set for 2026-12-08 " + hostile[0]}
			}
			findings = append(findings, f)
		}
		d.Findings = seq(findings)
		return d
	}
	return []Data{
		before(2, map[string]rego.Status{"s3/client_encryption_authentic": "", "s3/tls_required " + hostile[3]: ""}),
		before(1, map[string]rego.Status{
			"s3/client_encryption_authentic":         "",
			"kinesis/stream_encrypted orders":        "pass",           // reopened
			"kinesis/stream_encrypted payments":      "fail",           // fixed
			"kinesis/stream_encrypted public-ticker": "fail",           // waived
			"firehose/source_encrypted from-kinesis": "fail",           // ended
			"s3/tls_required " + hostile[0]:          "waived",         // unwaived
			"s3/tls_required " + hostile[3]:          "not_applicable", // new
			"s3/tls_required audit-logs":             "fail",           // unread
			"s3/tls_required locked-away":            "pass",           // unknown
			"s3/versioning_enabled audit-logs":       "unknown",        // decided
		}),
	}
}

// since compares a judgement with earlier ones, the last of them first.
func since(d Data, earlier ...Data) *Diff {
	last := len(earlier) - 1
	changes, err := Compare(earlier[:last], earlier[last], d)
	if err != nil {
		panic(err)
	}
	return &changes
}

// The section names both runs, counts every change, and lists each kind with
// links to what the page has, without the script.
func TestHTMLChanges(t *testing.T) {
	d := htmlSample()
	doc := render(t, "html", d, Options{})
	text := within(t, doc, "id", "changes")[0]
	for _, want := range []string{
		"earlier 2026-11-10 10:01:35 UTC sealaudit 0.1.0 profiles baseline; without dynamodb/*; default parameters sha256:" + strings.Repeat("12", 32),
		"compared with 2026-11-17 10:01:35 UTC", "sha256:" + strings.Repeat("11", 32),
		"this run 2026-11-24 10:01:35 UTC", "sha256:" + strings.Repeat("ab", 32),
		"kinesis/stream_encrypted text changed", "dynamodb/<script>alert(1)</script> judged in the older only", "s3/client_encryption_authentic judged in the newer only",
		"AWS::KinesisFirehose::DeliveryStream in 123456789012, us-east-1: Listed incompletely (throttled). Page 2 was refused for rate.",
		"pass → fail (policy changed): encryption type is NONE",
		"sealaudit diff BASELINE.zip BUNDLE.zip --json",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the section does not say %q:\n%s", want, text)
		}
	}
	counted := map[ChangeKind]int{}
	for _, c := range d.Changes.Changes {
		counted[c.Kind]++
	}
	for _, k := range changeKinds {
		if counted[k] == 0 {
			t.Errorf("the sample has nothing that is %s", k)
		}
		if head := fmt.Sprintf("%s, %d: %s", k, counted[k], kindWords(k)); k != Decided && k != Unchanged && !strings.Contains(text, head) {
			t.Errorf("no list %q", head)
		}
		if counted[k] > 0 && !strings.Contains(text, string(k)+" "+kindWords(k)) {
			t.Errorf("%s is not counted", k)
		}
	}
	overview := within(t, doc, "id", "summary")[0]
	if want := fmt.Sprintf("Since the run of 2026-11-17 10:01:35 UTC changes %d new", counted[New]); !strings.Contains(overview, want) {
		t.Errorf("the overview does not say %q: %s", want, overview)
	}
	if text := within(t, doc, "id", "integrity")[0]; !strings.Contains(text, "sealaudit report BUNDLE.zip --baseline EARLIER.zip --baseline BASELINE.zip -o html=report.html") {
		t.Errorf("the section on integrity does not tell how to make this page again: %s", text)
	}
	links := 0
	walk(t, doc, func(n *html.Node) {
		for up := n.Parent; up != nil && strings.HasPrefix(attribute(n, "href"), "#r-"); up = up.Parent {
			if attribute(up, "id") == "changes" {
				links++
			}
		}
	})
	if links < 5 {
		t.Errorf("%d changes lead to their resource", links)
	}
}

// Without an earlier run the section says so, and how to give one.
func TestHTMLWithoutBaseline(t *testing.T) {
	d := htmlSample()
	d.Changes = nil
	doc := render(t, "html", d, Options{})
	text := within(t, doc, "id", "changes")[0]
	if !strings.Contains(text, "No earlier run is compared here.") || !strings.Contains(text, "sealaudit report BUNDLE.zip --baseline EARLIER.zip -o html=report.html") {
		t.Errorf("%s", text)
	}
	for _, not := range []string{"Since the run", "BASELINE.zip"} {
		if bytes.Contains(doc, []byte(not)) {
			t.Errorf("without an earlier run the page says %q", not)
		}
	}
}

// One earlier run can't tell a failure that is back from a new one: the page
// says so and counts none.
func TestHTMLChangesOfTwoRuns(t *testing.T) {
	d := htmlSample()
	var findings []rego.Finding
	for f := range d.Findings() {
		findings = append(findings, f)
	}
	d.Changes = since(d, earlier(findings)[1])
	text := within(t, render(t, "html", d, Options{}), "id", "changes")[0]
	if strings.Contains(text, "reopened failures that had been fixed") || !strings.Contains(text, "a failure that is back after it had been fixed counts as new") {
		t.Errorf("%s", text)
	}
}

// A large comparison is counted in full and listed in part, and the page says so.
func TestHTMLOfManyChanges(t *testing.T) {
	d, before := largeHTML(25000), large(25000)
	before.Manifest.Ended = before.Manifest.Ended.Add(-time.Hour)
	before.Findings = seq(nil)
	d.Changes = since(d, before)
	if n := len(d.Changes.Changes); n < 10000 {
		t.Fatalf("only %d changes", n)
	}
	doc := render(t, "html", d, Options{})
	if len(doc) > 8e6 {
		t.Errorf("the page has %d bytes, want at most 8 MB", len(doc))
	}
	text := within(t, doc, "id", "changes")[0]
	for _, kind := range []ChangeKind{New, Unknown} {
		n := 0
		for _, c := range d.Changes.Changes {
			if c.Kind == kind {
				n++
			}
		}
		for _, want := range []string{fmt.Sprintf("%s, %s: ", kind, thousands(n)), thousands(n-staticChanges) + " more are not in this file."} {
			if !strings.Contains(text, want) {
				t.Errorf("the section does not say %q", want)
			}
		}
	}
}
