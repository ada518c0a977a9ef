package kms

import (
	"fmt"
	"strings"
	"time"
)

// change runs one change of a key.
func (s *Service) change(keyID, doing string, with func(*key) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.find(keyID)
	if err == nil {
		err = with(k)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// EnableKey enables a disabled key (KMS API, EnableKey).
func (s *Service) EnableKey(keyID string) error {
	return s.change(keyID, "enabling a key", func(k *key) error { return k.turn(Enabled) })
}

// DisableKey disables an enabled key (KMS API, DisableKey).
func (s *Service) DisableKey(keyID string) error {
	return s.change(keyID, "disabling a key", func(k *key) error { return k.turn(Disabled) })
}

func (k *key) turn(to State) error {
	if k.State != Enabled && k.State != Disabled {
		return k.enabled()
	}
	k.State = to
	return nil
}

// ScheduleKeyDeletion starts the waiting period of 7 to 30 days, after which
// the key is gone (KMS API, ScheduleKeyDeletion).
func (s *Service) ScheduleKeyDeletion(keyID string, days int) error {
	return s.change(keyID, "scheduling a key's deletion", func(k *key) error {
		switch {
		case days < 7 || days > 30:
			return fail(codeValidation, "the waiting period is 7 to 30 days, not %d", days)
		case k.State == PendingDeletion:
			return k.enabled()
		}
		for _, other := range s.keys {
			if other.ReplicaOf == k.ARN && !other.gone(s.now()) {
				return fail(codeInvalidState, "%s has the replica %s; delete that first", k.ARN, other.ARN)
			}
		}
		k.State, k.Deletion = PendingDeletion, s.today().Add(time.Duration(days)*24*time.Hour)
		return nil
	})
}

// CancelKeyDeletion ends the waiting period; the key is disabled then, or
// waits for import if it has no material (KMS API, CancelKeyDeletion).
func (s *Service) CancelKeyDeletion(keyID string) error {
	return s.change(keyID, "cancelling a key's deletion", func(k *key) error {
		if k.State != PendingDeletion {
			return fail(codeInvalidState, "%s is not pending deletion.", k.ARN)
		}
		k.State, k.Deletion = Disabled, time.Time{}
		if len(s.material(k)) == 0 {
			k.State = PendingImport
		}
		return nil
	})
}

// RotateKey gives a key new material; what older material encrypted stays
// readable (KMS API, RotateKeyOnDemand).
func (s *Service) RotateKey(keyID string) error {
	return s.change(keyID, "rotating a key", func(k *key) error {
		switch err := k.enabled(); {
		case err != nil:
			return err
		case k.External || k.ReplicaOf != "":
			return fail(codeUnsupported, "%s has imported material or is a replica; rotate its source", k.ARN)
		case len(k.materials) >= maxMaterials:
			return fail(codeValidation, "%s was rotated %d times; make a new key", k.ARN, maxMaterials-1)
		}
		k.materials = append(k.materials, s.newMaterial())
		return nil
	})
}

// maxMaterials bounds the tries of one decryption. KMS rotates a key on demand
// at most 25 times.
const maxMaterials = 26

// ImportKeyMaterial gives an external key its 32 bytes, of which it keeps a
// copy. The same bytes can be imported again after their deletion, others
// cannot (KMS API, ImportKeyMaterial).
func (s *Service) ImportKeyMaterial(keyID string, b []byte) error {
	return s.change(keyID, "importing key material", func(k *key) error {
		switch {
		case !k.External || k.ReplicaOf != "":
			return fail(codeUnsupported, "the material of %s is not imported", k.ARN)
		case k.State != PendingImport && k.State != Enabled && k.State != Disabled:
			return k.enabled()
		case len(b) != 32:
			return fail(codeIncorrectMaterial, "a symmetric key has 32 bytes, not %d", len(b))
		case len(k.materials) > 0:
			return fail(codeInvalidState, "%s has its material; delete that first", k.ARN)
		case k.imported != [32]byte{} && k.imported != digest(b):
			return fail(codeIncorrectMaterial, "%s had other material; a key takes the same again only", k.ARN)
		}
		k.imported = digest(b)
		k.materials = []material{{s.today(), append([]byte(nil), b...)}}
		if k.State == PendingImport {
			k.State = Enabled
		}
		return nil
	})
}

// DeleteImportedKeyMaterial takes the material away; the key waits for its
// import then (KMS API, DeleteImportedKeyMaterial).
func (s *Service) DeleteImportedKeyMaterial(keyID string) error {
	return s.change(keyID, "deleting imported key material", func(k *key) error {
		switch {
		case !k.External || k.ReplicaOf != "":
			return fail(codeUnsupported, "the material of %s is not imported", k.ARN)
		case k.State == PendingDeletion:
			return k.enabled()
		}
		for _, m := range k.materials {
			clear(m.Key)
		}
		k.materials, k.State = nil, PendingImport
		return nil
	})
}

// ReplicateKey makes a replica of a multi-Region primary in another region:
// another key with the same id and material (KMS API, ReplicateKey).
func (s *Service) ReplicateKey(keyID, region string) (Key, error) {
	var made Key
	err := s.change(keyID, "replicating a key", func(k *key) error {
		if err := k.enabled(); err != nil {
			return err
		}
		a, _ := parseARN(k.ARN)
		a.region = region
		_, valid := parseARN(a.String())
		switch {
		case !k.MultiRegion || k.ReplicaOf != "" || k.External:
			return fail(codeUnsupported, "%s is no multi-Region primary with its own material", k.ARN)
		case !valid:
			return fail(codeValidation, "%q is not a region", region)
		case s.keys[a.String()] != nil:
			return fail(codeAlreadyExists, "%s exists", a)
		}
		made = Key{ARN: a.String(), State: Enabled, Created: s.today(), MultiRegion: true, ReplicaOf: k.ARN}
		s.keys[made.ARN] = &key{Key: made}
		return nil
	})
	return made, err
}

// CreateAlias names a key, in the key's own account and region (KMS API,
// CreateAlias).
func (s *Service) CreateAlias(alias, keyID string) error {
	return s.change(keyID, "creating an alias", func(k *key) error {
		name, ok := strings.CutPrefix(alias, "alias/")
		if !ok || name == "" || len(name) > 250 || strings.ContainsFunc(name, outsideAlias) {
			return fail(codeValidation, "the alias %q; its name is alias/ and letters, digits, / _ -", alias)
		}
		a, _ := parseARN(k.ARN)
		a.resource = alias
		if _, twice := s.aliases[a.String()]; twice {
			return fail(codeAlreadyExists, "An alias with the name %s already exists", a)
		}
		s.aliases[a.String()] = k.ARN
		return nil
	})
}

func outsideAlias(r rune) bool {
	return !strings.ContainsRune("/_-", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// DeleteAlias forgets an alias, by name or ARN; the key stays (KMS API,
// DeleteAlias).
func (s *Service) DeleteAlias(alias string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.home
	a.resource = alias
	if parsed, ok := parseARN(alias); ok {
		a = parsed
	}
	if _, ok := s.aliases[a.String()]; !ok {
		return fmt.Errorf("deleting an alias: %w", fail(codeNotFound, "Alias %s is not found.", a))
	}
	delete(s.aliases, a.String())
	return nil
}

// Aliases are the aliases of the service by ARN, with the ARN of their key.
func (s *Service) Aliases() map[string]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[string]string, len(s.aliases))
	for alias, name := range s.aliases {
		out[alias] = name
	}
	return out
}
