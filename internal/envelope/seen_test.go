package envelope

import "testing"

func TestSeen(t *testing.T) {
	s := NewSeen()
	key, one, two := s.Digest("key", []byte("k")), s.Digest("artefact", []byte("1")), s.Digest("artefact", []byte("2"))
	for range 2 {
		if s.Again(key, one) {
			t.Error("an artefact is a second use of its own key")
		}
	}
	if !s.Again(key, two) {
		t.Error("another artefact under the same key is not noticed")
	}
	if s.Digest("key", []byte("ab"), []byte("c")) == s.Digest("key", []byte("a"), []byte("bc")) {
		t.Error("texts run into each other")
	}
	if key == NewSeen().Digest("key", []byte("k")) {
		t.Error("two runs have one secret, so that a digest can be looked up")
	}
}
