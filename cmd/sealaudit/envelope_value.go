package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// itemValue is an attribute value as the SDK has it.
func itemValue(v types.AttributeValue, depth int) (out item.Value, err error) {
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
		out.Type = item.L
		for _, e := range v.Value {
			w, err := itemValue(e, depth+1)
			if err != nil {
				return out, err
			}
			out.List = append(out.List, w)
		}
		return out, nil
	case *types.AttributeValueMemberM:
		out.Type, out.Map = item.M, map[string]item.Value{}
		for name, e := range v.Value {
			if out.Map[name], err = itemValue(e, depth+1); err != nil {
				return out, err
			}
		}
		return out, nil
	}
	return out, fmt.Errorf("%w: an attribute has a type that is not known here", envelope.ErrUnsupported)
}
