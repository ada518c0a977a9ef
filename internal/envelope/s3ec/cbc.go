package s3ec

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // the format's
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// readCBC reads a body of AES-CBC to its end and looks at the padding of its
// last block (PKCS #7), which is all that can be said of it unless the
// metadata has an MD5 of the plaintext: then that is compared too. Whatever is
// wrong, the error is one.
func (h *header) readCBC(ctx context.Context, key []byte, p *pieces) (passed, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return passed{}, fmt.Errorf("%w: an AES key of %d bytes", envelope.ErrUnsupported, len(key))
	}
	c := &cbcReader{block: block, before: slices.Clone(h.iv)}
	if h.digest != nil {
		c.digest, c.plain = md5.New(), make([]byte, len(p.buf)) //nolint:gosec // the format's
		defer clear(c.plain)
	}
	for last := false; !last; {
		var piece []byte
		if piece, last, err = p.next(ctx); err != nil {
			return passed{}, err
		}
		c.absorb(piece[:len(piece)&^(aes.BlockSize-1)])
	}
	if p.total%aes.BlockSize != 0 {
		return passed{}, fmt.Errorf("%w: the body is not whole blocks of AES-CBC", envelope.ErrFormat)
	}
	out := passed{digested: c.digest != nil}
	copy(out.last[:], p.rest())
	n := c.finish(out.last[:])
	if n < 0 || c.digest != nil && !bytes.Equal(c.digest.Sum(nil), h.digest) {
		return passed{}, errBody()
	}
	out.bytes = p.total - aes.BlockSize + int64(n)
	return out, nil
}

// cbcReader remembers the block before, and decrypts only for a digest.
type cbcReader struct {
	block  cipher.Block
	before []byte
	digest hash.Hash // nil: only the last block is decrypted
	plain  []byte    // scratch of a piece's size
}

// absorb takes whole blocks that are not the body's last.
func (c *cbcReader) absorb(blocks []byte) {
	if len(blocks) == 0 {
		return
	}
	if c.digest != nil {
		plain := c.plain[:len(blocks)]
		cipher.NewCBCDecrypter(c.block, c.before).CryptBlocks(plain, blocks)
		c.digest.Write(plain)
	}
	copy(c.before, blocks[len(blocks)-aes.BlockSize:])
}

// finish takes the body's last block and returns how many bytes of plaintext
// it has, or -1 if its padding is wrong.
func (c *cbcReader) finish(last []byte) int {
	plain := make([]byte, aes.BlockSize)
	defer clear(plain)
	cipher.NewCBCDecrypter(c.block, c.before).CryptBlocks(plain, last)
	n := unpadded(plain)
	if c.digest != nil && n > 0 {
		c.digest.Write(plain[:n])
	}
	return n
}

// decryptCBC writes the plaintext of so many bytes, whose padding was checked.
func decryptCBC(ctx context.Context, dst io.Writer, key, iv []byte, src io.Reader, plaintext int64) error {
	block, err := aes.NewCipher(key)
	if err != nil {
		return fmt.Errorf("%w: an AES key of %d bytes", envelope.ErrUnsupported, len(key))
	}
	mode := cipher.NewCBCDecrypter(block, iv)
	buf := make([]byte, min(pieceSize, plaintext/aes.BlockSize*aes.BlockSize+aes.BlockSize))
	defer clear(buf)
	for plaintext > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("decrypting the body: %w", err)
		}
		blocks := (plaintext + aes.BlockSize - 1) / aes.BlockSize * aes.BlockSize
		piece := buf[:min(int64(len(buf)), blocks)]
		if _, err := io.ReadFull(src, piece); err != nil {
			return fmt.Errorf("reading the body again: %w", err)
		}
		mode.CryptBlocks(piece, piece)
		n := min(plaintext, int64(len(piece)))
		if _, err := dst.Write(piece[:n]); err != nil {
			return fmt.Errorf("writing the plaintext: %w", err)
		}
		plaintext -= n
	}
	return nil
}
