package lab_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// S3 User Guide, "Controlling ownership of objects and disabling ACLs for your
// bucket": new buckets enforce the owner, and take no list but the owner's.
// Recorded: test_crud_bucket_ownership_controls, default-ownership.
func TestNewBucketsHaveNoAccessControlLists(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "one"}})
	ctx, one := t.Context(), aws.String("one")
	controls, err := b.s3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: one})
	b.must("GetBucketOwnershipControls", err)
	if r := controls.OwnershipControls.Rules; len(r) != 1 || r[0].ObjectOwnership != types.ObjectOwnershipBucketOwnerEnforced {
		t.Errorf("%+v", r)
	}
	list, err := b.s3.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: one})
	b.must("GetBucketAcl", err)
	if g := list.Grants; len(g) != 1 || g[0].Permission != types.PermissionFullControl || g[0].Grantee.Type != types.TypeCanonicalUser || *g[0].Grantee.ID != *list.Owner.ID {
		t.Errorf("%+v", g)
	}
	put := func(acl types.ObjectCannedACL) error {
		_, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: one, Key: aws.String("a"), Body: strings.NewReader("x"), ACL: acl})
		return err
	}
	b.must("with the owner's list", put(types.ObjectCannedACLBucketOwnerFullControl))
	if got, status := code(put(types.ObjectCannedACLPublicRead)); got != "AccessControlListNotSupported" || status != 400 {
		t.Errorf("a public list: %s, %d", got, status)
	}
	_, err = b.s3.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: one, Key: aws.String("a")})
	b.must("GetObjectAcl", err)
}

// Recorded: NoSuchLifecycleConfiguration, NoSuchWebsiteConfiguration (test_s3,
// test_s3_api); S3 API reference, "Error responses", for the others.
func TestSettingsThatNoBucketHas(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "one"}})
	for sub, want := range map[string]string{"cors": "NoSuchCORSConfiguration", "lifecycle": "NoSuchLifecycleConfiguration", "website": "NoSuchWebsiteConfiguration",
		"object-lock": "ObjectLockConfigurationNotFoundError"} {
		if p := b.raw("GET", "/one?"+sub, nil, nil); p.status != 404 || p.fields()["Code"] != want || p.fields()["BucketName"] != "one" {
			t.Errorf("%s: %d %s", sub, p.status, p.body)
		}
	}
	for _, sub := range []string{"notification", "accelerate", "requestPayment"} {
		if p := b.raw("GET", "/one?"+sub, nil, nil); p.status != 200 {
			t.Errorf("%s: %d %s", sub, p.status, p.body)
		}
	}
	locked := map[string]string{"x-amz-bucket-object-lock-enabled": "true"}
	if p := b.raw("PUT", "/locked", locked, []byte("<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>")); p.status != 501 || p.fields()["Code"] != "NotImplemented" {
		t.Errorf("a bucket with Object Lock: %d %s", p.status, p.body)
	}
	if p := b.raw("GET", "/one/a", map[string]string{"Authorization": ""}, nil); p.status != 403 || p.fields()["Code"] != "AccessDenied" {
		t.Errorf("nobody: %d %s", p.status, p.body)
	}
	iam := map[string]string{"Authorization": strings.Replace(scope("s3"), "/s3/", "/iam/", 1), "Content-Type": "application/x-www-form-urlencoded"}
	if p := b.raw("POST", "/", iam, []byte("Action=ListRoles&Version=2010-05-08")); p.status != 400 || !strings.Contains(string(p.body), "<Code>UnknownOperationException</Code>") {
		t.Errorf("a service that is not offered: %d %s", p.status, p.body)
	}
	if p := b.raw("GET", "/one?analytics", nil, nil); p.status != 501 || p.fields()["Code"] != "NotImplemented" {
		t.Errorf("what is not offered: %d %s", p.status, p.body)
	}
}

// S3 User Guide, "Verifying bucket ownership with bucket owner condition".
func TestOtherOwnersBucketsAreRefused(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "one"}})
	for _, sub := range []string{"encryption", "versioning", "location", "policyStatus", "list-type=2"} {
		if p := b.raw("GET", "/one?"+sub, map[string]string{"x-amz-expected-bucket-owner": "000000000000"}, nil); p.status != 403 || p.fields()["Code"] != "AccessDenied" {
			t.Errorf("%s: %d %s", sub, p.status, p.body)
		}
	}
}

// S3 User Guide, "Protecting data with server-side encryption" and "Specifying
// server-side encryption with AWS KMS (SSE-KMS)": policies that deny what comes
// without the wanted headers. IAM User Guide, "Condition operators": a header
// that is absent fulfils StringNotEquals, and Null finds it.
func TestPoliciesDenyWhatIsNotEncrypted(t *testing.T) {
	const deny = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::one/*","Condition":`
	kmsOf := func(key string) *s3.PutObjectInput {
		return &s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(keyARN + key)}
	}
	for _, tc := range []struct {
		name, condition string
		in              *s3.PutObjectInput
		denied          bool
	}{
		{"no header", `{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`, &s3.PutObjectInput{}, true},
		{"another algorithm", `{"StringNotEquals":{"s3:x-amz-server-side-encryption":["aws:kms"]}}`, &s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAes256}, true},
		{"the algorithm", `{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`, kmsOf(keyA), false},
		{"no header, if there is one", `{"StringNotEqualsIfExists":{"s3:x-amz-server-side-encryption":"aws:kms"}}`, &s3.PutObjectInput{}, true},
		{"Null", `{"Null":{"s3:x-amz-server-side-encryption":"true"}}`, &s3.PutObjectInput{}, true},
		{"not Null", `{"Null":{"s3:x-amz-server-side-encryption":true}}`, kmsOf(keyA), false},
		{"another key", `{"StringNotLike":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"*` + keyA + `"}}`, kmsOf(keyB), true},
		{"the key", `{"StringNotLike":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"*` + keyA + `"}}`, kmsOf(keyA), false},
		{"what is not evaluated", `{"Bool":{"aws:SecureTransport":"true"}}`, &s3.PutObjectInput{}, false},
	} {
		b := newBench(t, []lab.Bucket{{Name: "one"}})
		_, err := b.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("one"), Policy: aws.String(deny + tc.condition + "}]}")})
		b.must("PutBucketPolicy", err)
		tc.in.Bucket, tc.in.Key, tc.in.Body = aws.String("one"), aws.String("dir/a"), strings.NewReader("x")
		_, err = b.s3.PutObject(t.Context(), tc.in)
		got, status := code(err)
		if denied := got == "AccessDenied" && status == 403 && strings.Contains(err.Error(), "explicit deny in a resource-based policy"); denied != tc.denied || !denied && err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if list, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("one")}); err != nil || (len(list.Contents) == 0) != tc.denied {
			t.Errorf("%s: the bucket has %d objects, %v", tc.name, len(list.Contents), err)
		}
	}
}

// S3 API reference, "Authenticating Requests: Using Query Parameters"; recorded:
// test_s3_presigned_url_expired.
func TestPresignedRequestsExpire(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "one"}})
	signer := s3.NewPresignClient(b.s3, s3.WithPresignExpires(time.Minute))
	signed, err := signer.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("one"), Key: aws.String("a b")})
	b.must("PresignPutObject", err)
	send := func(method, url string, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
		b.must("NewRequest", err)
		p, err := b.http.Do(r)
		b.must(method, err)
		defer p.Body.Close()
		text, err := io.ReadAll(p.Body)
		b.must(method, err)
		return p.StatusCode, string(text)
	}
	if status, text := send("PUT", signed.URL, "hello"); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	b.lab.Advance(24 * time.Hour) // of the account; the client signed with the time of day
	if status, text := send("PUT", signed.URL, "hello"); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	// Signature Version 2 names no region: the bucket's counts.
	later, earlier := "&Expires=4102444800", "&Expires=1000000000"
	if status, text := send("GET", b.url+"/one/a%20b?AWSAccessKeyId=AKIADEMO&Signature=x"+later, ""); status != 200 || text != "hello" {
		t.Errorf("%d %s", status, text)
	}
	if status, text := send("GET", b.url+"/one/a%20b?AWSAccessKeyId=AKIADEMO&Signature=x"+earlier, ""); status != 403 || !strings.Contains(text, "<Message>Request has expired</Message>") {
		t.Errorf("%d %s", status, text)
	}
	old := strings.Replace(signed.URL, "X-Amz-Date=20", "X-Amz-Date=19", 1)
	if status, text := send("PUT", old, "x"); status != 403 || !strings.Contains(text, "Request has expired") {
		t.Errorf("%d %s", status, text)
	}
}

// Recorded: test_complete_multipart_parts_order; the order of a list counts
// before the parts' sizes.
func TestUnorderedPartsAreToldBeforeSmallOnes(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "one"}})
	ctx, one, key := t.Context(), aws.String("one"), aws.String("a")
	up, err := b.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: one, Key: key})
	b.must("CreateMultipartUpload", err)
	var parts []types.CompletedPart
	for n := range int32(2) {
		p, err := b.s3.UploadPart(ctx, &s3.UploadPartInput{Bucket: one, Key: key, UploadId: up.UploadId, PartNumber: aws.Int32(n + 1), Body: strings.NewReader("x")})
		b.must("UploadPart", err)
		parts = append([]types.CompletedPart{{ETag: p.ETag, PartNumber: aws.Int32(n + 1)}}, parts...)
	}
	complete := func() string {
		_, err := b.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: one, Key: key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		got, _ := code(err)
		return got
	}
	if got := complete(); got != "InvalidPartOrder" {
		t.Errorf("unordered: %s", got)
	}
	parts[0], parts[1] = parts[1], parts[0]
	if got := complete(); got != "EntityTooSmall" {
		t.Errorf("small: %s", got)
	}
}
