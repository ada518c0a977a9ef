package envelope

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// parsed is an item as the engine reads it, with the bounds of one that comes
// from a file.
func parsed(it map[string]types.AttributeValue) (ddb.Item, error) {
	out := make(ddb.Item, len(it))
	for name, v := range it {
		var err error
		if out[name], err = ItemValue(v, 0); err != nil {
			return nil, fmt.Errorf("reading the item: %w", err)
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("reading the item: %w: a value has no JSON", envelope.ErrFormat)
	}
	defer clear(text)
	return ddb.Parse(text)
}

// ItemValue is an attribute value of the SDK's as the engine has it; depth is 0
// for an attribute. Its error wraps ErrFormat for one that is nested too deeply,
// and ErrUnsupported for one of an unknown type.
func ItemValue(v types.AttributeValue, depth int) (out item.Value, err error) {
	if depth > item.MaxDepth {
		return out, fmt.Errorf("%w: lists and maps are nested too deeply", envelope.ErrFormat)
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return item.Text(v.Value), nil
	case *types.AttributeValueMemberN:
		return item.Number(v.Value), nil
	case *types.AttributeValueMemberB:
		return item.Bytes(v.Value), nil
	case *types.AttributeValueMemberBOOL:
		return item.Value{Type: item.Bool, True: v.Value}, nil
	case *types.AttributeValueMemberNULL:
		return item.Value{Type: item.Null}, nil
	case *types.AttributeValueMemberSS:
		return item.Value{Type: item.SS, Set: v.Value}, nil
	case *types.AttributeValueMemberNS:
		return item.Value{Type: item.NS, Set: v.Value}, nil
	case *types.AttributeValueMemberBS:
		out.Type = item.BS
		for _, b := range v.Value {
			out.Set = append(out.Set, string(b))
		}
		return out, nil
	case *types.AttributeValueMemberL:
		out.Type, out.List = item.L, make([]item.Value, len(v.Value))
		for i, e := range v.Value {
			if out.List[i], err = ItemValue(e, depth+1); err != nil {
				return out, err
			}
		}
		return out, nil
	case *types.AttributeValueMemberM:
		out.Type, out.Map = item.M, make(map[string]item.Value, len(v.Value))
		for name, e := range v.Value {
			if out.Map[name], err = ItemValue(e, depth+1); err != nil {
				return out, err
			}
		}
		return out, nil
	}
	return out, fmt.Errorf("%w: an attribute has a type that is not known here", envelope.ErrUnsupported)
}

// valueText is the value of a key attribute with its type.
func valueText(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return "S" + v.Value
	case *types.AttributeValueMemberN:
		return "N" + v.Value
	case *types.AttributeValueMemberB:
		return "B" + string(v.Value)
	}
	return ""
}

// exampleOf names an item without showing the value of its key.
func (t *tableSample) exampleOf(it map[string]types.AttributeValue) string {
	value := valueText(it[t.partition])
	if value == "" {
		return t.partition + " (none)"
	}
	sum := sha256.Sum256([]byte(value[1:]))
	return t.partition + " sha256:" + hex.EncodeToString(sum[:4])
}

// sizeOf is about how many bytes an item has: names and values.
func sizeOf(it map[string]types.AttributeValue) int {
	n := 0
	for name, v := range it {
		n += len(name) + valueSize(v)
	}
	return n
}

func valueSize(v types.AttributeValue) int {
	n := 0
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		n = len(v.Value)
	case *types.AttributeValueMemberN:
		n = len(v.Value)/2 + 1 // two digits in a byte, and a sign
	case *types.AttributeValueMemberB:
		n = len(v.Value)
	case *types.AttributeValueMemberSS:
		for _, s := range v.Value {
			n += len(s)
		}
	case *types.AttributeValueMemberNS:
		for _, s := range v.Value {
			n += len(s)/2 + 1
		}
	case *types.AttributeValueMemberBS:
		for _, b := range v.Value {
			n += len(b)
		}
	case *types.AttributeValueMemberL:
		n = 3
		for _, e := range v.Value {
			n += 1 + valueSize(e)
		}
	case *types.AttributeValueMemberM:
		n = 3 + sizeOf(v.Value) + len(v.Value)
	default:
		n = 1
	}
	return n
}
