package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// keyStore is a hierarchical keyring whose branch keys are in a table, wrapped
// by KMS (AWS Cryptographic Material Providers specification, "AWS KMS
// Hierarchical Keyring").
type keyStore struct {
	store *itemStore
	kms   keyring.KMS
	rings map[string]envelope.Keyring // by id and version
}

const hierarchyProvider = "aws-kms-hierarchy"

// Unwrap implements envelope.Keyring. The encrypted data key names a branch key
// and, after a salt of 16 bytes and an IV of 12, its version.
func (k *keyStore) Unwrap(ctx context.Context, edk envelope.EncryptedDataKey, encryptionContext map[string]string) (envelope.DataKey, error) {
	const at = 16 + 12
	if edk.Provider != hierarchyProvider {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is not under a branch key", envelope.ErrNoKey)
	}
	if len(edk.Ciphertext) < at+16 {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: %w: it is too short for a branch key's", envelope.ErrFormat)
	}
	v := edk.Ciphertext[at : at+16]
	version := fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
	ring, err := k.ring(ctx, string(edk.Info), version)
	if err != nil {
		return envelope.DataKey{}, fmt.Errorf("unwrapping a data key: reading the key store: %w", err)
	}
	return ring.Unwrap(ctx, edk, encryptionContext)
}

func (k *keyStore) ring(ctx context.Context, id, version string) (envelope.Keyring, error) {
	if ring, ok := k.rings[id+" "+version]; ok {
		return ring, nil
	}
	if k.kms == nil {
		return nil, fmt.Errorf("%w: KMS wraps its branch keys; add --keyring aws-kms or kms-file", envelope.ErrNoKey)
	}
	it, err := k.store.get(ctx, ddb.Item{"branch-key-id": item.Text(id), "type": item.Text("branch:version:" + version)})
	if errors.Is(err, envelope.ErrNoKey) { // of files, the active one may be that version
		it, err = k.store.get(ctx, ddb.Item{"branch-key-id": item.Text(id), "type": item.Text("branch:ACTIVE")})
	}
	if err != nil {
		return nil, err
	}
	branch, err := ddb.ParseBranchKey(it, k.store.name)
	if err != nil {
		return nil, err
	}
	if branch.ID != id || branch.Version != version {
		return nil, fmt.Errorf("%w: it has no version %s of the branch key %q", envelope.ErrNoKey, version, id)
	}
	ring, err := branch.Keyring(ctx, k.kms)
	if err == nil {
		k.rings[id+" "+version] = ring
	}
	return ring, err
}

// Wrap implements envelope.Keyring.
func (k *keyStore) Wrap(context.Context, envelope.DataKey, map[string]string) (envelope.EncryptedDataKey, error) {
	return envelope.EncryptedDataKey{}, fmt.Errorf("%w: a key store is only read here", envelope.ErrUnsupported)
}

// addStore adds the branch keys of a key store.
func (k *envelopeKeys) addStore(f *storeFlags, c *cloud) error {
	store, err := newItemStore("--key-store", f.key, c)
	if store != nil && err == nil {
		k.ring = append(k.ring, &keyStore{store: store, kms: k.client, rings: map[string]envelope.Keyring{}})
	}
	return err
}
