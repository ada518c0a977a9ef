package esdk

import (
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// maxHeader bounds a header. Its fields' own lengths would allow 12 GB.
const maxHeader = 4 << 20

const (
	nonFramed = 1 // content types
	framed    = 2
	ivLen     = 12
	tagLen    = 16
)

// Header is a message's header as it was read, authenticated only once a
// Verify, Open or Reader says so (AWS Encryption SDK specification, "Message
// Header").
type Header struct {
	Version     int    // "Version"
	Suite       Suite  // "Algorithm Suite ID"
	MessageID   []byte // "Message ID", 16 bytes in version 1 and 32 in version 2
	Context     map[string]string
	DataKeys    []envelope.EncryptedDataKey // "Encrypted Data Keys"
	FrameLength int64                       // "Frame Length", 0 for a non-framed body

	parameters parameters
	commitment []byte // "Algorithm Suite Data"
	body       []byte // as it was received, authenticated by the tag
	auth       []byte // "Header Authentication": version 1's IV, and the tag
}

// ParseHeader reads a message's header, binary or in base64, without any key.
// It refuses a header with more than maxDataKeys encrypted data keys before it
// reads them, unless maxDataKeys is 0. Its error wraps envelope.ErrFormat or
// envelope.ErrUnsupported, or is r's.
func ParseHeader(r io.Reader, maxDataKeys int) (Header, error) {
	r, _, err := decoded(r)
	if err != nil {
		return Header{}, err
	}
	return parseHeader(readerBytes{r}, maxDataKeys)
}

// readerBytes takes from a reader what it takes, and nothing more.
type readerBytes struct{ r io.Reader }

func (b readerBytes) take(n int) ([]byte, error) {
	p := make([]byte, n)
	if _, err := io.ReadFull(b.r, p); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, io.EOF
	} else if err != nil {
		return nil, fmt.Errorf("reading the message: %w", err)
	}
	return p, nil
}

// tag is the header's authentication tag and iv its initialisation vector.
func (h *Header) tag() (iv, tag []byte) {
	if h.Version == 1 {
		return h.auth[:ivLen], h.auth[ivLen:]
	}
	return make([]byte, ivLen), h.auth
}
