package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sealaudit/sealaudit/rego"
)

// validate holds a document against a JSON schema file.
func validate(t *testing.T, schema string, doc []byte) {
	t.Helper()
	if err := schemaError(t, schema, doc); err != nil {
		t.Errorf("%s: %v", schema, err)
	}
}

// schemaError is what a JSON schema file has against a document.
func schemaError(t *testing.T, schema string, doc []byte) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestJSONGolden(t *testing.T) {
	got := render(t, "json", sample(), Options{})
	golden(t, "report.json", got)
	validate(t, "testdata/report.schema.json", got)
	if bytes.Contains(got, []byte("null")) || bytes.Contains(got, []byte("<script")) {
		t.Error("the document has a null or raw HTML")
	}
}

// Everything survives the way through the document: findings read back are
// the findings written, hostile names included.
func TestJSONLosesNothing(t *testing.T) {
	var doc struct {
		Findings []rego.Finding
		Policies []rego.Policy
	}
	if err := json.Unmarshal(render(t, "json", sample(), Options{}), &doc); err != nil {
		t.Fatal(err)
	}
	want := sampleFindings()
	for i := range want { // JSON text is Unicode: a byte that is none becomes U+FFFD
		want[i].Resource.Name = strings.ToValidUTF8(want[i].Resource.Name, "\ufffd")
		want[i].Resource.ARN = strings.ToValidUTF8(want[i].Resource.ARN, "\ufffd")
		for j, m := range want[i].Messages {
			want[i].Messages[j] = strings.ToValidUTF8(m, "\ufffd")
		}
	}
	if diff := cmp.Diff(want, doc.Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(policies(), doc.Policies, cmpopts.IgnoreUnexported(rego.Policy{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

func TestFormats(t *testing.T) {
	err := Write(io.Discard, "pdf", sample(), Options{})
	if err == nil || !strings.Contains(err.Error(), `unknown report format "pdf"; choose one of table, json, sarif, html`) {
		t.Errorf("an unknown format: %v", err)
	}
	for _, f := range Formats() {
		if !bytes.Equal(render(t, f.Name, sample(), Options{SARIFProfile: "full"}), render(t, f.Name, sample(), Options{SARIFProfile: "full"})) {
			t.Errorf("%s: the same data gave different bytes", f.Name)
		}
		d := sample()
		d.Findings = nil
		if err := Write(io.Discard, f.Name, d, Options{SARIFProfile: "full"}); err == nil {
			t.Errorf("%s: wrote a report without findings", f.Name)
		}
		broken := errors.New("row 3 is damaged")
		d.Findings = func() iter.Seq2[rego.Finding, error] {
			return func(yield func(rego.Finding, error) bool) {
				_ = yield(sampleFindings()[0], nil) && yield(rego.Finding{}, broken)
			}
		}
		if err := Write(io.Discard, f.Name, d, Options{SARIFProfile: "full"}); !errors.Is(err, broken) {
			t.Errorf("%s: findings that can't be read: %v", f.Name, err)
		}
		d.Findings = seq([]rego.Finding{{ID: "1", Policy: "s3/x", Status: "maybe", Severity: "high"}})
		if err := Write(io.Discard, f.Name, d, Options{SARIFProfile: "full"}); err == nil || !strings.Contains(err.Error(), `status "maybe"`) {
			t.Errorf("%s: a status that this version does not know: %v", f.Name, err)
		}
		if err := Write(full{}, f.Name, sample(), Options{SARIFProfile: "full"}); !errors.Is(err, errFull) {
			t.Errorf("%s: a full disk: %v", f.Name, err)
		}
	}
}

var errFull = errors.New("no space left")

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func FuzzPrintable(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := printable(s)
		if strings.ContainsFunc(got, hidden) {
			t.Errorf("%q leaves hidden characters in %q", s, got)
		}
		if printable(got) != got {
			t.Errorf("%q is not stable", s)
		}
		if n := width(shorten(got, 20)); n > 20 {
			t.Errorf("%q shortened takes %d columns", s, n)
		}
		for _, l := range wrap(got, 20) {
			if width(l) > 20 {
				t.Errorf("%q wrapped takes %d columns: %q", s, width(l), l)
			}
		}
	})
}
