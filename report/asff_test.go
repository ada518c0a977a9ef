package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

// checkASFF holds an array of findings against the limits of
// BatchImportFindings. AWS publishes no schema, so these are the API
// reference's words.
func checkASFF(doc []byte) error {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	var raw []json.RawMessage
	var list []asffFinding
	if err := dec.Decode(&list); err != nil {
		return err
	}
	if err := json.Unmarshal(doc, &raw); err != nil {
		return err
	}
	ids := map[string]bool{}
	for i, f := range list {
		if len(raw[i]) > 240<<10 {
			return fmt.Errorf("finding %d has %d bytes", i, len(raw[i]))
		}
		if ids[f.ID] {
			return fmt.Errorf("finding %d: the id %s is there twice", i, f.ID)
		}
		ids[f.ID] = true
		if err := checkASFFFinding(f); err != nil {
			return fmt.Errorf("finding %d: %w", i, err)
		}
	}
	return nil
}

func checkASFFFinding(f asffFinding) error {
	product := regexp.MustCompile(`^arn:aws[a-z-]*:securityhub:[a-z0-9-]+:[0-9]{12}:product/[0-9]{12}/default$`)
	for _, x := range []struct {
		name, value string
		most        int
	}{{"Id", f.ID, 512}, {"GeneratorId", f.GeneratorID, 512}, {"Title", f.Title, 256}, {"Description", f.Description, 1024},
		{"Resources.Id", f.Resources[0].ID, 512}, {"Resources.Type", f.Resources[0].Type, 256}, {"SecurityControlId", f.Compliance.SecurityControlID, 64}} {
		if strings.TrimSpace(x.value) == "" || len(x.value) > x.most {
			return fmt.Errorf("%s has %d bytes, 1 to %d are allowed", x.name, len(x.value), x.most)
		}
	}
	oneOf := func(name, value string, values ...string) error {
		if !slices.Contains(values, value) {
			return fmt.Errorf("%s is %q", name, value)
		}
		return nil
	}
	for name, value := range f.ProductFields {
		if len(name) > 128 || len(value) > 2048 || value == "" || len(f.ProductFields) > 50 {
			return fmt.Errorf("product field %s", name)
		}
	}
	for _, value := range f.Resources[0].Details.Other {
		if len(value) >= 1024 {
			return fmt.Errorf("a detail has %d bytes", len(value))
		}
	}
	if f.Remediation != nil && (f.Remediation.Recommendation.Text == "" || len(f.Remediation.Recommendation.Text) > 512) {
		return fmt.Errorf("the recommendation has %d bytes", len(f.Remediation.Recommendation.Text))
	}
	if len(f.Compliance.RelatedRequirements) > 32 || slices.ContainsFunc(f.Compliance.RelatedRequirements, func(s string) bool { return s == "" || len(s) > 64 }) {
		return fmt.Errorf("related requirements %v", f.Compliance.RelatedRequirements)
	}
	for _, at := range []string{f.CreatedAt, f.UpdatedAt} {
		if _, err := time.Parse(time.RFC3339, at); err != nil || !strings.HasSuffix(at, "Z") {
			return fmt.Errorf("the time %q", at)
		}
	}
	switch {
	case !product.MatchString(f.ProductArn):
		return fmt.Errorf("ProductArn is %q", f.ProductArn)
	case !regexp.MustCompile(`^[0-9]{12}$`).MatchString(f.AccountID) || !strings.Contains(f.ProductArn, f.AccountID):
		return fmt.Errorf("AwsAccountId is %q", f.AccountID)
	case len(f.Types) == 0 || f.SchemaVersion != "2018-10-08":
		return fmt.Errorf("types %v, version %s", f.Types, f.SchemaVersion)
	}
	for _, err := range []error{
		oneOf("Compliance.Status", f.Compliance.Status, "PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"),
		oneOf("Severity.Label", f.Severity.Label, "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"),
		oneOf("Workflow.Status", f.Workflow.Status, "NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"),
		oneOf("RecordState", f.RecordState, "ACTIVE", "ARCHIVED"),
		oneOf("Partition", f.Resources[0].Partition, "", "aws", "aws-cn", "aws-us-gov"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestASFFGolden(t *testing.T) {
	got := render(t, "asff", machineSample(), Options{})
	golden(t, "report.asff.json", got)
	if err := checkASFF(got); err != nil {
		t.Error(err)
	}
	if nothing := render(t, "asff", withoutEvidence(), Options{}); string(nothing) != "[\n]\n" {
		t.Errorf("of nothing: %q", nothing)
	}
}

// The check refuses what BatchImportFindings would.
func TestASFFCheckRefuses(t *testing.T) {
	long := strings.Repeat("x", 2049)
	for path, value := range map[string]any{
		"0.Title": long[:257], "0.Description": "", "0.Id": long[:513], "0.AwsAccountId": "1", "0.ProductArn": "arn:aws:securityhub:::product/x",
		"0.CreatedAt": "2026-11-24", "0.Severity.Label": "INFO", "0.Compliance.Status": "UNKNOWN", "0.Workflow.Status": "WAIVED", "0.RecordState": "",
		"0.Resources.0.Id": long[:513], "0.Resources.0.Partition": "aws-eusc", "0.ProductFields.sealaudit/policy": long, "0.Types": []any{},
		"0.Compliance.RelatedRequirements": strings.Split(strings.Repeat("a,", 33), ","), "0.Extra": 1, "1.Id": "",
	} {
		var doc any
		if err := json.Unmarshal(render(t, "asff", machineSample(), Options{}), &doc); err != nil {
			t.Fatal(err)
		}
		set(t, doc, strings.Split(path, "."), value)
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if checkASFF(b) == nil {
			t.Errorf("the check takes %s = %.40v", path, value)
		}
	}
}

func TestASFFStatuses(t *testing.T) {
	want := map[rego.Status][4]string{
		"pass": {"PASSED", "RESOLVED", "ACTIVE", "INFORMATIONAL"}, "fail": {"FAILED", "NEW", "ACTIVE", "MEDIUM"}, "unknown": {"WARNING", "NEW", "ACTIVE", "MEDIUM"},
		"waived": {"FAILED", "SUPPRESSED", "ACTIVE", "MEDIUM"}, "attested": {"NOT_AVAILABLE", "NEW", "ACTIVE", "INFORMATIONAL"},
		"not_applicable": {"NOT_AVAILABLE", "RESOLVED", "ARCHIVED", "INFORMATIONAL"},
	}
	for _, s := range statuses {
		d := sample()
		d.Findings = seq([]rego.Finding{finding("firehose/source_encrypted", s, "us-east-1", "clicks")})
		var list []asffFinding
		if err := json.Unmarshal(render(t, "asff", d, Options{}), &list); err != nil {
			t.Fatal(err)
		}
		if f := list[0]; [4]string{f.Compliance.Status, f.Workflow.Status, f.RecordState, f.Severity.Label} != want[s] {
			t.Errorf("%s: %+v", s, f)
		}
	}
}

// More than 32 requirements, an account that is none and a partition that the
// format does not know.
func TestASFFLimits(t *testing.T) {
	d := sample()
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("requirement %d %s", i, strings.Repeat("x", 60)))
	}
	d.Policies = policies()
	d.Policies[0].Frameworks = map[string][]string{"pci": many}
	f := finding("firehose/source_encrypted", "fail", "", strings.Repeat("🪣", 600))
	f.Resource.Partition = "aws-eusc"
	d.Findings = seq([]rego.Finding{f})
	doc := render(t, "asff", d, Options{})
	if err := checkASFF(doc); err != nil {
		t.Error(err)
	}
	if !bytes.Contains(doc, []byte(`"and 9 more"`)) || !bytes.Contains(doc, []byte("arn:aws-eusc:securityhub:eu-west-1:")) {
		t.Errorf("got %s", doc)
	}
	f.Resource.Account = "unknown"
	d.Findings = seq([]rego.Finding{f})
	if err := Write(&bytes.Buffer{}, "asff", d, Options{}); err == nil || !strings.Contains(err.Error(), "twelve digits") {
		t.Errorf("an account that is none: %v", err)
	}
}
