package firehose

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// ofCustomerKey are the facts that only a stream with a customer managed key
// has, so that they are unknown with it.
func ofCustomerKey(attributes ...string) []string {
	return append(attributes, "facts.key_errors", "facts.key_alarms")
}

// encryption is the stream's own. Without a configuration it was never
// enabled. After a failed attempt to enable it, the reply has a key type only
// if an older key is still in use; every other state but DISABLED has one
// (Firehose API reference, DeliveryStreamEncryptionConfiguration).
func (r *reading) encryption(ctx context.Context, d *types.DeliveryStreamEncryptionConfiguration) *Encryption {
	if d == nil {
		return &Encryption{Status: string(types.DeliveryStreamEncryptionStatusDisabled)}
	}
	status, gaps := awsapi.Enum(d.Status, "Status", ofCustomerKey("facts.encryption")...)
	r.Gap(gaps...)
	if status == "" {
		return nil
	}
	e := &Encryption{Status: status}
	if d.FailureDescription != nil {
		e.Failure, gaps = awsapi.Enum(d.FailureDescription.Type, "FailureDescription.Type", "facts.encryption.failure")
		r.Gap(gaps...)
	}
	keyless := d.Status == types.DeliveryStreamEncryptionStatusDisabled || d.Status == types.DeliveryStreamEncryptionStatusEnablingFailed
	if d.KeyType == "" && keyless {
		return e
	}
	e.KeyType, gaps = awsapi.Enum(d.KeyType, "KeyType", ofCustomerKey("facts.encryption.key_type", "facts.encryption.key")...)
	r.Gap(gaps...)
	if d.KeyType == types.KeyTypeCustomerManagedCmk {
		e.Key = r.key(ctx, aws.ToString(d.KeyARN), "KeyARN", "facts.encryption.key")
	}
	return e
}

func usesCustomerKey(e *Encryption) bool {
	return e != nil && e.KeyType == string(types.KeyTypeCustomerManagedCmk) && e.Status != string(types.DeliveryStreamEncryptionStatusDisabled)
}

// key resolves a key that the reply has to name: Firehose has no AWS managed
// key to fall back to. field is the API's name of it.
func (r *reading) key(ctx context.Context, id, field, path string) *collectors.Key {
	if id == "" {
		r.Gap(awsapi.Missing(field, path))
		return nil
	}
	key, gaps := r.keys.Resolve(ctx, r.scope, id, "", path)
	r.Gap(gaps...)
	return key
}
