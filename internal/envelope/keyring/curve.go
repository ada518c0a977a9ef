package keyring

import (
	"bytes"
	"crypto/ecdh"
	"crypto/elliptic"
	"encoding/binary"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

type curve struct {
	name string // in fixedInfo
	ec   elliptic.Curve
	dh   ecdh.Curve
}

func curveOf(c ecdh.Curve) (curve, bool) {
	for _, known := range []curve{{"p256", elliptic.P256(), ecdh.P256()}, {"p384", elliptic.P384(), ecdh.P384()}, {"p521", elliptic.P521(), ecdh.P521()}} {
		if known.dh == c {
			return known, true
		}
	}
	return curve{}, false
}

// size is the length of a compressed point (SEC 1, section 2.3.3).
func (c curve) size() int { return 1 + (c.ec.Params().BitSize+7)/8 }

func (c curve) compress(p *ecdh.PublicKey) []byte {
	b := p.Bytes() // 04 ‖ X ‖ Y
	out := bytes.Clone(b[:c.size()])
	out[0] = 2 | b[len(b)-1]&1
	return out
}

func (c curve) decompress(b []byte) (*ecdh.PublicKey, error) {
	x, y := elliptic.UnmarshalCompressed(c.ec, b)
	if x == nil {
		return nil, fmt.Errorf("%w: a public key that is no point of %s", envelope.ErrFormat, c.name)
	}
	n := c.size() - 1
	full := make([]byte, 1+2*n)
	full[0] = 4
	x.FillBytes(full[1 : 1+n])
	y.FillBytes(full[1+n:])
	p, err := c.dh.NewPublicKey(full)
	if err != nil {
		return nil, fmt.Errorf("%w: a public key that is no point of %s", envelope.ErrFormat, c.name)
	}
	return p, nil
}

// parties reads the provider information: version 1 ‖ u32 length ‖ recipient ‖
// u32 length ‖ sender, compressed points ("Key Provider Information").
func (c curve) parties(info []byte) (recipient, sender []byte, err error) {
	n := c.size()
	if len(info) < 5 || info[0] != ecdhVersion || binary.BigEndian.Uint32(info[1:]) != uint32(n) {
		return nil, nil, fmt.Errorf("%w: it is not under a key of %s", envelope.ErrNoKey, c.name)
	}
	if len(info) != 1+2*(4+n) || binary.BigEndian.Uint32(info[5+n:]) != uint32(n) {
		return nil, nil, fmt.Errorf("%w: the provider information does not hold two points of %s", envelope.ErrFormat, c.name)
	}
	return info[5 : 5+n], info[9+n:], nil
}

// fixedInfo binds curve, derivation, both parties and the encryption context
// ("Data Key Wrapping": lower case, whatever one page of it prints).
func (c curve) fixedInfo(recipient, sender []byte, encryptionContext map[string]string) ([]byte, error) {
	b := []byte("ecdh-key-derivation\x00" + c.name + "\x00HMAC_SHA384\x00")
	b = append(append(b, sender...), recipient...)
	return envelope.AppendContext(append(b, 0, ecdhVersion, 0), encryptionContext)
}

// providerInfo is what parties reads.
func providerInfo(recipient, sender []byte) []byte {
	b := append(binary.BigEndian.AppendUint32([]byte{ecdhVersion}, uint32(len(recipient))), recipient...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(sender))), sender...)
}
