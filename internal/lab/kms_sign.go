package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// localOperations are KMS's with pairs and HMAC keys (KMS API reference).
func localOperations() map[string]operation {
	return map[string]operation{
		"kms:Sign":                                sign,
		"kms:Verify":                              verify,
		"kms:GenerateMac":                         generateMac,
		"kms:VerifyMac":                           verifyMac,
		"kms:GetPublicKey":                        getPublicKey,
		"kms:DeriveSharedSecret":                  deriveSharedSecret,
		"kms:GenerateDataKeyPair":                 generateDataKeyPair,
		"kms:GenerateDataKeyPairWithoutPlaintext": generateDataKeyPair,
		"kms:GetParametersForImport":              getParametersForImport,
		"kms:ImportKeyMaterial":                   onKeyState(importKeyMaterial),
		"kms:ReplicateKey":                        onKeyState(replicateKey),
	}
}

// longestMessage is what Sign and GenerateMac take (KMS API reference).
const longestMessage = 4096

func message(q *wire.Request) ([]byte, *wire.Failure) {
	m, ok := decoded(q, "Message")
	switch {
	case !ok || len(m) == 0:
		return nil, refuse(400, "ValidationException", "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(m) > longestMessage:
		return nil, refuse(400, "ValidationException", "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length less than or equal to 4096")
	}
	return m, nil
}

// signing is what Sign and Verify have in common.
func (l *Lab) signing(q *wire.Request) (pair crypto.Signer, digest []byte, h crypto.Hash, a answer) {
	m, failure := message(q)
	if failure != nil {
		return nil, nil, 0, answer{failure: failure}
	}
	algorithm := q.String("SigningAlgorithm")
	k, a := l.localKey(q, q.String("KeyId"), "SIGN_VERIFY")
	if a.failure != nil {
		return nil, nil, 0, a
	}
	spec := text(k.Output, "KeySpec")
	if !slices.Contains(signingAlgorithms(spec), algorithm) {
		a.failure = refuse(400, "InvalidKeyUsageException", "Algorithm "+algorithm+" is incompatible with key spec "+spec+".")
		return nil, nil, 0, a
	}
	h = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[algorithm[len(algorithm)-3:]]
	digest = m
	if q.String("MessageType") != "DIGEST" {
		sum := h.New()
		sum.Write(m)
		digest = sum.Sum(nil)
	}
	if len(digest) != h.Size() {
		a.failure = refuse(400, "ValidationException", "Digest is invalid length for algorithm "+algorithm+".")
		return nil, nil, 0, a
	}
	pair, a.failure = l.pair(a.resource, k)
	return pair, digest, h, a
}

func sign(l *Lab, q *wire.Request) answer {
	pair, digest, h, a := l.signing(q)
	if a.failure != nil {
		return a
	}
	if a.failure = dryRun(q); a.failure != nil {
		return a
	}
	algorithm, options := q.String("SigningAlgorithm"), crypto.SignerOpts(h)
	if strings.Contains(algorithm, "PSS") {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
	}
	signature, err := pair.Sign(rand.Reader, digest, options)
	if err != nil {
		a.failure = refuse(500, "KMSInternalException", "The message can't be signed.")
		return a
	}
	a.output = map[string]any{"KeyId": a.resource, "Signature": encoded(signature), "SigningAlgorithm": algorithm}
	return a
}

func verify(l *Lab, q *wire.Request) answer {
	pair, digest, h, a := l.signing(q)
	if a.failure != nil {
		return a
	}
	algorithm := q.String("SigningAlgorithm")
	signature, _ := decoded(q, "Signature")
	good := false
	switch public := pair.Public().(type) {
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(public, digest, signature)
	case *rsa.PublicKey:
		if strings.Contains(algorithm, "PSS") {
			good = rsa.VerifyPSS(public, h, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		} else {
			good = rsa.VerifyPKCS1v15(public, h, digest, signature) == nil
		}
	}
	if !good {
		a.failure = refuse(400, "KMSInvalidSignatureException", "")
		return a
	}
	a.failure = dryRun(q)
	a.output = map[string]any{"KeyId": a.resource, "SignatureValid": true, "SigningAlgorithm": algorithm}
	return a
}

// mac computes the code of a request's message.
func (l *Lab) mac(q *wire.Request) ([]byte, answer) {
	m, failure := message(q)
	if failure != nil {
		return nil, answer{failure: failure}
	}
	algorithm := q.String("MacAlgorithm")
	of := map[string]func() hash.Hash{"HMAC_SHA_224": sha256.New224, "HMAC_SHA_256": sha256.New, "HMAC_SHA_384": sha512.New384, "HMAC_SHA_512": sha512.New}[algorithm]
	if of == nil {
		return nil, answer{failure: constraint(algorithm, "macAlgorithm", "Member must satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]")}
	}
	k, a := l.localKey(q, q.String("KeyId"), "GENERATE_VERIFY_MAC")
	if a.failure != nil {
		return nil, a
	}
	if spec := text(k.Output, "KeySpec"); macAlgorithm(spec) != algorithm {
		a.failure = refuse(400, "InvalidKeyUsageException", "Algorithm "+algorithm+" is incompatible with key spec "+spec+".")
		return nil, a
	}
	if l.local.macs[a.resource] == nil {
		l.local.macs[a.resource] = randomBytes(of().Size())
	}
	code := hmac.New(of, l.local.macs[a.resource])
	code.Write(m)
	return code.Sum(nil), a
}

func generateMac(l *Lab, q *wire.Request) answer {
	code, a := l.mac(q)
	if a.failure != nil {
		return a
	}
	a.failure = dryRun(q)
	a.output = map[string]any{"KeyId": a.resource, "Mac": encoded(code), "MacAlgorithm": q.String("MacAlgorithm")}
	return a
}

func verifyMac(l *Lab, q *wire.Request) answer {
	code, a := l.mac(q)
	if a.failure != nil {
		return a
	}
	given, _ := decoded(q, "Mac")
	if !hmac.Equal(code, given) {
		a.failure = refuse(400, "KMSInvalidMacException", "")
		return a
	}
	a.failure = dryRun(q)
	a.output = map[string]any{"KeyId": a.resource, "MacValid": true, "MacAlgorithm": q.String("MacAlgorithm")}
	return a
}
