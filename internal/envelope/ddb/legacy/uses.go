package legacy

import "github.com/sealaudit/sealaudit/internal/envelope/ddb/item"

// Uses are an item's wrapped data key, as its description has it, and the
// initialisation vectors of what may be encrypted under it: binary attributes
// of whole AES-CBC blocks. None of an item whose description names no key.
func Uses(it item.Item) (wrapped, ivs [][]byte) {
	h, err := parseHeader(it)
	if err != nil || h.description[descKey] == "" {
		return nil, nil
	}
	for name, v := range it {
		if n := len(v.Data); name != DescriptionAttribute && name != SignatureAttribute && v.Type == item.B && n >= 32 && n%16 == 0 {
			ivs = append(ivs, []byte(v.Data[:16]))
		}
	}
	return [][]byte{[]byte(h.description[descKey])}, ivs
}
