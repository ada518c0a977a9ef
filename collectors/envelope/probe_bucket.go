package envelope

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

// place finds out where the bucket is and whether a canary could be deleted
// from it. If not, or if nobody can say, none is written.
func (o *objectProbe) place(ctx context.Context) bool {
	o.connect("")
	out, err := o.client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: o.bucket, ExpectedBucketOwner: o.owner})
	if err != nil {
		o.fail("place", err)
		return false
	}
	region := located(string(out.LocationConstraint))
	if !slices.Contains(o.Regions, region) {
		o.lack("place", unsafe("The bucket is in the region "+text(region)+", which is not read; nothing was written.", "Read that region with --region."))
		return false
	}
	o.parent.Scope.Region = region
	o.connect(region)
	return o.removable(ctx)
}

func (o *objectProbe) connect(region string) {
	objects := Objects{Run: o.Run}
	o.client, o.bodies = objects.client(region, false), objects.client(region, true)
}

// removable says whether a version of the bucket can be deleted at once (S3
// User Guide, "Configuring MFA delete", "Object Lock").
func (o *objectProbe) removable(ctx context.Context) bool {
	versioning, err := o.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: o.bucket, ExpectedBucketOwner: o.owner})
	switch {
	case err != nil:
		o.fail("place", err)
		return false
	case versioning.MFADelete == types.MFADeleteStatusEnabled:
		o.lack("place", unsafe("Versions of the bucket are deleted with a second factor only (MFA delete), so that the canary would stay; nothing was written.", "Probe a bucket of the same settings without MFA delete."))
		return false
	}
	o.versioning = versioning.Status
	lock, err := o.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: o.bucket, ExpectedBucketOwner: o.owner})
	switch {
	case awsapi.Code(err) == "ObjectLockConfigurationNotFoundError", err != nil && awsapi.GapOf(err).Reason == collectors.Unsupported:
		return true
	case err != nil:
		o.fail("place", err)
		return false
	}
	if c := lock.ObjectLockConfiguration; c != nil && c.Rule != nil && c.Rule.DefaultRetention != nil {
		o.lack("place", unsafe("The bucket locks what is written to it for a time (Object Lock), so that the canary would stay; nothing was written.", "Probe a bucket of the same settings without a default retention."))
		return false
	}
	return true
}

// compareSetting is the step that says whether the canary is encrypted as the
// bucket's default says. It is aside where the default can't be read.
func (o *objectProbe) compareSetting(ctx context.Context) {
	out, err := o.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: o.bucket, ExpectedBucketOwner: o.owner})
	if err != nil {
		o.aside("setting", envelope.Unknown, "%s", probeGap("s3", err).Detail)
		return
	}
	if c := out.ServerSideEncryptionConfiguration; c == nil || len(c.Rules) == 0 || c.Rules[0].ApplyServerSideEncryptionByDefault == nil {
		o.aside("setting", envelope.Unknown, "The bucket has no default encryption to compare with.")
		return
	}
	rule := out.ServerSideEncryptionConfiguration.Rules[0]
	want := said{rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm, text(aws.ToString(rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID)), aws.ToBool(rule.BucketKeyEnabled)}
	kms := want.algorithm == types.ServerSideEncryptionAwsKms // the only one with bucket keys
	switch {
	case want.algorithm != o.put.algorithm, kms && want.bucketKey != o.put.bucketKey, o.otherKey(ctx, want.key):
		o.step("setting", envelope.Refuted, "The bucket's default is %s, and the object was written under %s.", want, o.put)
	default:
		o.step("setting", envelope.Verified, "The object was written under the bucket's default.")
	}
}

// otherKey says whether the setting's key is known to be another than that of
// the answer.
func (o *objectProbe) otherKey(ctx context.Context, id string) bool {
	if id == "" || o.put.key == "" { // the AWS managed key, which has no name in a setting
		return false
	}
	want, _ := o.keys.Resolve(ctx, o.parent.Scope, id, "", "")
	got, _ := o.keys.Resolve(ctx, o.parent.Scope, o.put.key, "", "")
	return want.ARN != "" && got.ARN != "" && want.ARN != got.ARN
}
