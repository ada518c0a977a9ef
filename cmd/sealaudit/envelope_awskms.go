package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	sample "github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// awsKMSSpec is the key of --keyring aws-kms:ARN, "" for aws-kms.
func awsKMSSpec(spec string) (arn string, ok bool) {
	if spec == "aws-kms" {
		return "", true
	}
	return strings.CutPrefix(spec, "aws-kms:")
}

// awsKMS is AWS KMS as keyrings ask it. Every call names its key: those that
// were given, where the artefact names none.
type awsKMS struct {
	cloud *cloud
	only  []string // ARNs; none allows every key that an artefact names
}

// addAWSKMS adds AWS KMS, or a key of it.
func (k *envelopeKeys) addAWSKMS(arn string, c *cloud) error {
	client, ok := k.client.(*awsKMS)
	switch {
	case c == nil:
		return errors.New("AWS is not asked here")
	case !ok && k.s3.KMS != nil:
		return errors.New("one of kms-file, aws-kms and data-key is enough; a second is not used")
	case ok && (arn == "" || len(client.only) == 0 || slices.Contains(client.only, arn)):
		return errors.New("give aws-kms once, or aws-kms:ARN once for each key")
	case !ok:
		client = &awsKMS{cloud: c}
		k.client, k.s3.KMS = client, client
		k.ring = append(k.ring, awsPairs{client})
	}
	if arn == "" {
		return k.push(keyring.NewKMSDiscovery(client, keyring.Filter{}), nil)
	}
	ring, err := keyring.NewKMSMRK(client, arn)
	if err != nil {
		return err
	}
	client.only = append(client.only, arn)
	// What names no key is tried with all of them, so only one is the key.
	if k.kmsARN = arn; len(client.only) > 1 {
		k.kmsARN = ""
	}
	k.s3.KMSKeyID = k.kmsARN
	return k.push(ring, nil)
}

// ask is whom to ask for a key: the given ones where the artefact names none.
func (k *awsKMS) ask(keyID string) ([]string, error) {
	switch {
	case keyID == "" && len(k.only) == 0:
		return nil, fmt.Errorf("%w: it names no KMS key; name it with --keyring aws-kms:ARN", envelope.ErrNoKey)
	case keyID == "":
		return k.only, nil
	case len(k.only) > 0 && !slices.Contains(k.only, keyID):
		return nil, fmt.Errorf("%w: it is under a KMS key that was not given", envelope.ErrNoKey)
	}
	return []string{keyID}, nil
}

// Decrypt implements keyring.KMS (KMS API, Decrypt).
func (k *awsKMS) Decrypt(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	ids, err := k.ask(keyID)
	if err != nil {
		return envelope.DataKey{}, err
	}
	var errs []error
	for _, id := range ids {
		key, err := k.decrypt(ctx, id, blob, encryptionContext)
		if err == nil {
			return key, nil
		}
		errs = append(errs, err)
	}
	return envelope.DataKey{}, keyring.Join(errs...)
}

func (k *awsKMS) decrypt(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	ctx, cancel := context.WithTimeout(ctx, k.cloud.timeout)
	defer cancel()
	out, err := k.cloud.kms(arnRegion(keyID)).Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String(keyID), CiphertextBlob: blob, EncryptionContext: encryptionContext})
	if err != nil {
		return envelope.DataKey{}, kmsError(err)
	}
	return answeredWith(keyID, out.KeyId, out.Plaintext)
}

// GenerateDataKey implements keyring.KMS (KMS API, GenerateDataKey).
func (k *awsKMS) GenerateDataKey(ctx context.Context, keyID string, bytes int, encryptionContext map[string]string) (envelope.DataKey, []byte, error) {
	ids, err := k.ask(keyID)
	if err != nil {
		return envelope.DataKey{}, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, k.cloud.timeout)
	defer cancel()
	out, err := k.cloud.kms(arnRegion(ids[0])).GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String(ids[0]), NumberOfBytes: aws.Int32(int32(bytes)), EncryptionContext: encryptionContext})
	if err != nil {
		return envelope.DataKey{}, nil, kmsError(err)
	}
	return envelope.NewDataKey(out.Plaintext), out.CiphertextBlob, nil
}

// Encrypt implements keyring.Encrypter (KMS API, Encrypt).
func (k *awsKMS) Encrypt(ctx context.Context, keyID string, key envelope.DataKey, encryptionContext map[string]string) ([]byte, error) {
	ids, err := k.ask(keyID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, k.cloud.timeout)
	defer cancel()
	out, err := k.cloud.kms(arnRegion(ids[0])).Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(ids[0]), Plaintext: key.Bytes(), EncryptionContext: encryptionContext})
	if err != nil {
		return nil, kmsError(err)
	}
	return out.CiphertextBlob, nil
}

// answeredWith takes over the key of an answer, which must be under the key
// that was asked.
func answeredWith(keyID string, answered *string, b []byte) (envelope.DataKey, error) {
	key := envelope.NewDataKey(b)
	if aws.ToString(answered) != keyID {
		key.Zero()
		return envelope.DataKey{}, errOtherKey(keyID)
	}
	return key, nil
}

func errOtherKey(keyID string) error {
	return fmt.Errorf("%w: KMS answered with another key than %s", envelope.ErrWrongKey, keyID)
}

// kmsError gives KMS's refusal the class of what it says about the ciphertext
// (KMS API, "Errors" of Decrypt). A key that is gone, disabled or denied says
// nothing about it. An invalid ciphertext is a changed blob or another
// encryption context, which KMS does not tell apart.
func kmsError(err error) error {
	class := sample.RefusalClass(awsapi.Code(err))
	if class == nil {
		return answered(err)
	}
	return fmt.Errorf("%w: %w", class, err)
}
