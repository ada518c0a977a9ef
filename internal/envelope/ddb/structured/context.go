package structured

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// Keys of the encryption context that the item does not store (specification,
// "DynamoDB Encryption Context").
const (
	contextTable     = "aws-crypto-table-name"
	contextPartition = "aws-crypto-partition-name"
	contextSort      = "aws-crypto-sort-name"
	contextAttribute = "aws-crypto-attr."
	contextLegend    = "aws-crypto-legend"
)

// fullContext is the stored encryption context and what every reader must know
// itself: the table, the names and values of its primary key and, in version
// 2, of each attribute that the writer included. Stored pairs may not stand in
// for those.
func fullContext(it item.Item, c Config, version byte, stored map[string]string, included []string) (map[string]string, error) {
	if c.Table == "" || c.Partition == "" {
		return nil, fmt.Errorf("%w: the encryption context has the table and its partition key; give their names", envelope.ErrNoKey)
	}
	for _, name := range []string{c.Partition, c.Sort} {
		if _, ok := it[name]; !ok && name != "" {
			return nil, fmt.Errorf("%w: the item has no key attribute of the given name; give the table's partition and sort key", envelope.ErrNoKey)
		}
	}
	required := map[string]string{contextTable: c.Table, contextPartition: c.Partition}
	if c.Sort != "" {
		required[contextSort] = c.Sort
	}
	var err error
	if version == 1 {
		err = keyAttributes(required, it, c)
	} else {
		err = includedAttributes(required, it, included)
	}
	if err != nil {
		return nil, err
	}
	for key, value := range stored {
		if _, twice := required[key]; twice {
			return nil, fmt.Errorf("%w: the header stores what readers must know themselves", envelope.ErrFormat)
		}
		required[key] = value
	}
	return required, nil
}

// keyAttributes adds the primary key's values as version 1 has them.
func keyAttributes(into map[string]string, it item.Item, c Config) error {
	for _, name := range []string{c.Partition, c.Sort} {
		if name == "" {
			continue
		}
		text, err := coded(it[name])
		if err != nil {
			return err
		}
		into[contextAttribute+name] = text
	}
	return nil
}

// coded is base64 of type and value.
func coded(v item.Value) (string, error) {
	id, _ := typeID(v.Type)
	b, err := appendValue(id[:], v)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

// includedAttributes adds the included attributes as version 2 has them, and a
// legend of how: S and N as text, L as a literal, B as base64.
func includedAttributes(into map[string]string, it item.Item, names []string) (err error) {
	var legend []byte
	for _, name := range slices.SortedFunc(slices.Values(names), item.Compare16) {
		v := it[name]
		text := v.Data
		kind := byte('B')
		switch v.Type {
		case item.S:
			kind = 'S'
		case item.N:
			kind = 'N'
			text, err = item.Normalise(v.Data)
		case item.Null:
			kind, text = 'L', "null"
		case item.Bool:
			kind, text = 'L', fmt.Sprint(v.True)
		default:
			text, err = coded(v)
		}
		if err != nil {
			return err
		}
		into[contextAttribute+name] = text
		legend = append(legend, kind)
	}
	into[contextLegend] = string(legend)
	return nil
}
