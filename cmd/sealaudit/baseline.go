package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report"
)

// baselineFlags name earlier judgements, which reports show the changes since.
type baselineFlags struct {
	files     []string
	failOnNew string // of commands that judge; "" otherwise
	earlier   []report.Data
	done      []func()
}

const baselineHelp = `--baseline compares with an earlier judged bundle or JSON report of the same
accounts, as diff does; HTML and Markdown show what changed. With --fail-on-new
the exit code is that of diff --fail-on-new, and --fail-on counts no more: 1 for
new or reopened failures, 3 when there may be one that can't be seen. A baseline
that can't be compared exits 2 once the reports are written.`

func (f *baselineFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.files, "baseline", nil, "show what changed since this judged bundle or JSON report, a `file` (repeatable, the oldest first)")
}

func (f *baselineFlags) addGate(fs *pflag.FlagSet) {
	fs.StringVar(&f.failOnNew, "fail-on-new", "none", "with --baseline, exit 1 only for new, reopened or no longer waived failures of at least this `severity`: critical, high, medium, low, info or none (then --fail-on decides)")
}

// gates says whether only what is new decides the exit code.
func (f *baselineFlags) gates() bool { return f.failOnNew != "" && f.failOnNew != "none" }

// open opens the files, so that a broken one is told before the account is
// read. They stay open until close.
func (f *baselineFlags) open() error {
	if err := checkFailOnNew(f.failOnNew); f.gates() && err != nil {
		return err
	}
	if f.gates() && len(f.files) == 0 {
		return errors.New("--fail-on-new needs to know what was there before; name an earlier judged bundle or JSON report with --baseline")
	}
	for _, path := range f.files {
		d, done, err := openJudged(path)
		if err != nil {
			f.close()
			return fmt.Errorf("--baseline: %w", err)
		}
		f.earlier, f.done = append(f.earlier, d), append(f.done, done)
	}
	return nil
}

func (f *baselineFlags) close() {
	for _, done := range f.done {
		done()
	}
	f.earlier, f.done = nil, nil
}

// compare tells the report what changed.
func (f *baselineFlags) compare(d *report.Data) error {
	n := len(f.earlier)
	if n == 0 {
		return nil
	}
	changes, err := report.Compare(f.earlier[:n-1], f.earlier[n-1], *d)
	if err != nil {
		return fmt.Errorf("--baseline: %w", err)
	}
	d.Changes = &changes
	return nil
}

func checkFailOnNew(severity string) error {
	if severity != "none" && !slices.Contains(severities(), severity) {
		return fmt.Errorf("--fail-on-new has no severity %q; take one of critical, high, medium, low, info or none", severity)
	}
	return nil
}

// newVerdict is the exit code of a comparison as an error, nil for 0.
func newVerdict(failOnNew string, d report.Diff) error {
	least := rego.Severity(failOnNew)
	switch {
	case failOnNew == "none":
		return nil
	case d.Opened(least) > 0:
		return verdict(exitFail)
	case d.Undecided(least):
		return verdict(exitUnknown)
	}
	return nil
}
