// Package kms is a local key service with AWS KMS's rules: data keys,
// encryption context as additional data, RSA keys that encrypt and elliptic-curve
// keys that agree on a secret, key states, rotation that keeps old material
// readable, imported material, multi-Region replicas, and AWS's error names and
// messages. It stands in for KMS in the embedded account and in tests. It sends
// nothing, and a [Service] can be saved to a file, so that ciphertext outlives
// the process.
//
// It implements keyring.KMS, keyring.Encrypter and keyring.AsymmetricKMS of
// package envelope/keyring. What it models is the KMS API's
// (docs.aws.amazon.com/kms/latest/APIReference) and no more: no key policies,
// grants, signatures or HMAC keys.
package kms

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config says where a service stands. Zero fields are aws, us-east-1,
// 000000000000 and the time of day.
type Config struct {
	Partition, Region, Account string
	Now                        func() time.Time
}

// Service is a key service. Its methods may be called at the same time.
type Service struct {
	home arn // what a bare key id or alias is completed with
	now  func() time.Time

	mu      sync.RWMutex
	keys    map[string]*key   // by ARN
	aliases map[string]string // alias ARN to key ARN
	faults  map[string]string // key ARN to error code
}

// New makes a service without keys.
func New(c Config) *Service {
	s := &Service{home: arn{"aws", "us-east-1", "000000000000", ""}, now: time.Now,
		keys: map[string]*key{}, aliases: map[string]string{}, faults: map[string]string{}}
	if c.Partition != "" {
		s.home.partition = c.Partition
	}
	if c.Region != "" {
		s.home.region = c.Region
	}
	if c.Account != "" {
		s.home.account = c.Account
	}
	if c.Now != nil {
		s.now = c.Now
	}
	return s
}

// arn is a key's or alias's ARN; resource is "key/…" or "alias/…".
type arn struct{ partition, region, account, resource string }

func (a arn) String() string {
	return strings.Join([]string{"arn", a.partition, "kms", a.region, a.account, a.resource}, ":")
}

func parseARN(s string) (arn, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" || slices.Contains(parts, "") {
		return arn{}, false
	}
	kind, id, ok := strings.Cut(parts[5], "/")
	return arn{parts[1], parts[3], parts[4], parts[5]}, ok && id != "" && (kind == "alias" || kind == "key" && !strings.Contains(id, "/"))
}

// find is the key for a key id, key ARN, alias name or alias ARN (KMS API,
// "KeyId"). A key whose waiting period is over is gone.
func (s *Service) find(keyID string) (*key, error) {
	a := s.home
	switch {
	case strings.HasPrefix(keyID, "arn:"):
		parsed, ok := parseARN(keyID)
		if !ok {
			return nil, fail(codeInvalidARN, "%q is not the ARN of a key or an alias", keyID)
		}
		a = parsed
	case strings.HasPrefix(keyID, "alias/"):
		a.resource = keyID
	default:
		a.resource = "key/" + keyID
	}
	name := a.String()
	if strings.HasPrefix(a.resource, "alias/") {
		target, ok := s.aliases[name]
		if !ok {
			return nil, fail(codeNotFound, "Alias %s is not found.", name)
		}
		name = target
	}
	k, ok := s.keys[name]
	if !ok || s.gone(k) {
		return nil, fail(codeNotFound, "Key '%s' does not exist", name)
	}
	return k, nil
}

// usable is the key for a cryptographic operation, or why it may not be used
// for it.
func (s *Service) usable(keyID, operation string, usage Usage) (*key, error) {
	k, err := s.find(keyID)
	if err == nil {
		err = s.uses(k)
	}
	if err == nil && k.Usage != usage {
		err = fail(codeInvalidKeyUsage, "%s key usage is %s which is not valid for %s.", k.ARN, k.Usage, operation)
	}
	return k, err
}

// symmetric is usable for an operation of symmetric keys.
func (s *Service) symmetric(keyID, operation string) (*key, error) {
	k, err := s.usable(keyID, operation, EncryptDecrypt)
	if err == nil && k.Spec != Symmetric {
		err = fail(codeInvalidKeyUsage, "Algorithm %s is incompatible with key spec %s.", Symmetric, k.Spec)
	}
	return k, err
}

func (s *Service) uses(k *key) error {
	if code, ok := s.faults[k.ARN]; ok {
		return fail(code, "%s answers so, as it was told to", k.ARN)
	}
	return k.enabled()
}

// material is the key material, a replica's primary's included.
func (s *Service) material(k *key) []material {
	if k.ReplicaOf != "" {
		k = s.keys[k.ReplicaOf]
	}
	return k.materials
}

// sorted are the ARNs of all keys, in order.
func (s *Service) sorted() []string { return slices.Sorted(maps.Keys(s.keys)) }

// Keys are all keys, by ARN.
func (s *Service) Keys() []Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Key
	for _, name := range s.sorted() {
		if k := s.keys[name]; !s.gone(k) {
			out = append(out, s.described(k))
		}
	}
	return out
}

// Describe is a key by id, ARN or alias (KMS API, DescribeKey).
func (s *Service) Describe(keyID string) (Key, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.find(keyID)
	if err != nil {
		return Key{}, fmt.Errorf("describing a key: %w", err)
	}
	return s.described(k), nil
}

// Inject makes every use of a key fail with an AWS error code, such as
// AccessDeniedException or ThrottlingException; "" ends it.
func (s *Service) Inject(keyID, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.find(keyID)
	if err != nil {
		return fmt.Errorf("injecting an error: %w", err)
	}
	if code == "" {
		delete(s.faults, k.ARN)
		return nil
	}
	if _, ok := errorClasses()[code]; !ok {
		return fail(codeValidation, "the error code %q is not one of KMS that this service knows", code)
	}
	s.faults[k.ARN] = code
	return nil
}
