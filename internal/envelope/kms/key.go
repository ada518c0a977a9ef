package kms

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

// State is the state of a key (KMS Developer Guide, "Key states of AWS KMS
// keys").
type State string

// The states that a symmetric key can be in here.
const (
	Enabled         State = "Enabled"
	Disabled        State = "Disabled"
	PendingDeletion State = "PendingDeletion"
	PendingImport   State = "PendingImport"
)

// Key is what KMS tells about a key (KMS API, KeyMetadata).
type Key struct {
	ARN         string    `json:"arn"`
	State       State     `json:"state"`
	Created     time.Time `json:"created"`
	Deletion    time.Time `json:"deletion,omitzero"`     // of the key, when it is pending
	External    bool      `json:"external,omitempty"`    // its material is imported (Origin EXTERNAL)
	MultiRegion bool      `json:"multiRegion,omitempty"` // its id starts with mrk-
	ReplicaOf   string    `json:"replicaOf,omitempty"`   // the ARN of the multi-Region primary
}

// ID is the key's id, the last part of its ARN.
func (k Key) ID() string { return k.ARN[strings.LastIndex(k.ARN, "/")+1:] }

// material is one generation of key material. Old ones only decrypt.
type material struct {
	Created time.Time `json:"created"`
	Key     []byte    `json:"key"` // 32 bytes
}

type key struct {
	Key
	materials []material // oldest first; the last one encrypts
	imported  [32]byte   // the digest of imported material, also after its deletion
}

func (k *key) gone(now time.Time) bool {
	return k.State == PendingDeletion && !now.Before(k.Deletion)
}

// enabled says whether the key's state allows cryptographic operations.
func (k *key) enabled() error {
	switch k.State {
	case Enabled:
		return nil
	case Disabled:
		return fail(codeDisabled, "%s is disabled.", k.ARN)
	case PendingDeletion:
		return fail(codeInvalidState, "%s is pending deletion.", k.ARN)
	case PendingImport:
		return fail(codeInvalidState, "%s is pending import.", k.ARN)
	}
	return fail(codeInternal, "%s is in an unknown state", k.ARN)
}

// KeySpec says what key to create.
type KeySpec struct {
	ARN         string // "" makes one of the service's own place, with a new id
	External    bool   // without material until it is imported
	MultiRegion bool
}

// CreateKey creates a symmetric key (KMS API, CreateKey).
func (s *Service) CreateKey(spec KeySpec) (Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if spec.ARN == "" {
		a := s.home
		a.resource = "key/" + newID(spec.MultiRegion)
		spec.ARN = a.String()
	}
	k := Key{ARN: spec.ARN, State: Enabled, Created: s.today(), External: spec.External, MultiRegion: spec.MultiRegion}
	if err := k.checkName(); err != nil {
		return Key{}, fmt.Errorf("creating a key: %w", err)
	}
	if _, twice := s.keys[k.ARN]; twice {
		return Key{}, fmt.Errorf("creating a key: %w", fail(codeAlreadyExists, "%s exists", k.ARN))
	}
	var materials []material
	if k.External {
		k.State = PendingImport
	} else {
		materials = []material{s.newMaterial()}
	}
	s.keys[k.ARN] = &key{Key: k, materials: materials}
	return k, nil
}

func (k Key) checkName() error {
	a, ok := parseARN(k.ARN)
	if !ok || !strings.HasPrefix(a.resource, "key/") {
		return fail(codeInvalidARN, "%q is not the ARN of a key", k.ARN)
	}
	if strings.HasPrefix(a.resource, "key/mrk-") != k.MultiRegion {
		return fail(codeValidation, "the id of a multi-Region key, and of no other, starts with mrk-: %s", k.ARN)
	}
	return nil
}

// today is the time in the precision that KMS tells.
func (s *Service) today() time.Time { return s.now().UTC().Truncate(time.Second) }

func (s *Service) newMaterial() material {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return material{s.today(), b}
}

// newID is a random UUID, or mrk- and 32 digits for a multi-Region key.
func newID(multiRegion bool) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	if multiRegion {
		return fmt.Sprintf("mrk-%x", b)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
