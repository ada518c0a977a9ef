package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
)

const epochTag = 1 // RFC 8949, section 3.4.2

// encodeCBOR writes a value for RPC v2 CBOR: times are tagged seconds, whole
// numbers integers.
func encodeCBOR(v any, now time.Time) []byte {
	mode, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical}.EncMode()
	if err != nil {
		return nil // the options are constant, and a test encodes with them
	}
	body, err := mode.Marshal(plain(v, now))
	if err != nil {
		return nil // plain leaves nothing that can't be encoded
	}
	return body
}

func plain(v any, now time.Time) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			if member != nil {
				out[name] = plain(member, now)
			}
		}
		return out
	case []any:
		return plainList(v, now)
	case []string:
		return plainList(v, now)
	case []map[string]any:
		return plainList(v, now)
	case map[string]string, string, bool, int, nil:
		return v
	case float64:
		return number(v)
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	if t, ok := moment(v, now); ok {
		return cbor.Tag{Number: epochTag, Content: float64(t.UnixMilli()) / 1000}
	}
	return fmt.Sprint(v)
}

func number(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return f
}

func plainList[V any](list []V, now time.Time) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = plain(v, now)
	}
	return out
}
