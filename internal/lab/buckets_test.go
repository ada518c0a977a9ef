package lab_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// Recorded: test_different_location_constraint, test_create_bucket_with_existing_name.
func TestRecordedNewBuckets(t *testing.T) {
	const test = "TestS3::test_different_location_constraint"
	r, b := loadRecordings(t), newBench(t, nil)
	create := func(region, name, constraint string) error {
		input := &s3.CreateBucketInput{Bucket: &name}
		if constraint != "" {
			input.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(constraint)}
		}
		_, err := s3.NewFromConfig(in(b.cfg, region), func(o *s3.Options) { o.UsePathStyle = true }).CreateBucket(t.Context(), input)
		return err
	}
	r.play(t, test, "create-bucket-constraint-us-east-1", nil, create("us-east-1", "new-bucket", "us-east-1"))
	r.play(t, test, "create-bucket-us-east-2-no-constraint-exc", nil, create("eu-west-1", "new-bucket", ""))
	r.play(t, test, "create-bucket-us-east-2-constraint-to-us-west-1", nil, create("eu-west-1", "new-bucket", "us-west-2"))
	b.must("us-east-1", create("us-east-1", "new-east", ""))
	b.must("again in us-east-1", create("us-east-1", "new-east", ""))
	b.must("elsewhere from us-east-1", create("us-east-1", "new-west", "us-west-2"))
	if got, status := code(create("us-west-2", "new-west", "us-west-2")); got != "BucketAlreadyOwnedByYou" || status != 409 {
		t.Error(got, status)
	}
	for _, name := range []string{"Upper", "a", "has_underscore"} {
		if got, _ := code(create("us-east-1", name, "")); got != "InvalidBucketName" {
			t.Errorf("%s: %s", name, got)
		}
	}
	out, err := b.s3.ListBuckets(t.Context(), nil)
	if err != nil || len(out.Buckets) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
	p := b.raw("HEAD", "/new-west", nil, nil) // signed for eu-west-1
	if p.status != 301 || p.header.Get("X-Amz-Bucket-Region") != "us-west-2" || len(p.body) > 0 {
		t.Errorf("%d %v", p.status, p.header)
	}
	if p := b.raw("HEAD", "/nothing", nil, nil); p.status != 404 {
		t.Errorf("%d", p.status)
	}
}

// Recorded: test_s3_default_bucket_encryption_exc, test_bucket_policy_exc,
// test_crud_public_access_block, test_tagging_validation.
func TestRecordedSettings(t *testing.T) {
	const encryption, block, tagging = "TestS3BucketEncryption::test_s3_default_bucket_encryption_exc", "TestS3PublicAccessBlock::test_crud_public_access_block", "TestS3BucketObjectTagging::test_tagging_validation"
	r, b := loadRecordings(t), newBench(t, nil)
	b.create("bucket")
	ctx, bucket := t.Context(), aws.String("bucket")
	encrypt := func(c *types.ServerSideEncryptionConfiguration) error {
		_, err := b.s3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: c})
		return err
	}
	two := byDefault("AES256", "", true)
	two.Rules = append(two.Rules, two.Rules...)
	r.play(t, encryption, "put-bucket-encryption-two-rules", nil, encrypt(two))
	r.play(t, encryption, "put-bucket-encryption-no-rules", nil, encrypt(&types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{}}))
	r.play(t, encryption, "put-bucket-encryption-kms-with-aes", nil, encrypt(byDefault("AES256", keyA, true)))
	// S3 does not ask KMS about the key (S3 API reference, ServerSideEncryptionByDefault).
	b.must("a key that is not there", encrypt(byDefault("aws:kms", "alias/none", true)))
	_, err := b.put("bucket", "key", "body", nil)
	if got, status := code(err); got != "KMS.NotFoundException" || status != 400 {
		t.Errorf("a default key that is not there: %v", err)
	}

	asked := func() (*s3.GetPublicAccessBlockOutput, error) {
		return b.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bucket})
	}
	out, err := asked()
	r.play(t, block, "get-default-public-access-block", out, err)
	policy := func(s string) error {
		_, err := b.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &s})
		return err
	}
	const public = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`
	if got, status := code(policy(public)); got != "AccessDenied" || status != 403 {
		t.Errorf("a public policy is taken: %s", got)
	}
	_, err = b.s3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: bucket, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{}})
	b.must("PutPublicAccessBlock", err)
	out, err = asked()
	r.play(t, block, "get-public-access-block", out, err)
	_, err = b.s3.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: bucket})
	b.must("DeletePublicAccessBlock", err)
	_, err = asked()
	r.play(t, block, "get-public-access-block-after-delete", nil, err)
	b.must("policy", policy(public))
	status, err := b.s3.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: bucket})
	if err != nil || !*status.PolicyStatus.IsPublic {
		t.Errorf("%+v, %v", status, err)
	}
	got, err := b.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	if err != nil || *got.Policy != public {
		t.Errorf("%+v, %v", got, err)
	}
	const bad = "TestS3BucketPolicy::test_bucket_policy_exc"
	r.play(t, bad, "put-bucket-policy-randomstring", nil, policy("random"))
	r.play(t, bad, "put-bucket-policy-empty-json", nil, policy("{}"))

	tag := func(tags ...string) error {
		set := []types.Tag{}
		for i := 0; i < len(tags); i += 2 {
			set = append(set, types.Tag{Key: &tags[i], Value: &tags[i+1]})
		}
		_, err := b.s3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &types.Tagging{TagSet: set}})
		return err
	}
	r.play(t, tagging, "put-bucket-tags-duplicate-keys", nil, tag("Key1", "a", "Key1", "b"))
	r.play(t, tagging, "put-bucket-tags-invalid-key", nil, tag("Key1,Key2", "a"))
	r.play(t, tagging, "put-bucket-tags-aws-prefixed", nil, tag("aws:prefixed", "a"))
	b.must("tags", tag("owner", "a"))
	found, err := resourcegroupstaggingapi.NewFromConfig(b.cfg).GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{ResourceTypeFilters: []string{"s3"}})
	if err != nil || len(found.ResourceTagMappingList) != 1 || *found.ResourceTagMappingList[0].Tags[0].Value != "a" {
		t.Errorf("%+v, %v", found, err)
	}
}

// The account's data can refuse to write and to read; a denied write changes
// nothing.
func TestDeniedOnBuckets(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket", Errors: map[string]string{"PutObject": "denied", "GetObject": "denied"}}})
	_, err := b.put("bucket", "key", "body", sse("aws:kms", keyA))
	if got, status := code(err); got != "AccessDenied" || status != 403 {
		t.Error(err)
	}
	if p := b.raw("HEAD", "/bucket/key", nil, nil); p.status != 403 || len(p.body) > 0 {
		t.Errorf("HEAD: %d %s", p.status, p.body)
	}
	if left, uses := b.lab.Stored(), b.lab.KeyUses(); len(left)+len(uses) > 0 {
		t.Errorf("%q, %q", left, uses)
	}
	if out, err := kms.NewFromConfig(b.cfg).ListKeys(t.Context(), nil); err != nil || len(out.Keys) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
}
