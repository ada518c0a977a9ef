package kms

import (
	"bytes"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// check holds a key to the rules that the operations keep.
func (sk storedKey) check() error {
	if err := sk.checkName(); err != nil {
		return fmt.Errorf("%w: a key of the file: %w", envelope.ErrFormat, err)
	}
	if err := sk.checkKind(); err != nil {
		return fmt.Errorf("%w: the key %q of the file: %w", envelope.ErrFormat, sk.ARN, err)
	}
	bad := ""
	switch n := len(sk.Materials); {
	case sk.ReplicaOf != "" && (!sk.MultiRegion || sk.External || n > 0):
		bad = "a replica has no material of its own"
	case sk.External && (n > 1 || n == 1 && len(sk.Imported) != 32):
		bad = "imported material is one key with its digest"
	case !sk.External && (len(sk.Imported) > 0 || sk.State == PendingImport):
		bad = "its material is not imported"
	case sk.External && n == 0 && sk.State != PendingImport && sk.State != PendingDeletion:
		bad = "it has no material"
	case sk.External && n == 1 && sk.State == PendingImport:
		bad = "it has its material"
	case !sk.External && sk.ReplicaOf == "" && (n == 0 || n > maxMaterials || n > 1 && sk.Spec != Symmetric):
		bad = "it has no material, or too much"
	case sk.checkDeletion() != nil:
		bad = sk.checkDeletion().Error()
	case len(sk.Imported) != 0 && len(sk.Imported) != 32:
		bad = "a digest has 32 bytes"
	}
	for _, m := range sk.Materials {
		d := digest(m.Key)
		if !sk.Spec.fits(m.Key) || sk.External && !bytes.Equal(d[:], sk.Imported) {
			bad = "its material is not of its spec, or not of the digest that the file says"
		}
	}
	switch sk.State {
	case Enabled, Disabled, PendingDeletion, PendingImport, PendingReplicaDeletion:
	default:
		bad = "its state is not one"
	}
	if bad != "" {
		return fmt.Errorf("%w: the key %q of the file: %s", envelope.ErrFormat, sk.ARN, bad)
	}
	return nil
}
