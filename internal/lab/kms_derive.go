package lab

import (
	"crypto/ecdsa"
	"crypto/x509"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// deriveSharedSecret agrees on a secret with the owner of a public key, which
// is a SubjectPublicKeyInfo in DER on the key's curve (KMS API,
// DeriveSharedSecret; refusals recorded by test_derive_shared_secret).
func deriveSharedSecret(l *Lab, q *wire.Request) answer {
	if algorithm := q.String("KeyAgreementAlgorithm"); algorithm != "ECDH" {
		return answer{failure: constraint(algorithm, "keyAgreementAlgorithm", "Member must satisfy enum value set: [ECDH]")}
	}
	k, a := l.localKey(q, q.String("KeyId"), "KEY_AGREEMENT")
	if a.failure != nil {
		return a
	}
	pair, failure := l.pair(a.resource, k)
	if a.failure = failure; failure != nil {
		return a
	}
	own, ok := pair.(*ecdsa.PrivateKey)
	if !ok {
		a.failure = refuse(400, "UnsupportedOperationException", "")
		return a
	}
	der, _ := decoded(q, "PublicKey")
	secret := agreed(own, der)
	if secret == nil {
		a.failure = refuse(400, "ValidationException", "")
		return a
	}
	defer clear(secret)
	if a.failure = dryRun(q); a.failure == nil {
		a.output = map[string]any{"KeyId": a.resource, "SharedSecret": encoded(secret), "KeyAgreementAlgorithm": "ECDH",
			"KeyOrigin": firstOf(text(k.Output, "Origin"), "AWS_KMS")}
	}
	return a
}

// agreed is the x-coordinate of the shared point; nil for a public key that is
// none, or on another curve.
func agreed(own *ecdsa.PrivateKey, der []byte) []byte {
	parsed, err := x509.ParsePKIXPublicKey(der)
	peer, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return nil
	}
	theirs, err := peer.ECDH()
	if err != nil {
		return nil
	}
	mine, err := own.ECDH()
	if err != nil {
		return nil
	}
	secret, err := mine.ECDH(theirs)
	if err != nil {
		return nil
	}
	return secret
}
