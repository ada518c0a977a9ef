package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
)

// errNotUsed marks the step that an inspection does not make.
var errNotUsed = errors.New("not checked: no key was used")

func (a *artefact) inspectItem(r *reading) (envelope.Proof, error) {
	c := a.config(r)
	if ddb.Recognise(a.item) == ddb.KeyStore {
		p, _, err := a.branchKey(c)
		if err == nil {
			p.Add("branch key", errNotUsed, "")
		}
		return p, err
	}
	p, err := ddb.Inspect(a.item, c)
	r.shared.Note(&p, a.item)
	return a.named(p), err
}

func (a *artefact) verifyItem(ctx context.Context, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	c := a.config(r)
	if ddb.Recognise(a.item) == ddb.KeyStore {
		return a.verifyBranchKey(ctx, keys, c)
	}
	p, err := ddb.Verify(ctx, a.item, r.itemKeys(ctx, a.item, keys), c)
	r.shared.Note(&p, a.item)
	return a.named(p), err
}

// named says of a metastore's item that it is one.
func (a *artefact) named(p envelope.Proof) envelope.Proof {
	if f := ddb.Recognise(a.item); f == ddb.MetaStore {
		p.Format = string(f)
	}
	return p
}

// branchKey reads an item of a key store into a proof's first step.
func (a *artefact) branchKey(c ddb.Config) (envelope.Proof, ddb.BranchKey, error) {
	p := envelope.Proof{Format: string(ddb.KeyStore), Version: "1", Suite: "AES-256 by KMS", Bytes: -1}
	k, err := ddb.ParseBranchKey(a.item, c.Table)
	p.Add("item", err, fmt.Sprintf("%s of the branch key %s", k.Type, k.ID))
	if err != nil {
		return p, k, err
	}
	p.Keys = []envelope.Key{{Provider: "aws-kms", ID: k.KMSKey}}
	p.Context = envelope.Pairs(k.Context, c.Values)
	return p, k, nil
}

// verifyBranchKey has KMS unwrap a branch key, whose encryption context is the
// table's name and every other attribute: so all of the item is authenticated.
func (a *artefact) verifyBranchKey(ctx context.Context, keys *envelopeKeys, c ddb.Config) (envelope.Proof, error) {
	p, k, err := a.branchKey(c)
	switch {
	case err != nil:
		return p, err
	case keys.client == nil:
		err = fmt.Errorf("%w: KMS wraps it; add --keyring aws-kms or kms-file", envelope.ErrNoKey)
	case c.Table == "":
		err = fmt.Errorf("%w: its encryption context has the key store's logical name; give it with --table", envelope.ErrNoKey)
	default:
		var key envelope.DataKey
		key, err = keys.client.Decrypt(ctx, k.KMSKey, k.Wrapped, k.Context)
		key.Zero()
	}
	p.Add("branch key", err, "KMS unwraps it under the context of the whole item")
	if err == nil {
		p.Keys[0].Used, p.Authenticated = true, true
	}
	return p, err
}
