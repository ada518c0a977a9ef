package structured

import (
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// maxSteps bounds the choices that do not fit the legend.
const maxSteps = 16 * MaxTrials

// search chooses which fields the legend is about, when fewer are signed than
// there are and nobody said which.
type search struct {
	fields []field
	legend []byte
	keys   Config // whose primary key must be signed
	holds  func([]field) bool
	chosen []field
	trials int
	steps  int
	cut    bool // there was more to try
}

// infer finds the signed fields: the first choice for which the footer's tag
// holds.
func infer(fields []field, h header, c Config, holds func([]field) bool) ([]field, string, error) {
	s := &search{fields: fields, legend: h.legend, keys: c, holds: holds}
	switch {
	case s.choose(0):
		return s.chosen, fmt.Sprintf("; the unsigned attributes were inferred, at trial %d of at most %d", s.trials, MaxTrials), nil
	case s.cut:
		return nil, "", fmt.Errorf("%w: the footer's tag holds for none of %d choices of signed attributes; give the unsigned ones", envelope.ErrUnsupported, s.trials)
	}
	return nil, "", fmt.Errorf("%w: the footer's tag holds for no choice of signed attributes; the item was changed", envelope.ErrTampered)
}

// choose decides on field i and those after it.
func (s *search) choose(i int) bool {
	if s.trials == MaxTrials || s.steps == maxSteps {
		s.cut = true
		return false
	}
	s.steps++
	missing := len(s.legend) - len(s.chosen)
	if missing == 0 && !s.keyFrom(i) {
		s.trials++
		return s.holds(s.chosen)
	}
	if missing == 0 || missing > len(s.fields)-i {
		return false
	}
	f := s.fields[i]
	f.legend = s.legend[len(s.chosen)]
	if f.fits(f.legend) {
		s.chosen = append(s.chosen, f)
		if s.choose(i + 1) {
			return true
		}
		s.chosen = s.chosen[:len(s.chosen)-1]
	}
	return !s.keys.isKey(f.name) && !s.cut && s.choose(i+1)
}

// keyFrom tells whether a key attribute is among the fields from i on.
func (s *search) keyFrom(i int) bool {
	for _, f := range s.fields[i:] {
		if s.keys.isKey(f.name) {
			return true
		}
	}
	return false
}
