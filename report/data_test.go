package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

var update = flag.Bool("update", false, "write the golden files")

const account = "123456789012"

// hostile are names that an attacker could give to a bucket, tag or key.
var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(2)>`,
	`=cmd|' /C calc'!A0`,
	"\x1b[31mred\x1b[0m\x07\x9b2J",
	"safe\u202egnp.exe\u2066",
	"a|b`c`*d*[e](https://example.com)\nnext {0} %s",
	"𝕭𝖚𝖈𝖐𝖊𝖙-🪣-日本",
	"long-" + strings.Repeat("x", 2038) + "-end",
	"zero\u200bwidth\ufeff\xff",
	"{{.Evil}} ${evil} </script><!-- -->",
	"..",
	"a:b/c%2f",
}

func seq(findings []rego.Finding) func() iter.Seq2[rego.Finding, error] {
	return func() iter.Seq2[rego.Finding, error] {
		return func(yield func(rego.Finding, error) bool) {
			for _, f := range findings {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

func policies() []rego.Policy {
	return []rego.Policy{
		{ID: "firehose/source_encrypted", Control: "FH-01", Title: "Firehose streams encrypt what they buffer", Severity: "medium",
			Resource: "AWS::KinesisFirehose::DeliveryStream", Description: "Records wait in the stream's buffer.", Remediation: "Call StartDeliveryStreamEncryption.",
			Profiles: []string{"baseline"}, Frameworks: map[string][]string{"nist-800-53-r5": {"SC-28", "SC-28(1)"}, "security-hub": {"DataFirehose.1"}},
			Origin: "built-in", File: "policies/firehose/source_encrypted.rego", Line: 14, Digest: "sha256:" + strings.Repeat("1", 64)},
		{ID: "kinesis/stream_encrypted", Control: "KDS-01", Title: "Kinesis streams encrypt records at rest", Severity: "high",
			Resource: "AWS::Kinesis::Stream", Description: "Records written while encryption is off stay readable on disk until retention ends.",
			Remediation: "Start server-side encryption with a customer managed key.", Profiles: []string{"baseline", "cmk"},
			Frameworks: map[string][]string{"security-hub": {"Kinesis.1"}, "nist-800-53-r5": {"SC-28", "SC-28(1)", "CP-9"}},
			Mappings: []rego.Mapping{{Framework: "security-hub", ID: "Kinesis.1", Source: "Security Hub user guide", Verified: true},
				{Framework: "nist-800-53-r5", ID: "SC-28", Source: "Security Hub user guide", Verified: true},
				{Framework: "nist-800-53-r5", ID: "SC-28(1)", Source: "Security Hub user guide", Verified: true},
				{Framework: "nist-800-53-r5", ID: "CP-9", Source: "prowler"}},
			RelatedResources: []string{"https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html", "javascript:alert(3)"},
			Origin:           "built-in", File: "policies/kinesis/stream_encrypted.rego", Line: 12, Digest: "sha256:" + strings.Repeat("2", 64)},
		{ID: "kms/key_not_pending_deletion", Control: "KMS-03", Title: "KMS keys are not about to be deleted", Severity: "critical",
			Resource: "AWS::KMS::Key", Description: "Data under a deleted key is lost.", Remediation: "Cancel the deletion, or prove that nothing uses the key.",
			Origin: "built-in", File: "policies/kms/key_not_pending_deletion.rego", Line: 9, Digest: "sha256:" + strings.Repeat("3", 64)},
		{ID: "s3/tls_required", Control: "S3-08", Title: "Bucket policies refuse requests without TLS", Severity: "high",
			Resource: "AWS::S3::Bucket", Description: "Without the denial, `http://` <b>works</b> | always.", Remediation: "Deny s3:* where aws:SecureTransport is false.",
			Frameworks: map[string][]string{"security-hub": {"S3.5"}}, Origin: "built-in", File: "policies/s3/tls_required.rego", Line: 20, Digest: "sha256:" + strings.Repeat("4", 64)},
		{ID: "s3/versioning_enabled", Control: "S3-21", Title: "Buckets keep old versions", Severity: "low",
			Resource: "AWS::S3::Bucket", Description: "Overwritten objects can't be restored.", Remediation: "Enable versioning.",
			Origin: "built-in", File: "policies/s3/versioning_enabled.rego", Line: 8, Digest: "sha256:" + strings.Repeat("5", 64)},
	}
}

// finding makes one with a plausible resource, id and evidence.
func finding(policy string, status rego.Status, region, name string) rego.Finding {
	var f rego.Finding
	for _, p := range policies() {
		if p.ID == policy {
			f = rego.Finding{Policy: policy, Status: status, Severity: p.Severity,
				Resource: rego.Resource{Type: p.Resource, Name: name, Partition: "aws", Account: account, Region: region}}
		}
	}
	service := serviceOf(policy)
	f.Resource.ARN = "arn:aws:" + service + ":" + region + ":" + account + ":thing/" + name
	if service == "s3" {
		f.Resource.ARN = "arn:aws:s3:::" + name
	}
	sum := sha256.Sum256([]byte(policy + "\x00" + f.Resource.ARN))
	f.ID = hex.EncodeToString(sum[:16])
	f.Evidence = []collectors.CallRef{{Operation: service + ":Describe", Region: region, RequestID: "4f0c6d5e-" + f.ID[:12],
		Time: time.Date(2026, 11, 24, 10, 1, int(sum[0])%60, 0, time.UTC), Status: 200, Digest: "sha256:" + hex.EncodeToString(sum[:])}}
	return f
}

func sampleFindings() []rego.Finding {
	var out []rego.Finding
	add := func(policy string, status rego.Status, region, name string, messages ...string) {
		f := finding(policy, status, region, name)
		f.Messages = messages
		if status == "unknown" {
			f.Unknowns = []rego.Unknown{{Attribute: "facts.policy", Reason: collectors.Denied, Detail: "s3:GetBucketPolicy was denied.",
				Permission: "s3:GetBucketPolicy", Remedy: "Grant s3:GetBucketPolicy to the caller."}}
		}
		out = append(out, f)
	}
	add("firehose/source_encrypted", "fail", "us-east-1", "clicks", "server-side encryption is DISABLED")
	add("firehose/source_encrypted", "not_applicable", "us-east-1", "from-kinesis")
	add("kinesis/stream_encrypted", "fail", "us-east-1", "orders", "encryption type is NONE")
	add("kinesis/stream_encrypted", "pass", "us-east-1", "payments")
	add("kinesis/stream_encrypted", "waived", "us-east-1", "public-ticker", "encryption type is NONE")
	add("kms/key_not_pending_deletion", "fail", "eu-west-1", "1234abcd-12ab-34cd-56ef-1234567890ab", "deletion is set for 2026-12-01")
	add("kms/key_not_pending_deletion", "attested", "us-east-1", "0987dcba-09fe-87dc-65ba-ab0987654321", "AWS rotates the key; only AWS can know")
	for _, name := range hostile {
		add("s3/tls_required", "fail", "eu-west-1", name, "no statement denies plain HTTP to "+name)
	}
	add("s3/tls_required", "unknown", "eu-west-1", "audit-logs")
	add("s3/tls_required", "unknown", "us-east-1", "locked-away")
	out[len(out)-1].Unknowns = append(out[len(out)-1].Unknowns, rego.Unknown{Attribute: "facts.region", Reason: collectors.Throttled, Detail: "Refused for rate.", Remedy: "Scan again with a longer --timeout."})
	add("s3/versioning_enabled", "pass", "eu-west-1", "audit-logs")
	return out
}

// sample is a small Data with every status and every hostile name.
func sample() Data {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	scope := func(region string) collectors.Scope {
		return collectors.Scope{Partition: "aws", Account: account, Region: region}
	}
	return Data{
		Manifest: collectors.Manifest{Format: "sealaudit-bundle/1", Tool: "sealaudit 0.1.0", Demo: true,
			Caller: "arn:aws:sts::" + account + ":assumed-role/auditor/session", Accounts: []string{account}, Regions: []string{"eu-west-1", "us-east-1"},
			Services: []string{"firehose", "kinesis", "kms", "s3"}, Started: at, Ended: at.Add(95 * time.Second), SkewMS: 12,
			Coverage: []collectors.Coverage{
				{Scope: scope("eu-west-1"), Type: "AWS::KMS::Key", Listed: 1, Read: 1},
				{Scope: scope("eu-west-1"), Type: "AWS::S3::Bucket", Listed: 13, Read: 12, Partly: 1},
				{Scope: scope("us-east-1"), Type: "AWS::DAX::Cluster", NotOffered: "Its endpoint has no address there."},
				{Scope: scope("us-east-1"), Type: "AWS::Kinesis::Stream", Listed: 3, Read: 3},
				{Scope: scope("us-east-1"), Type: "AWS::KinesisFirehose::DeliveryStream", Listed: 2, Read: 2,
					Gap: &collectors.Gap{Attributes: []string{"facts"}, Reason: collectors.Throttled, Detail: "Page 2 was refused for rate.", Remedy: "Scan again with a longer --timeout."}},
				{Scope: scope("us-east-1"), Type: "AWS::S3::Bucket", Listed: 1, Unread: 1},
			}},
		Evidence: "sha256:" + strings.Repeat("ab", 32),
		Judged:   Judged{Profiles: []string{"baseline"}, Excluded: []string{"dynamodb/*"}, Params: map[string]map[string]any{"kinesis/stream_encrypted": {"required_level": "aws-managed"}}},
		Policies: policies(),
		Summary:  rego.Summary{Counts: map[rego.Status]int{"fail": 15, "unknown": 2, "waived": 1, "attested": 1, "pass": 2, "not_applicable": 1}},
		Findings: seq(sampleFindings()),
	}
}

// large has n findings over 10 policies and 20 regions, a third of them
// failures.
func large(n int) Data {
	d := sample()
	d.Policies = nil
	for i := range 10 {
		p := policies()[i%5]
		p.ID, p.Control = fmt.Sprintf("%s_%d", p.ID, i), fmt.Sprintf("%s%d", p.Control, i)
		d.Policies = append(d.Policies, p)
	}
	var findings []rego.Finding
	for i := range n {
		p := d.Policies[i%10]
		status := []rego.Status{"fail", "pass", "pass", "unknown", "fail", "pass", "not_applicable"}[i%7]
		f := finding(policies()[i%5].ID, status, "eu-west-1", fmt.Sprintf("resource-%05d", i/10))
		f.Policy = p.ID
		sum := sha256.Sum256([]byte(f.ID + p.ID))
		f.ID = hex.EncodeToString(sum[:16])
		switch status {
		case "fail":
			f.Messages = []string{"encryption type is NONE, at least KMS with a customer managed key is required"}
		case "unknown":
			f.Unknowns = []rego.Unknown{{Attribute: "facts.policy", Reason: collectors.Denied, Detail: "The call was denied.", Permission: "s3:GetBucketPolicy", Remedy: "Grant it."}}
		}
		findings = append(findings, f)
	}
	slices.SortStableFunc(findings, func(a, b rego.Finding) int { return strings.Compare(a.Policy, b.Policy) })
	d.Findings = seq(findings)
	return d
}

// golden holds got against testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; make it with go test ./report -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); if that is meant: go test ./report -update\n%s", name, diff)
	}
}

// render writes d and fails the test on an error.
func render(t testing.TB, format string, d Data, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, d, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
