package s3ec

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// checkPadding reads a body of AES-CBC to its end and looks at the padding of
// its last block (PKCS #7), which is all that can be said of it. Whatever is
// wrong with the padding, the error is one.
func checkPadding(ctx context.Context, key, iv []byte, p *pieces) (passed, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return passed{}, fmt.Errorf("%w: an AES key of %d bytes", envelope.ErrUnsupported, len(key))
	}
	var before [aes.BlockSize]byte // the block before the last
	copy(before[:], iv)
	for {
		piece, last, err := p.next(ctx)
		if err != nil {
			return passed{}, err
		}
		if len(piece) >= aes.BlockSize {
			copy(before[:], piece[len(piece)-aes.BlockSize:])
		}
		if last {
			break
		}
	}
	if p.total%aes.BlockSize != 0 {
		return passed{}, fmt.Errorf("%w: the body is not whole blocks of AES-CBC", envelope.ErrFormat)
	}
	out := passed{}
	copy(out.last[:], p.rest())
	plain := make([]byte, aes.BlockSize)
	defer clear(plain)
	cipher.NewCBCDecrypter(block, before[:]).CryptBlocks(plain, out.last[:])
	n := unpadded(plain)
	if n < 0 {
		return passed{}, errBody()
	}
	out.bytes = p.total - aes.BlockSize + int64(n)
	return out, nil
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
