package keyring

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/sha512"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// agreement gives the shared secret with a peer, which the caller zeroes.
type agreement func(ctx context.Context, peer *ecdh.PublicKey) (envelope.DataKey, error)

// agreeing agrees with a private key that is here.
func agreeing(private *ecdh.PrivateKey) agreement {
	return func(_ context.Context, peer *ecdh.PublicKey) (envelope.DataKey, error) {
		z, err := private.ECDH(peer)
		if err != nil {
			return envelope.DataKey{}, fmt.Errorf("%w: the two keys share no secret", envelope.ErrFormat)
		}
		return envelope.NewDataKey(z), nil
	}
}

// parseECDH reads a private key in PEM.
func parseECDH(text []byte) (*ecdh.PrivateKey, error) {
	key, err := parsePEM(text)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: the PEM file has a key of another kind (%T)", envelope.ErrFormat, key)
	}
	k, err := private.ECDH()
	if err != nil {
		return nil, fmt.Errorf("%w: the curve is P-256, P-384 or P-521", envelope.ErrUnsupported)
	}
	return k, nil
}

// derive is the commitment and the wrapping key.
func derive(ctx context.Context, agree agreement, peer *ecdh.PublicKey, fixed, salt []byte) ([]byte, error) {
	z, err := agree(ctx, peer)
	if err != nil {
		return nil, err
	}
	defer z.Zero()
	return kbkdf(sha512.New384, z.Bytes(), fixed, salt, commitmentLen+32), nil
}
