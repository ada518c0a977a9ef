package report

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/sealaudit/sealaudit/rego"
)

const sarifSchemaFile = "../fixtures/schemas/sarif-schema-2.1.0.json"

func lint(t *testing.T, doc []byte) []Problem {
	t.Helper()
	problems, err := Lint(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// readSARIF reads a document with another implementation.
func readSARIF(t *testing.T, doc []byte) *sarif.Report {
	t.Helper()
	r, err := sarif.FromBytes(doc)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// whole is sample without what could not be read, so that GitHub gets all of it.
func whole() Data {
	d := sample()
	for i := range d.Manifest.Coverage {
		d.Manifest.Coverage[i].Gap = nil
	}
	d.Findings = seq(slices.DeleteFunc(sampleFindings(), func(f rego.Finding) bool { return f.Status == rego.Undecided }))
	return d
}

func TestSARIFGolden(t *testing.T) {
	got := render(t, "sarif", whole(), Options{})
	golden(t, "report.sarif", got)
	validate(t, sarifSchemaFile, got)
	for _, p := range lint(t, got) {
		t.Error(p)
	}
	full := render(t, "sarif", fullSample(), Options{SARIFProfile: "full"})
	golden(t, "report.full.sarif", full)
	validate(t, sarifSchemaFile, full)
	for _, doc := range [][]byte{got, full} {
		if bytes.Contains(doc, []byte("null")) {
			t.Error("the document has a null")
		}
	}
}

// Another implementation reads the failures that were written, no more and
// no fewer, each in its scope's run and under its policy.
func TestSARIFHasTheOpenFailures(t *testing.T) {
	want := map[string]bool{}
	for _, f := range sampleFindings() {
		if f.Status == "fail" {
			want["sealaudit/"+account+"/"+f.Resource.Region+"/ "+f.Policy+" "+f.ID] = true
		}
	}
	for _, run := range readSARIF(t, render(t, "sarif", whole(), Options{})).Runs {
		for _, res := range run.Results {
			key := *run.AutomationDetails.ID + " " + *res.RuleID + " " + res.PartialFingerprints["sealauditFinding/v1"]
			if !want[key] {
				t.Errorf("unexpected result %s", key)
			}
			delete(want, key)
			if rule := run.Tool.Driver.Rules[res.RuleIndex]; *rule.ID != *res.RuleID {
				t.Errorf("result of %s points to rule %s", *res.RuleID, *rule.ID)
			}
		}
	}
	for key := range want {
		t.Errorf("missing %s", key)
	}
}

// Without failures every scope still has its run with an empty list, or
// GitHub would reject the file and no alert would ever close.
func TestSARIFOfNoFailures(t *testing.T) {
	d := whole()
	d.Findings = seq(nil)
	got := render(t, "sarif", d, Options{})
	validate(t, sarifSchemaFile, got)
	if n := bytes.Count(got, []byte(`"results": [`)); n != 2 || len(lint(t, got)) > 0 {
		t.Errorf("%d runs, want 2; problems %v", n, lint(t, got))
	}
	d.Manifest.Coverage = nil
	var b bytes.Buffer
	if err := Write(&b, "sarif", d, Options{}); !errors.Is(err, ErrWithheld) || b.Len() > 0 {
		t.Errorf("a report of nothing: error %v, %d bytes", err, b.Len())
	}
	got = render(t, "sarif", d, Options{SARIFProfile: "full"})
	validate(t, sarifSchemaFile, got)
	if !bytes.Contains(got, []byte(`"executionSuccessful":false`)) {
		t.Errorf("a report of nothing is not unsuccessful: %s", got)
	}
	if err := Check(Options{SARIFProfile: "ful"}); err == nil || !strings.Contains(err.Error(), "choose one of github, full") {
		t.Errorf("an unknown profile: %v", err)
	}
}
