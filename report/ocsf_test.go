package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sealaudit/sealaudit/rego"
)

// checkOCSF holds every line against the schema. That type_uid is the class
// and the activity the schema does not say, so it is asserted here.
func checkOCSF(t testing.TB) func([]byte) error {
	schema := compile(t, "ocsf_compliance_finding-1.6.0.schema.json")
	return func(doc []byte) error {
		if len(doc) > 0 && doc[len(doc)-1] != '\n' {
			return fmt.Errorf("the last line does not end")
		}
		for i, line := range bytes.Split(bytes.TrimSuffix(doc, []byte("\n")), []byte("\n")) {
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			if err == nil {
				err = schema.Validate(v)
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
			var e struct {
				Type     int `json:"type_uid"`
				Class    int `json:"class_uid"`
				Activity int `json:"activity_id"`
				Time     int64
			}
			if err := json.Unmarshal(line, &e); err != nil {
				return err
			}
			if e.Type != e.Class*100+e.Activity {
				return fmt.Errorf("line %d: type_uid %d is not class %d × 100 + activity %d", i+1, e.Type, e.Class, e.Activity)
			}
			if e.Time < 1e12 {
				return fmt.Errorf("line %d: time %d is not in milliseconds", i+1, e.Time)
			}
		}
		return nil
	}
}

func TestOCSFGolden(t *testing.T) {
	got := render(t, "ocsf", machineSample(), Options{})
	golden(t, "report.ocsf.ndjson", got)
	if err := checkOCSF(t)(got); err != nil {
		t.Error(err)
	}
	if nothing := render(t, "ocsf", withoutEvidence(), Options{}); len(nothing) != 0 {
		t.Errorf("of nothing: %q", nothing)
	}
}

func TestOCSFSchemaRefuses(t *testing.T) {
	check := checkOCSF(t)
	line, _, _ := bytes.Cut(render(t, "ocsf", machineSample(), Options{}), []byte("\n"))
	for path, value := range map[string]any{
		"class_uid":                 2004,
		"type_uid":                  200302,
		"time":                      "2026-11-24",
		"severity_id":               7,
		"compliance.status_id":      4,
		"finding_info":              map[string]any{},
		"metadata.product":          nil,
		"extra":                     1,
		"cloud":                     map[string]any{},
		"evidences":                 []any{map[string]any{"uid": "x"}},
		"evidences.0.api.operation": nil,
	} {
		var doc any
		if err := json.Unmarshal(line, &doc); err != nil {
			t.Fatal(err)
		}
		set(t, doc, strings.Split(path, "."), value)
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if check(append(b, '\n')) == nil {
			t.Errorf("the check takes %s = %v", path, value)
		}
	}
}

// Every finding is one event, with what its status is in OCSF.
func TestOCSFStatuses(t *testing.T) {
	want := map[rego.Status][4]int{ // compliance status, status, severity of a medium policy, of the check
		"pass": {1, 0, 1, 3}, "fail": {3, 1, 3, 3}, "unknown": {0, 1, 3, 3}, "waived": {3, 3, 3, 3}, "attested": {99, 0, 1, 3}, "not_applicable": {99, 0, 1, 3},
	}
	for _, s := range statuses {
		d := sample()
		d.Findings = seq([]rego.Finding{finding("firehose/source_encrypted", s, "us-east-1", "clicks")})
		var e ocsfEvent
		if err := json.Unmarshal(render(t, "ocsf", d, Options{}), &e); err != nil {
			t.Fatal(err)
		}
		if got := [4]int{e.Compliance.StatusID, e.StatusID, e.SeverityID, e.Compliance.Checks[0].SeverityID}; got != want[s] {
			t.Errorf("%s: %v, want %v", s, got, want[s])
		}
	}
	var ids []string
	for line := range bytes.Lines(render(t, "ocsf", machineSample(), Options{})) {
		var e ocsfEvent
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.Info.UID)
	}
	var wantIDs []string
	for f := range machineSample().Findings() {
		wantIDs = append(wantIDs, f.ID)
	}
	if !slices.Equal(ids, wantIDs) {
		t.Errorf("events of %v, want of %v", ids, wantIDs)
	}
}
