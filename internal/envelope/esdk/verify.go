package esdk

import (
	"context"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Inspect reads a whole message, binary or in base64, without a key and says
// what it is: its suite, its keys, its weaknesses, whether its frames are
// whole and in order, and whether its signature fits the public key that it
// carries. Whether it is authentic remains unknown. An error, and a refuted
// proof, say that it is no message or a broken one.
func Inspect(ctx context.Context, r io.Reader, opts Options) (envelope.Proof, error) {
	m, err := open(ctx, r, opts)
	defer m.close()
	if err != nil {
		return m.proof(), err
	}
	_ = m.do("data key", fmt.Errorf("%w: none was used", envelope.ErrNoKey))
	if err = m.check(); err == nil {
		m.unproven()
	}
	return m.proof(), err
}

// unproven says what a walk without a key did not show.
func (m *message) unproven() {
	for i := range m.steps {
		switch s := &m.steps[i]; s.name {
		case "body":
			s.err = fmt.Errorf("%w: the pieces are whole and in order, and not authenticated", envelope.ErrNoKey)
		case "signature":
			s.detail = "it fits the public key that the message carries, which no key has authenticated"
		}
	}
}

// Verify reads a whole message, binary or in base64, and says what it proved.
// It holds a frame at most and never gives plaintext. Its error is that of the
// step that failed, and wraps one of envelope's classes, or is r's or ctx's.
func Verify(ctx context.Context, r io.Reader, kr envelope.Keyring, opts Options) (envelope.Proof, error) {
	m, err := open(ctx, r, opts)
	defer m.close()
	if err == nil {
		err = m.unlock(ctx, kr)
	}
	if err == nil {
		err = m.check()
	}
	return m.proof(), err
}
