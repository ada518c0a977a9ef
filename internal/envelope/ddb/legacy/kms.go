package legacy

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// KMSDirect is a provider that asks KMS for each item's keys, under a context
// of the item's primary key, its table and its algorithms (DynamoDB Encryption
// Client, "Direct KMS Provider").
type KMSDirect struct {
	Client keyring.KMS
	KeyID  string // key ARN; empty lets the wrapped key choose
}

const (
	kmsKeyAlg  = "AES/256"
	kmsSignAlg = "HmacSHA256/256"
)

func (p KMSDirect) open(ctx context.Context, of subject) (*materials, error) {
	d := of.description
	if d[descWrap] != wrapKMS {
		return nil, fmt.Errorf("%w: the item's data key is not wrapped by KMS", envelope.ErrNoKey)
	}
	b, err := wrapped(d)
	if err != nil {
		return nil, err
	}
	encryptionContext, err := kmsContext(of.item, of.config, d[descKeyAlg], d[descSignAlg])
	if err != nil {
		return nil, err
	}
	key, err := p.Client.Decrypt(ctx, p.KeyID, b, encryptionContext)
	if err != nil {
		return nil, fmt.Errorf("asking KMS for the item's data key: %w", err)
	}
	return derive(key, d)
}

func (p KMSDirect) seal(ctx context.Context, of subject) (*materials, map[string]string, error) {
	encryptionContext, err := kmsContext(of.item, of.config, kmsKeyAlg, kmsSignAlg)
	if err != nil {
		return nil, nil, err
	}
	key, blob, err := p.Client.GenerateDataKey(ctx, p.KeyID, 32, encryptionContext)
	if err != nil {
		return nil, nil, fmt.Errorf("asking KMS for a data key: %w", err)
	}
	description := map[string]string{
		descKey: base64.StdEncoding.EncodeToString(blob), descWrap: wrapKMS, descKMS: "*keys*",
		descKeyAlg: kmsKeyAlg, descSignAlg: kmsSignAlg,
	}
	m, err := derive(key, description)
	return m, description, err
}

// derive makes the content and signature key of KMS's data key, and zeroes
// it.
func derive(key envelope.DataKey, description map[string]string) (*materials, error) {
	defer key.Zero()
	keyBits, err := bits(description[descKeyAlg], "AES")
	if err != nil {
		return nil, err
	}
	signBits, err := bits(description[descSignAlg], signHMAC)
	if err != nil {
		return nil, err
	}
	if keyBits != 128 && keyBits != 192 && keyBits != 256 || signBits < 128 {
		return nil, fmt.Errorf("%w: keys of %d and %d bits from KMS", envelope.ErrUnsupported, keyBits, signBits)
	}
	content, err := hkdf.Key(sha256.New, key.Bytes(), nil, "Encryption", keyBits/8)
	if err != nil {
		return nil, fmt.Errorf("%w: KMS's data key cannot be used", envelope.ErrUnsupported)
	}
	sign, err := hkdf.Key(sha256.New, key.Bytes(), nil, "Signing", signBits/8)
	if err != nil {
		return nil, fmt.Errorf("%w: KMS's data key cannot be used", envelope.ErrUnsupported)
	}
	return &materials{
		content: envelope.NewDataKey(content),
		signing: Signing{HMAC: envelope.NewDataKey(sign)},
		key:     describedKey(description),
	}, nil
}

// kmsContext is the encryption context: the algorithms, the table and the
// primary key.
func kmsContext(it item.Item, c Config, keyAlg, signAlg string) (map[string]string, error) {
	out := map[string]string{"*amzn-ddb-env-alg*": keyAlg, "*amzn-ddb-sig-alg*": signAlg, "*aws-kms-table*": c.Table}
	for _, name := range []string{c.Partition, c.Sort} {
		if name == "" {
			continue
		}
		switch v := it[name]; v.Type {
		case item.S:
			out[name] = v.Data
		case item.N:
			if _, err := item.Normalise(v.Data); err != nil {
				return nil, err
			}
			out[name] = v.Data // as it stands, and not in the normal form that is signed
		case item.B:
			out[name] = base64.StdEncoding.EncodeToString([]byte(v.Data))
		default:
			return nil, fmt.Errorf("%w: the item has no key attribute of the given name; give the table's partition and sort key", envelope.ErrNoKey)
		}
	}
	return out, nil
}
