package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// appendJSON writes a value with names in order, so that the same output has
// the same bytes. Times are seconds since 1970, as AWS's JSON has them.
func appendJSON(b []byte, v any, now time.Time) []byte {
	switch v := v.(type) {
	case map[string]any:
		return appendObject(b, v, now)
	case []any:
		return appendList(b, v, now)
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	case json.Number:
		return append(b, v...)
	case nil:
		return append(b, "null"...)
	case []string:
		return appendList(b, v, now)
	case []map[string]any:
		return appendList(b, v, now)
	case map[string]string:
		return appendObject(b, v, now)
	}
	if t, ok := moment(v, now); ok {
		return strconv.AppendFloat(b, float64(t.UnixMilli())/1000, 'f', -1, 64)
	}
	return appendText(b, fmt.Sprint(v))
}

func appendObject[V any](b []byte, object map[string]V, now time.Time) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(object)) {
		v := any(object[name])
		if v == nil {
			continue
		}
		if i > 0 && b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = appendJSON(b, v, now)
	}
	return append(b, '}')
}

func appendList[V any](b []byte, list []V, now time.Time) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v, now)
	}
	return append(b, ']')
}

// appendText quotes a text; plain ASCII, which most is, without an allocation.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
