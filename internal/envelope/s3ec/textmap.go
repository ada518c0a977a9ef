package s3ec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// maxInstruction bounds an instruction file, maxPairs the pairs of any map.
const (
	maxInstruction = 256 << 10
	maxPairs       = 1024
)

// parseInstruction reads an instruction file: one JSON object of names and
// texts ("Instruction File"). Writers put numbers and nulls into it, too. A
// name twice, anything nested and anything that follows are errors.
func parseInstruction(b []byte) (map[string]string, error) {
	if len(b) > maxInstruction {
		return nil, fmt.Errorf("%w: the instruction file is longer than %d bytes", envelope.ErrFormat, maxInstruction)
	}
	values, err := textMap(b, true)
	if err != nil {
		return nil, fmt.Errorf("the instruction file: %w", err)
	}
	return known(values)
}

// parseMatDesc reads a material description or encryption context, a JSON
// object of texts.
func parseMatDesc(text string) (map[string]string, error) {
	values, err := textMap([]byte(text), false)
	if err != nil {
		return nil, fmt.Errorf("the material description: %w", err)
	}
	return values, nil
}

// textMap parses a flat JSON object. encoding/json alone would take the last
// of two equal names.
func textMap(b []byte, loose bool) (map[string]string, error) {
	if string(b) == "{}" { // as most objects have it
		return map[string]string{}, nil
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%w: it is not UTF-8", envelope.ErrFormat)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%w: it is not a JSON object", envelope.ErrFormat)
	}
	out := map[string]string{}
	for dec.More() {
		name, value, err := textPair(dec, loose)
		if err != nil {
			return nil, err
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%w: it has a name twice", envelope.ErrFormat)
		}
		if len(out) == maxPairs {
			return nil, fmt.Errorf("%w: it has more than %d names", envelope.ErrFormat, maxPairs)
		}
		out[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("%w: it is not whole JSON", envelope.ErrFormat)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows the JSON object", envelope.ErrFormat)
	}
	return out, nil
}

func textPair(dec *json.Decoder, loose bool) (name, value string, err error) {
	n, err := dec.Token()
	name, ok := n.(string)
	if err != nil || !ok {
		return "", "", fmt.Errorf("%w: it is not whole JSON", envelope.ErrFormat)
	}
	v, err := dec.Token()
	if err != nil {
		return "", "", fmt.Errorf("%w: it is not whole JSON", envelope.ErrFormat)
	}
	switch v := v.(type) {
	case string:
		return name, v, nil
	case json.Number:
		if loose {
			return name, v.String(), nil
		}
	case nil:
		if loose {
			return name, "", nil
		}
	}
	return "", "", fmt.Errorf("%w: a value is not a text", envelope.ErrFormat)
}

// undouble undoes what S3 does to metadata outside of US-ASCII ("double
// encoding"): it returns the UTF-8 bytes, taken for Latin-1 and encoded again,
// and all that as an RFC 2047 word. Text that was not so treated stays.
func undouble(text string) string {
	if strings.Contains(text, "=?") {
		var d mime.WordDecoder
		if decoded, err := d.DecodeHeader(text); err == nil {
			text = decoded
		}
	}
	bytes := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return text
		}
		bytes = append(bytes, byte(r))
	}
	if !utf8.Valid(bytes) {
		return text
	}
	return string(bytes)
}

// asciiJSON is a map as JSON in US-ASCII, so that S3 has nothing to encode.
func asciiJSON(values map[string]string) (string, error) {
	for name, value := range values {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return "", fmt.Errorf("%w: the encryption context is not UTF-8", envelope.ErrFormat)
		}
	}
	b, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("%w: writing the material description: %v", envelope.ErrFormat, err)
	}
	var out strings.Builder
	for _, r := range string(b) {
		if r < 0x80 {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String(), nil
}
