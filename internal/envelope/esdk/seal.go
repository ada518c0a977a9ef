package esdk

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// seal makes a header and the key of its body.
func (m *message) seal(ctx context.Context, kr envelope.Keyring, opts WriteOptions) (*ecdsa.PrivateKey, error) {
	s, err := opts.suite()
	if err != nil {
		return nil, err
	}
	h := &m.head
	h.Suite = s
	h.parameters, _ = s.parameters()
	h.Version = int(h.parameters.version)
	if h.FrameLength, err = opts.frameLength(); err != nil {
		return nil, err
	}
	whole, stored, required, signer, err := opts.contexts(h.parameters)
	if err != nil {
		return nil, err
	}
	h.Context = stored
	h.MessageID = make([]byte, 16*h.Version)
	_, _ = rand.Read(h.MessageID) // never fails
	key, edks, err := dataKey(ctx, kr, h.parameters.key, whole)
	defer key.Zero()
	if err != nil {
		return nil, err
	}
	h.DataKeys = edks
	derived, commitment, err := h.derive(key.Bytes(), false)
	defer clear(derived)
	if err != nil {
		return nil, err
	}
	h.commitment = commitment
	return signer, m.sealHeader(derived, required)
}

// sealHeader makes the header's bytes and its tag (AWS Encryption SDK
// specification, "Message Header", "Header Authentication").
func (m *message) sealHeader(key, required []byte) (err error) {
	h := &m.head
	if h.body, err = appendHeader(make([]byte, 0, 512), h); err != nil {
		return err
	}
	if err := m.useKey(key); err != nil {
		return err
	}
	var iv [ivLen]byte
	if h.Version == 1 {
		h.auth = append(h.auth, iv[:]...)
	}
	aad := append(h.body[:len(h.body):len(h.body)], required...)
	h.auth = m.aead.Seal(h.auth, iv[:], nil, aad)
	m.begin()
	return nil
}
