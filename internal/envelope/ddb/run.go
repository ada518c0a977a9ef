package ddb

import (
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
)

// Run remembers the wrapped data keys of all items that it is told of, and the
// initialisation vectors under them, to find two that share them. It keeps
// digests under a key of its own, which is never shown; it may be used
// concurrently.
type Run struct{ seen *envelope.Seen }

// NewRun begins a run.
func NewRun() *Run { return &Run{envelope.NewSeen()} }

// Note looks up what an item shares with earlier ones and adds its weaknesses
// to the proof. A copy of an item, with the same header and footer, or
// description and signature, is no second use. An item that names no wrapped
// data key shares nothing that can be seen.
func (r *Run) Note(p *envelope.Proof, it Item) {
	var wrapped, ivs [][]byte
	var same []string
	switch Recognise(it) {
	case Structured:
		wrapped, ivs = structured.Uses(it)
		same = []string{structured.HeaderAttribute, structured.FooterAttribute}
	case Legacy, MetaStore:
		wrapped, ivs = legacy.Uses(it)
		same = []string{legacy.DescriptionAttribute, legacy.SignatureAttribute}
	default:
		return
	}
	item := r.seen.Digest("item", []byte(it[same[0]].Data), []byte(it[same[1]].Data))
	for _, key := range wrapped {
		if r.seen.Again(r.seen.Digest("wrapped", key), item) {
			p.Weak("duplicate-data-key")
		}
		for _, iv := range ivs {
			if r.seen.Again(r.seen.Digest("wrapped iv", key, iv), item) {
				p.Weak("duplicate-iv")
			}
		}
	}
}
