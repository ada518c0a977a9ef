package kms

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// Spec is the kind of a key's material (KMS API, KeySpec).
type Spec string

// The specs that this service makes keys of.
const (
	Symmetric Spec = "SYMMETRIC_DEFAULT"
	RSA2048   Spec = "RSA_2048"
	RSA3072   Spec = "RSA_3072"
	RSA4096   Spec = "RSA_4096"
	P256      Spec = "ECC_NIST_P256"
	P384      Spec = "ECC_NIST_P384"
	P521      Spec = "ECC_NIST_P521"
)

// Specs are all specs.
func Specs() []Spec { return []Spec{Symmetric, RSA2048, RSA3072, RSA4096, P256, P384, P521} }

// IsZero leaves the usual spec out of a file, as files had none once.
func (s Spec) IsZero() bool { return s == "" || s == Symmetric }

// Usage is what a key is for (KMS API, KeyUsage).
type Usage string

// The usages. A key for SignVerify exists and signs nothing: this service has
// no operation for it.
const (
	EncryptDecrypt Usage = "ENCRYPT_DECRYPT"
	SignVerify     Usage = "SIGN_VERIFY"
	KeyAgreement   Usage = "KEY_AGREEMENT"
)

// IsZero leaves the usual usage out of a file.
func (u Usage) IsZero() bool { return u == "" || u == EncryptDecrypt }

// Manager is who manages a key (KMS API, KeyManager).
type Manager string

// The managers. An AWS managed key is used like any other, and its policy lets
// nobody change it.
const (
	Customer Manager = "CUSTOMER"
	AWS      Manager = "AWS"
)

// IsZero leaves the usual manager out of a file.
func (m Manager) IsZero() bool { return m == "" || m == Customer }

// settle puts the usual values in the place of none: for a curve that is
// KEY_AGREEMENT, which AWS wants to be said.
func (k *Key) settle() {
	if k.Spec == "" {
		k.Spec = Symmetric
	}
	if k.Usage == "" {
		k.Usage = EncryptDecrypt
		if k.Spec.curve() != nil {
			k.Usage = KeyAgreement
		}
	}
	if k.Manager == "" {
		k.Manager = Customer
	}
}

// checkKind refuses combinations that KMS has not.
func (k Key) checkKind() error {
	fits := map[Usage]bool{EncryptDecrypt: k.Spec == Symmetric || k.Spec.bits() > 0, SignVerify: k.Spec.bits() > 0, KeyAgreement: false}
	if k.Spec.curve() != nil {
		fits = map[Usage]bool{SignVerify: true, KeyAgreement: true}
	}
	switch {
	case k.Spec != Symmetric && k.Spec.bits() == 0 && k.Spec.curve() == nil:
		return fail(codeValidation, "the key spec %q is not one of %v", string(k.Spec), Specs())
	case !fits[k.Usage]:
		return fail(codeValidation, "KeyUsage %s is not compatible with KeySpec %s", k.Usage, k.Spec)
	case k.Manager != Customer && k.Manager != AWS:
		return fail(codeValidation, "the key manager %q is neither AWS nor CUSTOMER", string(k.Manager))
	case k.Manager == AWS && (k.Spec != Symmetric || k.External || k.MultiRegion):
		return fail(codeValidation, "an AWS managed key is symmetric, of one region and with KMS's own material")
	}
	return nil
}

// bits is the size of an RSA key, 0 for others.
func (s Spec) bits() int { return map[Spec]int{RSA2048: 2048, RSA3072: 3072, RSA4096: 4096}[s] }

// curve is the curve of an elliptic-curve key, nil for others.
func (s Spec) curve() ecdh.Curve {
	switch s {
	case P256:
		return ecdh.P256()
	case P384:
		return ecdh.P384()
	case P521:
		return ecdh.P521()
	}
	return nil
}

// generate makes material: 32 bytes, or a private key in PKCS #8.
func (s Spec) generate() ([]byte, error) {
	var private any
	var err error
	switch s {
	case Symmetric:
		b := make([]byte, 32)
		_, _ = rand.Read(b) // never fails
		return b, nil
	case P256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case P521:
		private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, s.bits())
	}
	if err != nil {
		return nil, fmt.Errorf("making key material: %w", fail(codeInternal, "%s", err))
	}
	return x509.MarshalPKCS8PrivateKey(private)
}

// fits tells whether b is material of the spec.
func (s Spec) fits(b []byte) bool {
	switch {
	case s == Symmetric:
		return len(b) == 32
	case s.bits() > 0:
		_, err := s.rsa(b)
		return err == nil
	}
	_, err := s.ecdh(b)
	return err == nil
}

// rsa is the RSA key of material.
func (s Spec) rsa(b []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(b)
	if err == nil {
		if private, ok := key.(*rsa.PrivateKey); ok && private.N.BitLen() == s.bits() {
			return private, nil
		}
	}
	return nil, fail(codeInternal, "the key material is not an RSA key of %d bits", s.bits())
}

// ecdh is the elliptic-curve key of material.
func (s Spec) ecdh(b []byte) (*ecdh.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(b)
	if err == nil {
		if private, ok := key.(*ecdsa.PrivateKey); ok {
			if out, err := private.ECDH(); err == nil && out.Curve() == s.curve() {
				return out, nil
			}
		}
	}
	return nil, fail(codeInternal, "the key material is not a key of %s", s)
}
