package keyring

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// ParseRSAKey reads an RSA key from a PEM file: a private key (PKCS #8 or PKCS
// #1), then public is its other half, or a public key (PKIX or PKCS #1), then
// private is nil.
func ParseRSAKey(text []byte) (private *rsa.PrivateKey, public *rsa.PublicKey, err error) {
	key, err := parsePEM(text)
	if err != nil {
		return nil, nil, err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, &key.PublicKey, nil
	case *rsa.PublicKey:
		return nil, key, nil
	}
	return nil, nil, fmt.Errorf("%w: the PEM file has a key of another kind (%T); give an RSA key", envelope.ErrFormat, key)
}

// parsePEM reads the first key of a PEM file. Its error says nothing of the
// file's content.
func parsePEM(text []byte) (any, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: not a PEM file; it starts with -----BEGIN", envelope.ErrFormat)
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%w: the first PEM block is not a key; give an unencrypted PRIVATE KEY or a PUBLIC KEY", envelope.ErrUnsupported)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the PEM block %s does not hold such a key", envelope.ErrFormat, block.Type)
	}
	return key, nil
}
