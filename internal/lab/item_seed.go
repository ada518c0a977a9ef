package lab

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// seedItems puts the items of the account's data into their tables, through
// the path that PutItem takes, under keys as they were then.
func (l *Lab) seedItems() error {
	for _, region := range slices.Sorted(maps.Keys(l.index.regions)) {
		tables := l.index.regions[region].tables
		for _, name := range tables.names {
			if len(tables.by[name].Items) == 0 {
				continue
			}
			if err := l.seedTable(region, name, tables.by[name].Items); err != nil {
				return fmt.Errorf("%s/dynamodb.yaml: %s: %w", region, name, err)
			}
		}
	}
	return nil
}

func (l *Lab) seedTable(region, name string, items []Item) error {
	t := l.tableState(region, name)
	if k, err := l.keys.Describe(t.keyARN); err == nil && t.keyARN != "" {
		restore, err := l.usable(k)
		if err != nil {
			return err
		}
		defer restore()
	}
	was := t.usable
	if _, failure := l.openKeys(t); failure != nil {
		return fmt.Errorf("the table's key: %w; a table with items needs a KMS key that is in the account", failure)
	}
	schema := l.schemaOf(t)
	for i := range items {
		if err := l.seedItem(t, schema, &items[i]); err != nil {
			return fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	t.usable = was
	if !was { // it is not cached any more
		t.keys.zero()
		t.keys = nil
	}
	l.countItems(t)
	return nil
}

func (l *Lab) seedItem(t *tableState, s keySchema, seed *Item) error {
	it, err := seed.read()
	if err != nil {
		return err
	}
	if failure := s.check(it); failure != nil {
		return failure
	}
	if seed.Client != nil {
		if it, err = l.sealItem(t, s, it, seed.Client); err != nil {
			return err
		}
		if seed.Tampered {
			tamper(it, s)
		}
	}
	if failure := l.writeItem(t, s, it); failure != nil {
		return failure
	}
	if seed.Tampered && seed.Client == nil {
		_, place := s.place(t, it)
		blob, _ := l.store.get(place)
		l.Flip(place, 8*len(blob)-1)
	}
	return nil
}

// read reads an item of the data, where numbers and truth values may stand
// without quotes.
func (i *Item) read() (item.Item, error) {
	values := map[string]any{}
	for name, v := range i.Item {
		values[name] = wireValue(map[string]any(v))
	}
	it, failure := attributesOf(values, 0)
	if failure != nil {
		return nil, failure
	}
	return it, nil
}

// wireValue is a decoded value as a request would have it: numbers are text.
func wireValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = wireValue(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = wireValue(member)
		}
		return out
	case int, float64, uint64:
		return fmt.Sprint(v)
	}
	return v
}

// tamper changes one bit of what the client encrypted or signed: of the last
// attribute by name that is no key and not the library's own, or of its
// signature.
func tamper(it item.Item, s keySchema) {
	names := slices.Sorted(maps.Keys(it))
	slices.Reverse(names)
	for _, own := range []bool{false, true} {
		for _, name := range names {
			v := it[name]
			if slices.Contains(s.names(), name) || isLibrarys(name) != own || v.Type != item.B || len(v.Data) == 0 {
				continue
			}
			b := []byte(v.Data)
			b[len(b)-1] ^= 1
			it[name] = item.Bytes(b)
			return
		}
	}
}
