package kms

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// keyFacts are the facts of DescribeKey (KMS API reference, KeyMetadata).
func keyFacts(r *awsapi.Reading, m *types.KeyMetadata) KeyFacts {
	var key collectors.Key
	r.Gap(fill(&key, m, "facts")...)
	f := KeyFacts{
		Manager: key.Manager, State: key.State, Spec: key.Spec, Usage: key.Usage, Origin: key.Origin,
		CreatedAt: awsapi.Stamp(m.CreationDate), DeleteAt: key.DeleteAt,
		CustomKeyStoreID: aws.ToString(m.CustomKeyStoreId),
	}
	if m.KeyState == types.KeyStatePendingDeletion && f.DeleteAt == "" {
		r.Gap(awsapi.Missing("DeletionDate", "facts.delete_at"))
	}
	expiry(r, m, &f)
	multiRegion(r, m, &f)
	return f
}

// expiry is when imported key material expires. KMS says so while there is
// material, and nothing of other keys or of one that waits for its import.
func expiry(r *awsapi.Reading, m *types.KeyMetadata, f *KeyFacts) {
	hasMaterial := m.KeyState != types.KeyStatePendingImport && m.KeyState != types.KeyStateCreating
	switch {
	case m.ExpirationModel != "":
		var gaps []collectors.Gap
		f.ExpirationModel, gaps = awsapi.Enum(m.ExpirationModel, "ExpirationModel", "facts.expiration_model")
		r.Gap(gaps...)
	case m.Origin == types.OriginTypeExternal && hasMaterial:
		r.Gap(awsapi.Missing("ExpirationModel", "facts.expiration_model", "facts.valid_to"))
	}
	f.ValidTo = awsapi.Stamp(m.ValidTo)
	if m.ExpirationModel == types.ExpirationModelTypeKeyMaterialExpires && f.ValidTo == "" {
		r.Gap(awsapi.Missing("ValidTo", "facts.valid_to"))
	}
}

// multiRegion tells primaries from replicas. Replies from before KMS had them
// don't say; the id of a multi-Region key always does (KMS developer guide,
// "Multi-Region keys").
func multiRegion(r *awsapi.Reading, m *types.KeyMetadata, f *KeyFacts) {
	c := m.MultiRegionConfiguration
	if c == nil {
		if aws.ToBool(m.MultiRegion) || strings.HasPrefix(aws.ToString(m.KeyId), "mrk-") {
			r.Gap(awsapi.Missing("MultiRegionConfiguration", "facts.multi_region", "facts.primary_arn"))
		}
		return
	}
	var gaps []collectors.Gap
	f.MultiRegion, gaps = awsapi.Enum(c.MultiRegionKeyType, "MultiRegionKeyType", "facts.multi_region", "facts.primary_arn")
	r.Gap(gaps...)
	if c.MultiRegionKeyType != types.MultiRegionKeyTypeReplica {
		return
	}
	if c.PrimaryKey != nil {
		f.PrimaryARN = aws.ToString(c.PrimaryKey.Arn)
	}
	if f.PrimaryARN == "" {
		r.Gap(awsapi.Missing("PrimaryKey", "facts.primary_arn"))
	}
}

// rotation asks for automatic rotation. Where the key's spec or origin says
// that it can't rotate by itself KMS isn't asked, nor of a key that is to be
// deleted; that KMS refuses the question is a fact too (API reference,
// GetKeyRotationStatus).
func rotation(ctx context.Context, r *awsapi.Reading, client *kms.Client, keyARN string, f KeyFacts) *Rotation {
	asymmetric := f.Spec != "" && f.Spec != string(types.KeySpecSymmetricDefault)
	elsewhere := f.Origin != "" && f.Origin != string(types.OriginTypeAwsKms)
	switch {
	case asymmetric || elsewhere:
		return &Rotation{Supported: false}
	case f.State == string(types.KeyStatePendingDeletion) || f.State == string(types.KeyStatePendingReplicaDeletion):
		return nil
	}
	out, err := client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: aws.String(keyARN)})
	var unsupported *types.UnsupportedOperationException
	if errors.As(err, &unsupported) {
		return &Rotation{Supported: false}
	}
	if r.Failed(err, "facts.rotation") {
		return nil
	}
	return &Rotation{
		Supported: true, Enabled: aws.Bool(out.KeyRotationEnabled),
		PeriodDays: awsapi.Int(out.RotationPeriodInDays), NextAt: awsapi.Stamp(out.NextRotationDate),
	}
}
