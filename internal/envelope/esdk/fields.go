package esdk

import (
	"fmt"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// taker gives the next n bytes, or io.EOF when the message ends before them.
type taker interface{ take(n int) ([]byte, error) }

// fields reads a header's fields and keeps their bytes. Its error sticks.
type fields struct {
	in  taker
	raw []byte
	err error
}

func (f *fields) bytes(n int, name string) []byte {
	if f.err != nil {
		return make([]byte, min(n, 32)) // of no use, and long enough for any number
	}
	if len(f.raw)+n > maxHeader {
		f.err = fmt.Errorf("%w: a header of more than %d bytes", envelope.ErrUnsupported, maxHeader)
		return make([]byte, min(n, 32))
	}
	b, err := f.in.take(n)
	if err != nil {
		f.err = cut(err, name)
		return make([]byte, min(n, 32))
	}
	f.raw = append(f.raw, b...)
	return f.raw[len(f.raw)-n:]
}

func (f *fields) number(n int, name string) int64 {
	var v int64
	for _, b := range f.bytes(n, name) {
		v = v<<8 | int64(b)
	}
	return v
}

func (f *fields) counted(name string) []byte { return f.bytes(int(f.number(2, name)), name) }

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%w: "+format, append([]any{envelope.ErrFormat}, args...)...)
	}
}

func parseHeader(in taker, maxDataKeys int) (Header, error) {
	f := &fields{in: in, raw: make([]byte, 0, 512)}
	var h Header
	f.start(&h)
	idLen := 16
	if h.Version == 2 {
		idLen = 32
	}
	id := f.bytes(idLen, "the message id")
	f.context(&h)
	f.dataKeys(&h, maxDataKeys)
	f.content(&h)
	if h.parameters.commits && f.err == nil {
		h.commitment = f.bytes(32, "the key commitment")
	}
	bodyLen := len(f.raw)
	authLen := tagLen
	if h.Version == 1 {
		authLen += ivLen
	}
	h.auth = f.bytes(authLen, "the header's tag")
	if f.err != nil {
		return h, fmt.Errorf("reading the header: %w", f.err)
	}
	h.body = f.raw[:bodyLen]
	h.MessageID = append(h.MessageID, id...)
	return h, f.signature(&h)
}

// start reads version, type and suite.
func (f *fields) start(h *Header) {
	h.Version = int(f.number(1, "the version"))
	switch {
	case f.err != nil:
		return
	case h.Version != 1 && h.Version != 2, h.Version == 1 && f.number(1, "the type") != 0x80:
		f.fail("not a message of the AWS Encryption SDK")
		return
	}
	h.Suite = Suite(f.number(2, "the algorithm suite"))
	if f.err != nil {
		return
	}
	var known bool
	if h.parameters, known = h.Suite.parameters(); !known {
		f.err = fmt.Errorf("%w: algorithm suite %s", envelope.ErrUnsupported, h.Suite)
	} else if int(h.parameters.version) != h.Version {
		f.fail("algorithm suite %s in a message of version %d", h.Suite, h.Version)
	}
}

// context reads the encryption context ("AAD").
func (f *fields) context(h *Header) {
	b := f.counted("the encryption context")
	if f.err != nil {
		return
	}
	if h.Context, f.err = envelope.ParseContext(b); f.err != nil {
		return
	}
	for key, value := range h.Context {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			f.fail("the encryption context is not UTF-8")
			break
		}
	}
}

// dataKeys reads the encrypted data keys.
func (f *fields) dataKeys(h *Header, most int) {
	n := int(f.number(2, "the number of data keys"))
	if f.err == nil && n == 0 {
		f.fail("no encrypted data key")
	}
	if f.err == nil && most > 0 && n > most {
		f.err = fmt.Errorf("%w: %d encrypted data keys, more than the %d allowed; allow more if that is meant", envelope.ErrUnsupported, n, most)
	}
	for i := 0; i < n && f.err == nil; i++ {
		var k envelope.EncryptedDataKey
		k.Provider = string(f.counted("a data key's provider"))
		k.Info = append([]byte(nil), f.counted("a data key's provider information")...)
		k.Ciphertext = append([]byte(nil), f.counted("a data key")...)
		if !utf8.ValidString(k.Provider) {
			f.fail("a data key's provider is not UTF-8")
		}
		h.DataKeys = append(h.DataKeys, k)
	}
}

// content reads what follows the data keys, to the frame length.
func (f *fields) content(h *Header) {
	kind := f.number(1, "the content type")
	if h.Version == 1 {
		if f.number(4, "the reserved field") != 0 {
			f.fail("the reserved field of the header is not zero")
		}
		if n := f.number(1, "the length of initialisation vectors"); n != ivLen {
			f.fail("initialisation vectors of %d bytes", n)
		}
	}
	h.FrameLength = f.number(4, "the frame length")
	switch {
	case kind != nonFramed && kind != framed:
		f.fail("content type %d", kind)
	case (kind == nonFramed) != (h.FrameLength == 0):
		f.fail("content type %d with frames of %d bytes", kind, h.FrameLength)
	}
}

// signature holds the presence of a public key against the suite (AWS
// Encryption SDK specification, "Default CMM", "Decrypt Materials").
func (f *fields) signature(h *Header) error {
	if _, has := h.Context[publicKey]; has != h.Suite.Signed() {
		return fmt.Errorf("reading the header: %w: suite %s and a public key in the context do not go together", envelope.ErrFormat, h.Suite)
	}
	return nil
}
