package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// envelopeResult is what was found out about one file.
type envelopeResult struct {
	File  string          `json:"file"`
	Error string          `json:"error,omitempty"` // why nothing was found out
	Proof *envelope.Proof `json:"proof,omitempty"`

	inspected bool
	unasked   bool // nothing was found out because AWS refused or did not answer
}

// newEnvelopeResult takes what a format said. An error without a class is that
// of reading the file, and not of what it holds.
func newEnvelopeResult(a *artefact, p envelope.Proof, err error, inspected bool) envelopeResult {
	r := envelopeResult{File: a.path, Proof: &p, inspected: inspected}
	if p.Verdict == "" { // nothing was checked
		p.Verdict = envelope.Says(err)
		if inspected || err == nil {
			p.Verdict = envelope.Unknown
		}
	}
	if err != nil && len(p.Steps) == 0 {
		p.Add("reading", err, "")
	}
	return r
}

type envelopeResults []envelopeResult

func (rs envelopeResults) count(v envelope.Verdict) int {
	n := 0
	for _, r := range rs {
		if r.Proof != nil && r.Proof.Verdict == v {
			n++
		}
	}
	return n
}

func (rs envelopeResults) failed() int {
	n := 0
	for _, r := range rs {
		if r.Proof == nil {
			n++
		}
	}
	return n
}

// nothing says that nothing was done: no file, object or item is there.
func (rs envelopeResults) nothing() bool {
	for _, r := range rs {
		if r.Proof != nil || r.unasked {
			return false
		}
	}
	return true
}

// exit is the exit code. An inspection leaves everything unknown, and that is
// no failure of it.
func (rs envelopeResults) exit() int {
	unknown := 0
	for _, r := range rs {
		if r.Proof == nil || r.Proof.Verdict == envelope.Unknown && !r.inspected {
			unknown++
		}
	}
	switch {
	case rs.count(envelope.Refuted) > 0:
		return exitFail
	case unknown > 0:
		return exitUnknown
	}
	return exitPass
}

// write prints the results and returns the exit code as an error. When nothing
// could be read the error says why instead.
func (rs envelopeResults) write(std streams, asJSON bool) error {
	if rs.nothing() {
		var why []string
		for _, r := range rs {
			why = append(why, r.Error)
		}
		return errors.New(strings.Join(why, "; "))
	}
	var err error
	if asJSON {
		err = writeJSON(std.out, map[string]any{"envelopes": rs})
	} else {
		_, err = io.WriteString(std.out, rs.text())
	}
	if err != nil {
		return fmt.Errorf("printing the proofs: %w", err)
	}
	if code := rs.exit(); code != exitPass {
		return verdict(code)
	}
	return nil
}

func (rs envelopeResults) text() string {
	var b strings.Builder
	for _, r := range rs {
		if r.Proof == nil {
			fmt.Fprintf(&b, "%s: not read: %s\n\n", cellText(r.File), cellText(r.Error))
			continue
		}
		r.write(&b)
	}
	inspected := slices.ContainsFunc(rs, func(r envelopeResult) bool { return r.inspected })
	if inspected {
		fmt.Fprintf(&b, "%d files: %d inspected, %d refuted, %d not read\n", len(rs), len(rs)-rs.failed()-rs.count(envelope.Refuted), rs.count(envelope.Refuted), rs.failed())
	} else {
		fmt.Fprintf(&b, "%d files: %d verified, %d refuted, %d unknown, %d not read\n", len(rs), rs.count(envelope.Verified), rs.count(envelope.Refuted), rs.count(envelope.Unknown), rs.failed())
	}
	return b.String()
}

func (r envelopeResult) write(b *strings.Builder) {
	p := r.Proof
	said := string(p.Verdict)
	if r.inspected && p.Verdict != envelope.Refuted {
		said = "not verified, only read"
	}
	fmt.Fprintf(b, "%s: %s\n", cellText(r.File), said)
	field := func(name, value string) {
		if value = cellText(value); value != "" {
			fmt.Fprintf(b, "  %-10s %s\n", name, value)
		}
	}
	field("format", p.Format+" "+p.Version)
	field("suite", p.Suite)
	for _, k := range p.Keys {
		line := k.Provider + " " + k.ID
		if k.Wrap != "" {
			line += " (" + k.Wrap + ")"
		}
		if k.Used {
			line += ", used"
		}
		field("key", line)
	}
	for _, c := range p.Context {
		line := c.Key
		if c.Value != "" {
			line += "=" + c.Value
		}
		field("context", line)
	}
	if p.Bytes >= 0 {
		field("plaintext", fmt.Sprintf("%d bytes", p.Bytes))
	}
	field("claims", fmt.Sprintf("commits to its key: %s; signed: %s; authenticated: %s", yesNo(p.Committing), yesNo(p.Signed), yesNo(p.Authenticated)))
	for _, s := range p.Steps {
		field(string(s.Verdict), joinDetail(s.Name, s.Detail))
	}
	for _, w := range p.Weaknesses {
		field("weakness", joinDetail(w.ID, w.Detail))
	}
	b.WriteString("\n")
}

func joinDetail(name, detail string) string {
	if detail == "" {
		return name
	}
	return name + ": " + detail
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
