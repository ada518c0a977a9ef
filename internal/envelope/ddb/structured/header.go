package structured

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	messageIDLen  = 32
	commitmentLen = 32
	signedFlavor  = 1
	publicKey     = "aws-crypto-public-key"
)

// header is aws_dbe_head (AWS Database Encryption SDK for DynamoDB
// specification, "Header Format").
type header struct {
	version byte // 1, or 2 when fields are in the encryption context
	flavor  byte // 0: suite 67 00; 1: suite 67 01, which signs
	id      [messageIDLen]byte
	legend  []byte            // per signed field: e, s or c
	context map[string]string // the stored part
	keys    []envelope.EncryptedDataKey
	partial []byte // all before the commitment, which is over it
	commit  []byte
}

// Legend characters (specification, "Encrypt Legend Bytes").
const (
	legendEncrypt = 'e'
	legendSign    = 's'
	legendContext = 'c'
)

// cursor reads fields and remembers that they ended too early.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if c.short || n > len(c.b) {
		c.short = true
		return make([]byte, min(n, messageIDLen))
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) byte() byte { return c.take(1)[0] }

// field is a two-byte length and as many bytes.
func (c *cursor) field() []byte { return c.take(int(binary.BigEndian.Uint16(c.take(2)))) }

func parseHeader(b []byte) (header, error) {
	c := &cursor{b: b}
	h := header{version: c.byte(), flavor: c.byte()}
	if h.version != 1 && h.version != 2 {
		return h, fmt.Errorf("%w: version %d of the header; 1 and 2 are known", envelope.ErrUnsupported, h.version)
	}
	if h.flavor > signedFlavor {
		return h, fmt.Errorf("%w: flavor %d of the header; 0 and 1 are known", envelope.ErrUnsupported, h.flavor)
	}
	h.id = [messageIDLen]byte(c.take(messageIDLen))
	h.legend = c.field()
	for _, l := range h.legend {
		if l != legendEncrypt && l != legendSign && (l != legendContext || h.version == 1) {
			return h, fmt.Errorf("%w: the header's legend has an unknown character", envelope.ErrFormat)
		}
	}
	var err error
	if h.context, err = readContext(c); err != nil {
		return h, err
	}
	for range c.byte() {
		h.keys = append(h.keys, envelope.EncryptedDataKey{
			Provider: string(c.field()), Info: c.field(), Ciphertext: c.field(),
		})
		if c.short {
			break
		}
	}
	h.partial = b[:len(b)-len(c.b)]
	h.commit = c.take(commitmentLen)
	if c.short || len(c.b) > 0 || len(h.keys) == 0 {
		return h, fmt.Errorf("%w: the header is cut off, has no wrapped key, or something follows it", envelope.ErrFormat)
	}
	if _, signed := h.context[publicKey]; signed != (h.flavor == signedFlavor) {
		return h, fmt.Errorf("%w: the header's flavor %d and its encryption context disagree about a signature", envelope.ErrFormat, h.flavor)
	}
	return h, nil
}

// readContext reads the stored encryption context, whose count is there even
// when it is 0 (specification, "Encryption Context").
func readContext(c *cursor) (map[string]string, error) {
	out := map[string]string{}
	n := int(binary.BigEndian.Uint16(c.take(2)))
	for range n {
		key, value := c.field(), c.field()
		if c.short {
			break // which the caller reports
		}
		if _, twice := out[string(key)]; twice || !utf8.Valid(key) || !utf8.Valid(value) {
			return nil, fmt.Errorf("%w: the header's encryption context has a key twice or is not text", envelope.ErrFormat)
		}
		out[string(key)] = string(value)
	}
	return out, nil
}

// append writes the header up to its commitment.
func (h header) append(b []byte) ([]byte, error) {
	b = append(append(b, h.version, h.flavor), h.id[:]...)
	b = appendField(b, string(h.legend))
	b = binary.BigEndian.AppendUint16(b, uint16(len(h.context)))
	for _, key := range slices.Sorted(maps.Keys(h.context)) {
		b = appendField(appendField(b, key), h.context[key])
	}
	if len(h.keys) == 0 || len(h.keys) > 255 {
		return nil, fmt.Errorf("%w: a header has 1 to 255 wrapped keys, not %d", envelope.ErrFormat, len(h.keys))
	}
	b = append(b, byte(len(h.keys)))
	for _, k := range h.keys {
		if len(k.Provider) > 65535 || len(k.Info) > 65535 || len(k.Ciphertext) > 65535 {
			return nil, fmt.Errorf("%w: a wrapped key is longer than its length field can say", envelope.ErrFormat)
		}
		b = appendField(appendField(appendField(b, k.Provider), string(k.Info)), string(k.Ciphertext))
	}
	return b, nil
}

// appendField writes a two-byte length, which the caller has checked, and the
// bytes.
func appendField(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// commitment is over the header up to it: HMAC-SHA512, of which it is the
// first half (specification, "Key Commitment", prints SHA384; the SDKs and
// their vectors have SHA512).
func commitment(key, partial []byte) []byte {
	mac := hmac.New(sha512.New, key)
	mac.Write(partial)
	return mac.Sum(nil)[:commitmentLen]
}
