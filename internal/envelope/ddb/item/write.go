package item

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// MarshalJSON writes DynamoDB JSON.
func (v Value) MarshalJSON() ([]byte, error) {
	var content any
	switch v.Type {
	case S, N:
		content = v.Data
	case B:
		content = []byte(v.Data)
	case Bool:
		content = v.True
	case Null:
		content = true
	case SS, NS:
		content = v.Set
	case BS:
		members := make([]string, len(v.Set))
		for i, m := range v.Set {
			members[i] = base64.StdEncoding.EncodeToString([]byte(m))
		}
		content = members
	case L:
		content = append([]Value{}, v.List...)
	case M:
		if content = v.Map; v.Map == nil {
			content = struct{}{}
		}
	default:
		return nil, fmt.Errorf("a value of type %q has no JSON", v.Type)
	}
	return json.Marshal(map[Type]any{v.Type: content})
}
