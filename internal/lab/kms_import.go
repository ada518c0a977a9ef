package lab

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// importing is a wrapping key that waits for the material of a key.
type importing struct {
	key       string // ARN
	private   *rsa.PrivateKey
	hash      func() hash.Hash
	validTill time.Time
}

// importTokenLife is how long import parameters are valid (KMS API,
// GetParametersForImport: 24 hours).
const importTokenLife = 24 * time.Hour

func getParametersForImport(l *Lab, q *wire.Request) answer {
	return ofKey(func(l *Lab, q *wire.Request, k *Key) (map[string]any, *wire.Failure) {
		arn := l.keyARN(q, text(k.Output, "KeyId"))
		if failure := isImported(arn, k); failure != nil {
			return nil, failure
		}
		hashes := map[string]func() hash.Hash{"RSAES_OAEP_SHA_1": sha1.New, "RSAES_OAEP_SHA_256": sha256.New}
		of := hashes[q.String("WrappingAlgorithm")]
		bits := map[string]int{"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}[q.String("WrappingKeySpec")]
		switch {
		case of == nil:
			return nil, refuse(400, "UnsupportedOperationException", "The embedded account unwraps RSAES_OAEP_SHA_256 and RSAES_OAEP_SHA_1.")
		case bits == 0:
			return nil, constraint(q.String("WrappingKeySpec"), "wrappingKeySpec", "Member must satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096]")
		}
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil, refuse(500, "KMSInternalException", "The wrapping key can't be made.")
		}
		public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		if err != nil {
			return nil, refuse(500, "KMSInternalException", "The wrapping key can't be encoded.")
		}
		token, till := randomBytes(32), l.now().UTC().Truncate(time.Second).Add(importTokenLife)
		l.local.imports[hex.EncodeToString(token)] = importing{arn, private, of, till}
		return map[string]any{"KeyId": arn, "ImportToken": encoded(token), "PublicKey": encoded(public), "ParametersValidTo": till}, nil
	})(l, q)
}

// isImported refuses keys whose material is KMS's own.
func isImported(arn string, k *Key) *wire.Failure {
	if origin := firstOf(text(k.Output, "Origin"), "AWS_KMS"); origin != "EXTERNAL" {
		return refuse(400, "UnsupportedOperationException", arn+" origin is "+origin+" which is not valid for this operation.")
	}
	return nil
}

// importKeyMaterial gives a key its material, for ever or until a day (KMS API,
// ImportKeyMaterial; messages recorded by test_import_key_symmetric).
func importKeyMaterial(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	model := firstOf(q.String("ExpirationModel"), "KEY_MATERIAL_EXPIRES")
	till, dated := q.Time("ValidTo")
	token, _ := decoded(q, "ImportToken")
	wrapped, _ := decoded(q, "EncryptedKeyMaterial")
	from, known := l.local.imports[hex.EncodeToString(token)]
	failure := isImported(arn, k)
	switch {
	case failure != nil:
	case model == "KEY_MATERIAL_EXPIRES" && !dated:
		failure = refuse(400, "ValidationException", "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
	case model == "KEY_MATERIAL_EXPIRES" && !till.After(l.now()):
		failure = refuse(400, "ValidationException", "The validTo date must be in the future")
	case !known || from.key != arn:
		failure = refuse(400, "InvalidImportTokenException", "")
	case l.now().After(from.validTill):
		failure = refuse(400, "ExpiredImportTokenException", "")
	}
	if failure != nil {
		return nil, failure
	}
	material, err := rsa.DecryptOAEP(from.hash(), nil, from.private, wrapped, nil)
	if err != nil {
		return nil, refuse(400, "InvalidCiphertextException", "")
	}
	defer clear(material)
	if err := l.keys.ImportKeyMaterial(arn, material); err != nil {
		return nil, kmsFailure(err)
	}
	delete(k.Output, "ValidTo")
	if k.Output["ExpirationModel"] = model; model == "KEY_MATERIAL_EXPIRES" {
		k.Output["ValidTo"] = till.UTC()
	}
	if text(k.Output, "KeyState") == "PendingImport" {
		k.Output["KeyState"], k.Output["Enabled"] = "Enabled", true
	}
	return map[string]any{"KeyId": arn, "KeyMaterialId": l.materialOf(arn, k.Output)}, nil
}

// lose takes a key's imported material away.
func (l *Lab) lose(arn string, k *Key) *wire.Failure {
	k.Output["CurrentKeyMaterialId"] = l.materialOf(arn, k.Output)
	if err := l.keys.DeleteImportedKeyMaterial(arn); err != nil && l.hasMaterial(arn) {
		return kmsFailure(err)
	}
	delete(k.Output, "ExpirationModel")
	delete(k.Output, "ValidTo")
	if !isDying(k.Output) {
		k.Output["KeyState"], k.Output["Enabled"] = "PendingImport", false
	}
	return nil
}

// ageKeys deletes imported material that has expired, and rotates keys whose
// day has come (KMS Developer Guide, "Setting an expiration time", "Rotate AWS
// KMS keys"). A key that is disabled is not rotated.
func ageKeys(l *Lab, now time.Time) {
	for region, p := range l.index.regions {
		for _, id := range p.keys.names {
			old := p.keys.by[id]
			till, expires := old.Output["ValidTo"].(time.Time)
			next, rotates := old.Rotation["NextRotationDate"].(time.Time)
			expires = expires && !now.Before(till) && text(old.Output, "KeyState") != "PendingImport"
			rotates = rotates && !now.Before(next) && old.Rotation["KeyRotationEnabled"] == true && firstOf(text(old.Output, "KeyState"), "Enabled") == "Enabled"
			if !expires && !rotates {
				continue
			}
			k, arn := *old, arnOf("kms", region, l.account.ID, "key/"+id)
			k.Output = maps.Clone(old.Output)
			if expires {
				_ = l.lose(arn, &k) // what it refuses, stays as it is
			}
			if rotates {
				days, _ := old.Rotation["RotationPeriodInDays"].(int)
				k.Rotation = filled(map[string]any{"NextRotationDate": next.Add(time.Duration(max(days, 1)) * 24 * time.Hour)}, old.Rotation)
				if l.keys.RotateKey(arn) == nil {
					k.rotations = append(slices.Clone(old.rotations), rotation{now.UTC().Truncate(time.Second), "AUTOMATIC"})
				}
			}
			p.keys.by[id] = &k
		}
	}
}
