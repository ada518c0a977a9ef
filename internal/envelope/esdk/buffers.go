package esdk

import "sync"

// Buffers that were used, for the next message: making new ones takes a fifth
// of the time of the decryption. Nobody reads of one what was not written to
// it since.
var (
	fullBuffers = sync.Pool{New: func() any { return new([fullBuffer]byte) }}
	heldBuffers = sync.Pool{New: func() any { return new([]byte) }}
)

// buffer is what bytes of a message are read into or written from: of the
// usual size or less, which is from the pool, or as long as it has to be.
type buffer struct {
	buf    []byte
	pooled *[fullBuffer]byte
}

// grow makes the buffer at least n bytes long and keeps its first bytes.
func (b *buffer) grow(n, keep int) {
	if n <= fullBuffer && b.pooled != nil {
		b.buf = b.pooled[:n]
		return
	}
	before := *b
	if n <= fullBuffer {
		b.pooled = fullBuffers.Get().(*[fullBuffer]byte)
		b.buf = b.pooled[:n]
	} else {
		b.buf, b.pooled = make([]byte, n), nil
	}
	copy(b.buf, before.buf[:keep])
	before.giveBack()
}

// giveBack ends the buffer's use.
func (b *buffer) giveBack() {
	if b.pooled != nil {
		fullBuffers.Put(b.pooled)
	}
	*b = buffer{}
}
