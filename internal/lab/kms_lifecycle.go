package lab

import (
	"maps"
	"strings"

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
		if a.failure = l.barred(q, k.Errors, a.resource); a.failure == nil && text(l.metadata(q, k.Output), "KeyManager") == "AWS" {
			a.failure = l.denial(q, a.resource) // whose policy lets nobody change it
		}
		if a.failure == nil && isDying(k.Output) && !isAllowedBeforeDeletion(q.Operation) {
			a.failure = stateRefusal(a.resource, text(k.Output, "KeyState"))
		}
		if a.failure != nil {
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

// isAllowedBeforeDeletion says whether a key that waits for its deletion can be
// changed so (KMS Developer Guide, "Key states of AWS KMS keys").
func isAllowedBeforeDeletion(operation string) bool {
	switch operation {
	case "CancelKeyDeletion", "PutKeyPolicy", "RevokeGrant", "RetireGrant", "DeleteImportedKeyMaterial", "ImportKeyMaterial":
		return true
	}
	return false
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

func updateKeyDescription(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	k.Output["Description"] = q.String("Description")
	return nil, nil
}

func deleteImportedKeyMaterial(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if failure := isImported(arn, k); failure != nil {
		return nil, failure
	}
	return map[string]any{"KeyId": arn, "KeyMaterialId": l.materialOf(arn, k.Output)}, l.lose(arn, k)
}
