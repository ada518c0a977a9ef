package esdk

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// What the body's additional data says of a piece (AWS Encryption SDK
// specification, "Message Body AAD", "Body AAD Content").
const (
	singleBlock  = "AWSKMSEncryptionClient Single Block"
	regularFrame = "AWSKMSEncryptionClient Frame"
	finalFrame   = "AWSKMSEncryptionClient Final Frame"
)

const (
	endFrame   = math.MaxUint32 // "Sequence Number End"
	maxContent = 1<<36 - 32     // of one AES-GCM call
)

// body is where in its body a message is. A piece is a frame, or the body when
// it is not framed.
type body struct {
	frameLen int64
	seq      uint32 // of the next piece
	last     bool   // no piece follows
	bytes    int64  // of plaintext in the pieces that were read
	ended    bool   // all pieces were read and found right
	ivs      ivs    // initialisation vectors

	iv     [ivLen]byte
	aad    [32 + len(singleBlock) + 12]byte
	aadLen int
	kind   string // that aad is for
}

func (b *body) start(h *Header) {
	b.frameLen = h.FrameLength
	b.seq = 1
	copy(b.aad[:], h.MessageID)
}

// frameSize is what a regular frame takes, 0 if the body has none.
func (b *body) frameSize() int {
	if b.frameLen == 0 {
		return 0
	}
	return int(b.frameLen) + 4 + ivLen + tagLen
}

// additional is the additional data of the piece at hand ("Message Body AAD").
func (b *body) additional(idLen int, kind string, n int64) []byte {
	if b.kind != kind {
		b.kind = kind
		b.aadLen = idLen + copy(b.aad[idLen:], kind)
	}
	binary.BigEndian.PutUint32(b.aad[b.aadLen:], b.seq)
	binary.BigEndian.PutUint64(b.aad[b.aadLen+4:], uint64(n))
	return b.aad[:b.aadLen+12]
}

// piece reads the head of the next piece: what it is and the length of its
// plaintext (AWS Encryption SDK specification, "Message Body").
func (m *message) piece() (kind string, n int64, err error) {
	if m.frameLen == 0 {
		m.last = true
		n, err = m.pieceHead(0, 8)
		if err == nil && uint64(n) > maxContent {
			err = fmt.Errorf("%w: a body of %d bytes; it holds %d", envelope.ErrFormat, uint64(n), uint64(maxContent))
		}
		return singleBlock, n, err
	}
	mark, err := m.takeHashed(4, "a frame, before the final one")
	if err != nil {
		return "", 0, err
	}
	seq := binary.BigEndian.Uint32(mark)
	if seq != endFrame {
		if seq != m.seq {
			return "", 0, m.outOfOrder(seq)
		}
		_, err = m.pieceHead(0, 0)
		return regularFrame, m.frameLen, err
	}
	m.last = true
	n, err = m.pieceHead(4, 4)
	if err == nil && n > m.frameLen {
		err = fmt.Errorf("%w: a final frame of %d bytes in a message of frames of %d", envelope.ErrFormat, n, m.frameLen)
	}
	return finalFrame, n, err
}

// pieceHead reads a sequence number, if it is there, the initialisation vector
// and a length.
func (m *message) pieceHead(seqLen, lenLen int) (n int64, err error) {
	b, err := m.takeHashed(seqLen+ivLen+lenLen, "the head of a frame")
	if err != nil {
		return 0, err
	}
	if seqLen > 0 {
		if seq := binary.BigEndian.Uint32(b); seq != m.seq {
			return 0, m.outOfOrder(seq)
		}
	}
	copy(m.iv[:], b[seqLen:])
	m.ivs.note(m.iv, m.seq)
	for _, c := range b[seqLen+ivLen:] {
		n = n<<8 | int64(c)
	}
	return n, nil
}

func (m *message) outOfOrder(seq uint32) error {
	return fmt.Errorf("%w: frame %d stands where frame %d belongs", envelope.ErrFormat, seq, m.seq)
}

// takeHashed takes n bytes that the signature covers.
func (m *message) takeHashed(n int, within string) ([]byte, error) {
	b, err := m.src.take(n)
	if err != nil {
		return nil, cut(err, within)
	}
	if m.sum != nil {
		m.sum.Write(b)
	}
	return b, nil
}

// next authenticates the next piece and returns its plaintext: in dst if it
// fits, else where it was read, valid until the next call. io.EOF comes after
// the end of the message was found right. It refuses a piece longer than most.
func (m *message) next(dst []byte, most int64) ([]byte, error) {
	kind, n, err := m.piece()
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, tooLongError{m.opts.maxFrame()}
	}
	b, err := m.short(kind, n, dst)
	if err == nil {
		m.advance(n)
	}
	return b, err
}

func (m *message) forged(kind string) error {
	if kind == singleBlock {
		return fmt.Errorf("%w: the body's tag", envelope.ErrTampered)
	}
	return fmt.Errorf("%w: the tag of frame %d", envelope.ErrTampered, m.seq)
}

func (m *message) advance(n int64) {
	m.bytes += n
	m.seq++
}

// finish checks what follows the last piece: the signature of a signed suite,
// and nothing else. It notes the steps.
func (m *message) finish() error {
	m.ended = true
	_ = m.do("body", nil)
	if m.sum != nil {
		if err := m.do("signature", m.signature()); err != nil {
			return err
		}
	}
	if err := m.src.atEnd(); err != nil {
		return m.do("end", err)
	}
	return io.EOF
}
