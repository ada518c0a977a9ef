package lab

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// lifecycleOperations make keys and change their state (KMS API reference; KMS
// Developer Guide, "Key states of AWS KMS keys").
func lifecycleOperations() map[string]operation {
	return map[string]operation{
		"kms:CreateKey": createKey,
		"kms:EnableKey": onKeyState(func(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
			return nil, l.turn(arn, k, "Enabled", l.keys.EnableKey)
		}),
		"kms:DisableKey": onKeyState(func(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
			return nil, l.turn(arn, k, "Disabled", l.keys.DisableKey)
		}),
		"kms:ScheduleKeyDeletion":       onKeyState(scheduleKeyDeletion),
		"kms:CancelKeyDeletion":         onKeyState(cancelKeyDeletion),
		"kms:UpdateKeyDescription":      onKeyState(updateKeyDescription),
		"kms:DeleteImportedKeyMaterial": onKeyState(deleteImportedKeyMaterial),
	}
}

// onKeyState makes a changing operation on one key of the account. The key is
// a copy: what it changes takes the place of the old one.
func onKeyState(change func(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		id := q.String("KeyId")
		a := answer{resource: id, mutates: true}
		if l.isForeign(id) {
			a.failure = l.foreign(q)
			return a
		}
		old, failure := l.findKey(q, id)
		if failure == nil && strings.Contains(id, "alias/") {
			failure = refuse(400, "NotFoundException", "Invalid keyId "+id)
		}
		if failure != nil {
			a.failure = failure
			return a
		}
		k := *old
		k.Output = maps.Clone(old.Output)
		a.resource, a.errors = l.keyARN(q, text(k.Output, "KeyId")), k.Errors
		if a.failure = l.barred(q, k.Errors, a.resource); a.failure != nil {
			return a
		}
		if a.output, a.failure = change(l, q, a.resource, &k); a.failure == nil {
			l.index.regions[q.Region].keys.by[text(k.Output, "KeyId")] = &k
		}
		if a.output == nil {
			a.output = map[string]any{}
		}
		return a
	}
}

// turn switches a key on or off.
func (l *Lab) turn(arn string, k *Key, to string, do func(string) error) *wire.Failure {
	if err := do(arn); err != nil && l.hasMaterial(arn) {
		return kmsFailure(err)
	}
	k.Output["KeyState"], k.Output["Enabled"] = to, to == "Enabled"
	return nil
}

// hasMaterial says whether the key service holds the key: it holds symmetric
// ones, and others are data only.
func (l *Lab) hasMaterial(arn string) bool {
	_, err := l.keys.Describe(arn)
	return err == nil
}

func scheduleKeyDeletion(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	days, given := q.Int("PendingWindowInDays")
	if !given {
		days = 30
	}
	switch {
	case days < 7:
		return nil, constraint(q.String("PendingWindowInDays"), "pendingWindowInDays", "Member must have value greater than or equal to 7")
	case days > 30:
		return nil, constraint(q.String("PendingWindowInDays"), "pendingWindowInDays", "Member must have value less than or equal to 30")
	case text(k.Output, "KeyManager") == "AWS":
		return nil, refuse(400, "AccessDeniedException", "User: "+l.account.Caller+" is not authorized to perform: kms:ScheduleKeyDeletion on this resource because AWS manages it")
	case text(k.Output, "KeyState") == "PendingDeletion":
		return nil, refuse(400, "KMSInvalidStateException", arn+" is pending deletion.")
	}
	if err := l.keys.ScheduleKeyDeletion(arn, days); err != nil && l.hasMaterial(arn) {
		return nil, kmsFailure(err)
	}
	due := l.now().UTC().Truncate(time.Second).Add(time.Duration(days) * 24 * time.Hour)
	k.Output["KeyState"], k.Output["Enabled"], k.Output["DeletionDate"] = "PendingDeletion", false, due
	return map[string]any{"KeyId": arn, "DeletionDate": due, "KeyState": "PendingDeletion", "PendingWindowInDays": days}, nil
}

func cancelKeyDeletion(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if text(k.Output, "KeyState") != "PendingDeletion" {
		return nil, refuse(400, "KMSInvalidStateException", arn+" is not pending deletion.")
	}
	if err := l.keys.CancelKeyDeletion(arn); err != nil && l.hasMaterial(arn) {
		return nil, kmsFailure(err)
	}
	k.Output["KeyState"], k.Output["Enabled"] = "Disabled", false
	delete(k.Output, "DeletionDate")
	return map[string]any{"KeyId": arn}, nil
}

func updateKeyDescription(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	k.Output["Description"] = q.String("Description")
	return nil, nil
}

func deleteImportedKeyMaterial(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if text(k.Output, "Origin") != "EXTERNAL" {
		return nil, refuse(400, "UnsupportedOperationException", arn+" origin is "+firstOf(text(k.Output, "Origin"), "AWS_KMS")+" which is not valid for this operation.")
	}
	if err := l.keys.DeleteImportedKeyMaterial(arn); err != nil && l.hasMaterial(arn) {
		return nil, kmsFailure(err)
	}
	k.Output["KeyState"], k.Output["Enabled"] = "PendingImport", false
	return map[string]any{"KeyId": arn}, nil
}

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
		a.failure = constraint(spec, "keySpec", "Member must satisfy enum value set: ["+strings.Join(slices.Sorted(maps.Keys(keySpecs())), ", ")+"]")
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

// forgetKeys drops the keys whose waiting period is over (KMS Developer Guide,
// "Deleting AWS KMS keys").
func forgetKeys(l *Lab, now time.Time) {
	for region, p := range l.index.regions {
		for _, id := range slices.Clone(p.keys.names) {
			k := p.keys.by[id]
			due, ok := k.Output["DeletionDate"].(time.Time)
			if !ok || text(k.Output, "KeyState") != "PendingDeletion" || now.Before(due) {
				continue
			}
			p.keys.remove(id)
			for _, name := range slices.Clone(p.aliases.names) {
				if p.aliases.by[name].target == id {
					p.aliases.remove(name)
					_ = l.keys.DeleteAlias(arnOf("kms", region, l.account.ID, name))
				}
			}
		}
	}
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
