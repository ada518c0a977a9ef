package legacy

import (
	"crypto/sha256"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// outcome is what was found of an item's attribute actions.
type outcome struct {
	actions map[string]Action
	how     string // for the proof
}

// authenticate finds the actions under which the signature holds: the given
// ones, or the first inferred ones for which it does. Its error wraps
// ErrTampered when there are none, and ErrUnsupported when there are too many
// attributes to try them all.
func authenticate(it item.Item, c Config, holds func([]byte) bool) (outcome, error) {
	s := &search{table: tableDigest(c.Table), holds: holds}
	orders := []bool{false, true}
	for _, utf16 := range orders {
		p, err := pieces(it, utf16)
		if err != nil {
			return outcome{}, fmt.Errorf("reading the attributes to check their signature: %w", err)
		}
		if utf16 && sameOrder(p, s.pieces) {
			break
		}
		s.pieces = p
		if s.run(it, c) {
			return s.outcome(c), nil
		}
	}
	switch {
	case s.cut:
		return outcome{}, fmt.Errorf("%w: the signature holds for none of the %d likeliest attribute actions; give the table's attribute actions", envelope.ErrUnsupported, MaxTrials)
	case c.inferred():
		return outcome{}, fmt.Errorf("%w: the signature holds for no attribute actions; the item was changed, or the table's name or the key is another", envelope.ErrTampered)
	}
	return outcome{}, fmt.Errorf("%w: the signature does not hold for the given attribute actions; the item was changed, or the table's name, the actions or the key are others", envelope.ErrTampered)
}

func sameOrder(a, b []piece) bool {
	for i := range a {
		if a[i].attribute != b[i].attribute {
			return false
		}
	}
	return true
}

// search tries attribute actions.
type search struct {
	table   [sha256.Size]byte
	pieces  []piece
	holds   func([]byte) bool
	actions []Action
	others  [][]Action // per piece, what it could be instead
	text    []byte
	trials  int
	cut     bool // there was more to try
}

// run tries the given actions, or the likeliest and then those that differ
// from it in one attribute, in two, and so on.
func (s *search) run(it item.Item, c Config) bool {
	s.actions = make([]Action, len(s.pieces))
	s.others = make([][]Action, len(s.pieces))
	for i, p := range s.pieces {
		s.actions[i] = c.action(p.attribute)
		if c.inferred() {
			s.actions[i], s.others[i] = likely(it[p.attribute], c.isKey(p.attribute))
		}
	}
	if !c.inferred() {
		return s.try()
	}
	for differ := range len(s.pieces) + 1 {
		if s.differ(0, differ) {
			return true
		}
		if s.cut {
			return false
		}
	}
	return false
}

// differ tries all actions that differ in n attributes from the i-th on.
func (s *search) differ(i, n int) bool {
	if n == 0 {
		return s.try()
	}
	for ; i+n <= len(s.pieces) && !s.cut; i++ {
		was := s.actions[i]
		for _, other := range s.others[i] {
			s.actions[i] = other
			if s.differ(i+1, n-1) {
				return true
			}
		}
		s.actions[i] = was
	}
	return false
}

func (s *search) try() bool {
	if s.trials == MaxTrials {
		s.cut = true
		return false
	}
	s.trials++
	s.text = appendText(s.text[:0], s.table, s.pieces, s.actions)
	return s.holds(s.text)
}

// likely is what a writer did with a stored value, and what else it could
// have done. Ciphertext is an initialisation vector and whole blocks.
func likely(v item.Value, key bool) (Action, []Action) {
	if v.Type == item.B && len(v.Data) >= 32 && len(v.Data)%16 == 0 && !key {
		return EncryptAndSign, []Action{DoNothing, SignOnly}
	}
	return SignOnly, []Action{DoNothing}
}

func (s *search) outcome(c Config) outcome {
	out := outcome{actions: make(map[string]Action, len(s.pieces)), how: "attribute actions as given"}
	unsigned := 0
	for i, p := range s.pieces {
		out.actions[p.attribute] = s.actions[i]
		if s.actions[i] != EncryptAndSign && s.actions[i] != SignOnly {
			unsigned++
		}
	}
	if c.inferred() {
		out.how = fmt.Sprintf("attribute actions inferred from the values, found at trial %d of at most %d", s.trials, MaxTrials)
	}
	if unsigned > 0 {
		out.how += fmt.Sprintf("; %d of %d attributes are not signed", unsigned, len(s.pieces))
	}
	return out
}
