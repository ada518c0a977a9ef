package kms

import (
	"fmt"
	"strings"
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
	if err := k.managed(); err != nil {
		return err
	}
	if k.State != Enabled && k.State != Disabled {
		return k.enabled()
	}
	k.State = to
	return nil
}

// managed is why nobody may change an AWS managed key.
func (k *key) managed() error {
	if k.Manager == AWS {
		return fail(codeAccessDenied, "%s is managed by AWS, and its policy lets nobody change it", k.ARN)
	}
	return nil
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
		case !k.MultiRegion || k.ReplicaOf != "":
			return fail(codeUnsupported, "%s is not a multi-region primary key.", k.ARN)
		case k.External:
			return fail(codeUnsupported, "%s has imported material, which this service does not replicate", k.ARN)
		case !valid:
			return fail(codeValidation, "%q is not a region", region)
		case s.keys[a.String()] != nil:
			return fail(codeAlreadyExists, "%s exists", a)
		}
		made = Key{ARN: a.String(), State: Enabled, Created: s.today(), MultiRegion: true, ReplicaOf: k.ARN,
			Spec: k.Spec, Usage: k.Usage, Manager: k.Manager}
		s.keys[made.ARN] = &key{Key: made}
		made = s.described(s.keys[made.ARN])
		return nil
	})
	return made, err
}

// CreateAlias names a key, in the key's own account and region (KMS API,
// CreateAlias).
func (s *Service) CreateAlias(alias, keyID string) error {
	return s.change(keyID, "creating an alias", func(k *key) error {
		if k.dying() {
			return k.enabled()
		}
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
