package lab

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// keySpecs are the specs that can be created here, with the usages of each.
func keySpecs() map[string][]string {
	ec := []string{"SIGN_VERIFY", "KEY_AGREEMENT"}
	rsa := []string{"ENCRYPT_DECRYPT", "SIGN_VERIFY"}
	mac := []string{"GENERATE_VERIFY_MAC"}
	return map[string][]string{
		"SYMMETRIC_DEFAULT": {"ENCRYPT_DECRYPT"}, "RSA_2048": rsa, "RSA_3072": rsa, "RSA_4096": rsa,
		"ECC_NIST_P256": ec, "ECC_NIST_P384": ec, "ECC_NIST_P521": ec, "ECC_SECG_P256K1": {"SIGN_VERIFY"},
		"HMAC_224": mac, "HMAC_256": mac, "HMAC_384": mac, "HMAC_512": mac,
	}
}

func createKey(l *Lab, q *wire.Request) answer {
	spec := firstOf(q.String("KeySpec"), q.String("CustomerMasterKeySpec"), "SYMMETRIC_DEFAULT")
	usage, usages := q.String("KeyUsage"), keySpecs()[spec]
	origin, multi := firstOf(q.String("Origin"), "AWS_KMS"), q.Bool("MultiRegion", false)
	a := answer{mutates: true}
	switch {
	case usages == nil:
		a.failure = constraint(spec, "keySpec", "Member must satisfy enum value set: [RSA_2048, ECC_NIST_P384, ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512]")
	case usage != "" && !slices.Contains([]string{"ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"}, usage):
		a.failure = constraint(usage, "keyUsage", "Member must satisfy enum value set: [ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC]") // recorded before KEY_AGREEMENT
	case usage == "" && spec != "SYMMETRIC_DEFAULT":
		a.failure = refuse(400, "ValidationException", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	case usage != "" && !slices.Contains(usages, usage):
		a.failure = refuse(400, "ValidationException", "KeyUsage "+usage+" is not compatible with KeySpec "+spec)
	case origin != "AWS_KMS" && origin != "EXTERNAL":
		a.failure = refuse(400, "UnsupportedOperationException", "The embedded account makes no keys of origin "+origin+".")
	}
	tags, failure := tagsOf(q)
	if a.failure == nil {
		a.failure = failure
	}
	if a.failure != nil {
		return a
	}
	state := map[string]string{"AWS_KMS": "Enabled", "EXTERNAL": "PendingImport"}[origin]
	id := newKeyID(multi)
	k := &Key{Tags: tags, Output: map[string]any{"KeyId": id, "KeySpec": spec, "KeyUsage": firstOf(usage, "ENCRYPT_DECRYPT"), "Origin": origin,
		"KeyState": state, "Enabled": state == "Enabled", "MultiRegion": multi, "Description": q.String("Description"), "CreationDate": l.now().UTC().Truncate(time.Second)}}
	if multi {
		k.Output["MultiRegionConfiguration"] = map[string]any{"MultiRegionKeyType": "PRIMARY", "ReplicaKeys": []any{},
			"PrimaryKey": map[string]any{"Arn": l.keyARN(q, id), "Region": q.Region}}
	}
	if policy := q.String("Policy"); policy != "" {
		k.Policy = policy
	}
	if spec == "SYMMETRIC_DEFAULT" {
		if _, err := l.keys.CreateKey(kms.KeySpec{ARN: l.keyARN(q, id), External: origin == "EXTERNAL", MultiRegion: multi}); err != nil {
			a.failure = kmsFailure(err)
			return a
		}
	}
	l.index.regions[q.Region].keys.add(id, k)
	a.resource, a.output = l.keyARN(q, id), map[string]any{"KeyMetadata": l.metadata(q, k.Output)}
	return a
}

// newKeyID is a random UUID, or mrk- and 32 digits for a multi-Region key.
func newKeyID(multi bool) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	if multi {
		return "mrk-" + hex.EncodeToString(b[:])
	}
	return uuidOf(b)
}
