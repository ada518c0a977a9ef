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

// The states that a key can be in here.
const (
	Enabled         State = "Enabled"
	Disabled        State = "Disabled"
	PendingDeletion State = "PendingDeletion"
	PendingImport   State = "PendingImport"
	// PendingReplicaDeletion is that of a multi-Region primary whose deletion
	// waits for its replicas'.
	PendingReplicaDeletion State = "PendingReplicaDeletion"
)

// Key is what KMS tells about a key (KMS API, KeyMetadata).
type Key struct {
	ARN         string    `json:"arn"`
	State       State     `json:"state"`
	Created     time.Time `json:"created"`
	Deletion    time.Time `json:"deletion,omitzero"`     // of the key, when it is pending
	Window      int       `json:"window,omitempty"`      // days of its waiting period, which its replicas hold up
	External    bool      `json:"external,omitempty"`    // its material is imported (Origin EXTERNAL)
	MultiRegion bool      `json:"multiRegion,omitempty"` // its id starts with mrk-
	ReplicaOf   string    `json:"replicaOf,omitempty"`   // the ARN of the multi-Region primary
	Spec        Spec      `json:"spec,omitzero"`
	Usage       Usage     `json:"usage,omitzero"`
	Manager     Manager   `json:"manager,omitzero"`
	Material    string    `json:"-"` // id of the material that encrypts, 64 hex digits; "" when asymmetric or without any
}

// ID is the key's id, the last part of its ARN.
func (k Key) ID() string { return k.ARN[strings.LastIndex(k.ARN, "/")+1:] }

// material is one generation of key material. Old ones only decrypt.
type material struct {
	Created time.Time `json:"created"`
	Key     []byte    `json:"key"` // 32 bytes, or a private key in PKCS #8
}

type key struct {
	Key
	materials []material // oldest first; the last one encrypts
	imported  [32]byte   // the digest of imported material, also after its deletion
}

// enabled says whether the key's state allows cryptographic operations (KMS
// Developer Guide, "Key states of AWS KMS keys", with its messages).
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
	case PendingReplicaDeletion:
		return fail(codeInvalidState, "%s is pending replica deletion.", k.ARN)
	}
	return fail(codeInternal, "%s is in an unknown state", k.ARN)
}

// KeySpec says what key to create.
type KeySpec struct {
	ARN         string  // "" makes one of the service's own place, with a new id
	External    bool    // without material until it is imported
	MultiRegion bool    // which has replicas
	Spec        Spec    // "" is SYMMETRIC_DEFAULT
	Usage       Usage   // "" is ENCRYPT_DECRYPT, and KEY_AGREEMENT for a curve
	Manager     Manager // "" is CUSTOMER
}

// CreateKey creates a key (KMS API, CreateKey).
func (s *Service) CreateKey(spec KeySpec) (Key, error) {
	if spec.ARN == "" {
		a := s.home
		a.resource = "key/" + newID(spec.MultiRegion)
		spec.ARN = a.String()
	}
	k := &key{Key: Key{ARN: spec.ARN, State: Enabled, Created: s.today(), External: spec.External, MultiRegion: spec.MultiRegion,
		Spec: spec.Spec, Usage: spec.Usage, Manager: spec.Manager}}
	k.settle()
	if err := k.checkName(); err != nil {
		return Key{}, fmt.Errorf("creating a key: %w", err)
	}
	if err := k.checkKind(); err != nil {
		return Key{}, fmt.Errorf("creating a key: %w", err)
	}
	if k.External {
		k.State = PendingImport
	} else {
		b, err := k.Spec.generate() // an RSA key takes a while, so before the lock
		if err != nil {
			return Key{}, fmt.Errorf("creating a key: %w", err)
		}
		k.materials = []material{{k.Created, b}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, twice := s.keys[k.ARN]; twice {
		return Key{}, fmt.Errorf("creating a key: %w", fail(codeAlreadyExists, "%s exists", k.ARN))
	}
	s.keys[k.ARN] = k
	return s.described(k), nil
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
