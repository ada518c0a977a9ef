package lab_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// emptyAccount has regions and nothing in them.
func emptyAccount() *lab.Account {
	return &lab.Account{ID: own, Caller: "arn:aws:sts::" + own + ":assumed-role/audit/test", Regions: map[string]*lab.Region{"eu-west-1": {}, "us-east-1": {}}}
}

// refused checks AWS's code and message.
func refused(t *testing.T, what string, err error, wantCode, wantMessage string) {
	t.Helper()
	got, _ := code(err)
	if got != wantCode {
		t.Errorf("%s: %q (%v), want %s", what, got, err, wantCode)
	}
	if wantMessage != "" && !bytes.Contains(fmt.Append(nil, err), []byte(wantMessage)) {
		t.Errorf("%s: %v, want the message %q", what, err, wantMessage)
	}
}

// KMS Developer Guide, "Key states of AWS KMS keys"; the messages are those of
// recorded replies (fixtures/recordings/SOURCE.txt, snapshots).
func TestKeyStates(t *testing.T) {
	ctx := context.Background()
	cfg, l := serve(t, emptyAccount())
	c := kms.NewFromConfig(cfg)
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("test key 123")})
	if err != nil {
		t.Fatal(err)
	}
	id, arn := made.KeyMetadata.KeyId, aws.ToString(made.KeyMetadata.Arn)
	sealed, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: id, Plaintext: []byte("secret"), EncryptionContext: map[string]string{"a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	open := func(context_ map[string]string) ([]byte, error) {
		out, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: context_})
		if err != nil {
			return nil, err
		}
		return out.Plaintext, nil
	}
	right := map[string]string{"a": "1"}
	if got, err := open(right); err != nil || string(got) != "secret" {
		t.Fatalf("opened %q, %v", got, err)
	}
	_, err = open(nil)
	refused(t, "without the context", err, "InvalidCiphertextException", "")

	must(t, "disable", second(c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: id})))
	_, err = open(right)
	refused(t, "disabled", err, "DisabledException", arn+" is disabled.")
	_, err = c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: id, KeySpec: types.DataKeySpecAes256})
	refused(t, "disabled", err, "DisabledException", "")
	must(t, "enable", second(c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: id})))

	_, err = c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(6)})
	refused(t, "six days", err, "ValidationException", "")
	due, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(7)})
	if err != nil || due.KeyState != types.KeyStatePendingDeletion {
		t.Fatalf("schedule: %v %v", due, err)
	}
	_, err = open(right)
	refused(t, "pending deletion", err, "KMSInvalidStateException", arn+" is pending deletion.")
	must(t, "cancel", second(c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: id})))
	d, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: id})
	if err != nil || d.KeyMetadata.KeyState != types.KeyStateDisabled || d.KeyMetadata.Enabled {
		t.Errorf("after the cancellation: %+v %v", d, err)
	}

	must(t, "schedule", second(c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(7)})))
	l.Advance(7*24*time.Hour + time.Minute)
	_, err = c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: id})
	refused(t, "a week later", err, "NotFoundException", "Key '"+arn+"' does not exist")
	keys, err := c.ListKeys(ctx, &kms.ListKeysInput{})
	if err != nil || len(keys.Keys) != 0 {
		t.Errorf("a week later: %v %v", keys, err)
	}
}

// KMS API reference, GenerateDataKey, ReEncrypt, Decrypt (KeyId).
func TestDataKeys(t *testing.T) {
	ctx := context.Background()
	cfg, _ := serve(t, emptyAccount())
	c := kms.NewFromConfig(cfg)
	var ids []*string
	for range 2 {
		made, err := c.CreateKey(ctx, &kms.CreateKeyInput{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, made.KeyMetadata.Arn)
	}
	must(t, "alias", second(c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/one"), TargetKeyId: ids[0]})))
	data, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String("alias/one"), KeySpec: types.DataKeySpecAes256})
	if err != nil || len(data.Plaintext) != 32 || aws.ToString(data.KeyId) != *ids[0] {
		t.Fatalf("%+v %v", data, err)
	}
	_, err = c.Decrypt(ctx, &kms.DecryptInput{KeyId: ids[1], CiphertextBlob: data.CiphertextBlob})
	refused(t, "another key", err, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	moved, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: data.CiphertextBlob, DestinationKeyId: ids[1], DestinationEncryptionContext: map[string]string{"x": "y"}})
	if err != nil || aws.ToString(moved.SourceKeyId) != *ids[0] || aws.ToString(moved.KeyId) != *ids[1] {
		t.Fatalf("%+v %v", moved, err)
	}
	back, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: moved.CiphertextBlob, EncryptionContext: map[string]string{"x": "y"}})
	if err != nil || !bytes.Equal(back.Plaintext, data.Plaintext) {
		t.Errorf("re-encrypted: %v", err)
	}
	must(t, "rotate", second(c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: ids[0]})))
	old, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: data.CiphertextBlob})
	if err != nil || !bytes.Equal(old.Plaintext, data.Plaintext) {
		t.Errorf("after a rotation: %v", err)
	}
	for bit := range 8 * len(data.CiphertextBlob) {
		blob := bytes.Clone(data.CiphertextBlob)
		blob[bit/8] ^= 1 << (bit % 8)
		if out, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob}); err == nil && bytes.Equal(out.Plaintext, data.Plaintext) {
			t.Fatalf("bit %d can be flipped", bit)
		}
	}
	_, err = c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: ids[0], KeySpec: types.DataKeySpecAes256, DryRun: aws.Bool(true)})
	refused(t, "dry run", err, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	other := kms.NewFromConfig(in(cfg, "us-east-1"))
	_, err = other.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: data.CiphertextBlob})
	refused(t, "another region", err, "AccessDeniedException", "")
}

// The messages of recorded replies (fixtures/recordings/SOURCE.txt, snapshots).
func TestKeyRequestsThatKMSRefuses(t *testing.T) {
	ctx := context.Background()
	cfg, _ := serve(t, emptyAccount())
	c := kms.NewFromConfig(cfg)
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Tags: []types.Tag{{TagKey: aws.String("owner"), TagValue: aws.String("me")}}})
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyMetadata.Arn
	signing, err := c.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify})
	if err != nil {
		t.Fatal(err)
	}
	external, err := c.CreateKey(ctx, &kms.CreateKeyInput{Origin: types.OriginTypeExternal})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what          string
		err           error
		code, message string
	}{
		{"random 0", second(c.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(0)})), "ValidationException", "Value '0' at 'numberOfBytes'"},
		{"random without a size", second(c.GenerateRandom(ctx, &kms.GenerateRandomInput{})), "ValidationException", "NumberOfBytes is required."},
		{"a key id of no shape", second(c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("fake-key-id")})), "NotFoundException", "Invalid keyId 'fake-key-id'"},
		{"an alias without prefix", second(c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("one"), TargetKeyId: id})), "ValidationException", `Alias must start with the prefix "alias/".`},
		{"too much plaintext", second(c.Encrypt(ctx, &kms.EncryptInput{KeyId: id, Plaintext: make([]byte, 4097)})), "ValidationException", "Member must have length less than or equal to 4096"},
		{"encrypting with a signing key", second(c.Encrypt(ctx, &kms.EncryptInput{KeyId: signing.KeyMetadata.Arn, Plaintext: []byte("x")})), "InvalidKeyUsageException", aws.ToString(signing.KeyMetadata.Arn) + " key usage is SIGN_VERIFY which is not valid for Encrypt."},
		{"a key without material", second(c.Encrypt(ctx, &kms.EncryptInput{KeyId: external.KeyMetadata.Arn, Plaintext: []byte("x")})), "KMSInvalidStateException", " is pending import."},
		{"rotating material that is not imported yet", second(c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: external.KeyMetadata.Arn})), "KMSInvalidStateException", " is pending import."},
		{"a tag twice", second(c.TagResource(ctx, &kms.TagResourceInput{KeyId: id, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}, {TagKey: aws.String("a"), TagValue: aws.String("2")}}})), "TagException", "Duplicate tag keys"},
		{"both sizes", second(c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: id, KeySpec: types.DataKeySpecAes256, NumberOfBytes: aws.Int32(3)})), "ValidationException", ""},
		{"no ciphertext", second(c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: []byte("invalid")})), "InvalidCiphertextException", ""},
	} {
		refused(t, test.what, test.err, test.code, test.message)
	}
	tags, err := c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: id})
	if err != nil || len(tags.Tags) != 1 {
		t.Errorf("tags: %v %v", tags, err)
	}
	rotation, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: id})
	if err != nil || rotation.KeyRotationEnabled {
		t.Errorf("rotation: %v %v", rotation, err)
	}
	must(t, "rotation", second(c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: id, RotationPeriodInDays: aws.Int32(90)})))
	rotation, err = c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: id})
	if err != nil || !rotation.KeyRotationEnabled || aws.ToInt32(rotation.RotationPeriodInDays) != 90 || rotation.NextRotationDate == nil {
		t.Errorf("rotation: %+v %v", rotation, err)
	}
}

// A denied operation changes nothing.
func TestDeniedChangesNothing(t *testing.T) {
	ctx := context.Background()
	cfg, _ := serve(t, emptyAccount(), lab.Deny("kms:DisableKey", "kms:CreateAlias"))
	c := kms.NewFromConfig(cfg)
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "disable", second(c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: made.KeyMetadata.KeyId})), "AccessDeniedException", "")
	refused(t, "alias", second(c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/x"), TargetKeyId: made.KeyMetadata.KeyId})), "AccessDeniedException", "")
	d, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: made.KeyMetadata.KeyId})
	if err != nil || !d.KeyMetadata.Enabled {
		t.Errorf("the denied call changed the key: %+v %v", d, err)
	}
	aliases, err := c.ListAliases(ctx, &kms.ListAliasesInput{})
	if err != nil || len(aliases.Aliases) != 0 {
		t.Errorf("the denied call made an alias: %v %v", aliases, err)
	}
}

func second[T any](_ T, err error) error { return err }

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
