// Package dsse reads, writes, signs and verifies DSSE envelopes (Dead Simple
// Signing Envelope 1.0, github.com/secure-systems-lab/dsse: protocol.md and
// envelope.md), with ed25519 keys, ECDSA keys and signer commands.
package dsse

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Envelope is a payload with the signatures over it. None of it is to be
// believed before a signature is verified.
type Envelope struct {
	Payload     []byte      `json:"payload"`     // SERIALIZED_BODY; base64 in JSON
	PayloadType string      `json:"payloadType"` // a media type or URI; signed too
	Signatures  []Signature `json:"signatures"`  // at least one
}

// Signature is one signature over an envelope's PAE.
type Signature struct {
	// KeyID is what the signer says of its key. It is not signed: a hint for
	// people and for choosing a key, and no proof of anything.
	KeyID string `json:"keyid,omitempty"`
	// Sig is 64 bytes for ed25519 (RFC 8032, section 5.1.6). For ECDSA it is
	// DER (RFC 3279, section 2.2.3) or r and s at full length, one after the
	// other.
	Sig []byte `json:"sig"`
}

// PAE is what signatures cover, the pre-authentication encoding of protocol.md:
//
//	"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload
//
// where LEN is a length in bytes, in decimal.
func (e Envelope) PAE() []byte {
	out := make([]byte, 0, len(e.PayloadType)+len(e.Payload)+32)
	out = append(out, "DSSEv1 "...)
	out = strconv.AppendInt(out, int64(len(e.PayloadType)), 10)
	out = append(append(append(out, ' '), e.PayloadType...), ' ')
	out = strconv.AppendInt(out, int64(len(e.Payload)), 10)
	return append(append(out, ' '), e.Payload...)
}

// Line is the envelope as one line of JSON, with its end, as a file of
// attestations has it (in-toto Attestation Framework, Bundle, v1).
func (e Envelope) Line() ([]byte, error) {
	// Nothing is "" and not null (envelope.md, parsing rules).
	e.Payload = append([]byte{}, e.Payload...)
	e.Signatures = slices.Clone(e.Signatures)
	for i, s := range e.Signatures {
		e.Signatures[i].Sig = append([]byte{}, s.Sig...)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("writing an envelope: %w", err)
	}
	return append(text, '\n'), nil
}
