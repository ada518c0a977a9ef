package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report/iac"
)

// lineOf is the line, from 1, that has a mark.
func lineOf(t *testing.T, file, mark string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/iac", file))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.Contains(line, mark) {
			return i + 1
		}
	}
	t.Fatalf("%s has no %s", file, mark)
	return 0
}

// A Terraform directory and its state with five planted faults put five
// results on the five right lines; the one in a module is at the module's
// call, and names the block in the module too.
func TestSARIFPointsAtTheCode(t *testing.T) {
	x, notices, err := iac.Read([]string{"testdata/iac/prod"}, []string{"testdata/iac/state.json"})
	if err != nil || len(notices) > 0 {
		t.Fatal(err, notices)
	}
	fault := func(policy, typ, arn, name string) rego.Finding {
		f := finding(policy, rego.Fail, "us-east-1", name)
		f.Resource.Type, f.Resource.ARN = typ, arn
		return f
	}
	d := whole()
	d.Findings = seq([]rego.Finding{
		fault("s3/tls_required", "AWS::S3::Bucket", "arn:aws:s3:::acme-prod-logs", "acme-prod-logs"),
		fault("kinesis/stream_encrypted", "AWS::Kinesis::Stream", "arn:aws:kinesis:us-east-1:123456789012:stream/orders-prod", "orders-prod"),
		fault("firehose/source_encrypted", "AWS::KinesisFirehose::DeliveryStream", "arn:aws:firehose:us-east-1:123456789012:deliverystream/clicks-prod", "clicks-prod"),
		fault("s3/versioning_enabled", "AWS::DynamoDB::Table", "arn:aws:dynamodb:us-east-1:123456789012:table/orders-prod", "orders-prod"),
		fault("kms/key_not_pending_deletion", "AWS::KMS::Key", "arn:aws:kms:us-east-1:123456789012:key/2222bbbb-22bb-22bb-22bb-222222222222", "2222bbbb-22bb-22bb-22bb-222222222222"),
		fault("kms/key_not_pending_deletion", "AWS::KMS::Key", "arn:aws:kms:us-east-1:123456789012:key/3333cccc-33cc-33cc-33cc-333333333333", "3333cccc-33cc-33cc-33cc-333333333333"),
	})
	doc := render(t, "sarif", d, Options{Root: "testdata/iac", IaC: x})
	validate(t, sarifSchemaFile, doc)
	for _, p := range lint(t, doc) {
		t.Error(p)
	}
	type at struct {
		uri             string
		line, from, end int
		leaf            int
	}
	want := map[string]at{
		"acme-prod-logs":                       {"prod/storage.tf", lineOf(t, "prod/storage.tf", "FAULT bucket"), 1, 32, 0},
		"AWS::Kinesis::Stream":                 {"prod/data.tf", lineOf(t, "prod/data.tf", "FAULT stream"), 1, 17, lineOf(t, "modules/stream/main.tf", "LEAF stream")},
		"clicks-prod":                          {"prod/data.tf", lineOf(t, "prod/data.tf", "FAULT delivery"), 17, 73, 0},
		"AWS::DynamoDB::Table":                 {"prod/table.tf.json", lineOf(t, "prod/table.tf.json", `"orders": {`), 17, 18, 0},
		"2222bbbb-22bb-22bb-22bb-222222222222": {"prod/storage.tf", lineOf(t, "prod/storage.tf", "FAULT key"), 1, 30, 0},
		// a data source declares nothing
		"3333cccc-33cc-33cc-33cc-333333333333": {"aws/123456789012/us-east-1/kms/key%2F3333cccc-33cc-33cc-33cc-333333333333", 1, 1, 2, 0},
	}
	for _, run := range readSARIF(t, doc).Runs {
		for _, r := range run.Results {
			for key, w := range want {
				if !strings.Contains(*r.Message.Text, key) {
					continue
				}
				delete(want, key)
				p := r.Locations[0].PhysicalLocation
				got := at{*p.ArtifactLocation.URI, *p.Region.StartLine, *p.Region.StartColumn, *p.Region.EndColumn, 0}
				if len(r.RelatedLocations) > 0 {
					got.leaf = *r.RelatedLocations[0].PhysicalLocation.Region.StartLine
					if !strings.Contains(*r.Message.Text, "](2).") || *r.RelatedLocations[0].PhysicalLocation.ArtifactLocation.URI != "modules/stream/main.tf" {
						t.Errorf("message %q, related %v", *r.Message.Text, r.RelatedLocations[0])
					}
				}
				if got != w {
					t.Errorf("%s is at %+v, want %+v", key, got, w)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("no results for %v", want)
	}
}

// A block outside of the repository is no place for an alert, and the user's
// other choices go before the code.
func TestSARIFBesideTheCode(t *testing.T) {
	x, _, err := iac.Read([]string{"testdata/iac/prod"}, []string{"testdata/iac/state.json"})
	if err != nil {
		t.Fatal(err)
	}
	d := whole()
	f := finding("s3/tls_required", rego.Fail, "us-east-1", "acme-prod-logs")
	f.Resource.ARN = "arn:aws:s3:::acme-prod-logs"
	d.Findings = seq([]rego.Finding{f})
	for _, tc := range []struct {
		o    Options
		code bool
	}{
		{Options{Root: "testdata/iac/prod"}, true},
		{Options{Root: "testdata/iac/modules"}, false},
		{Options{Root: "testdata/iac", SARIFLocation: "policy"}, false},
		{Options{Root: "testdata/iac", SARIFLocation: "resource"}, false},
	} {
		tc.o.IaC = x
		doc := string(render(t, "sarif", d, tc.o))
		if got := strings.Contains(doc, `storage.tf"`); got != tc.code {
			t.Errorf("%+v: points at the code: %v", tc.o, got)
		}
	}
}
