package s3_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/collectors/s3"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	keyID  = "1234abcd-12ab-34cd-56ef-1234567890ab"
	keyARN = "arn:aws:kms:eu-west-1:111122223333:key/" + keyID
)

// listed is a ListBuckets reply of buckets with their regions ("name region"),
// or without ("name"), and the token of the next page.
func listed(next string, buckets ...string) awsapitest.Reply {
	var b strings.Builder
	for _, bucket := range buckets {
		name, region, _ := strings.Cut(bucket, " ")
		b.WriteString("<Bucket><Name>" + name + "</Name><CreationDate>2024-05-06T07:08:09.000Z</CreationDate>")
		if region != "" {
			b.WriteString("<BucketRegion>" + region + "</BucketRegion>")
		}
		b.WriteString("</Bucket>")
	}
	if next != "" {
		next = "<ContinuationToken>" + next + "</ContinuationToken>"
	}
	return awsapitest.XML("<ListAllMyBucketsResult><Buckets>" + b.String() + "</Buckets>" + next + "</ListAllMyBucketsResult>")
}

func byDefault(algorithm, key string) awsapitest.Reply {
	if key != "" {
		key = "<KMSMasterKeyID>" + key + "</KMSMasterKeyID>"
	}
	return rules("<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>" + algorithm + "</SSEAlgorithm>" + key + "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>")
}

func rules(inner string) awsapitest.Reply {
	return awsapitest.XML("<ServerSideEncryptionConfiguration>" + inner + "</ServerSideEncryptionConfiguration>")
}

// block is a public access block with the four flags as t or f, - for none.
func block(flags string) awsapitest.Reply {
	inner := ""
	for i, name := range []string{"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"} {
		if flags[i] != '-' {
			inner += fmt.Sprintf("<%s>%t</%s>", name, flags[i] == 't', name)
		}
	}
	return awsapitest.XML("<PublicAccessBlockConfiguration>" + inner + "</PublicAccessBlockConfiguration>")
}

const tlsOnly = `{"Version":"2012-10-17","Statement":[{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*",` +
	`"Resource":["arn:aws:s3:::orders","arn:aws:s3:::orders/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`

func isPublic(v bool) awsapitest.Reply {
	return awsapitest.XML(fmt.Sprintf("<PolicyStatus><IsPublic>%t</IsPublic></PolicyStatus>", v))
}

func notFound(code string) awsapitest.Reply { return awsapitest.XMLError(404, code, "not there") }

// controlError is an error of S3 Control, which wraps S3's.
func controlError(status int, code string) awsapitest.Reply {
	r := awsapitest.XMLError(status, code, "said S3 Control")
	r.Body = "<ErrorResponse>" + r.Body + "</ErrorResponse>"
	return r
}

func location(constraint string) func(awsapitest.Request) awsapitest.Reply {
	return awsapitest.Always(awsapitest.XML("<LocationConstraint>" + constraint + "</LocationConstraint>"))
}

func denied() awsapitest.Reply { return awsapitest.XMLError(403, "AccessDenied", "Access Denied") }

func describedKey() awsapitest.Reply {
	return awsapitest.JSON(map[string]any{"KeyMetadata": map[string]any{"KeyId": keyID, "Arn": keyARN, "KeyManager": "CUSTOMER",
		"KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}})
}

// account answers as an account with one well-kept bucket, and with the
// answers given instead of its.
func account(instead awsapitest.Answers) awsapitest.Answers {
	always := awsapitest.Always
	answers := awsapitest.Answers{
		"s3:ListBuckets":                 always(listed("", "orders eu-west-1")),
		"s3:GetBucketEncryption":         always(byDefault("aws:kms", keyARN)),
		"s3:GetBucketPolicy":             always(awsapitest.Reply{Type: "application/json", Body: tlsOnly}),
		"s3:GetBucketPolicyStatus":       always(isPublic(false)),
		"s3:GetPublicAccessBlock":        always(block("tttt")),
		"s3control:GetPublicAccessBlock": always(controlError(404, "NoSuchPublicAccessBlockConfiguration")),
		"s3:GetBucketVersioning":         always(awsapitest.XML("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")),
		"s3:GetBucketReplication":        always(notFound("ReplicationConfigurationNotFoundError")),
		"s3:GetBucketLogging":            always(awsapitest.XML("<BucketLoggingStatus/>")),
		"kms:DescribeKey":                always(describedKey()),
		"kms:ListAliases":                always(awsapitest.JSON(map[string]any{"Aliases": []any{map[string]any{"AliasName": "alias/aws/s3"}}})),
	}
	maps.Copy(answers, instead)
	return answers
}

func accountScope() collectors.Scope {
	scope := awsapitest.Scope()
	scope.Region = ""
	return scope
}

// collect reads the account's buckets of the regions.
func collect(t *testing.T, answers awsapitest.Answers, regions ...string) (*awsapitest.Sink, *awsapitest.Server) {
	t.Helper()
	server := awsapitest.Serve(t, answers)
	session := server.Session(t)
	return awsapitest.Collect(t.Context(), t, s3.New(session, kms.NewKeys(session), regions), accountScope()), server
}

// factsOf is the facts as policies see them.
func factsOf(t *testing.T, r collectors.Resource) string {
	t.Helper()
	text, err := json.Marshal(r.Facts)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "null") {
		t.Errorf("a fact is null: %s", text)
	}
	return string(text)
}

// gapsOf are the gaps, one line each: "reason attribute attribute".
func gapsOf(gaps []collectors.Gap) string {
	var lines []string
	for _, g := range gaps {
		lines = append(lines, string(g.Reason)+" "+strings.Join(g.Attributes, " "))
	}
	return strings.Join(lines, "\n")
}

// part is one fact of the bucket "orders", as JSON, and its gaps.
func part(t *testing.T, answers awsapitest.Answers, name string) (fact, gaps string) {
	t.Helper()
	sink, _ := collect(t, answers, awsapitest.Region)
	r := sink.Find(t, "orders")
	var facts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(factsOf(t, r)), &facts); err != nil {
		t.Fatal(err)
	}
	return string(facts[name]), gapsOf(r.Gaps)
}

// The bucket is read whole, in its region, and says what it rests on.
func TestABucket(t *testing.T) {
	sink, server := collect(t, account(nil), awsapitest.Region)
	r := sink.Find(t, "orders")
	if r.ARN != "arn:aws:s3:::orders" || r.Type != "AWS::S3::Bucket" || r.Scope != awsapitest.Scope() || len(r.Gaps) != 0 {
		t.Errorf("resource %+v", r)
	}
	facts := r.Facts.(s3.Facts)
	facts.Policy.Uploads = nil // TestPolicy has them
	r.Facts = facts
	want := `{"created_at":"2024-05-06T07:08:09Z",` +
		`"encryption":{"rules":1,"algorithm":"aws:kms","key":{"id":"` + keyARN + `","arn":"` + keyARN + `","exists":true,"manager":"CUSTOMER","state":"Enabled",` +
		`"spec":"SYMMETRIC_DEFAULT","usage":"ENCRYPT_DECRYPT","origin":"AWS_KMS","account":"111122223333","region":"eu-west-1"},"bucket_key_enabled":true},` +
		`"policy":{"exists":true,"public":false,"insecure_transport":{"bucket_denied":true,"objects_denied":true,"detail":"requests without TLS are denied by statement 0 (\"TLS\")"}},` +
		`"public_access":{"block_public_acls":true,"ignore_public_acls":true,"block_public_policy":true,"restrict_public_buckets":true},` +
		`"versioning":{"enabled":true,"status":"Enabled"},"replication":{"exists":false},"logging":{"enabled":false}}`
	if diff := cmp.Diff(want, factsOf(t, r)); diff != "" {
		t.Error(diff)
	}
	calls := []string{
		"kms:DescribeKey", "s3:GetBucketEncryption", "s3:GetBucketLogging", "s3:GetBucketPolicy", "s3:GetBucketPolicyStatus", "s3:GetBucketReplication",
		"s3:GetBucketVersioning", "s3:GetPublicAccessBlock", "s3:ListBuckets", "s3control:GetPublicAccessBlock",
	}
	if diff := cmp.Diff(calls, server.Calls()); diff != "" {
		t.Error(diff)
	}
	var rests []string
	for _, c := range r.Calls {
		rests = append(rests, c.Operation)
		if c.Digest == "" || c.Status == 0 {
			t.Errorf("call %+v", c)
		}
	}
	if diff := cmp.Diff(calls, rests); diff != "" {
		t.Errorf("what it rests on: %s", diff)
	}
}

// Every call needs an action that the collector names, and no other.
func TestActions(t *testing.T) {
	c := s3.New(nil, nil, nil)
	_, server := collect(t, account(awsapitest.Answers{"s3:ListBuckets": awsapitest.Always(listed("", "orders")), "s3:GetBucketLocation": location("EU")}))
	want := map[string]bool{}
	for _, operation := range server.Calls() {
		if !strings.HasPrefix(operation, "kms:") {
			want[awsapi.Action(operation)] = true
		}
	}
	got := map[string]bool{}
	for _, action := range c.Actions() {
		got[action] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.Service() != "s3" || !c.Global() || len(c.Types()) != 1 {
		t.Errorf("collector %+v", c)
	}
}

func collector(session *awsapi.Session) *s3.Collector {
	return s3.New(session, kms.NewKeys(session), nil)
}

// calls are those of an operation that the resource rests on.
func calls(r collectors.Resource, operation string) iter.Seq[collectors.CallRef] {
	return func(yield func(collectors.CallRef) bool) {
		for _, c := range r.Calls {
			if c.Operation == operation && !yield(c) {
				return
			}
		}
	}
}
