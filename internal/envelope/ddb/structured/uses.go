package structured

import "github.com/sealaudit/sealaudit/internal/envelope/ddb/item"

// Uses are an item's wrapped data keys, and what its fields' keys and nonces
// are derived from beside the data key: the message id. None of an item whose
// header is malformed.
func Uses(it item.Item) (wrapped, ivs [][]byte) {
	h, err := parseHeader([]byte(it[HeaderAttribute].Data))
	if err != nil {
		return nil, nil
	}
	for _, k := range h.keys {
		wrapped = append(wrapped, k.Ciphertext)
	}
	return wrapped, [][]byte{h.id[:]}
}
