package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/rego"
)

// waivedSample has a waiver of every state, with a hostile one among them.
func waivedSample() Data {
	d := sample()
	active := rego.Waiver{Policy: "kinesis/*", Resource: "*:thing/public-*", Owner: "ana@example.com", Reason: "prices are public", Ticket: "SEC-12", Expires: "2027-03-31"}
	expired := rego.Waiver{Policy: "s3/tls_required", Resource: "arn:aws:s3:::legacy", Owner: "bo", Reason: hostile[3] + hostile[4], Expires: "2026-11-01"}
	unmatched := rego.Waiver{Policy: "s3/*", Resource: "arn:aws:s3:::nothing", Owner: "cy", Reason: hostile[5], Expires: "2027-01-01"}
	accepted := finding("kinesis/stream_encrypted", rego.Waived, "us-east-1", "public-ticker")
	accepted.Messages, accepted.Waiver = []string{"encryption type is NONE"}, &active
	again := finding("s3/tls_required", rego.Fail, "eu-west-1", "legacy")
	again.Messages, again.Waiver = []string{"no statement denies plain HTTP"}, &expired
	d.Findings = seq([]rego.Finding{accepted, again})
	d.Summary = rego.Summary{Counts: map[rego.Status]int{rego.Waived: 1, rego.Fail: 1}, Waivers: []rego.WaiverUse{
		{Waiver: active, State: rego.WaiverActive, Findings: 1},
		{Waiver: expired, State: rego.WaiverExpired, Findings: 1},
		{Waiver: unmatched, State: rego.WaiverUnmatched},
	}}
	return d
}

func TestTableWaiversGolden(t *testing.T) {
	golden(t, "table-waivers.txt", render(t, "table", waivedSample(), Options{Width: 80}))
}

func TestTableWaiversFit(t *testing.T) {
	for _, columns := range []int{60, 80, 140} {
		for _, line := range strings.Split(string(render(t, "table", waivedSample(), Options{Width: columns})), "\n") {
			if width(line) > columns || strings.ContainsFunc(line, hidden) {
				t.Errorf("width %d: %q", columns, line)
			}
		}
	}
}

// What is not listed of a waiver is counted.
func TestTableWaiversCutAloud(t *testing.T) {
	d := waivedSample()
	w := d.Summary.Waivers[0].Waiver
	var findings []rego.Finding
	for i := range 70 {
		f := finding("kinesis/stream_encrypted", rego.Waived, "us-east-1", fmt.Sprintf("public-%02d", i))
		f.Waiver = &w
		findings = append(findings, f)
	}
	d.Findings = seq(findings)
	d.Summary.Waivers[0].Findings = 70
	for range 60 {
		d.Summary.Waivers = append(d.Summary.Waivers, d.Summary.Waivers[2])
	}
	got := string(render(t, "table", d, Options{Width: 120}))
	if n := strings.Count(got, "│ public-"); n != 50 {
		t.Errorf("%d waived failures are listed, want 50", n)
	}
	for _, want := range []string{"WAIVED: 70 failures (waivers: 1 active, 1 expired, 61 unmatched)", "… and 20 more of this waiver", "… and 13 more waivers"} {
		if !strings.Contains(got, want) {
			t.Errorf("the table does not say %q:\n%s", want, got)
		}
	}
}

func TestJSONHasTheWaivers(t *testing.T) {
	got := render(t, "json", waivedSample(), Options{})
	validate(t, "testdata/report.schema.json", got)
	for _, want := range []string{`"waiver":{"policy":"kinesis/*"`, `"ticket":"SEC-12"`, `"state":"expired"`, `"state":"unmatched"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("the document does not have %s", want)
		}
	}
	for what, broken := range map[string]string{
		"a state of none":    strings.Replace(string(got), `"state":"expired"`, `"state":"old"`, 1),
		"a waiver of a pass": strings.Replace(string(got), `"status":"waived"`, `"status":"pass"`, 1),
		"no owner":           strings.Replace(string(got), `"owner":"cy",`, "", 1),
	} {
		if schemaError(t, "testdata/report.schema.json", []byte(broken)) == nil {
			t.Errorf("the schema takes %s", what)
		}
	}
}
