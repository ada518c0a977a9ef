package keyring_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// asked is a KMS whose public keys are known and whose private keys are AWS's.
type asked struct {
	public map[string][]byte // by key ARN
	calls  *[]string
}

var errPrivate = errors.New("AWS has the private key")

func (a asked) DecryptRSA(_ context.Context, keyID, algorithm string, _ []byte) (envelope.DataKey, error) {
	*a.calls = append(*a.calls, keyID+" "+algorithm)
	return envelope.DataKey{}, errPrivate
}

func (a asked) DeriveSharedSecret(_ context.Context, keyID string, _ []byte) (envelope.DataKey, error) {
	*a.calls = append(*a.calls, keyID)
	return envelope.DataKey{}, errPrivate
}

func (a asked) GetPublicKey(_ context.Context, keyID string) ([]byte, error) {
	return a.public[keyID], nil
}

// Published messages under RSA and elliptic-curve keys of KMS, whose private
// keys AWS has: the keyrings find the right key in them, of the public keys
// that are published with them, and ask KMS for just that.
func TestPublishedMessagesUnderAsymmetricKMSKeys(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "fixtures", "vectors", "esdk-c-from-dafny")
	var keys struct {
		Keys map[string]struct {
			KeyID     string `json:"key-id"`
			Material  string `json:"material"`
			Recipient string `json:"recipient-material"`
			Public    []byte `json:"recipient-material-public-key"`
		} `json:"keys"`
	}
	var manifest struct {
		Tests map[string]struct {
			Scenario struct {
				Ciphertext string `json:"ciphertext"`
				Key        struct {
					Type, Key, Recipient string
					Algorithm            string `json:"encryption-algorithm"`
				} `json:"decryptKeyDescription"`
			} `json:"decryption-scenario"`
		} `json:"tests"`
	}
	readJSON(t, filepath.Join(dir, "keys.json"), &keys)
	readJSON(t, filepath.Join(dir, "decrypt-manifest.json"), &manifest)
	rsaKey, curveKey := keys.Keys["us-west-2-rsa-mrk"], keys.Keys["us-west-2-256-ecc"]
	block, _ := pem.Decode([]byte(rsaKey.Material))
	var calls []string
	client := asked{map[string][]byte{rsaKey.KeyID: block.Bytes, curveKey.Recipient: curveKey.Public}, &calls}
	// Of the two curve keys only the recipient's may be asked.
	other := keys.Keys["us-west-2-384-ecc"]
	client.public[other.Recipient] = other.Public
	found := map[string]int{}
	for name, v := range manifest.Tests {
		s := v.Scenario
		var right, wrong envelope.Keyring
		var err, err2 error
		switch s.Key.Type {
		case "aws-kms-rsa":
			right, err = keyring.NewKMSRSA(ctx, client, keys.Keys[s.Key.Key].KeyID, s.Key.Algorithm)
			wrong, err2 = keyring.NewKMSECDH(ctx, client, curveKey.Recipient, nil)
		case "aws-kms-ecdh":
			right, err = keyring.NewKMSECDH(ctx, client, keys.Keys[s.Key.Recipient].Recipient, nil)
			wrong, err2 = keyring.NewKMSECDH(ctx, client, other.Recipient, nil)
		default:
			continue
		}
		if err != nil || err2 != nil {
			t.Fatalf("%s: %v %v", name, err, err2)
		}
		f, err := os.Open(filepath.Join(dir, s.Ciphertext[len("file://"):]))
		if err != nil {
			t.Fatal(err)
		}
		h, err := esdk.ParseHeader(f, 0)
		_ = f.Close()
		if err != nil || len(h.DataKeys) != 1 {
			t.Fatalf("%s: %d data keys: %v", name, len(h.DataKeys), err)
		}
		if _, err := right.Unwrap(ctx, h.DataKeys[0], h.Context); !errors.Is(err, errPrivate) || !errors.Is(err, envelope.ErrUnavailable) {
			t.Errorf("%s: KMS was not asked: %v", name, err)
		}
		if _, err := wrong.Unwrap(ctx, h.DataKeys[0], h.Context); !errors.Is(err, envelope.ErrNoKey) {
			t.Errorf("%s under another key: %v", name, err)
		}
		found[s.Key.Type]++
	}
	if found["aws-kms-rsa"] != 2 || found["aws-kms-ecdh"] != 2 || len(calls) != 4 {
		t.Errorf("%v, and KMS was asked %d times; want 2, 2 and 4", found, len(calls))
	}
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
