package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
)

const storesHelp = `Two formats keep wrapping keys in a DynamoDB table, under keys of --keyring:
--metastore for items of the DynamoDB Encryption Client (Most Recent Provider),
--key-store for the hierarchical keyring, whose branch keys KMS wraps. Each takes
dynamodb://TABLE, or NAME=FILE with an item of the table NAME in DynamoDB JSON,
as often as there are items. NAME=dynamodb://TABLE is a table that is bound by
another (logical) name.`

// storeFlags name tables that hold wrapping keys.
type storeFlags struct {
	meta, key []string
	material  string
}

func (f *storeFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.meta, "metastore", nil, "DynamoDB Encryption Client: the table with the wrapping keys, `dynamodb://TABLE` or NAME=FILE")
	fs.StringVar(&f.material, "material", "", "DynamoDB Encryption Client: use only the metastore's material of this `name`")
	fs.StringArrayVar(&f.key, "key-store", nil, "hierarchical keyring: the table with the branch keys, `dynamodb://TABLE` or NAME=FILE")
}

// itemStore is a table that holds wrapping keys: items of files, or the table
// itself.
type itemStore struct {
	name  string // that the items are bound to
	items []ddb.Item
	table string // in DynamoDB, or ""
	cloud *cloud
}

// newItemStore reads the values of one flag; nil without any.
func newItemStore(flag string, values []string, c *cloud) (*itemStore, error) {
	if len(values) == 0 {
		return nil, nil
	}
	s := &itemStore{cloud: c}
	for i, value := range values {
		name, from, named := strings.Cut(value, "=")
		if strings.HasPrefix(value, "dynamodb://") {
			name, from, named = tableName(strings.TrimPrefix(value, "dynamodb://")), value, true
		}
		if !named || name == "" || i > 0 && (name != s.name || s.table != "") {
			return nil, fmt.Errorf("%s %s: it takes dynamodb://TABLE or NAME=FILE, and one table", flag, value)
		}
		s.name = name
		if table, ok := strings.CutPrefix(from, "dynamodb://"); ok {
			s.table = table
			continue
		}
		text, err := readSmall(from, item.MaxJSON)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		it, err := ddb.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", flag, from, err)
		}
		s.items = append(s.items, it)
	}
	return s, nil
}

// get is the item with such a primary key; its error wraps ErrNoKey when there
// is none.
func (s *itemStore) get(ctx context.Context, key ddb.Item) (ddb.Item, error) {
	if s.table != "" {
		it, err := s.cloud.getItem(ctx, s.table, key)
		if errors.Is(err, errNoItem) {
			return nil, fmt.Errorf("%w: %w", envelope.ErrNoKey, err)
		}
		return it, err
	}
	for _, it := range s.items {
		matches := true
		for name, v := range key {
			matches = matches && it[name].Equal(v)
		}
		if matches {
			return it, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", envelope.ErrNoKey, errNoItem)
}

// itemKeys are the keys of an item. For one whose key is in the metastore they
// are of the metastore's item, which is under the given keys.
func (r *reading) itemKeys(ctx context.Context, it ddb.Item, keys *envelopeKeys) ddb.Keys {
	out := keys.forItem(it)
	p, err := ddb.Inspect(it, ddb.Config{Values: true})
	if err != nil || ddb.Recognise(it) != ddb.Legacy || len(p.Keys) == 0 || p.Keys[0].Provider != "metastore" {
		return out
	}
	if r.meta == nil {
		out.Legacy = legacy.MostRecent{} // which says that there is no metastore: the given keys are not the item's
		return out
	}
	most := legacy.MostRecent{Table: r.meta.name, Name: r.material, Provider: legacy.Static{}}
	id := p.Keys[0].ID
	i := strings.LastIndexByte(id, '#')
	var stored ddb.Item
	err = fmt.Errorf("%w: the item names no material", envelope.ErrNoKey)
	if i >= 0 {
		stored, err = r.meta.get(ctx, ddb.Item{"N": item.Text(id[:i]), "V": item.Number(id[i+1:])})
	}
	if err == nil {
		most.Provider = keys.forItem(stored).Legacy
	}
	most.Get = func(_ context.Context, name string, version int64) (item.Item, error) {
		if err == nil && (name != id[:i] || strconv.FormatInt(version, 10) != id[i+1:]) {
			return nil, fmt.Errorf("%w: %w", envelope.ErrNoKey, errNoItem)
		}
		return stored, err
	}
	out.Legacy = most
	return out
}
