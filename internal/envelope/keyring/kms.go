package keyring

import (
	"context"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const providerKMS = "aws-kms"

// KMS is what a KMS keyring needs of AWS KMS.
//
// An implementation must pass keyID to KMS, which refuses a blob of another
// key (IncorrectKeyException), and must itself check that the reply's KeyId is
// keyID or what keyID stands for; a reply under another key is ErrWrongKey. An
// empty keyID lets the blob choose, for artefacts that name no key. Its errors
// wrap a class of package envelope.
type KMS interface {
	// Decrypt unwraps a data key (KMS API, Decrypt).
	Decrypt(ctx context.Context, keyID string, blob []byte, context map[string]string) (envelope.DataKey, error)
	// GenerateDataKey makes a data key of so many bytes and wraps it (KMS API,
	// GenerateDataKey).
	GenerateDataKey(ctx context.Context, keyID string, bytes int, context map[string]string) (envelope.DataKey, []byte, error)
}

// Encrypter is a KMS that can wrap a data key that exists already (KMS API,
// Encrypt). Without it a KMS keyring makes data keys, but wraps none.
type Encrypter interface {
	Encrypt(ctx context.Context, keyID string, key envelope.DataKey, context map[string]string) ([]byte, error)
}

// KMSKeyring unwraps with AWS KMS (framework/aws-kms/aws-kms-keyring.md).
type KMSKeyring struct {
	client    KMS
	keyARN    string // "" for discovery
	key       arn
	mrk       bool
	region    string // of a multi-Region discovery keyring
	discovery Filter
}

// NewKMS makes a strict keyring of one key, named by its key ARN.
func NewKMS(client KMS, keyARN string) (*KMSKeyring, error) {
	a, err := parseARN(keyARN)
	if err != nil {
		return nil, fmt.Errorf("the KMS key %q: %w; give the key ARN, not an alias", keyARN, err)
	}
	return &KMSKeyring{client: client, keyARN: keyARN, key: a}, nil
}

// NewKMSMRK makes a strict keyring of one key that also opens what a related
// multi-Region key wrapped (framework/aws-kms/aws-kms-mrk-keyring.md).
func NewKMSMRK(client KMS, keyARN string) (*KMSKeyring, error) {
	k, err := NewKMS(client, keyARN)
	if err == nil {
		k.mrk = true
	}
	return k, err
}

// NewKMSDiscovery makes a keyring that unwraps with whatever key the artefact
// names, within the filter. It wraps nothing.
func NewKMSDiscovery(client KMS, filter Filter) *KMSKeyring {
	return &KMSKeyring{client: client, discovery: filter}
}

// NewKMSMRKDiscovery makes a discovery keyring that asks for a multi-Region key
// in its own region, and for other keys only of that region
// (framework/aws-kms/aws-kms-mrk-discovery-keyring.md).
func NewKMSMRKDiscovery(client KMS, region string, filter Filter) *KMSKeyring {
	return &KMSKeyring{client: client, discovery: filter, mrk: true, region: region}
}

// ask is the key to ask KMS for, given the key that the artefact names
// (framework/aws-kms/aws-kms-mrk-match-for-decrypt.md).
func (k *KMSKeyring) ask(named string) (string, error) {
	if named == "" || named == k.keyARN {
		return k.keyARN, nil
	}
	a, err := parseARN(named)
	if err != nil {
		return "", err
	}
	if k.keyARN != "" {
		same := a
		same.region = k.key.region
		if k.mrk && a.multiRegion() && same == k.key {
			return k.keyARN, nil
		}
		return "", fmt.Errorf("%w: it is under another KMS key", envelope.ErrNoKey)
	}
	if !k.discovery.allows(a) {
		return "", fmt.Errorf("%w: its KMS key is outside of the accounts that the keyring may use", envelope.ErrNoKey)
	}
	if k.mrk && a.region != k.region {
		if !a.multiRegion() {
			return "", fmt.Errorf("%w: its KMS key is in another region", envelope.ErrNoKey)
		}
		a.region = k.region
	}
	return a.String(), nil
}

// Unwrap implements envelope.Keyring ("OnDecrypt"). An encrypted data key
// without provider information names no key: the keyring's own is asked, or
// the one that the blob names.
func (k *KMSKeyring) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	if edk.Provider != providerKMS {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is not under a KMS key", envelope.ErrNoKey)
	}
	keyID, err := k.ask(string(edk.Info))
	if err == nil {
		err = ended(ctx)
	}
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key with KMS: %w", err)
	}
	key, err := k.client.Decrypt(ctx, keyID, edk.Ciphertext, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key with KMS: %w", classed(err))
	}
	if key.Len() == 0 || key.Len() > maxDataKey {
		defer key.Zero()
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key with KMS: %w: it wraps %d bytes; a data key has 1 to %d", envelope.ErrFormat, key.Len(), maxDataKey)
	}
	return key, nil
}

// Generate makes a data key and wraps it ("OnEncrypt", without a plaintext data
// key).
func (k *KMSKeyring) Generate(ctx context.Context, bytes int, encryptionContext map[string]string) (envelope.DataKey, envelope.EncryptedDataKey, error) {
	if err := k.writes(ctx); err != nil {
		return envelope.DataKey{}, envelope.EncryptedDataKey{}, fmt.Errorf("making a data key with KMS: %w", err)
	}
	key, blob, err := k.client.GenerateDataKey(ctx, k.keyARN, bytes, encryptionContext)
	if err != nil {
		return envelope.DataKey{}, envelope.EncryptedDataKey{}, fmt.Errorf("making a data key with KMS: %w", classed(err))
	}
	if key.Len() != bytes {
		defer key.Zero()
		return envelope.DataKey{}, envelope.EncryptedDataKey{}, fmt.Errorf("making a data key with KMS: %w: %d bytes came, %d were asked for", envelope.ErrFormat, key.Len(), bytes)
	}
	return key, k.edk(blob), nil
}

// Wrap implements envelope.Keyring ("OnEncrypt", with a plaintext data key).
// The client must be an [Encrypter].
func (k *KMSKeyring) Wrap(ctx context.Context, key envelope.DataKey, encryptionContext map[string]string) (envelope.EncryptedDataKey, error) {
	err := k.writes(ctx)
	if err == nil {
		err = wrappable(key)
	}
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key with KMS: %w", err)
	}
	client, ok := k.client.(Encrypter)
	if !ok {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key with KMS: %w: this client makes data keys but wraps none; let it generate the data key", envelope.ErrUnsupported)
	}
	blob, err := client.Encrypt(ctx, k.keyARN, key, encryptionContext)
	if err != nil {
		return envelope.EncryptedDataKey{}, fmt.Errorf("wrapping a data key with KMS: %w", classed(err))
	}
	return k.edk(blob), nil
}

func (k *KMSKeyring) writes(ctx context.Context) error {
	if k.keyARN == "" {
		return fmt.Errorf("%w: a discovery keyring only unwraps; name a key", envelope.ErrUnsupported)
	}
	return ended(ctx)
}

func (k *KMSKeyring) edk(blob []byte) envelope.EncryptedDataKey {
	return envelope.EncryptedDataKey{Provider: providerKMS, Info: []byte(k.keyARN), Ciphertext: blob}
}
