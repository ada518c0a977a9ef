package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// trial is a sealed sample whose bits can be flipped.
type trial struct {
	parts []part // in order
	plain []byte
	// verify and open work on the parts as they are.
	verify func(context.Context) (envelope.Proof, error)
	open   func(context.Context) ([]byte, error)
}

// part is a piece of the artefact by name.
type part struct {
	name  string
	bytes []byte
}

// outcome is what a trial showed.
type outcome struct {
	Proof    envelope.Proof `json:"proof"` // of the sample as it was sealed
	Returned bool           `json:"returned"`
	Bits     int            `json:"bits"` // of the artefact
	Flipped  int            `json:"flipped"`
	Refused  int            `json:"refused"`
	Harmless map[string]int `json:"harmless,omitempty"` // by part: the same plaintext
	Changed  map[string]int `json:"changed,omitempty"`  // by part: another plaintext, or a proof of one
}

func (o *outcome) ok() bool { return o.Returned && len(o.Changed) == 0 }

// run opens the sample and then flips at most so many bits, 0 for each.
func (t *trial) run(ctx context.Context, most int) (*outcome, error) {
	o := &outcome{Harmless: map[string]int{}, Changed: map[string]int{}}
	p, err := t.verify(ctx)
	if err == nil {
		var got []byte
		got, err = t.open(ctx)
		o.Returned = err == nil && bytes.Equal(got, t.plain)
	}
	o.Proof = p
	if err != nil {
		return nil, fmt.Errorf("opening what was sealed: %w", err)
	}
	for _, part := range t.parts {
		o.Bits += 8 * len(part.bytes)
	}
	step := 1
	if most > 0 && o.Bits > most {
		step = (o.Bits+most-1)/most | 1 // odd, so that each bit of a byte has its turn
	}
	at := 0
	for _, part := range t.parts {
		for ; at < 8*len(part.bytes); at += step {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			part.bytes[at/8] ^= 1 << (at % 8)
			t.judge(ctx, part.name, o)
			part.bytes[at/8] ^= 1 << (at % 8)
		}
		at -= 8 * len(part.bytes)
	}
	return o, nil
}

// judge looks at the artefact with one bit flipped.
func (t *trial) judge(ctx context.Context, name string, o *outcome) {
	o.Flipped++
	_, refused := t.verify(ctx)
	got, err := t.open(ctx)
	switch {
	case err != nil && refused != nil:
		o.Refused++
	case err == nil && refused == nil && bytes.Equal(got, t.plain):
		o.Harmless[name]++
	default:
		o.Changed[name]++
	}
}

func (o *outcome) write(w io.Writer) error {
	returned := "it came back as it was"
	if !o.Returned {
		returned = errChanged.Error()
	}
	fmt.Fprintf(w, "%s %s, suite %s: %s\n", o.Proof.Format, o.Proof.Version, cellText(o.Proof.Suite), returned)
	fmt.Fprintf(w, "flipped %d of %d bits: %d refused, %d harmless, %d changed\n", o.Flipped, o.Bits, o.Refused, total(o.Harmless), total(o.Changed))
	for _, name := range slices.Sorted(maps.Keys(o.Harmless)) {
		fmt.Fprintf(w, "  harmless  %d of %s: the same plaintext\n", o.Harmless[name], cellText(name))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Changed)) {
		fmt.Fprintf(w, "  changed   %d of %s: not refused\n", o.Changed[name], cellText(name))
	}
	for _, weak := range o.Proof.Weaknesses {
		fmt.Fprintf(w, "  weakness  %s\n", joinDetail(weak.ID, weak.Detail))
	}
	return nil
}

func total(by map[string]int) int {
	n := 0
	for _, c := range by {
		n += c
	}
	return n
}
