// Package ddb reads, verifies, opens and seals DynamoDB items that AWS's
// client-side libraries encrypt: those of the DynamoDB Encryption Client
// (ddb/legacy) and of the AWS Database Encryption SDK for DynamoDB
// (ddb/structured). It also reads the items of a hierarchical keyring's key
// store.
package ddb

import (
	"context"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
)

// Item is a DynamoDB item: attribute values by name.
type Item = item.Item

// Action is what a writer did with an attribute.
type Action = item.Action

// Parse reads an item from DynamoDB JSON. Its error wraps ErrFormat.
func Parse(json []byte) (Item, error) { return item.Parse(json) }

// Format is what wrote an item.
type Format string

// The formats. A plain item has none of them, which in a table whose other
// items have one is a finding.
const (
	Plain      Format = ""
	Legacy     Format = "DynamoDB Encryption Client"
	MetaStore  Format = "DynamoDB Encryption Client metastore"
	Structured Format = "AWS Database Encryption SDK for DynamoDB"
	KeyStore   Format = "hierarchical keyring key store"
)

// Keys are what opens items, by format.
type Keys struct {
	Keyring envelope.Keyring // of Structured
	Legacy  legacy.Provider  // of Legacy and MetaStore
}

// Config is what items do not say about themselves.
type Config struct {
	Table     string // its name; for Structured, the logical one
	Partition string // name of the partition key attribute
	Sort      string // name of the sort key attribute, if any

	// Actions by attribute, and Default for the others. Legacy infers them
	// when both are empty. Structured needs them to seal only.
	Actions map[string]Action
	Default Action

	// Unsigned names the attributes that Structured leaves out of its
	// signature, and UnsignedPrefix what their names start with. When both
	// are empty they are inferred.
	Unsigned       []string
	UnsignedPrefix string

	NoSign bool // seal Structured without a signature
	Values bool // proofs show the encryption context's values
}

func (c Config) legacy() legacy.Config {
	return legacy.Config{
		Table: c.Table, Partition: c.Partition, Sort: c.Sort,
		Actions: c.Actions, Default: c.Default, Values: c.Values,
	}
}

// structured gives every attribute of an item its action.
func (c Config) structured(it Item) structured.Config {
	out := structured.Config{
		Table: c.Table, Partition: c.Partition, Sort: c.Sort,
		Unsigned: c.Unsigned, UnsignedPrefix: c.UnsignedPrefix,
		Actions: c.Actions, NoSign: c.NoSign, Values: c.Values,
	}
	if c.Default == "" {
		return out
	}
	out.Actions = make(map[string]Action, len(it))
	for name := range it {
		action, ok := c.Actions[name]
		if !ok {
			action = c.Default
		}
		out.Actions[name] = action
	}
	return out
}

// Recognise tells what wrote an item.
func Recognise(it Item) Format {
	switch {
	case structured.Recognise(it):
		return Structured
	case legacy.IsMetaStore(it):
		return MetaStore
	case legacy.Recognise(it):
		return Legacy
	case isBranchKey(it):
		return KeyStore
	}
	return Plain
}

// unknown is the error for items that are not sealed.
func unknown(it Item) (envelope.Proof, error) {
	f := Recognise(it)
	err := fmt.Errorf("%w: the item is not encrypted by a client", envelope.ErrFormat)
	if f == KeyStore {
		err = fmt.Errorf("%w: the item is of a key store, which only KMS opens", envelope.ErrUnsupported)
	}
	p := envelope.Proof{Format: string(f), Bytes: -1}
	p.Add("format", err, "")
	return p, err
}

// Inspect tells what an item says of itself, without a key. Of the
// configuration it uses the table and the unsigned attributes, where given.
func Inspect(it Item, c Config) (envelope.Proof, error) {
	switch Recognise(it) {
	case Structured:
		return structured.Inspect(it, c.structured(it))
	case Legacy, MetaStore:
		return legacy.Inspect(it, c.Values)
	}
	return unknown(it)
}

// Verify authenticates and decrypts an item and tells what that showed. The
// error is what kept it from being verified, nil if nothing did; the proof is
// complete either way.
func Verify(ctx context.Context, it Item, keys Keys, c Config) (envelope.Proof, error) {
	switch Recognise(it) {
	case Structured:
		return structured.Verify(ctx, it, keys.Keyring, c.structured(it))
	case Legacy, MetaStore:
		return legacy.Verify(ctx, it, keys.Legacy, c.legacy())
	}
	return unknown(it)
}

// Open gives the plaintext item, after all of it was authenticated.
func Open(ctx context.Context, it Item, keys Keys, c Config) (Item, error) {
	switch Recognise(it) {
	case Structured:
		return structured.Open(ctx, it, keys.Keyring, c.structured(it))
	case Legacy, MetaStore:
		return legacy.Open(ctx, it, keys.Legacy, c.legacy())
	}
	_, err := unknown(it)
	return nil, err
}

// Seal encrypts and signs an item in a format, Legacy or Structured.
func Seal(ctx context.Context, it Item, f Format, keys Keys, c Config) (Item, error) {
	switch f {
	case Structured:
		var rings []envelope.Keyring
		if keys.Keyring != nil {
			rings = append(rings, keys.Keyring)
		}
		return structured.Seal(ctx, it, rings, c.structured(it))
	case Legacy, MetaStore:
		return legacy.Seal(ctx, it, keys.Legacy, c.legacy())
	}
	return nil, fmt.Errorf("%w: items are not sealed in the format %q", envelope.ErrUnsupported, f)
}
