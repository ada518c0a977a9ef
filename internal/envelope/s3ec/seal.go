package s3ec

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// SealOptions say what to write. The zero value writes format V3, into the
// metadata, wrapped by the one kind of key that was given.
type SealOptions struct {
	// Version is "V3" or "", or "V2" for clients that read nothing newer. V1
	// is not written.
	Version string
	// Wrap is "kms+context", "AES/GCM" or "RSA-OAEP-SHA1"; "" takes the first
	// of them that there is a key for.
	Wrap string
	// Context is the encryption context for kms+context, the material
	// description for the others.
	Context map[string]string
	// Instruction puts the envelope into an instruction file.
	Instruction bool
}

// maxMetadata is what S3 keeps of user metadata, names and values together.
const maxMetadata = 2 << 10

// Seal encrypts src to dst as one object and returns the object's metadata and
// the body of its instruction file, nil unless asked for. What it wrote is an
// object only when there is no error.
func Seal(ctx context.Context, dst io.Writer, src io.Reader, keys Keys, opts SealOptions) (metadata map[string]string, instruction []byte, err error) {
	h, err := newHeader(keys, opts)
	if err != nil {
		return nil, nil, err
	}
	dataKey, err := keys.wrap(ctx, h)
	if err != nil {
		return nil, nil, fmt.Errorf("wrapping the data key (%s): %w", h.wrap.name, err)
	}
	key := h.sealKey(dataKey)
	defer key.Zero()
	if h.length, err = h.sealBody(ctx, dst, src, key.Bytes()); err != nil {
		return nil, nil, err
	}
	return h.write(opts.Instruction)
}

// newHeader chooses the algorithms.
func newHeader(keys Keys, opts SealOptions) (*header, error) {
	h := &header{content: content{version: opts.Version}, context: map[string]string{}}
	switch opts.Version {
	case "", "V3":
		h.version, h.suite, h.bound = "V3", suiteCommit(), "115"
		h.message = random(idLength)
	case "V2":
		h.suite, h.bound = suiteGCM(), "AES/GCM/NoPadding"
		h.iv = random(h.suite.iv)
	default:
		return nil, fmt.Errorf("%w: format %s is not written, V2 and V3 are", envelope.ErrUnsupported, short(opts.Version))
	}
	name := opts.Wrap
	switch {
	case name != "":
	case keys.KMS != nil:
		name = wrapContext
	case len(keys.AES) > 0:
		name = wrapGCM
	case keys.public() != nil:
		name = wrapOAEP
	default:
		return nil, noKey("wrapping key")
	}
	if name != wrapContext && name != wrapGCM && name != wrapOAEP {
		return nil, fmt.Errorf("%w: wrapping algorithm %s is not written; %s, %s and %s are", envelope.ErrUnsupported, short(name), wrapContext, wrapGCM, wrapOAEP)
	}
	h.wrap, _ = wrapOf(name)
	maps.Copy(h.context, opts.Context)
	if h.wrap.name == wrapContext {
		if err := reserved(opts.Context); err != nil {
			return nil, err
		}
		h.context[contextContent] = h.bound
	}
	return h, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
