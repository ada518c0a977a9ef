package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/dsse"
	"github.com/sealaudit/sealaudit/report"
)

// verifyFlags say whose signature bundles must have.
type verifyFlags struct {
	files []string
	keyID string
	keys  []verifyKey
}

type verifyKey struct {
	dsse.PublicKey
	file string
}

func newEvidenceVerify(std streams) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify BUNDLE…",
		Short: "Check every bit of bundles, their signatures and their chain, offline",
		Long: `verify checks each entry of a bundle against the digests in its manifest, each
API reply against its own, the findings against the evidence they were made
from, and the file's own headers. It finds any flipped bit. By itself that does
not say who wrote the bundle: compare the evidence digest with the one you kept,
or give --key.

With --key, a bundle must have a good signature by that key (by one of them, if
several are given, as when keys changed between runs) over its evidence; others
are named and not relied on. Findings that were made after signing are not
covered by the signature: that is said, and exits 3. Findings in place of others
that were signed exit 2.

Several bundles are a chain, the oldest first: each must name the one before it
as its previous run (scan and collect --previous). As a signature covers that
name, the last one's signature vouches for the evidence of all before it.

Exit codes: 0 intact, and signed if --key is given; 2 not intact, not signed by
the key, or no chain; 3 as 0, but the judgement is not covered by the signature.`,
		Example: `  sealaudit evidence verify evidence.zip --key audit.pub.pem
  sealaudit evidence verify monday.zip tuesday.zip wednesday.zip --key audit.pub.pem`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly(1, "one bundle or more")(c, args)
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.load(); err != nil {
				return err
			}
			return f.verify(args, std)
		},
	}
	c.Flags().StringArrayVar(&f.files, "key", nil, "require a signature by the public key in this PEM `file` (repeatable: by one of them)")
	c.Flags().StringVar(&f.keyID, "keyid", "", "with --key, look only at signatures that name this key `id`")
	return c
}

func (f *verifyFlags) load() error {
	if f.keyID != "" && len(f.files) == 0 {
		return errors.New("--keyid chooses signatures, and proves nothing without --key; give it")
	}
	for _, file := range f.files {
		key, err := dsse.LoadPublicKey(file)
		if err != nil {
			return fmt.Errorf("--key: %w", err)
		}
		f.keys = append(f.keys, verifyKey{key, file})
	}
	return nil
}

func (f *verifyFlags) verify(paths []string, std streams) error {
	covered := true
	before := ""
	for i, path := range paths {
		b, err := openIntact(path)
		if err != nil {
			return err
		}
		lines, all, err := f.verifySignatures(b)
		if err == nil {
			var line string
			line, err = verifyPrevious(b, paths[max(i-1, 0)], before, i == 0)
			lines = append(lines, line)
		}
		before = b.Evidence
		covered = covered && all
		if err == nil {
			err = say(std, append(about(b), lines...))
		}
		_ = b.Close()
		if err != nil {
			return err
		}
	}
	if !covered {
		return verdict(exitUnknown)
	}
	return nil
}

// about is what verify says of every bundle, a line each.
func about(b *collectors.Bundle) []string {
	m := b.Manifest
	judged := "not judged yet"
	if b.Judgement != nil {
		judged = "judged by " + b.Judgement.Tool
	}
	const day = "2006-01-02 15:04:05"
	var lines []string
	if m.Demo {
		lines = append(lines, report.DemoNotice)
	}
	return append(lines, "intact: "+b.Path, "evidence digest "+b.Evidence,
		fmt.Sprintf("read by %s from %s to %s (UTC) with %s", m.Caller, m.Started.Format(day), m.Ended.Format(day), m.Tool), judged)
}

// verifyPrevious checks a bundle's link to the one before it.
func verifyPrevious(b *collectors.Bundle, path, digest string, first bool) (string, error) {
	previous := b.Manifest.Previous
	switch {
	case first && previous == "":
		return "previous run: none is named", nil
	case first:
		return "previous run: " + previous + ", not checked: give its bundle before this one", nil
	case previous == "":
		return "", fmt.Errorf("the chain is broken at %s: it names no previous run, and %s was given before it; check single bundles one by one", b.Path, path)
	case previous != digest:
		return "", fmt.Errorf("the chain is broken at %s: its previous run has the evidence digest %s, and %s, given before it, has %s; a run between them is missing, one was replaced, or the order is not from old to new", b.Path, previous, path, digest)
	}
	return "previous run: " + previous + ", which is " + path, nil
}

// say writes lines. What they quote of a bundle can't make a line of its own,
// which could look like verify's.
func say(std streams, lines []string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(std.out, inLine(l)); err != nil {
			return err
		}
	}
	return nil
}

func inLine(s string) string {
	return strings.ReplaceAll(printable(s), "\n", string(unicode.ReplacementChar))
}
