package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// A scope whose evidence is incomplete must not close alerts.
func TestSARIFOfIncompleteEvidence(t *testing.T) {
	us := collectors.Scope{Partition: "aws", Account: account, Region: "us-east-1"}
	eu := collectors.Scope{Partition: "aws", Account: account, Region: "eu-west-1"}
	for _, tc := range []struct {
		name    string
		change  func(*Data, *rego.Finding)
		ok      bool   // of us-east-1
		message string // in a notification of us-east-1
	}{
		{"complete", func(*Data, *rego.Finding) {}, true, ""},
		{"interrupted", func(d *Data, _ *rego.Finding) { d.Manifest.Interrupted = "deadline" }, false, "interrupted: deadline"},
		{"listing", func(d *Data, _ *rego.Finding) {
			d.Manifest.Coverage[1].Gap = &collectors.Gap{Reason: collectors.Denied, Detail: "kinesis:ListStreams was denied."}
		}, false, "the listing of AWS::Kinesis::Stream is incomplete (denied): kinesis:ListStreams was denied."},
		{"denied", func(_ *Data, f *rego.Finding) {
			f.Status, f.Unknowns = "unknown", []rego.Unknown{{Reason: collectors.Denied, Permission: "kinesis:DescribeStreamSummary"}}
		}, false, "1 verdict unknown (denied kinesis:DescribeStreamSummary)"},
		{"unknown without a reason", func(_ *Data, f *rego.Finding) { f.Status = "unknown" }, false, "no reason given"},
		{"standing", func(_ *Data, f *rego.Finding) {
			f.Status, f.Unknowns = "unknown", []rego.Unknown{{Reason: collectors.OutOfScope}}
		}, true, "1 verdict unknown (out_of_scope)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := sample()
			d.Manifest.Coverage = []collectors.Coverage{{Scope: eu, Type: "AWS::Kinesis::Stream"}, {Scope: us, Type: "AWS::Kinesis::Stream"}}
			f := finding("kinesis/stream_encrypted", "pass", "us-east-1", "orders")
			tc.change(&d, &f)
			d.Findings = seq([]rego.Finding{f})
			got := render(t, "sarif", d, Options{})
			validate(t, sarifSchemaFile, got)
			runs := readSARIF(t, got).Runs
			in := runs[1].Invocations[0]
			if len(runs) != 2 || *in.ExecutionSuccessful != tc.ok {
				t.Errorf("executionSuccessful is %v, want %v", *in.ExecutionSuccessful, tc.ok)
			}
			if *runs[0].Invocations[0].ExecutionSuccessful != (d.Manifest.Interrupted == "") {
				t.Error("the gap of one region reached another")
			}
			if text := fmt.Sprint(notes(in)); !strings.Contains(text, tc.message) || (tc.message == "") != (len(in.ToolExecutionNotifications) == 0) {
				t.Errorf("notifications %s, want %q", text, tc.message)
			}
		})
	}
}

func notes(in *sarif.Invocation) (out []string) {
	for _, n := range in.ToolExecutionNotifications {
		out = append(out, *n.Message.Text)
	}
	return out
}

func TestSARIFLimits(t *testing.T) {
	var findings []rego.Finding
	for i := range 5200 {
		policy := []string{"kinesis/stream_encrypted", "s3/versioning_enabled"}[i%2]
		findings = append(findings, finding(policy, "fail", "us-east-1", fmt.Sprintf("r%04d", i)))
	}
	d := sample()
	d.Manifest.Coverage = nil
	d.Findings = seq(findings)
	var warnings []string
	got := render(t, "sarif", d, Options{Warn: func(s string) { warnings = append(warnings, s) }})
	if p := lint(t, got); len(p) > 0 {
		t.Error(p[0])
	}
	run := readSARIF(t, got).Runs[0]
	counted := map[string]int{}
	for _, r := range run.Results {
		counted[*r.RuleID]++
	}
	if counted["kinesis/stream_encrypted"] != 2600 || counted["s3/versioning_enabled"] != 2400 {
		t.Errorf("results by rule: %v, want all of the severer and 5000 together", counted)
	}
	if last := *run.Results[4999].Message.Text; !strings.HasPrefix(last, "201 failures more in 123456789012, us-east-1") {
		t.Errorf("the last result stands for %q, want 201 failures", last)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "201 failures more than the 5000") || !strings.Contains(fmt.Sprint(notes(run.Invocations[0])), "201 failures") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestSARIFRuns(t *testing.T) {
	for _, tc := range []struct {
		accounts, regions int
		choice            string
		runs              int
		first, err        string
		warned            bool
	}{
		{1, 20, "", 20, "sealaudit/000000000000/region-00/", "", false},
		{1, 21, "", 1, "sealaudit/000000000000/", "", true},
		{1, 3, "account", 1, "sealaudit/000000000000/", "", false},
		{1, 21, "region", 0, "", "GitHub takes 20", false},
		{21, 1, "", 0, "", "write one SARIF file an account", true},
		{1, 1, "world", 0, "", "choose one of auto, region, account", false},
	} {
		d := sample()
		d.Manifest.Coverage = nil
		var findings []rego.Finding
		for a := range tc.accounts {
			for r := range tc.regions {
				f := finding("s3/tls_required", "fail", fmt.Sprintf("region-%02d", r), fmt.Sprintf("b-%d-%d", a, r))
				f.Resource.Account = fmt.Sprintf("%012d", a)
				findings = append(findings, f)
			}
		}
		d.Findings = seq(findings)
		warned := false
		var b bytes.Buffer
		err := Write(&b, "sarif", d, Options{SARIFRuns: tc.choice, Warn: func(string) { warned = true }})
		if warned != tc.warned || (err != nil) != (tc.err != "") || (err != nil && !strings.Contains(err.Error(), tc.err)) {
			t.Errorf("%+v: warned %v, error %v", tc, warned, err)
		}
		if err != nil {
			continue
		}
		runs := readSARIF(t, b.Bytes()).Runs
		if len(runs) != tc.runs || *runs[0].AutomationDetails.ID != tc.first || len(lint(t, b.Bytes())) > 0 {
			t.Errorf("%+v: %d runs, the first %s, problems %v", tc, len(runs), *runs[0].AutomationDetails.ID, lint(t, b.Bytes()))
		}
	}
}
