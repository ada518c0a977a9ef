package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// A scope whose evidence is incomplete must not close alerts: GitHub gets no
// run of it, and an archive says that it was not successful.
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
			interrupted := d.Manifest.Interrupted != ""

			got := render(t, "sarif", d, Options{SARIFProfile: "full"})
			validate(t, sarifSchemaFile, got)
			runs := readSARIF(t, got).Runs
			in := runs[1].Invocations[0]
			if len(runs) != 2 || *in.ExecutionSuccessful != tc.ok {
				t.Errorf("executionSuccessful is %v, want %v", *in.ExecutionSuccessful, tc.ok)
			}
			if *runs[0].Invocations[0].ExecutionSuccessful == interrupted {
				t.Error("the gap of one region reached another")
			}
			if text := fmt.Sprint(notes(in)); !strings.Contains(text, tc.message) || (tc.message == "") != (len(in.ToolExecutionNotifications) == 0) {
				t.Errorf("notifications %s, want %q", text, tc.message)
			}

			var b bytes.Buffer
			var warnings []string
			err := Write(&b, "sarif", d, Options{Warn: func(s string) { warnings = append(warnings, s) }})
			if interrupted {
				if !errors.Is(err, ErrWithheld) || b.Len() > 0 || len(warnings) != 2 {
					t.Errorf("an interrupted scan: error %v, %d bytes, warnings %q", err, b.Len(), warnings)
				}
				return
			}
			validate(t, sarifSchemaFile, b.Bytes())
			if p := lint(t, b.Bytes()); len(p) > 0 {
				t.Error(p[0])
			}
			n := bytes.Count(b.Bytes(), []byte(`"id":"sealaudit/123456789012/us-east-1/"`))
			named := bytes.Contains(b.Bytes(), []byte(`"withheld":[{"category":"sealaudit/123456789012/us-east-1/"`)) && strings.Contains(fmt.Sprint(warnings), "no run sealaudit/123456789012/us-east-1/") && strings.Contains(fmt.Sprint(warnings), tc.message)
			if err != nil || (n == 1) != tc.ok || named == tc.ok {
				t.Errorf("error %v, %d runs of us-east-1, named as withheld: %v, warnings %q", err, n, named, warnings)
			}
		})
	}
}

// Every finding is in the full profile, once, in its scope's run, whether the
// runs are written together or as they are read.
func TestSARIFFull(t *testing.T) {
	findings := sampleFindings()
	for i := range 300 {
		findings = append(findings, finding("s3/versioning_enabled", "pass", "us-east-1", fmt.Sprintf("b%05d", i)))
	}
	want := map[string]string{}
	for _, f := range findings {
		want[f.ID] = f.Resource.Region + " " + map[rego.Status]string{"fail": "fail", "waived": "fail", "pass": "pass", "not_applicable": "notApplicable", "unknown": "open", "attested": "review"}[f.Status]
	}
	d := fullSample()
	d.Findings = seq(findings)
	together := render(t, "sarif", d, Options{SARIFProfile: "full"})
	s := &sarifWriter{data: d, most: 250}
	var b bytes.Buffer
	s.json = &jsonWriter{out: &b}
	var err error
	if s.places, err = newLocator(d, Options{}); err != nil {
		t.Fatal(err)
	}
	s.rules, s.index = sarifRules(d.Policies)
	if err := s.full(d); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), together) {
		t.Error("runs that are written as they are read differ from those that are held")
	}
	for _, run := range readSARIF(t, render(t, "sarif", d, Options{SARIFProfile: "full"})).Runs {
		region := strings.Split(*run.AutomationDetails.ID, "/")[2]
		for _, r := range run.Results {
			id := r.PartialFingerprints["sealauditFinding/v1"]
			if want[id] != region+" "+r.Kind {
				t.Errorf("%s is %s %s, want %q", id, region, r.Kind, want[id])
			}
			if r.Kind != "fail" && r.Level != "none" {
				t.Errorf("%s of kind %s has level %s", id, r.Kind, r.Level)
			}
			delete(want, id)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d findings are missing", len(want))
	}
}

// A waiver suppresses while it lasts; an expired one is shown as rejected.
func TestSARIFSuppressions(t *testing.T) {
	doc := string(render(t, "sarif", fullSample(), Options{SARIFProfile: "full"}))
	results, without, accepted, rejected := strings.Count(doc, `{"ruleId":`), strings.Count(doc, `"suppressions":[]`), strings.Count(doc, `"status":"accepted"`), strings.Count(doc, `"status":"rejected"`)
	if accepted != 1 || rejected != 12 || results != without+accepted+rejected {
		t.Errorf("of %d results %d are suppressed and %d were, %d say that they are not", results, accepted, rejected, without)
	}
}

// fullSample has every status, a waiver and an expired one.
func fullSample() Data {
	d := machineSample()
	d.Summary.Waivers = nil
	return d
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
