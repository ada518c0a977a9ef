package lab_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// accountKMS asks the account's KMS over the wire.
type accountKMS struct{ cfg aws.Config }

func (k accountKMS) Decrypt(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	in := &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: encryptionContext}
	if keyID != "" {
		in.KeyId = &keyID
	}
	out, err := kms.NewFromConfig(k.cfg).Decrypt(ctx, in)
	if err != nil {
		return envelope.DataKey{}, err
	}
	return envelope.NewDataKey(out.Plaintext), nil
}

func (k accountKMS) GenerateDataKey(ctx context.Context, keyID string, bytes int, encryptionContext map[string]string) (envelope.DataKey, []byte, error) {
	out, err := kms.NewFromConfig(k.cfg).GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &keyID, NumberOfBytes: aws.Int32(int32(bytes)), EncryptionContext: encryptionContext}) //nolint:gosec // small
	if err != nil {
		return envelope.DataKey{}, nil, err
	}
	return envelope.NewDataKey(out.Plaintext), out.CiphertextBlob, nil
}
