package esdk

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// errClosed is what a Writer says after Close.
var errClosed = errors.New("write to a closed message")

// Writer encrypts a message frame by frame. It holds what is written until it
// makes more than a frame, as the last frame is another kind of frame. A
// message is whole only once Close returned nil.
type Writer struct {
	m      *message
	w      io.Writer
	signer *ecdsa.PrivateKey

	frame   int    // bytes of plaintext in a frame, 0 for one piece
	most    int    // of one piece
	pending []byte // plaintext of the frame that is not full, or not known not to be the last
	out     []byte // frames to be written, in memory
	memory  buffer
	hold    buffer // pending, in memory that was used before
	err     error  // sticks
}

// NewWriter makes a data key, wraps it with kr and writes the header of a
// message to w. A keyring.Multi gives a message several encrypted data keys.
// Its error is kr's or w's, or wraps one of envelope's classes.
func NewWriter(ctx context.Context, w io.Writer, kr envelope.Keyring, opts WriteOptions) (*Writer, error) {
	m := &message{}
	signer, err := m.seal(ctx, kr, opts)
	if err != nil {
		return nil, fmt.Errorf("starting a message: %w", err)
	}
	wr := &Writer{m: m, w: w, signer: signer, frame: int(m.frameLen), most: opts.MaxFrame}
	if wr.most <= 0 {
		wr.most = 16 << 20
	}
	wr.out = append(append(wr.out, m.head.body...), m.head.auth...)
	return wr, nil
}

// Write encrypts p, as far as it makes whole frames.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.frame == 0 {
		return w.keep(p)
	}
	written := len(p)
	for w.err == nil && len(w.pending)+len(p) > w.frame {
		if len(w.pending) == 0 {
			w.piece(regularFrame, p[:w.frame])
			p = p[w.frame:]
			continue
		}
		n := w.frame - len(w.pending)
		w.pending, p = append(w.pending, p[:n]...), p[n:]
		w.piece(regularFrame, w.pending)
		w.pending = w.pending[:0]
	}
	if w.err != nil {
		return 0, w.err
	}
	if w.pending == nil && w.frame <= fullBuffer {
		w.hold.grow(w.frame, 0)
		w.pending = w.hold.buf[:0]
	}
	w.pending = append(w.pending, p...)
	return written, nil
}

// keep keeps the plaintext of a body in one piece.
func (w *Writer) keep(p []byte) (int, error) {
	if len(w.pending)+len(p) > w.most {
		w.err = fmt.Errorf("%w: an unframed message of more than %d bytes would have to be held; write it in frames", envelope.ErrUnsupported, w.most)
		return 0, w.err
	}
	w.pending = append(w.pending, p...)
	return len(p), nil
}

// piece encrypts a frame, or the body (AWS Encryption SDK specification,
// "Message Body", "Framed Data", "Non-Framed Data").
func (w *Writer) piece(kind string, plaintext []byte) {
	m := w.m
	if kind == regularFrame && m.seq == math.MaxUint32 {
		w.err = fmt.Errorf("%w: a message of more than %d frames; use longer frames", envelope.ErrUnsupported, uint32(math.MaxUint32))
		return
	}
	size := len(plaintext) + ivLen + tagLen + 16
	if len(w.out)+size > max(cap(w.out), fullBuffer) && w.flush() != nil {
		return
	}
	w.room(size)
	start := len(w.out)
	if kind == finalFrame {
		w.out = binary.BigEndian.AppendUint32(w.out, endFrame)
	}
	if kind != singleBlock {
		w.out = binary.BigEndian.AppendUint32(w.out, m.seq)
	}
	binary.BigEndian.PutUint32(m.iv[8:], m.seq)
	w.out = append(w.out, m.iv[:]...)
	switch kind {
	case finalFrame:
		w.out = binary.BigEndian.AppendUint32(w.out, uint32(len(plaintext)))
	case singleBlock:
		w.out = binary.BigEndian.AppendUint64(w.out, uint64(len(plaintext)))
	}
	w.out = m.aead.Seal(w.out, m.iv[:], plaintext, m.additional(len(m.head.MessageID), kind, int64(len(plaintext))))
	if m.sum != nil {
		m.sum.Write(w.out[start:])
	}
	m.advance(int64(len(plaintext)))
}

// room makes room for n more bytes.
func (w *Writer) room(n int) {
	if n += len(w.out); n <= cap(w.out) {
		return
	}
	used := len(w.out)
	w.memory.buf = w.out
	w.memory.grow(max(n, fullBuffer), used)
	w.out = w.memory.buf[:used]
}

func (w *Writer) flush() error {
	if _, err := w.w.Write(w.out); err != nil {
		w.err = fmt.Errorf("writing the message: %w", err)
	}
	w.out = w.out[:0]
	return w.err
}

// Close writes the last frame and, for a signed suite, the signature over all
// of the message (AWS Encryption SDK specification, "Message Footer"). It does
// not close the writer below.
func (w *Writer) Close() error {
	if w.err != nil {
		if errors.Is(w.err, errClosed) {
			return nil
		}
		return w.err
	}
	kind := finalFrame
	if w.frame == 0 {
		kind = singleBlock
	}
	w.piece(kind, w.pending)
	clear(w.pending)
	clear(w.hold.buf)
	if w.err == nil && w.signer != nil {
		w.sign()
	}
	if w.err == nil {
		_ = w.flush()
	}
	w.memory.giveBack()
	w.hold.giveBack()
	w.out, w.pending = nil, nil
	if w.err == nil {
		w.err = errClosed
		return nil
	}
	return w.err
}

func (w *Writer) sign() {
	signature, err := ecdsa.SignASN1(rand.Reader, w.signer, w.m.sum.Sum(nil))
	if err != nil {
		w.err = fmt.Errorf("signing the message: %w", err)
		return
	}
	w.out = append(binary.BigEndian.AppendUint16(w.out, uint16(len(signature))), signature...)
}
