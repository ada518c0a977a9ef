package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/dsse"
)

// attested is one envelope of a bundle with what it is about.
type attested struct {
	dsse.Envelope
	judged bool // the bundle's judgement is covered
	other  bool // another judgement is
}

// readAttestations reads a bundle's envelopes. Everything in them must be about
// this bundle's evidence, as nothing else is ever put there.
func readAttestations(b *collectors.Bundle) ([]attested, error) {
	if b.Attestations == nil {
		return nil, nil
	}
	envelopes, err := dsse.Read(b.Attestations)
	if err != nil {
		return nil, fmt.Errorf("reading the signatures of %s: %w; they were changed or are not sealaudit's: take another copy", b.Path, err)
	}
	var out []attested
	for i, e := range envelopes {
		a := attested{Envelope: e}
		err := fmt.Errorf("its payload type is not %s", collectors.PayloadType)
		if e.PayloadType == collectors.PayloadType {
			a.judged, err = b.Covers(e.Payload)
		}
		if a.other = errors.Is(err, collectors.ErrOtherJudgement); err != nil && !a.other {
			return nil, fmt.Errorf("the signed statement %d of %s is not of this bundle: %w; it was changed or put there: take another copy", i+1, b.Path, err)
		}
		out = append(out, a)
	}
	return out, nil
}

func (a attested) over() string {
	switch {
	case a.judged:
		return "over the evidence and the judgement"
	case a.other:
		return "over the evidence and other findings than the bundle's"
	}
	return "over the evidence"
}

// verifySignatures checks the signatures by the keys, and says what it found.
// All is false when the judgement is not covered by a signature that was asked
// for.
func (f *verifyFlags) verifySignatures(b *collectors.Bundle) (lines []string, all bool, err error) {
	list, err := readAttestations(b)
	if err != nil {
		return nil, false, err
	}
	if len(f.keys) == 0 {
		return unchecked(list), true, nil
	}
	var good []attested
	var rest []string
	for _, a := range list {
		for _, s := range a.Signatures {
			i := slices.IndexFunc(f.keys, func(k verifyKey) bool { return k.Verify(a.PAE(), s.Sig) })
			if i < 0 || f.keyID != "" && s.KeyID != f.keyID {
				rest = append(rest, f.explain(a, s))
				continue
			}
			good = append(good, a)
			lines = append(lines, fmt.Sprintf("signature good: by key %s (%s), %s", f.keys[i].ID, f.keys[i].file, a.over()))
		}
	}
	lines = append(lines, rest...)
	covers := func(what func(attested) bool) bool { return slices.ContainsFunc(good, what) }
	switch {
	case len(list) == 0:
		return nil, false, fmt.Errorf("%s is intact and not signed, and --key asks for a signature; sign it with sealaudit evidence sign, or ask for the signed copy", b.Path)
	case len(good) == 0:
		return nil, false, fmt.Errorf("%s has no good signature by the key of --key: %s; check that it is the right key, and else do not rely on the bundle", b.Path, strings.Join(rest, "; "))
	case covers(func(a attested) bool { return a.judged }):
		return lines, true, nil
	case !covers(func(a attested) bool { return !a.other }):
		return nil, false, fmt.Errorf("the evidence of %s is signed, and its findings are not those that were signed: it was judged again, or they were swapped; take the signed copy, or judge it yourself (evaluate) and sign that", b.Path)
	case b.Judgement != nil:
		return append(lines, "evidence signed; judgement not covered by the signature: it was made after signing, or put in the place of another; sign the bundle again, or judge it yourself (evaluate)"), false, nil
	}
	return lines, true, nil
}

// unchecked names the signatures that nobody asked to check.
func unchecked(list []attested) (lines []string) {
	for _, a := range list {
		for _, s := range a.Signatures {
			lines = append(lines, "signature not checked: "+named(s.KeyID)+", "+a.over()+"; give --key")
		}
	}
	if lines == nil {
		lines = []string{"signature: none"}
	}
	return lines
}

// explain is why a signature does not count.
func (f *verifyFlags) explain(a attested, s dsse.Signature) string {
	why := "is by none of the keys given"
	switch {
	case f.keyID != "" && s.KeyID != f.keyID:
		why = "names another key id than --keyid"
	case slices.ContainsFunc(f.keys, func(k verifyKey) bool { return k.ID == s.KeyID }):
		why = "names the key and is not good: it or what it covers was changed"
	}
	return "signature not checked: " + named(s.KeyID) + ", " + a.over() + ", " + why
}
