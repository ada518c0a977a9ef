package report

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/rego"
)

// Limits of BatchImportFindings (AWS Security Hub API reference,
// AwsSecurityFinding). Characters count as bytes.
const (
	asffID           = 512
	asffTitle        = 256
	asffDescription  = 1024
	asffRemedy       = 512
	asffRequirements = 32
	asffRequirement  = 64
	asffField        = 1000 // of 1,024 for a resource's detail, of 2,048 for a product field
)

// asffVerdicts is what a status is in Security Hub. WARNING is its word for
// "some information is missing". What only AWS knows was not checked.
var asffVerdicts = map[rego.Status]struct{ compliance, workflow, record, reason string }{
	rego.Pass:          {"PASSED", "RESOLVED", "ACTIVE", ""},
	rego.Fail:          {"FAILED", "NEW", "ACTIVE", ""},
	rego.Undecided:     {"WARNING", "NEW", "ACTIVE", "SEALAUDIT_NOT_DETERMINED"},
	rego.Waived:        {"FAILED", "SUPPRESSED", "ACTIVE", "SEALAUDIT_WAIVED"},
	rego.Attested:      {"NOT_AVAILABLE", "NEW", "ACTIVE", "SEALAUDIT_ATTESTED_BY_AWS"},
	rego.NotApplicable: {"NOT_AVAILABLE", "RESOLVED", "ARCHIVED", "SEALAUDIT_NOT_APPLICABLE"},
}

// asffTypes are the CloudFormation types that the format has a name for.
var asffTypes = map[string]string{
	"AWS::::Account": "AwsAccount", "AWS::CloudTrail::Trail": "AwsCloudTrailTrail", "AWS::DynamoDB::Table": "AwsDynamoDbTable",
	"AWS::Kinesis::Stream": "AwsKinesisStream", "AWS::KMS::Key": "AwsKmsKey", "AWS::S3::Bucket": "AwsS3Bucket", "AWS::S3::Object": "AwsS3Object",
}

var twelveDigits = regexp.MustCompile(`^[0-9]{12}$`)

// writeASFF writes an array of findings in the AWS Security Finding Format,
// one a line. BatchImportFindings takes 100 at a time, of one account and
// region: those of the ProductArn, which is the account's own product. A
// finding that Security Hub has already keeps the workflow that it has there.
// Longer text than the format takes is cut, with "…" for what is missing.
func writeASFF(w io.Writer, d Data, _ Options) error {
	policies := d.policiesByID()
	j := &jsonWriter{out: w}
	j.text("[") // the first finding follows on the file's first line, with the notice of the demo
	n := 0
	for f, err := range d.checked() {
		if err != nil {
			return err
		}
		if !twelveDigits.MatchString(f.Resource.Account) {
			return fmt.Errorf("finding %s is of account %q; Security Hub takes those of an account of twelve digits only: write another format", f.ID, f.Resource.Account)
		}
		if n > 0 {
			j.text(",\n")
		}
		if j.value(asffOf(f, policies[f.Policy], d)); j.err != nil {
			return j.err
		}
		n++
	}
	j.text("\n]\n")
	return j.err
}

func asffOf(f rego.Finding, p rego.Policy, d Data) asffFinding {
	verdict, r := asffVerdicts[f.Status], f.Resource
	ended := stamp(d.Manifest.Ended)
	label := "INFORMATIONAL" // Security Hub's word for no issue
	if s := strings.ToUpper(string(f.Severity)); s != "INFO" && (verdict.compliance == "FAILED" || verdict.compliance == "WARNING") {
		label = s
	}
	title := printable(cmp.Or(p.Title, p.ID))
	seen := printable(cmp.Or(r.Name, r.ARN)) + ": " + cmp.Or(observed(f), string(f.Status)) + ". " + printable(p.Description)
	out := asffFinding{SchemaVersion: "2018-10-08", ID: "sealaudit/" + f.ID, ProductArn: asffProduct(r, d.Manifest.Regions), GeneratorID: cut("sealaudit/"+p.ID, asffID),
		AccountID: r.Account, Types: []string{"Software and Configuration Checks/AWS Security Best Practices"}, CreatedAt: ended, UpdatedAt: ended,
		Severity: asffSeverity{label, string(f.Severity)}, Title: cut(title, asffTitle), Description: cut(seen, asffDescription),
		ProductFields: asffFields(f, d), Resources: []asffResource{asffResourceOf(r)},
		Compliance: asffCompliance{Status: verdict.compliance, SecurityControlID: cut(printable(cmp.Or(p.Control, p.ID)), asffRequirement)},
		Workflow:   asffStatus{verdict.workflow}, RecordState: verdict.record}
	for i, requirement := range requirements(p) {
		if i == asffRequirements-1 && len(requirements(p)) > asffRequirements {
			out.Compliance.RelatedRequirements = append(out.Compliance.RelatedRequirements, fmt.Sprintf("and %d more", len(requirements(p))-i))
			break
		}
		out.Compliance.RelatedRequirements = append(out.Compliance.RelatedRequirements, cut(printable(requirement), asffRequirement))
	}
	if verdict.reason != "" {
		why := observed(f)
		if f.Status == rego.Waived {
			why = printable(waiverText(f))
		}
		out.Compliance.StatusReasons = []asffReason{{verdict.reason, cut(cmp.Or(why, string(f.Status)), asffDescription)}}
	}
	if todo := strings.Join(printables(remedies(f, p)), " "); todo != "" {
		out.Remediation = &asffRemediation{asffRecommendation{Text: cut(todo, asffRemedy)}}
		for _, link := range p.RelatedResources {
			if out.Remediation.Recommendation.URL == "" && isLink(link) && len(link) <= asffRemedy {
				out.Remediation.Recommendation.URL = link
			}
		}
	}
	return out
}

// asffProduct is the default product of the account in the resource's region;
// of an account-wide resource in the first region of the scan.
func asffProduct(r rego.Resource, regions []string) string {
	region := r.Region
	if region == "" && len(regions) > 0 {
		region = regions[0]
	}
	return fmt.Sprintf("arn:%s:securityhub:%s:%s:product/%s/default", printable(cmp.Or(r.Partition, "aws")), printable(cmp.Or(region, "us-east-1")), r.Account, r.Account)
}

// asffResourceOf names the resource. An ARN that is too long keeps its ends,
// and the finding's id keeps it apart from others.
func asffResourceOf(r rego.Resource) asffResource {
	out := asffResource{Type: cmp.Or(asffTypes[r.Type], "Other"), ID: cut(printable(cmp.Or(r.ARN, r.Name, "unknown")), asffID), Region: printable(r.Region),
		Details: asffDetailsOfType{map[string]string{"type": cut(printable(r.Type), asffField), "name": cut(printable(cmp.Or(r.Name, r.ARN)), asffField)}}}
	if r.Partition == "aws" || r.Partition == "aws-cn" || r.Partition == "aws-us-gov" {
		out.Partition = r.Partition // the format knows these only
	}
	return out
}

// asffFields are what the format has no place for.
func asffFields(f rego.Finding, d Data) map[string]string {
	fields := map[string]string{"sealaudit/policy": f.Policy, "sealaudit/status": string(f.Status), "sealaudit/evidence": d.Evidence, "sealaudit/tool": d.Manifest.Tool}
	if d.Manifest.Demo {
		fields["sealaudit/demo"] = DemoNotice
	}
	if f.Waiver != nil {
		fields["sealaudit/waiver"] = waiverText(f)
	}
	for i, call := range f.Evidence[:min(len(f.Evidence), 10)] {
		fields[fmt.Sprintf("sealaudit/call/%d", i+1)] = strings.TrimSpace(call.Operation + " " + call.RequestID)
	}
	if more := len(f.Evidence) - 10; more > 0 {
		fields["sealaudit/calls/more"] = fmt.Sprintf("%d more; the JSON report has them all", more)
	}
	for name, value := range fields {
		if fields[name] = cut(printable(value), asffField); value == "" {
			delete(fields, name)
		}
	}
	return fields
}

// cut takes the middle out of text so that it is at most n bytes of UTF-8.
func cut(s string, n int) string {
	const mark = "…"
	if len(s) <= n {
		return s
	}
	head := (n - len(mark)) / 2
	tail := len(s) - (n - len(mark) - head)
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + mark + s[tail:]
}
