package legacy

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // OAEP's mask, as Java's default has it
	_ "crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Wrapped is a provider whose content key is random for each item and wrapped
// with a key of the caller's (DynamoDB Encryption Client, "Wrapped materials
// provider"): by AES key wrap, or by RSA-OAEP with SHA-256 and a mask of
// SHA-1. PKCS #1 v1.5, which old versions wrote without saying so, is read and
// not written.
type Wrapped struct {
	AES     envelope.DataKey // one of AES,
	Private *rsa.PrivateKey  // Private to open,
	Public  *rsa.PublicKey   // or Public to seal
	Signing Signing
}

func (p Wrapped) open(_ context.Context, of subject) (*materials, error) {
	if err := p.Signing.check(of.description); err != nil {
		return nil, err
	}
	b, err := wrapped(of.description)
	if err != nil {
		return nil, err
	}
	key, err := p.unwrap(b, of.description[descWrap])
	if err != nil {
		return nil, err
	}
	content, err := contentKey(key, of.description)
	if err != nil {
		return nil, err
	}
	return &materials{content: content, signing: p.Signing.own(), key: describedKey(of.description)}, nil
}

// unwrap opens a wrapped key. The given key says how; the description, which
// is not authenticated, only chooses between OAEP and PKCS #1.
func (p Wrapped) unwrap(b []byte, algorithm string) ([]byte, error) {
	var key []byte
	var err error
	switch {
	case p.AES.Len() > 0 && algorithm == wrapAES:
		return unwrapKey(p.AES.Bytes(), b)
	case p.Private != nil && algorithm == wrapOAEP:
		key, err = p.Private.Decrypt(nil, b, oaep())
	case p.Private != nil && (algorithm == "" || algorithm == wrapPKCS1):
		//lint:ignore SA1019 old items are wrapped so, and are told of
		key, err = rsa.DecryptPKCS1v15(nil, p.Private, b)
	default:
		return nil, fmt.Errorf("%w: the data key is not wrapped for the kind of key that was given", envelope.ErrNoKey)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the RSA key does not unwrap the data key", envelope.ErrWrongKey)
	}
	return key, nil
}

func oaep() *rsa.OAEPOptions { return &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1} }

func (p Wrapped) seal(context.Context, subject) (*materials, map[string]string, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	m := &materials{content: envelope.NewDataKey(key), signing: p.Signing.own()}
	var b []byte
	var err error
	description := map[string]string{descKeyAlg: "AES/256"}
	public := p.Public
	if public == nil && p.Private != nil {
		public = &p.Private.PublicKey
	}
	switch {
	case p.AES.Len() > 0:
		description[descWrap] = wrapAES
		b, err = wrapKey(p.AES.Bytes(), key)
	case public != nil:
		description[descWrap] = wrapOAEP
		if b, err = rsa.EncryptOAEPWithOptions(rand.Reader, public, key, oaep()); err != nil {
			err = fmt.Errorf("%w: the RSA key is too small to wrap a data key", envelope.ErrUnsupported)
		}
	default:
		err = fmt.Errorf("%w: wrapping a data key needs an AES or RSA key", envelope.ErrNoKey)
	}
	if err == nil {
		err = p.Signing.check(nil)
	}
	if err != nil {
		m.zero()
		return nil, nil, err
	}
	description[descKey] = base64.StdEncoding.EncodeToString(b)
	return m, description, nil
}

// describedKey is what the description says of the wrapped key.
func describedKey(description map[string]string) envelope.Key {
	k := envelope.Key{Provider: "wrapped", Wrap: description[descWrap]}
	switch {
	case description[descKey] == "":
		k.Provider, k.Wrap = "static", ""
	case description[descMeta] != "":
		k.Provider, k.ID = "metastore", description[descMeta]
	case k.Wrap == wrapKMS:
		k.Provider = "aws-kms" // the blob names its key, to KMS only
	case k.Wrap == "":
		k.Wrap = wrapPKCS1
	}
	return k
}
