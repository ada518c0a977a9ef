package dsse

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What a file of envelopes may hold. The limits are far above what anybody
// signs by hand or machine, and keep a hostile file from costing much.
const (
	MaxText       = 1 << 20 // bytes of a file
	maxLines      = 64
	maxSignatures = 16
	maxKeyID      = 256 // bytes
)

// Read reads a file of envelopes: one JSON object a line, each line ended. It
// is strict where a reader that is not could be told something else than this
// one: a name is there once and in its exact case, base64 is in one alphabet,
// padded and without line breaks, and nothing follows the object. Fields that
// it does not know are passed over, as envelope.md wants it ("parsing rules").
func Read(text []byte) ([]Envelope, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("they are longer than %d bytes", MaxText)
	}
	lines, ended := bytes.CutSuffix(text, []byte("\n"))
	if !ended {
		return nil, errors.New("the last line is cut off")
	}
	var out []Envelope
	for line := range bytes.SplitSeq(lines, []byte("\n")) {
		if len(out) == maxLines {
			return nil, fmt.Errorf("there are more than %d", maxLines)
		}
		e, err := readEnvelope(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(out)+1, err)
		}
		out = append(out, e)
	}
	return out, nil
}

func readEnvelope(line []byte) (Envelope, error) {
	var e Envelope
	fields, err := object(line, "payload", "payloadType", "signatures")
	if err != nil {
		return e, err
	}
	if e.PayloadType, err = text(fields, "payloadType"); err != nil {
		return e, err
	}
	if e.Payload, err = binary(fields, "payload"); err != nil {
		return e, err
	}
	var list []json.RawMessage
	raw := fields["signatures"]
	if len(raw) == 0 || raw[0] != '[' {
		return e, errors.New(`"signatures" is no list`)
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return e, err
	}
	if len(list) == 0 || len(list) > maxSignatures {
		return e, fmt.Errorf("it has %d signatures; 1 to %d are read", len(list), maxSignatures)
	}
	for _, raw := range list {
		s, err := readSignature(raw)
		if err != nil {
			return e, fmt.Errorf("signature %d: %w", len(e.Signatures)+1, err)
		}
		e.Signatures = append(e.Signatures, s)
	}
	return e, nil
}

func readSignature(raw []byte) (Signature, error) {
	var s Signature
	fields, err := object(raw, "keyid", "sig")
	if err != nil {
		return s, err
	}
	if s.Sig, err = binary(fields, "sig"); err != nil {
		return s, err
	}
	if fields["keyid"] == nil {
		return s, nil
	}
	s.KeyID, err = text(fields, "keyid")
	if len(s.KeyID) > maxKeyID {
		return s, fmt.Errorf("its key id is longer than %d bytes", maxKeyID)
	}
	return s, err
}

// object is the named fields of a JSON object. encoding/json alone would take
// the last of two equal names, and any case.
func object(raw []byte, names ...string) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) || !json.Valid(raw) {
		return nil, errors.New("it is not JSON in UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	out, seen := map[string]json.RawMessage{}, map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // it is valid JSON
		if seen[name] {
			return nil, errors.New("a name is in it twice")
		}
		seen[name] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		for _, n := range names {
			if n == name {
				out[name] = value
			}
		}
	}
	return out, nil
}

func text(fields map[string]json.RawMessage, name string) (string, error) {
	raw := fields[name]
	if len(raw) == 0 || raw[0] != '"' { // null would decode as ""
		return "", fmt.Errorf("%q is missing or no string", name)
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

func binary(fields map[string]json.RawMessage, name string) ([]byte, error) {
	s, err := text(fields, name)
	if err != nil {
		return nil, err
	}
	b, err := decodeBase64(s)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return b, nil
}

// decodeBase64 reads RFC 4648's standard or URL-safe alphabet (protocol.md:
// verifiers must accept either), so a value has at most two texts; Go's
// decoder alone would also pass over line breaks.
func decodeBase64(s string) ([]byte, error) {
	alphabet := base64.StdEncoding
	if strings.ContainsAny(s, "-_") {
		alphabet = base64.URLEncoding
	}
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("it is not base64 on one line")
	}
	b, err := alphabet.Strict().DecodeString(s)
	if err != nil {
		return nil, errors.New("it is not padded base64 in one alphabet")
	}
	return b, nil
}
