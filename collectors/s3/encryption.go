package s3

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const encryptionPath = "facts.encryption"

// encryption is the bucket's default encryption.
func (b *bucket) encryption(ctx context.Context) (*Encryption, []collectors.Gap) {
	out, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &b.name})
	switch {
	case awsapi.Code(err) == "ServerSideEncryptionConfigurationNotFoundError":
		return nil, []collectors.Gap{anomaly(err)}
	case err != nil:
		return nil, failed(err, encryptionPath)
	case out.ServerSideEncryptionConfiguration == nil:
		return nil, missing("ServerSideEncryptionConfiguration", encryptionPath)
	}
	rules := out.ServerSideEncryptionConfiguration.Rules
	e := &Encryption{Rules: len(rules)}
	switch len(rules) {
	case 0:
		return e, nil
	case 1:
		return e, b.rule(ctx, e, rules[0])
	}
	return e, []collectors.Gap{{
		Attributes: under(encryptionPath, "algorithm", "key", "bucket_key_enabled", "blocked_types"), Reason: collectors.Unmodelled,
		Detail: fmt.Sprintf("The default encryption has %d rules, where S3 documents one.", len(rules)),
		Remedy: "Look at the rules yourself (aws s3api get-bucket-encryption).",
	}}
}

// anomaly is the answer that a bucket has no default encryption. Every bucket
// has had one since 2023-01-05 (S3 User Guide, default encryption), so that
// neither "encrypted" nor "plaintext" can be taken from it.
func anomaly(err error) collectors.Gap {
	g := awsapi.GapOf(err, encryptionPath)
	g.Reason = collectors.Unmodelled
	g.Detail += " Since 2023-01-05 every bucket has default encryption, so this answer says nothing of how objects are stored."
	g.Remedy = "Check that the endpoint is S3's; set default encryption (aws s3api put-bucket-encryption) and scan again."
	return g
}

// rule takes the one rule of a bucket's default encryption.
func (b *bucket) rule(ctx context.Context, e *Encryption, rule types.ServerSideEncryptionRule) []collectors.Gap {
	var all, gaps []collectors.Gap
	e.BucketKeyEnabled = rule.BucketKeyEnabled
	e.BlockedTypes, all = blockedTypes(rule.BlockedEncryptionTypes)
	byDefault := rule.ApplyServerSideEncryptionByDefault
	if byDefault == nil {
		return append(all, missing("ApplyServerSideEncryptionByDefault", under(encryptionPath, "algorithm", "key")...)...)
	}
	e.Algorithm, gaps = awsapi.Enum(byDefault.SSEAlgorithm, "SSEAlgorithm", under(encryptionPath, "algorithm", "key")...)
	all = append(all, gaps...)
	if e.Algorithm != "" {
		e.Key, gaps = b.key(ctx, byDefault)
		all = append(all, gaps...)
	}
	return all
}

// key is the key of the default encryption. Without one named, aws:kms is
// under aws/s3; for aws:fsx and aws:backup the other service chooses, and the
// bucket has no key.
func (b *bucket) key(ctx context.Context, d *types.ServerSideEncryptionByDefault) (*collectors.Key, []collectors.Gap) {
	id := aws.ToString(d.KMSMasterKeyID)
	switch d.SSEAlgorithm {
	case types.ServerSideEncryptionAes256:
		return nil, nil
	case types.ServerSideEncryptionAwsFsx, types.ServerSideEncryptionAwsBackup:
		if id == "" {
			return nil, nil
		}
	}
	return b.keys.Resolve(ctx, b.scope, id, "alias/aws/s3", encryptionPath+".key")
}

func blockedTypes(b *types.BlockedEncryptionTypes) ([]string, []collectors.Gap) {
	if b == nil {
		return nil, nil
	}
	var out []string
	for _, t := range b.EncryptionType {
		name, gaps := awsapi.Enum(t, "BlockedEncryptionTypes", encryptionPath+".blocked_types")
		if gaps != nil {
			return nil, gaps
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out, nil
}

// under are attributes below a path.
func under(path string, names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = path + "." + name
	}
	return out
}
