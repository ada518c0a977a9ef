package kms

import (
	"encoding/hex"
	"fmt"
	"time"
)

// maxMaterials bounds the tries of one decryption. KMS rotates a key on demand
// at most 25 times.
const maxMaterials = 26

// RotateKey gives a key new material; what older material encrypted stays
// readable (KMS API, RotateKeyOnDemand).
func (s *Service) RotateKey(keyID string) error {
	return s.change(keyID, "rotating a key", func(k *key) error {
		switch err := k.enabled(); {
		case k.Spec != Symmetric || k.Manager == AWS:
			return fail(codeUnsupported, "%s is not a symmetric key of a customer, and no other is rotated on demand", k.ARN)
		case err != nil:
			return err
		case k.ReplicaOf != "":
			return fail(codeUnsupported, "%s is not a multi-region primary key.", k.ARN)
		case k.External:
			return fail(codeInvalidState, "No available key material pending rotation for the key: %s.", k.ARN)
		case len(k.materials) >= maxMaterials:
			return fail(codeLimitExceeded, "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: %s", k.ARN)
		}
		b, err := k.Spec.generate()
		if err != nil {
			return err
		}
		k.materials = append(k.materials, material{s.today(), b})
		return nil
	})
}

// Rotation is one completed rotation of a key (KMS API, RotationsListEntry,
// with RotationType ON_DEMAND).
type Rotation struct {
	Date     time.Time
	Material string // id of the material that it brought, 64 hex digits
	Current  bool   // it encrypts
}

// Rotations are the completed rotations of a key, the oldest first (KMS API,
// ListKeyRotations, ROTATIONS_ONLY). A replica has its primary's.
func (s *Service) Rotations(keyID string) ([]Rotation, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.find(keyID)
	if err == nil && k.Spec != Symmetric {
		err = fail(codeUnsupported, "%s is not a symmetric key, and no other is rotated", k.ARN)
	}
	if err != nil {
		return nil, fmt.Errorf("listing the rotations of a key: %w", err)
	}
	materials := s.material(k)
	var out []Rotation
	for i := 1; i < len(materials); i++ {
		out = append(out, Rotation{materials[i].Created, materials[i].id(k.Key), i == len(materials)-1})
	}
	return out, nil
}

// id names material without telling of it (KMS API, KeyMaterialId).
func (m material) id(k Key) string {
	name := k.name()
	d := digest(append(append([]byte("sealaudit kms material 1\x00"), name[:]...), m.Key...))
	return hex.EncodeToString(d[:])
}

// described is a key as KMS tells of it.
func (s *Service) described(k *key) Key {
	out := k.Key
	if due, ok := s.due(k); ok && out.State == PendingReplicaDeletion { // the replicas are gone
		out.State, out.Deletion, out.Window = PendingDeletion, due, 0
	}
	if materials := s.material(k); k.Spec == Symmetric && len(materials) > 0 {
		out.Material = materials[len(materials)-1].id(k.Key)
	}
	return out
}

// DryRun is what an operation with DryRun answers that would have answered err:
// DryRunOperationException for success. Only cryptographic operations have that
// option, and they change nothing, so their outcome is dropped.
func DryRun(err error) error {
	if err == nil {
		return fail(codeDryRun, "The request would have succeeded, but the DryRun option is set.")
	}
	return err
}
