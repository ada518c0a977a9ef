package ddb

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// Attributes of a key store's items (AWS Cryptographic Material Providers
// specification, "Branch Key Store", "Record Format").
const (
	storeID        = "branch-key-id"
	storeType      = "type"
	storeVersion   = "version"
	storeWrapped   = "enc"
	storeKMS       = "kms-arn"
	storeHierarchy = "hierarchy-version"

	typeActive  = "branch:ACTIVE"
	typeBeacon  = "beacon:ACTIVE"
	typeVersion = "branch:version:"

	contextTable = "tablename"
)

// BranchKey is an item of a hierarchical keyring's key store: a branch key,
// wrapped by KMS.
type BranchKey struct {
	ID      string            // branch-key-id
	Version string            // UUID; "" of a beacon key
	Type    string            // branch:ACTIVE, branch:version:<UUID> or beacon:ACTIVE
	KMSKey  string            // ARN of the key that wraps it
	Wrapped []byte            // KMS's blob
	Context map[string]string // the blob's encryption context
}

func isBranchKey(it Item) bool {
	for name, t := range map[string]item.Type{storeID: item.S, storeType: item.S, storeWrapped: item.B, storeKMS: item.S, storeHierarchy: item.N} {
		if it[name].Type != t {
			return false
		}
	}
	return true
}

// ParseBranchKey reads an item of a key store by its logical name, which the
// encryption context has. Its error wraps ErrFormat or ErrUnsupported.
func ParseBranchKey(it Item, logicalName string) (BranchKey, error) {
	if !isBranchKey(it) {
		return BranchKey{}, fmt.Errorf("%w: the item is not of a key store", envelope.ErrFormat)
	}
	if it[storeHierarchy].Data != "1" {
		return BranchKey{}, fmt.Errorf("%w: the key store is of another version than 1", envelope.ErrUnsupported)
	}
	k := BranchKey{
		ID: it[storeID].Data, Type: it[storeType].Data, KMSKey: it[storeKMS].Data, Wrapped: []byte(it[storeWrapped].Data),
		Context: map[string]string{contextTable: logicalName},
	}
	version, versioned := k.Type, true
	switch k.Type {
	case typeActive:
		version = it[storeVersion].Data
	case typeBeacon:
		versioned = false
	}
	if versioned {
		var ok bool
		if k.Version, ok = strings.CutPrefix(version, typeVersion); !ok {
			return BranchKey{}, fmt.Errorf("%w: the branch key has no version", envelope.ErrFormat)
		}
	}
	for name, v := range it {
		switch {
		case name == storeWrapped:
		case name == contextTable || v.Type != item.S && v.Type != item.N:
			return BranchKey{}, fmt.Errorf("%w: an attribute of the key store's item cannot be in its encryption context", envelope.ErrFormat)
		default:
			k.Context[name] = v.Data
		}
	}
	return k, nil
}

// Keyring asks KMS for the branch key and gives the keyring that it is for.
func (k BranchKey) Keyring(ctx context.Context, client keyring.KMS) (envelope.Keyring, error) {
	if k.Version == "" {
		return nil, fmt.Errorf("%w: a beacon key opens no data key", envelope.ErrNoKey)
	}
	key, err := client.Decrypt(ctx, k.KMSKey, k.Wrapped, k.Context)
	if err != nil {
		return nil, fmt.Errorf("asking KMS for the branch key %q: %w", k.ID, err)
	}
	defer key.Zero()
	return keyring.NewHierarchy(k.ID, k.Version, key.Bytes())
}
