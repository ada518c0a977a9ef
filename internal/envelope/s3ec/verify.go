package s3ec

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// errNoKeyUsed marks the steps that Inspect does not make.
var errNoKeyUsed = errors.New("not checked: only the metadata was read")

// errUnauthenticated marks the body of AES-CBC: neither true nor false.
var errUnauthenticated = errors.New("its padding holds, but AES-CBC authenticates nothing: any other content could stand there")

// Inspect reads an object's metadata and instruction file, and neither key nor
// body. The proof's verdict is unknown at best.
func Inspect(obj Object, opts Options) (envelope.Proof, error) {
	p, h, err := begin(obj, opts)
	if err != nil {
		return p, err
	}
	p.Add("data key", errNoKeyUsed, "")
	p.Add("body", errNoKeyUsed, "")
	if obj.Size > 0 && h.suite.tagged {
		p.Bytes = max(obj.Size-tagSize, 0)
	}
	return p, nil
}

// Verify reads an object whole and says what that showed; it returns no
// plaintext, and for AES-GCM makes none. The error is that of the step that
// failed, also in the proof. AES-CBC gives no error and an unknown verdict,
// for it authenticates nothing; but where the client left the MD5 of the
// plaintext in the metadata, that verifies or refutes what the key opened. The
// proof is then verified and not authenticated: whoever knows the plaintext
// and may write the object can change both.
func Verify(ctx context.Context, obj Object, keys Keys, opts Options) (envelope.Proof, error) {
	p, h, err := begin(obj, opts)
	if err != nil {
		return p, err
	}
	key, err := h.unlock(ctx, keys, opts, &p)
	if err != nil {
		opts.Run.note(&p, h, nil, nil, obj.Size)
		return p, err
	}
	defer key.Zero()
	if obj.Body == nil {
		err := fmt.Errorf("%w: there is no body", envelope.ErrFormat)
		p.Add("body", err, "")
		return p, err
	}
	done, err := h.verifyBody(ctx, key.Bytes(), obj)
	if err != nil {
		p.Add("body", err, "")
		opts.Run.note(&p, h, key.Bytes(), nil, obj.Size)
		return p, err
	}
	h.conclude(&p, done)
	opts.Run.note(&p, h, key.Bytes(), done.last[:], done.bytes)
	return p, nil
}

// verifyBody authenticates a body of AES-GCM, or reads one of AES-CBC to its
// padding.
func (h *header) verifyBody(ctx context.Context, key []byte, obj Object) (passed, error) {
	if !h.suite.tagged {
		return h.readCBC(ctx, key, newPieces(obj.Body, obj.Size))
	}
	g, err := newPiecewise(key, h.contentIV(), h.suite.aad())
	if err != nil {
		return passed{}, err
	}
	var done passed
	is, err := lent(obj.Body, func(body []byte) (err error) {
		done, err = g.verifyLent(ctx, body, obj.Size)
		return err
	})
	if is {
		return done, err
	}
	return authenticate(ctx, g, newPieces(obj.Body, obj.Size), false)
}

// begin parses the envelope into a proof's first step, with the weaknesses
// that it shows.
func begin(obj Object, opts Options) (envelope.Proof, *header, error) {
	p := envelope.Proof{Format: Format, Keys: []envelope.Key{}, Bytes: -1}
	h, err := parse(obj)
	if err != nil {
		err = fmt.Errorf("reading the envelope: %w", err)
		p.Add("header", err, "")
		return p, nil, err
	}
	p.Version, p.Suite = h.version, h.suite.text
	p.Committing, p.Authenticated = h.suite.commit, h.suite.tagged
	p.Keys = append(p.Keys, envelope.Key{Provider: h.wrap.provider, ID: h.context[contextKeyID], Wrap: h.wrap.name})
	p.Context = envelope.Pairs(h.context, opts.Values)
	p.Bytes = h.length
	where := "in the object's metadata"
	if h.inFile {
		where = "in the instruction file"
	}
	if h.leftOver {
		where += "; there is an instruction file too, which no client reads"
	}
	p.Add("header", nil, "format "+h.version+", "+where)
	h.weaknesses(&p)
	return p, h, nil
}

func (h *header) weaknesses(p *envelope.Proof) {
	if !h.suite.tagged {
		p.Weak("unauthenticated-cbc")
	}
	for _, id := range h.wrap.weak {
		p.Weak(id)
	}
	if !h.suite.commit {
		p.Weak("not-committing")
	}
	if _, ok := h.values[nameMD5]; ok {
		p.Weak("plaintext-md5")
	}
}

// unlock makes the steps from the wrapped data key to the key of the body.
func (h *header) unlock(ctx context.Context, keys Keys, opts Options, p *envelope.Proof) (envelope.DataKey, error) {
	if opts.Context != nil {
		err := h.expect(opts.Context)
		detail := ""
		if h.wrap.provider != providerKMS {
			detail = "it is the material description, which this wrap does not authenticate"
		}
		p.Add("context", err, detail)
		if err != nil {
			return envelope.DataKey{}, err
		}
	}
	dataKey, err := keys.unwrap(ctx, h)
	p.Add("data key", err, "")
	if err != nil {
		return envelope.DataKey{}, err
	}
	p.Keys[0].Used = true
	if p.Keys[0].ID == "" && h.wrap.provider == providerKMS {
		p.Keys[0].ID = keys.KMSKeyID
	}
	key, err := h.contentKey(dataKey)
	if h.suite.commit {
		p.Add("commitment", err, "")
	}
	return key, err
}

// conclude adds what the body showed.
func (h *header) conclude(p *envelope.Proof, done passed) {
	switch {
	case h.suite.tagged:
		p.Add("body", nil, "every byte is under the tag")
	case done.digested:
		p.Add("body", nil, "its plaintext has the MD5 that the metadata claims, so the key is right and no byte is damaged; "+
			"but AES-CBC authenticates nothing: who knows the plaintext and may write the object can change both")
	default:
		p.Add("body", errUnauthenticated, "")
	}
	p.Bytes = done.bytes
	if h.length >= 0 && h.length != done.bytes {
		p.Weak("length-claim")
	}
}
