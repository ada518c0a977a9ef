// Package item is DynamoDB's items and attribute values: read from DynamoDB
// JSON with bounds on size and depth, written back, and compared.
package item

import (
	"maps"
	"slices"
)

// Bounds on what is read (Amazon DynamoDB Developer Guide, "Service, account,
// and table quotas").
const (
	MaxSize  = 400 << 10   // of an item: names and values
	MaxDepth = 32          // of lists and maps within an attribute
	MaxJSON  = 6 * MaxSize // of an item's text, were each byte escaped
	maxName  = 1<<16 - 1   // of an attribute's name
)

// Type is an attribute's data type by the name that DynamoDB JSON has for it.
type Type string

// The data types (Amazon DynamoDB API Reference, "AttributeValue").
const (
	S    Type = "S"    // text
	N    Type = "N"    // number, as decimal text
	B    Type = "B"    // bytes
	Bool Type = "BOOL" // true or false
	Null Type = "NULL" // nothing
	SS   Type = "SS"   // set of texts
	NS   Type = "NS"   // set of numbers
	BS   Type = "BS"   // set of bytes
	M    Type = "M"    // map
	L    Type = "L"    // list
)

// Value is one attribute value. Only the field of its type is set.
type Value struct {
	Type Type
	Data string           // S and N: the text; B: the bytes
	True bool             // BOOL
	Set  []string         // SS, NS and BS: the members, as Data has them
	List []Value          // L
	Map  map[string]Value // M
}

// Item is an item: values by attribute name.
type Item map[string]Value

// Text makes a text.
func Text(s string) Value { return Value{Type: S, Data: s} }

// Number makes a number from its decimal text, which is not checked.
func Number(s string) Value { return Value{Type: N, Data: s} }

// Bytes makes a binary value; b is copied.
func Bytes(b []byte) Value { return Value{Type: B, Data: string(b)} }

// Equal tells whether two items are the same to DynamoDB: numbers by value,
// sets in any order.
func Equal(a, b Item) bool { return maps.EqualFunc(a, b, Value.Equal) }

// Equal tells whether two values are the same to DynamoDB.
func (v Value) Equal(w Value) bool {
	if v.Type != w.Type {
		return false
	}
	switch v.Type {
	case S, B:
		return v.Data == w.Data
	case N:
		return number(v.Data) == number(w.Data)
	case Bool:
		return v.True == w.True
	case SS, BS:
		return slices.Equal(slices.Sorted(slices.Values(v.Set)), slices.Sorted(slices.Values(w.Set)))
	case NS:
		return slices.Equal(numbers(v.Set), numbers(w.Set))
	case L:
		return slices.EqualFunc(v.List, w.List, Value.Equal)
	case M:
		return maps.EqualFunc(v.Map, w.Map, Value.Equal)
	}
	return true // NULL
}

func numbers(set []string) []string {
	out := make([]string, len(set))
	for i, s := range set {
		out[i] = number(s)
	}
	slices.Sort(out)
	return out
}

// number is the normal form, or the text where it is not a number.
func number(s string) string {
	if n, err := Normalise(s); err == nil {
		return n
	}
	return s
}

// Compare16 orders texts by their UTF-16 code units, as Java and the AWS
// Database Encryption SDK do. It differs from the order of the bytes only
// where one text has a character beyond U+FFFF.
func Compare16(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) {
		return len(a) - len(b)
	}
	// Surrogates (of characters whose UTF-8 starts with F0 or more) come
	// before U+E000 to U+FFFF (EE and EF) and after all else.
	x, y := a[i], b[i]
	if x >= 0xee && y >= 0xee && (x >= 0xf0) != (y >= 0xf0) {
		return int(y) - int(x)
	}
	return int(x) - int(y)
}
