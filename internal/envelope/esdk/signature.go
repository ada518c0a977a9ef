package esdk

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// signature reads the footer and verifies it over everything before it (AWS
// Encryption SDK specification, "Message Footer").
func (m *message) signature() error {
	b, err := m.src.take(2)
	if err != nil {
		return cut(err, "the footer")
	}
	signature, err := m.src.take(int(binary.BigEndian.Uint16(b)))
	if err != nil {
		return cut(err, "the footer")
	}
	key, err := parsePublicKey(m.head.parameters.curve, m.head.Context[publicKey])
	if err != nil {
		return err
	}
	if !ecdsa.VerifyASN1(key, m.sum.Sum(nil), signature) {
		return fmt.Errorf("%w: the signature", envelope.ErrTampered)
	}
	return nil
}

// parsePublicKey reads the public key of an encryption context, a compressed
// point in base64 (AWS Encryption SDK specification, "Encryption Context",
// "Reserved Encryption Context Keys").
func parsePublicKey(curve elliptic.Curve, text string) (*ecdsa.PublicKey, error) {
	malformed := fmt.Errorf("%w: the public key in the encryption context", envelope.ErrFormat)
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, malformed
	}
	size := (curve.Params().BitSize + 7) / 8
	if len(b) != 1+size {
		return nil, malformed
	}
	x, y := elliptic.UnmarshalCompressed(curve, b)
	if x == nil {
		return nil, malformed
	}
	point := make([]byte, 1+2*size)
	point[0] = 4
	x.FillBytes(point[1 : 1+size])
	y.FillBytes(point[1+size:])
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, malformed
	}
	return key, nil
}
