package s3ec

import (
	"crypto/md5" //nolint:gosec // the format's
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Names in an encryption context that the clients write.
const (
	contextContent = "aws:x-amz-cek-alg" // kms+context: the content algorithm
	contextKeyID   = "kms_cmk_id"        // kms: the key, as its writer named it
)

// Lengths of what the metadata carries.
const (
	maxWrapped   = 6144 // a KMS ciphertext blob is no longer
	maxECB       = 48   // V1: up to here the wrap is AES-ECB, beyond it RSA
	commitLength = 28   // x-amz-d
	idLength     = 28   // x-amz-i
)

// header is an object's envelope, parsed.
type header struct {
	content
	suite      suite
	wrap       wrap
	bound      string // the content algorithm, as the wrap binds it
	wrapped    []byte
	iv         []byte // V1, V2
	commitment []byte // V3
	message    []byte // V3
	context    map[string]string
	length     int64  // of plaintext as the metadata claims it, or -1
	digest     []byte // MD5 of the plaintext as the metadata claims it, or nil
}

// parse reads an object's envelope. It needs no key, and its errors wrap
// ErrFormat or ErrUnsupported.
func parse(obj Object) (*header, error) {
	c, err := locate(obj)
	if err != nil {
		return nil, err
	}
	h := &header{content: c, length: claimed(c.values), digest: claimedMD5(c.values[nameMD5])}
	switch c.version {
	case "V1":
		err = h.parseV1()
	case "V2":
		err = h.parseV2()
	default:
		err = h.parseV3()
	}
	if err != nil {
		return nil, err
	}
	return h, h.checkContext()
}

// parseV1: AES-CBC; the length of the wrapped key tells AES-ECB from RSA.
func (h *header) parseV1() (err error) {
	if h.wrapped, err = h.decode(nameKeyV1, 1, maxWrapped); err != nil {
		return err
	}
	h.wrap, _ = wrapOf(wrapPKCS1)
	if len(h.wrapped) <= maxECB {
		h.wrap, _ = wrapOf(wrapECB)
	}
	h.suite = suiteCBC()
	return h.parseShared()
}

func (h *header) parseV2() (err error) {
	if h.wrapped, err = h.decode(nameKeyV2, 1, maxWrapped); err != nil {
		return err
	}
	tagLen, tagged := h.values[nameTagLen]
	h.bound = h.values[nameContent]
	switch h.bound {
	case "AES/GCM/NoPadding":
		h.suite = suiteGCM()
		if tagged && tagLen != "128" {
			return fmt.Errorf("%w: %s is not 128", envelope.ErrFormat, nameTagLen)
		}
	case "AES/CBC/PKCS5Padding", "AES/CBC/PKCS7Padding":
		h.suite = suiteCBC()
		if tagged {
			return fmt.Errorf("%w: %s is present, and AES-CBC has no tag", envelope.ErrFormat, nameTagLen)
		}
	case "AES/CTR/NoPadding":
		return fmt.Errorf("%w: AES-CTR is for ranged reads, which authenticate nothing; verify the whole object", envelope.ErrUnsupported)
	default:
		return fmt.Errorf("%w: content algorithm %s", envelope.ErrUnsupported, short(h.bound))
	}
	return h.parseWrap(h.values[nameWrap])
}

// parseWrap: V1's two wraps have no name in V2 and V3.
func (h *header) parseWrap(name string) error {
	w, ok := wrapOf(name)
	if !ok || name == wrapECB || name == wrapPKCS1 {
		return fmt.Errorf("%w: wrapping algorithm %s", envelope.ErrUnsupported, short(name))
	}
	h.wrap = w
	if h.suite.commit {
		return nil
	}
	return h.parseShared()
}

// parseShared reads what V1 and V2 have alike.
func (h *header) parseShared() (err error) {
	if h.iv, err = h.decode(nameIV, h.suite.iv, h.suite.iv); err != nil {
		return err
	}
	h.context, err = h.texts(nameMatDesc)
	return err
}

func (h *header) parseV3() (err error) {
	if h.bound = h.values[nameSuite]; h.bound != "115" {
		return fmt.Errorf("%w: content algorithm suite %s", envelope.ErrUnsupported, short(h.bound))
	}
	h.suite = suiteCommit()
	if h.wrapped, err = h.decode(nameKeyV3, 1, maxWrapped); err != nil {
		return err
	}
	if h.commitment, err = h.decode(nameCommit, commitLength, commitLength); err != nil {
		return err
	}
	if h.message, err = h.decode(nameMessage, idLength, idLength); err != nil {
		return err
	}
	name, ok := wrapCode(h.values[nameWrapV3])
	if !ok {
		return fmt.Errorf("%w: wrapping algorithm %s", envelope.ErrUnsupported, short(h.values[nameWrapV3]))
	}
	if err := h.parseWrap(name); err != nil {
		return err
	}
	field := nameDesc
	if h.wrap.provider == providerKMS {
		field = nameContext
	}
	h.context, err = h.texts(field)
	return err
}

// checkContext: what kms+context binds must be the content algorithm that the
// metadata names, or one of them was changed.
func (h *header) checkContext() error {
	if h.wrap.name == wrapContext && h.context[contextContent] != h.bound {
		return fmt.Errorf("%w: the encryption context does not name the content algorithm that the metadata names", envelope.ErrFormat)
	}
	return nil
}

// texts parses a JSON map of the metadata; absent is empty (V3).
func (h *header) texts(name string) (map[string]string, error) {
	text, ok := h.values[name]
	if !ok {
		return map[string]string{}, nil
	}
	if !h.inFile {
		text = undouble(text)
	}
	return parseMatDesc(text)
}

// decode reads base64 of a length in bounds. Go's first client wrote the
// URL-safe alphabet; both are read, each in its one canonical form.
func (h *header) decode(name string, low, high int) ([]byte, error) {
	text := h.values[name]
	encoding := base64.StdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.URLEncoding
	}
	b, err := encoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%w: %s is not base64", envelope.ErrFormat, name)
	}
	if len(b) < low || len(b) > high {
		return nil, fmt.Errorf("%w: %s has %d bytes, and must have %d to %d", envelope.ErrFormat, name, len(b), low, high)
	}
	return b, nil
}

// claimed is the length of plaintext that the metadata states, an untrusted
// hint, or -1.
func claimed(values map[string]string) int64 {
	n, err := strconv.ParseInt(values[nameLength], 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// claimedMD5 is the MD5 of the plaintext that some clients left in the metadata
// in Base64, or nil if there is none or another text.
func claimedMD5(text string) []byte {
	sum, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(sum) != md5.Size {
		return nil
	}
	return sum
}

// short quotes hostile text for an error.
func short(text string) string {
	if len(text) > 40 {
		return strconv.Quote(text[:40]) + "…"
	}
	return strconv.Quote(text)
}
