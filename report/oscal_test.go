package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// checkOSCAL holds a document against NIST's schema.
func checkOSCAL(t testing.TB) func([]byte) error {
	schema := compile(t, "oscal_assessment-results_schema.json")
	return func(doc []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
}

func TestOSCALGolden(t *testing.T) {
	got := render(t, "oscal", machineSample(), Options{})
	golden(t, "report.oscal.json", got)
	check := checkOSCAL(t)
	if err := check(got); err != nil {
		t.Error(err)
	}
	if err := check(render(t, "oscal", withoutEvidence(), Options{})); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}

// The schema refuses a document that is broken in one place, so its silence
// means something.
func TestOSCALSchemaRefuses(t *testing.T) {
	check := checkOSCAL(t)
	const result = "assessment-results.results.0."
	for path, value := range map[string]any{
		"assessment-results.uuid":                                 "1",
		"assessment-results.import-ap":                            map[string]any{},
		"assessment-results.metadata.last-modified":               "yesterday",
		"assessment-results.extra":                                1,
		result + "start":                                          "2026-11-24T10:00:00",
		result + "observations.0.methods":                         []any{},
		result + "observations.0.props.0.value":                   " ",
		result + "observations.0.title":                           "two\nlines",
		result + "findings.0.target.status.state":                 "unknown",
		result + "findings.0.target.type":                         "control",
		result + "risks.0.statement":                              nil,
		result + "local-definitions.inventory-items":              []any{},
		result + "reviewed-controls":                              map[string]any{"control-selections": []any{}},
		result + "attestations.0.parts.0.name":                    "two words",
		"assessment-results.back-matter.resources.0.base64.value": "%",
	} {
		var doc any
		if err := json.Unmarshal(render(t, "oscal", machineSample(), Options{}), &doc); err != nil {
			t.Fatal(err)
		}
		set(t, doc, strings.Split(path, "."), value)
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if check(b) == nil {
			t.Errorf("the schema takes %s = %v", path, value)
		}
	}
}

// oscalDocument is what the tests look at.
type oscalDocument struct {
	Results struct {
		Import  map[string]string `json:"import-ap"`
		Results []struct {
			Local struct {
				Items []struct{ UUID string } `json:"inventory-items"`
			} `json:"local-definitions"`
			Observations []struct {
				UUID     string
				Subjects []struct {
					UUID string `json:"subject-uuid"`
				}
				Evidence []struct{ Href string } `json:"relevant-evidence"`
			}
			Risks []struct {
				UUID, Status, Deadline string
				Observations           []map[string]string `json:"related-observations"`
			}
			Findings []struct {
				Target struct {
					ID     string `json:"target-id"`
					Status struct{ State, Reason, Remarks string }
				}
				Observations []map[string]string `json:"related-observations"`
				Risks        []map[string]string `json:"related-risks"`
			}
		}
		Back struct {
			Resources []struct{ UUID string }
		} `json:"back-matter"`
	} `json:"assessment-results"`
}

func readOSCAL(t *testing.T, d Data) oscalDocument {
	t.Helper()
	var doc oscalDocument
	if err := json.Unmarshal(render(t, "oscal", d, Options{}), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every reference has something that it refers to, every finding is one
// observation, and every resource is in the inventory once.
func TestOSCALRefersToWhatIsThere(t *testing.T) {
	doc := readOSCAL(t, machineSample()).Results
	there := map[string]bool{}
	add := func(id string) {
		if there[id] {
			t.Errorf("%s is there twice", id)
		}
		there[id] = true
	}
	for _, r := range doc.Back.Resources {
		add("#" + r.UUID)
	}
	res := doc.Results[0]
	for _, i := range res.Local.Items {
		add(i.UUID)
	}
	for _, o := range res.Observations {
		add(o.UUID)
	}
	for _, r := range res.Risks {
		add(r.UUID)
	}
	refs := []string{doc.Import["href"]}
	for _, o := range res.Observations {
		refs = append(refs, o.Subjects[0].UUID, o.Evidence[0].Href)
	}
	for _, r := range res.Risks {
		refs = append(refs, r.Observations[0]["observation-uuid"])
	}
	for _, f := range res.Findings {
		for _, o := range f.Observations {
			refs = append(refs, o["observation-uuid"])
		}
		for _, r := range f.Risks {
			refs = append(refs, r["risk-uuid"])
		}
	}
	for _, ref := range refs {
		if !there[ref] {
			t.Errorf("nothing has the uuid %s", ref)
		}
	}
	n := 0
	for range machineSample().Findings() {
		n++
	}
	if len(res.Observations) != n || len(res.Risks) != 1 || res.Risks[0].Status != "deviation-approved" || res.Risks[0].Deadline != "2027-03-31T23:59:59Z" {
		t.Errorf("%d observations of %d findings; risks %+v", len(res.Observations), n, res.Risks)
	}
}

// A control is satisfied only when nothing speaks against it, and unknown
// does.
func TestOSCALUnknownIsNeverSatisfied(t *testing.T) {
	const policy = "kinesis/stream_encrypted"
	statusesOf := func(list ...rego.Status) []rego.Finding {
		var out []rego.Finding
		for i, s := range list {
			out = append(out, finding(policy, s, "us-east-1", string(rune('a'+i))))
		}
		return out
	}
	whole := []collectors.Coverage{{Type: "AWS::Kinesis::Stream", Listed: 9, Read: 9}}
	cut := []collectors.Coverage{{Type: "AWS::Kinesis::Stream", Listed: 9, Read: 9, Gap: &collectors.Gap{Reason: collectors.Throttled}}}
	for _, tc := range []struct {
		name        string
		findings    []rego.Finding
		coverage    []collectors.Coverage
		interrupted string
		state       string
		reason      string
		remark      string
	}{
		{"passes", statusesOf("pass", "pass", "not_applicable"), whole, "", "satisfied", "pass", ""},
		{"one failure", statusesOf("pass", "fail", "unknown"), whole, "", "not-satisfied", "fail", "1 failed, 1 could not be determined"},
		{"one unknown", statusesOf("pass", "unknown"), whole, "", "not-satisfied", "other", "1 could not be determined"},
		{"one waived", statusesOf("pass", "waived"), whole, "", "not-satisfied", "other", "1 failed and waived"},
		{"one attested", statusesOf("pass", "attested"), whole, "", "not-satisfied", "other", "word of AWS"},
		{"nothing applies", statusesOf("not_applicable"), whole, "", "not-satisfied", "other", "nothing passed"},
		{"nothing", nil, whole, "", "not-satisfied", "other", "nothing passed"},
		{"listing cut", statusesOf("pass"), cut, "", "not-satisfied", "other", "listing of `AWS::Kinesis::Stream` is incomplete"},
		{"interrupted", statusesOf("pass"), whole, "the deadline passed", "not-satisfied", "other", "interrupted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := sample()
			d.Findings, d.Manifest.Coverage, d.Manifest.Interrupted = seq(tc.findings), tc.coverage, tc.interrupted
			for _, f := range readOSCAL(t, d).Results.Results[0].Findings {
				if f.Target.ID != "cp-9_obj" { // of this policy only
					continue
				}
				if got := f.Target.Status; got.State != tc.state || got.Reason != tc.reason || !strings.Contains(got.Remarks, tc.remark) {
					t.Errorf("got %+v", got)
				}
				return
			}
			t.Error("the control has no finding")
		})
	}
}

func TestOSCALControls(t *testing.T) {
	controls, odd := oscalControls([]rego.Policy{
		{ID: "a/b", Frameworks: map[string][]string{nist: {"SC-28(1)", "SC-28", "AC-3", "sc-1", "SC-28(1)(2)", "<b>", ""}}},
		{ID: "c/d", Frameworks: map[string][]string{nist: {"SC-28"}, "security-hub": {"S3.1"}}}})
	var got []string
	for _, c := range controls {
		got = append(got, c.objective()+" "+c.label+" "+string(rune('0'+len(c.policies))))
	}
	if want := []string{"ac-3_obj AC-3 1", "sc-28_obj SC-28 2", "sc-28.1_obj SC-28(1) 1"}; !slices.Equal(got, want) {
		t.Errorf("controls %v, want %v", got, want)
	}
	if want := []string{"", "<b>", "SC-28(1)(2)", "sc-1"}; !slices.Equal(odd, want) {
		t.Errorf("odd %q, want %q", odd, want)
	}
	d := sample()
	d.Policies = []rego.Policy{{ID: "s3/tls_required"}}
	d.Findings = seq(nil)
	if err := Write(&bytes.Buffer{}, "oscal", d, Options{}); err == nil || !strings.Contains(err.Error(), "no policy that was judged relates") {
		t.Errorf("without a control: %v", err)
	}
}

// The value was computed with Python's uuid module.
func TestNameUUID(t *testing.T) {
	if got := nameUUID("finding", "abc").String(); got != "00c61c72-455c-577c-aab6-b0f2da70feab" {
		t.Errorf("got %s", got)
	}
}

func TestOSCALValues(t *testing.T) {
	for in, want := range map[string]string{" a ": `\x20a\x20`, "  ": `\x20\x20`, "a\nb": `a\nb`, "x": "x"} {
		if got := prop("p", in); len(got) != 1 || got[0].Value != want {
			t.Errorf("%q: %+v, want %q", in, got, want)
		}
	}
	if got := prop("p", ""); got != nil {
		t.Errorf("an empty value: %+v", got)
	}
}
