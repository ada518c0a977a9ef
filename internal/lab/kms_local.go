package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// localKeys is the material of keys that protect nothing at rest, which the
// account's KMS makes when it is first asked for: pairs, and HMAC keys.
type localKeys struct {
	pairs   map[string]crypto.Signer // by ARN
	macs    map[string][]byte
	imports map[string]importing // by token
}

func newLocalKeys() *localKeys {
	return &localKeys{pairs: map[string]crypto.Signer{}, macs: map[string][]byte{}, imports: map[string]importing{}}
}

// newPair makes a pair of a spec; nil for one that is not made here.
func newPair(spec string) (crypto.Signer, error) {
	switch spec {
	case "RSA_2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "RSA_3072":
		return rsa.GenerateKey(rand.Reader, 3072)
	case "RSA_4096":
		return rsa.GenerateKey(rand.Reader, 4096)
	case "ECC_NIST_P256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ECC_NIST_P384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ECC_NIST_P521":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	}
	return nil, nil
}

// localKey finds the key of an operation with material of this account, which
// must have the usage and be enabled (KMS Developer Guide, "Key states").
func (l *Lab) localKey(q *wire.Request, id, usage string) (k *Key, a answer) {
	a.resource = id
	if l.isForeign(id) {
		a.failure = l.foreign(q)
		return nil, a
	}
	k, failure := l.findKey(q, id)
	if failure != nil {
		a.failure = failure
		return nil, a
	}
	a.resource, a.errors = l.keyARN(q, text(k.Output, "KeyId")), k.Errors
	if a.failure = l.barred(q, k.Errors, a.resource); a.failure != nil {
		return nil, a
	}
	if have := firstOf(text(k.Output, "KeyUsage"), "ENCRYPT_DECRYPT"); usage != "" && have != usage {
		a.failure = refuse(400, "InvalidKeyUsageException", a.resource+" key usage is "+have+" which is not valid for "+q.Operation+".")
		return nil, a
	}
	a.failure = stateRefusal(a.resource, firstOf(text(k.Output, "KeyState"), "Enabled"))
	return k, a
}

func stateRefusal(arn, state string) *wire.Failure {
	switch state {
	case "Enabled":
		return nil
	case "Disabled":
		return refuse(400, "DisabledException", arn+" is disabled.")
	case "PendingDeletion":
		return refuse(400, "KMSInvalidStateException", arn+" is pending deletion.")
	case pendingReplicas:
		return refuse(400, "KMSInvalidStateException", arn+" is pending replica deletion.")
	case "PendingImport":
		return refuse(400, "KMSInvalidStateException", arn+" is pending import.")
	}
	return refuse(400, "KMSInvalidStateException", arn+" is in the state "+state+".")
}

// pair is the key's pair.
func (l *Lab) pair(arn string, k *Key) (crypto.Signer, *wire.Failure) {
	if p := l.local.pairs[arn]; p != nil {
		return p, nil
	}
	spec := firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT")
	p, err := newPair(spec)
	if p == nil || err != nil {
		return nil, refuse(400, "UnsupportedOperationException", "The embedded account has no pairs of "+spec+".")
	}
	l.local.pairs[arn] = p
	return p, nil
}

// getPublicKey is a SubjectPublicKeyInfo in DER (KMS API, GetPublicKey).
func getPublicKey(l *Lab, q *wire.Request) answer {
	k, a := l.localKey(q, q.String("KeyId"), "")
	if a.failure != nil {
		return a
	}
	spec, usage := firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT"), firstOf(text(k.Output, "KeyUsage"), "ENCRYPT_DECRYPT")
	if spec == "SYMMETRIC_DEFAULT" || usage == "GENERATE_VERIFY_MAC" {
		a.failure = refuse(400, "UnsupportedOperationException", "")
		return a
	}
	pair, failure := l.pair(a.resource, k)
	if a.failure = failure; failure != nil {
		return a
	}
	der, err := x509.MarshalPKIXPublicKey(pair.Public())
	if err != nil {
		a.failure = refuse(500, "KMSInternalException", "The public key can't be encoded.")
		return a
	}
	a.output = filled(algorithmsOf(spec, usage), map[string]any{"KeyId": a.resource, "PublicKey": encoded(der), "KeySpec": spec, "CustomerMasterKeySpec": spec, "KeyUsage": usage})
	return a
}
