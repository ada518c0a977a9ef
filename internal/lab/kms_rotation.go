package lab

import (
	"maps"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// rotates says why a key's material can't be rotated.
func rotates(arn string, k *Key) *wire.Failure {
	switch {
	case firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
		return refuse(400, "UnsupportedOperationException", "")
	case text(k.Output, "Origin") == "EXTERNAL":
		return refuse(400, "UnsupportedOperationException", arn+" origin is EXTERNAL which is not valid for this operation.")
	case text(k.Output, "KeyState") == "Disabled":
		return refuse(400, "DisabledException", arn+" is disabled.")
	case isDying(k.Output):
		return stateRefusal(arn, text(k.Output, "KeyState"))
	}
	return nil
}

func enableKeyRotation(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if failure := rotates(arn, k); failure != nil {
		return nil, failure
	}
	days, given := q.Int("RotationPeriodInDays")
	if !given {
		days = 365
	}
	if days < 90 || days > 2560 {
		return nil, refuse(400, "ValidationException", "RotationPeriodInDays must be between 90 and 2560.")
	}
	k.Rotation = filled(map[string]any{"KeyRotationEnabled": true, "RotationPeriodInDays": days, "NextRotationDate": l.now().UTC().Add(time.Duration(days) * 24 * time.Hour)}, k.Rotation)
	return nil, nil
}

func disableKeyRotation(_ *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if failure := rotates(arn, k); failure != nil {
		return nil, failure
	}
	rotation := maps.Clone(k.Rotation)
	delete(rotation, "RotationPeriodInDays")
	delete(rotation, "NextRotationDate")
	k.Rotation = filled(map[string]any{"KeyRotationEnabled": false}, rotation)
	return nil, nil
}

// rotationsOnDemand is how many times a key can be rotated on demand (KMS
// Developer Guide, "Perform on-demand key rotation").
const rotationsOnDemand = 25

func rotateKeyOnDemand(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	// Imported material is rotated when new material waits for it, which the
	// key service says (recorded in November 2025).
	if failure := rotates(arn, k); failure != nil && text(k.Output, "Origin") != "EXTERNAL" {
		return nil, failure
	}
	asked := slices.DeleteFunc(slices.Clone(k.rotations), func(r rotation) bool { return r.kind != "ON_DEMAND" })
	if len(asked) >= rotationsOnDemand {
		return nil, refuse(400, "LimitExceededException", "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: "+arn)
	}
	if err := l.keys.RotateKey(arn); err != nil {
		return nil, kmsFailure(err)
	}
	k.rotations = append(slices.Clone(k.rotations), rotation{l.now().UTC().Truncate(time.Second), "ON_DEMAND"})
	return map[string]any{"KeyId": arn}, nil
}

func listKeyRotations(l *Lab, q *wire.Request, k *Key) (map[string]any, *wire.Failure) {
	first, end, next, failure := l.page(q, marker(100, 1000), len(k.rotations))
	if failure != nil {
		return nil, failure
	}
	list := []any{}
	for _, r := range k.rotations[first:end] {
		list = append(list, map[string]any{"KeyId": l.keyARN(q, text(k.Output, "KeyId")), "RotationDate": r.at, "RotationType": r.kind})
	}
	return truncated(map[string]any{"Rotations": list}, next), nil
}
