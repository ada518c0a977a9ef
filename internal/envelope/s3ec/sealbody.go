package s3ec

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// sealBody encrypts a body in one pass and returns its length.
func (h *header) sealBody(ctx context.Context, dst io.Writer, src io.Reader, key []byte) (int64, error) {
	g, err := newPiecewise(key, h.contentIV(), h.suite.aad())
	if err != nil {
		return 0, err
	}
	w := &bodyWriter{piecewise: g, ctx: ctx, dst: dst, aad: h.suite.aad()}
	is, err := lent(src, w.lent)
	if !is {
		err = w.read(src)
	}
	if err != nil {
		return 0, err
	}
	return int64(g.bytes), nil
}

// bodyWriter encrypts a body piece by piece.
type bodyWriter struct {
	*piecewise
	ctx  context.Context
	dst  io.Writer
	buf  []byte // for a piece and a tag
	aad  []byte
	done bool
}

// lentSize is how much of a plaintext in memory is sealed at once: no copy of
// it has to stay in the caches.
const lentSize = 1 << 20

// lent encrypts a plaintext that is in memory.
func (w *bodyWriter) lent(plain []byte) error {
	buf := borrow(min(len(plain), lentSize) + tagSize)
	defer giveBack(buf)
	w.buf = *buf
	for !w.done {
		n := min(len(plain), lentSize)
		w.done = n == len(plain)
		if err := w.piece(plain[:n]); err != nil {
			return err
		}
		plain = plain[n:]
	}
	return nil
}

// read encrypts a plaintext that is read, in place.
func (w *bodyWriter) read(src io.Reader) (err error) {
	buf := pieceBuffers.Get().(*[pieceSize + tagSize]byte)
	defer pieceBuffers.Put(buf)
	w.buf = buf[:]
	n := 0
	for !w.done {
		n, err = fill(src, buf[:pieceSize])
		if w.done = err == io.EOF; err != nil && !w.done {
			clear(buf[:n])
			return fmt.Errorf("reading the plaintext: %w", err)
		}
		if err = w.piece(buf[:n]); err != nil {
			clear(buf[:n])
			return err
		}
	}
	return nil
}

// piece encrypts the next piece and after the last one writes the tag. A body
// of one piece is sealed at once.
func (w *bodyWriter) piece(plain []byte) error {
	if err := w.ctx.Err(); err != nil {
		return fmt.Errorf("encrypting the body: %w", err)
	}
	if w.bytes+uint64(len(plain)) > maxBody {
		return fmt.Errorf("%w: the plaintext is longer than AES-GCM allows, %d bytes", envelope.ErrUnsupported, int64(maxBody))
	}
	if w.done && w.bytes == 0 {
		w.bytes = uint64(len(plain))
		return put(w.dst, w.short.Seal(w.buf[:0], w.iv[:], plain, w.aad))
	}
	if err := put(w.dst, w.seal(w.buf, plain)); err != nil || !w.done {
		return err
	}
	tag := w.tag()
	return put(w.dst, tag[:])
}

func put(dst io.Writer, ciphertext []byte) error {
	if _, err := dst.Write(ciphertext); err != nil {
		return fmt.Errorf("writing the ciphertext: %w", err)
	}
	return nil
}

// write gives the metadata and the instruction file ("Content Metadata
// MapKeys", "Instruction File").
func (h *header) write(toFile bool) (metadata map[string]string, instruction []byte, err error) {
	text, err := asciiJSON(h.context)
	if err != nil {
		return nil, nil, err
	}
	encode := base64.StdEncoding.EncodeToString
	metadata = map[string]string{}
	values := metadata
	if toFile {
		values = map[string]string{}
	}
	if h.version == "V2" {
		values[nameKeyV2], values[nameIV], values[nameMatDesc] = encode(h.wrapped), encode(h.iv), text
		values[nameWrap], values[nameContent], values[nameTagLen] = h.wrap.name, h.bound, "128"
		metadata[nameLength] = strconv.FormatInt(h.length, 10)
	} else {
		metadata[nameSuite], metadata[nameCommit], metadata[nameMessage] = h.bound, encode(h.commitment), encode(h.message)
		values[nameKeyV3] = encode(h.wrapped)
		values[nameWrapV3] = map[string]string{wrapGCM: "02", wrapContext: "12", wrapOAEP: "22"}[h.wrap.name]
		values[map[bool]string{true: nameContext, false: nameDesc}[h.wrap.provider == providerKMS]] = text
	}
	size := 0
	for name, value := range metadata {
		size += len(name) + len(value)
	}
	if size > maxMetadata {
		return nil, nil, fmt.Errorf("%w: the envelope has %d bytes, and S3 keeps %d of metadata; use an instruction file", envelope.ErrUnsupported, size, maxMetadata)
	}
	if !toFile {
		return metadata, nil, nil
	}
	if instruction, err = json.Marshal(values); err != nil {
		return nil, nil, fmt.Errorf("%w: writing the instruction file: %v", envelope.ErrFormat, err)
	}
	return metadata, instruction, nil
}
