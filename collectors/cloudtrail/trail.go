package cloudtrail

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// homeOf is a trail's home region: as the reply says, or its ARN, or else the
// region that showed it.
func homeOf(t types.Trail, region string) string {
	id, _ := arn.Parse(aws.ToString(t.TrailARN)) // no ARN has no region
	return cmp.Or(aws.ToString(t.HomeRegion), id.Region, region)
}

// identify is a trail's ARN. An organisation's trail keeps its owner's.
func identify(t types.Trail, home collectors.Scope) string {
	made := arn.ARN{Partition: home.Partition, Service: "cloudtrail", Region: home.Region, AccountID: home.Account, Resource: "trail/" + aws.ToString(t.Name)}
	return cmp.Or(aws.ToString(t.TrailARN), made.String())
}

// trail reads one trail in its home region, where alone its status and its
// selectors can be asked for, by ARN because a member account doesn't know an
// organisation's trail by its name.
func (s *scan) trail(ctx context.Context, client *cloudtrail.Client, scope collectors.Scope, id string, t types.Trail, calls []collectors.CallRef) (collectors.Resource, finding) {
	name := cmp.Or(aws.ToString(t.Name), id[strings.LastIndex(id, "/")+1:])
	ctx, r := s.session.Read(ctx, collectors.Resource{ARN: id, Type: trailType, Name: name, Scope: scope})
	r.Rest(calls...)
	f := described(r, t, scope, id)
	f.Key = s.key(ctx, r, scope, id, aws.ToString(t.KmsKeyId))
	f.Status = status(ctx, r, client, id)
	var all tri
	f.Selectors, all = selectors(ctx, r, client, id)
	resource := r.Done(f)
	return resource, find(resource, f, all)
}

// described are the facts of DescribeTrails (CloudTrail API reference, Trail).
func described(r *awsapi.Reading, t types.Trail, scope collectors.Scope, id string) TrailFacts {
	f := TrailFacts{
		HomeRegion: scope.Region, MultiRegion: t.IsMultiRegionTrail, Organization: t.IsOrganizationTrail,
		GlobalEvents: t.IncludeGlobalServiceEvents, Validation: t.LogFileValidationEnabled,
		Bucket: aws.ToString(t.S3BucketName), LogGroupARN: aws.ToString(t.CloudWatchLogsLogGroupArn),
		Encrypted: aws.Bool(aws.ToString(t.KmsKeyId) != ""),
	}
	for _, always := range []struct {
		value            *bool
		field, attribute string
	}{
		{t.IsMultiRegionTrail, "IsMultiRegionTrail", "facts.multi_region"},
		{t.IsOrganizationTrail, "IsOrganizationTrail", "facts.organization"},
		{t.IncludeGlobalServiceEvents, "IncludeGlobalServiceEvents", "facts.global_events"},
		{t.LogFileValidationEnabled, "LogFileValidationEnabled", "facts.validation"},
	} {
		if always.value == nil {
			r.Gap(awsapi.Missing(always.field, always.attribute))
		}
	}
	if f.Bucket == "" {
		r.Gap(awsapi.Missing("S3BucketName", "facts.bucket", "facts.bucket_arn"))
		return f
	}
	partition := scope.Partition
	if owner, err := arn.Parse(id); err == nil {
		partition = owner.Partition
	}
	f.BucketARN = arn.ARN{Partition: partition, Service: "s3", Resource: f.Bucket}.String()
	return f
}

// key resolves the trail's key, if it has one. A key that another account's
// trail names without an ARN is that account's.
func (s *scan) key(ctx context.Context, r *awsapi.Reading, scope collectors.Scope, id, keyID string) *collectors.Key {
	if keyID == "" {
		return nil
	}
	named := keyID
	if owner, err := arn.Parse(id); err == nil && owner.AccountID != scope.Account && !arn.IsARN(keyID) {
		resource := keyID
		if !strings.HasPrefix(keyID, "alias/") {
			resource = "key/" + keyID
		}
		named = arn.ARN{Partition: owner.Partition, Service: "kms", Region: scope.Region, AccountID: owner.AccountID, Resource: resource}.String()
	}
	key, gaps := s.keys.Resolve(ctx, scope, named, "", "facts.key")
	key.ID = keyID
	r.Gap(gaps...)
	return key
}

func status(ctx context.Context, r *awsapi.Reading, client *cloudtrail.Client, id string) *Status {
	out, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: aws.String(id)})
	if r.Failed(err, "facts.status") {
		return nil
	}
	if out.IsLogging == nil {
		r.Gap(awsapi.Missing("IsLogging", "facts.status.logging"))
	}
	return &Status{
		Logging:          out.IsLogging,
		LatestDeliveryAt: awsapi.Stamp(out.LatestDeliveryTime), DeliveryError: aws.ToString(out.LatestDeliveryError),
		LatestDigestAt: awsapi.Stamp(out.LatestDigestDeliveryTime), DigestError: aws.ToString(out.LatestDigestDeliveryError),
		StartedAt: awsapi.Stamp(out.StartLoggingTime), StoppedAt: awsapi.Stamp(out.StopLoggingTime),
	}
}
