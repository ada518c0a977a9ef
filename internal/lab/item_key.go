package lab

import (
	"math/big"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// keySchema is a table's primary key: its attributes and their types.
type keySchema struct {
	partition, sort string // sort is "" where there is none
	types           map[string]item.Type
}

func (l *Lab) schemaOf(t *tableState) keySchema {
	output := l.index.regions[t.region].tables.by[t.name].Output
	s := keySchema{types: map[string]item.Type{}}
	schema, given := output["KeySchema"].([]any)
	if !given {
		return keySchema{partition: "id", types: map[string]item.Type{"id": item.S}}
	}
	for _, v := range schema {
		k, _ := v.(map[string]any)
		if text(k, "KeyType") == "RANGE" {
			s.sort = text(k, "AttributeName")
			continue
		}
		s.partition = text(k, "AttributeName")
	}
	definitions, _ := output["AttributeDefinitions"].([]any)
	for _, v := range definitions {
		d, _ := v.(map[string]any)
		s.types[text(d, "AttributeName")] = item.Type(text(d, "AttributeType"))
	}
	for _, name := range s.names() {
		if s.types[name] == "" {
			s.types[name] = item.S
		}
	}
	return s
}

// names are the key's attributes.
func (s keySchema) names() []string {
	if s.sort == "" {
		return []string{s.partition}
	}
	return []string{s.partition, s.sort}
}

// of is an item's key.
func (s keySchema) of(it item.Item) item.Item {
	out := item.Item{}
	for _, name := range s.names() {
		out[name] = it[name]
	}
	return out
}

// check checks the key attributes of an item that is to be written.
func (s keySchema) check(it item.Item) *wire.Failure {
	for _, name := range s.names() {
		v, given := it[name]
		switch {
		case !given:
			return invalid("Missing the key " + name + " in the item")
		case v.Type != s.types[name]:
			return invalid("Type mismatch for key " + name + " expected: " + string(s.types[name]) + " actual: " + string(v.Type))
		}
	}
	return s.checkSizes(it)
}

func (s keySchema) checkSizes(it item.Item) *wire.Failure {
	for _, name := range s.names() {
		v := it[name]
		switch kind := map[item.Type]string{item.S: "string", item.B: "binary"}[v.Type]; {
		case kind != "" && v.Data == "":
			return validation("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " + kind + " value. Key: " + name)
		case name == s.partition && len(v.Data) > 2048:
			return invalid("Size of hashkey has exceeded the maximum size limit of2048 bytes")
		case name == s.sort && len(v.Data) > 1024:
			return invalid("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
		}
	}
	return nil
}

// keyOf reads the Key of a request, which has the key's attributes and no
// others.
func (s keySchema) keyOf(v any) (item.Item, *wire.Failure) {
	key, failure := attributesOf(v, 0)
	if failure != nil {
		return nil, failure
	}
	if len(key) != len(s.names()) {
		return nil, validation("The number of conditions on the keys is invalid")
	}
	for _, name := range s.names() {
		if v, given := key[name]; !given || v.Type != s.types[name] {
			return nil, validation("The provided key element does not match the schema")
		}
	}
	return key, s.checkSizes(key)
}

// place is where an item with a key is on the disk: keyed hashes, under its
// partition's.
func (s keySchema) place(t *tableState, key item.Item) (partition, place string) {
	partition = t.keys.digest("partition", keyBytes(key[s.partition]))
	sort := "-"
	if s.sort != "" {
		sort = t.keys.digest("sort", keyBytes(key[s.sort]))
	}
	return partition, t.place("item", partition, sort)
}

func keyBytes(v item.Value) []byte { return []byte(string(v.Type) + "\x00" + v.Data) }

// compareValues orders two values of one type: texts and bytes by their bytes,
// numbers by value.
func compareValues(a, b item.Value) int {
	if a.Type != item.N {
		return strings.Compare(a.Data, b.Data)
	}
	x, _ := new(big.Rat).SetString(a.Data)
	y, _ := new(big.Rat).SetString(b.Data)
	if x == nil || y == nil { // numbers were checked when they were read
		return strings.Compare(a.Data, b.Data)
	}
	return x.Cmp(y)
}
