package s3ec

import (
	"bytes"
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
	// Most objects are small: a small buffer first.
	head := make([]byte, headSize+tagSize)
	defer clear(head)
	n, err := fill(src, head[:headSize])
	switch {
	case err == io.EOF && ctx.Err() == nil:
		return int64(n), put(dst, g.short.Seal(head[:0], g.iv[:], head[:n], h.suite.aad()))
	case err != nil && err != io.EOF:
		return 0, fmt.Errorf("reading the plaintext: %w", err)
	}
	return g.sealAll(ctx, dst, io.MultiReader(bytes.NewReader(head[:n]), src))
}

// headSize is up to where a plaintext is sealed at once.
const headSize = 16 << 10

// sealAll encrypts piece by piece and ends with the tag.
func (g *piecewise) sealAll(ctx context.Context, dst io.Writer, src io.Reader) (int64, error) {
	buf := make([]byte, pieceSize+tagSize)
	defer clear(buf)
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("encrypting the body: %w", err)
		}
		n, err := fill(src, buf[:pieceSize])
		if done = err == io.EOF; err != nil && !done {
			return 0, fmt.Errorf("reading the plaintext: %w", err)
		}
		if g.bytes+uint64(n) > maxBody {
			return 0, fmt.Errorf("%w: the plaintext is longer than AES-GCM allows, %d bytes", envelope.ErrUnsupported, int64(maxBody))
		}
		g.seal(buf[:n])
		if err := put(dst, buf[:n]); err != nil {
			return 0, err
		}
	}
	tag := g.tag()
	return int64(g.bytes), put(dst, tag[:])
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
