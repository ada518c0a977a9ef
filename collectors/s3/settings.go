package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// versioning has no status in the reply when it was never enabled.
func (b *bucket) versioning(ctx context.Context) (*Versioning, []collectors.Gap) {
	const at = "facts.versioning"
	out, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.name})
	if err != nil {
		return nil, failed(err, at)
	}
	v := &Versioning{Enabled: out.Status == types.BucketVersioningStatusEnabled}
	var gaps []collectors.Gap
	if out.Status != "" {
		if v.Status, gaps = awsapi.Enum(out.Status, "Status", at); gaps != nil {
			return nil, gaps
		}
	}
	if out.MFADelete != "" {
		v.MFADelete, gaps = awsapi.Enum(out.MFADelete, "MfaDelete", at+".mfa_delete")
	}
	return v, gaps
}

// logging has nothing in the reply when it is off.
func (b *bucket) logging(ctx context.Context) (*Logging, []collectors.Gap) {
	out, err := b.client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: &b.name})
	if err != nil {
		return nil, failed(err, "facts.logging")
	}
	if out.LoggingEnabled == nil {
		return &Logging{}, nil
	}
	return &Logging{Enabled: true, TargetBucket: aws.ToString(out.LoggingEnabled.TargetBucket)}, nil
}

// replication are the rules as they are written, enabled or not.
func (b *bucket) replication(ctx context.Context) (*Replication, []collectors.Gap) {
	const at = "facts.replication"
	out, err := b.client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &b.name})
	switch {
	case awsapi.Code(err) == "ReplicationConfigurationNotFoundError":
		return &Replication{}, nil
	case err != nil:
		return nil, failed(err, at)
	case out.ReplicationConfiguration == nil:
		return nil, missing("ReplicationConfiguration", at)
	}
	r := &Replication{Exists: true}
	for _, rule := range out.ReplicationConfiguration.Rules {
		read, gaps := replicationRule(rule, at+".rules")
		if gaps != nil {
			r.Rules = nil // part of them would look like all
			return r, gaps
		}
		r.Rules = append(r.Rules, read)
	}
	return r, nil
}

func replicationRule(rule types.ReplicationRule, at string) (ReplicationRule, []collectors.Gap) {
	out := ReplicationRule{ID: aws.ToString(rule.ID)}
	var gaps []collectors.Gap
	if out.Status, gaps = awsapi.Enum(rule.Status, "Rule.Status", at); gaps != nil {
		return out, gaps
	}
	if rule.Destination == nil || aws.ToString(rule.Destination.Bucket) == "" {
		return out, missing("Rule.Destination.Bucket", at)
	}
	out.DestinationBucket = *rule.Destination.Bucket
	out.DestinationAccount = aws.ToString(rule.Destination.Account)
	if e := rule.Destination.EncryptionConfiguration; e != nil {
		out.ReplicaKeyID = aws.ToString(e.ReplicaKmsKeyID)
	}
	if s := rule.SourceSelectionCriteria; s != nil && s.SseKmsEncryptedObjects != nil {
		out.KMSObjects, gaps = awsapi.Enum(s.SseKmsEncryptedObjects.Status, "SseKmsEncryptedObjects.Status", at)
	}
	return out, gaps
}
