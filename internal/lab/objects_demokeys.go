package lab

import (
	"crypto/rsa"
	"crypto/sha256"
	_ "embed"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// DemoKey is the raw key of a name, 32 bytes: the SHA-256 of
// "sealaudit embedded account: " and the name. Objects of the embedded account
// that name a raw key or a customer's key are under it, so that everybody can
// open them. It protects a demonstration and nothing else.
func DemoKey(name string) []byte {
	sum := sha256.Sum256([]byte("sealaudit embedded account: " + name))
	return sum[:]
}

//go:embed objects_demo_rsa.txt
var demoRSA []byte

// DemoRSA is the RSA key of the embedded account's objects that are under one,
// 2,048 bits: PEM, and the key. It is published with the program, like all
// demonstration keys.
func DemoRSA() (text []byte, key *rsa.PrivateKey, err error) {
	key, _, err = keyring.ParseRSAKey(demoRSA)
	if err != nil {
		return nil, nil, fmt.Errorf("the demonstration RSA key: %w; build the program anew", err)
	}
	return demoRSA, key, nil
}
