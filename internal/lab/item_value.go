package lab

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// attributesOf reads attribute values by name, as a request has them (API
// reference, AttributeValue).
func attributesOf(v any, depth int) (item.Item, *wire.Failure) {
	members, _ := v.(map[string]any)
	out := make(item.Item, len(members))
	for name, v := range members {
		value, failure := valueOf(v, depth)
		if failure != nil {
			return nil, failure
		}
		if name == "" && depth == 0 {
			return nil, invalid("Empty attribute name")
		}
		out[name] = value
	}
	return out, nil
}

func valueOf(v any, depth int) (out item.Value, failure *wire.Failure) {
	members, _ := v.(map[string]any)
	switch {
	case len(members) == 0:
		return out, validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case len(members) > 1:
		return out, validation("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case depth > item.MaxDepth:
		return out, validation("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	for name, content := range members {
		out.Type = item.Type(name)
		switch out.Type {
		case item.S, item.N, item.B:
			out.Data, failure = scalarOf(out.Type, content)
		case item.Bool:
			out.True = content == true
		case item.Null:
			if content != true {
				failure = invalid("Null attribute value types must have the value of true")
			}
		case item.SS, item.NS, item.BS:
			out.Set, failure = setOf(out.Type, content)
		case item.L:
			list, _ := content.([]any)
			for _, v := range list {
				element, failure := valueOf(v, depth+1)
				if failure != nil {
					return out, failure
				}
				out.List = append(out.List, element)
			}
		case item.M:
			out.Map, failure = attributesOf(content, depth+1)
		default:
			failure = validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
		}
	}
	return out, failure
}

func scalarOf(t item.Type, content any) (string, *wire.Failure) {
	s, ok := content.(string)
	if !ok {
		return "", refuse(400, "SerializationException", "a value of type "+string(t)+" must be text")
	}
	switch t {
	case item.B:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "", refuse(400, "SerializationException", "a binary value is not base64")
		}
		return string(b), nil
	case item.N:
		return numberOf(s)
	}
	return s, nil
}

var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// numberOf is a number's normal form, with up to 38 digits from 1E-130 to
// 9.99…E+125 (DynamoDB Developer Guide, "Data types", Number).
func numberOf(s string) (string, *wire.Failure) {
	n, err := item.Normalise(strings.TrimSpace(s))
	if err == nil {
		return n, nil
	}
	if !decimal.MatchString(strings.TrimSpace(s)) {
		return "", validation("The parameter cannot be converted to a numeric value: " + s)
	}
	mantissa, power, _ := strings.Cut(strings.ToLower(strings.TrimLeft(strings.TrimSpace(s), "+-")), "e")
	digits := strings.Trim(strings.Replace(mantissa, ".", "", 1), "0")
	switch {
	case len(digits) > 38:
		return "", validation("Attempting to store more than 38 significant digits in a Number")
	case strings.HasPrefix(power, "-") || strings.HasPrefix(mantissa, "0.0") || strings.HasPrefix(mantissa, "."):
		return "", validation("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return "", validation("Number overflow. Attempting to store a number with magnitude larger than supported range")
}

func setOf(t item.Type, content any) ([]string, *wire.Failure) {
	list, _ := content.([]any)
	if len(list) == 0 {
		return nil, invalid(map[item.Type]string{item.SS: "An string set  may not be empty", item.NS: "An number set  may not be empty", item.BS: "Binary sets should not be empty"}[t])
	}
	var out []string
	seen := map[string]bool{}
	for _, v := range list {
		s, failure := scalarOf(t[:1], v)
		if failure != nil {
			return nil, failure
		}
		if seen[s] {
			return nil, invalid(fmt.Sprintf("Input collection %v contains duplicates.", strings.Join(strings.Fields(fmt.Sprint(list)), ", ")))
		}
		seen[s] = true
		out = append(out, s)
	}
	return out, nil
}

// attributesOut are attribute values as an answer has them.
func attributesOut(it item.Item) map[string]any {
	out := make(map[string]any, len(it))
	for name, v := range it {
		out[name] = valueOut(v)
	}
	return out
}

func valueOut(v item.Value) map[string]any {
	var content any
	switch v.Type {
	case item.S, item.N:
		content = v.Data
	case item.B:
		content = base64.StdEncoding.EncodeToString([]byte(v.Data))
	case item.Bool:
		content = v.True
	case item.Null:
		content = true
	case item.SS, item.NS:
		content = v.Set
	case item.BS:
		set := make([]string, len(v.Set))
		for i, s := range v.Set {
			set[i] = base64.StdEncoding.EncodeToString([]byte(s))
		}
		content = set
	case item.L:
		list := make([]any, len(v.List))
		for i, e := range v.List {
			list[i] = valueOut(e)
		}
		content = list
	case item.M:
		content = attributesOut(v.Map)
	}
	return map[string]any{string(v.Type): content}
}

// sizeOf is an item's size in bytes as DynamoDB counts it (Developer Guide,
// "DynamoDB item sizes and formats").
func sizeOf(it item.Item) (n int) {
	for name, v := range it {
		n += len(name) + sizeOfValue(v)
	}
	return n
}

func sizeOfValue(v item.Value) (n int) {
	switch v.Type {
	case item.S, item.B:
		return len(v.Data)
	case item.N:
		return sizeOfNumber(v.Data)
	case item.SS, item.BS:
		for _, s := range v.Set {
			n += len(s)
		}
		return n
	case item.NS:
		for _, s := range v.Set {
			n += sizeOfNumber(s)
		}
		return n
	case item.L:
		n = 3
		for _, e := range v.List {
			n += 1 + sizeOfValue(e)
		}
		return n
	case item.M:
		return 3 + len(v.Map) + sizeOf(v.Map)
	}
	return 1
}

func sizeOfNumber(s string) int { return (len(strings.Trim(s, "-0."))+1)/2 + 1 }
