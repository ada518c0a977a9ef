package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/report"
)

// diffFlags are how judgements are compared.
type diffFlags struct {
	json      bool
	failOnNew string
}

func newDiff(std streams) *cobra.Command {
	var f diffFlags
	c := &cobra.Command{
		Use:   "diff [OLDER…] OLD NEW",
		Short: "Say what changed between scans of the same accounts",
		Long: `diff compares judged bundles, or JSON reports (-o json=FILE), and says of every
finding that was open (failed, waived or unknown) what became of it:

  new        fails, and was not known to fail before
  reopened   fails, was fixed, and had failed before that (needs an OLDER)
  unwaived   fails, and was waived before
  changed    fails as before, with other messages or another severity
  unread     was open; now there is a gap, or nobody looked: it may still be there
  unjudged   was open; its policy is not judged now
  unknown    can't be decided, and was not known to fail before
  waived     is waived now
  fixed      failed, and passes
  ended      failed; its policy does not apply now, or only AWS can know
  gone       was open; its type was listed completely, without it
  decided    was unknown, and is no failure; or a listing that failed is complete
  unchanged  as before

Policies whose text, severity or parameters differ are listed, and changes under
them are marked: they may not be the account's. What OLD could not read is taken
from the latest OLDER that could.

Exit codes: 0 compared; 1 failures of at least --fail-on-new are new, reopened
or no longer waived;
2 nothing was compared (usage, a broken file, other accounts, the wrong order);
3 no such failure, but --fail-on-new can't be sure: something of that severity
is unknown now and was not failing, was not listed, or is not judged any more.`,
		Example: `  sealaudit diff last-week.zip today.zip
  sealaudit diff --fail-on-new high baseline.json today.json
  sealaudit diff --json monday.zip tuesday.zip wednesday.zip`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) >= 2 {
				return nil
			}
			return fmt.Errorf("%s takes an older and a newer judged bundle or JSON report, and got %d; see %s --help", c.CommandPath(), len(args), c.CommandPath())
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			return f.run(args, std)
		},
	}
	c.Flags().BoolVar(&f.json, "json", false, "print JSON (sealaudit-diff/1) with every change")
	c.Flags().StringVar(&f.failOnNew, "fail-on-new", "none", "exit 1 for new, reopened or no longer waived failures of at least this `severity`: critical, high, medium, low, info or none")
	addConfigFlag(c.Flags())
	return c
}

func (f *diffFlags) run(paths []string, std streams) error {
	if err := checkFailOnNew(f.failOnNew); err != nil {
		return err
	}
	var all []report.Data
	for _, path := range paths {
		d, done, err := openJudged(path)
		if err != nil {
			return err
		}
		defer done() // of few files, until they are compared
		all = append(all, d)
	}
	n := len(all)
	d, err := report.Compare(all[:n-2], all[n-2], all[n-1])
	if err != nil {
		return err
	}
	if f.json {
		err = report.WriteDiffJSON(std.out, d)
	} else {
		width, _ := terminal(std.out)
		err = report.WriteDiff(std.out, d, report.Options{Color: color(std.out), Width: width})
	}
	if err != nil {
		return fmt.Errorf("writing the diff: %w", err)
	}
	return newVerdict(f.failOnNew, d)
}

// openJudged opens a judged bundle or a JSON report, whichever it is.
func openJudged(path string) (d report.Data, done func(), err error) {
	bundle, err := isZip(path)
	if err != nil {
		return d, nil, err
	}
	if !bundle {
		d, err = report.ReadJSON(func() (io.ReadCloser, error) { return os.Open(path) })
		if err != nil {
			return d, nil, fmt.Errorf("%s: %w", path, err)
		}
		return d, func() {}, nil
	}
	b, err := openIntact(path)
	if err != nil {
		return d, nil, err
	}
	if d, err = reportData(b); err != nil {
		_ = b.Close()
		return d, nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, func() { _ = b.Close() }, nil // only read
}

// isZip says whether a file starts as a bundle does. It must be a regular
// file: a comparison reads it more than once.
func isZip(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("opening what to compare with: %w; name a judged bundle or a JSON report", err)
	}
	defer f.Close() //nolint:errcheck // reading
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is no regular file; a comparison reads it more than once, so save it first", path)
	}
	start := make([]byte, 2)
	if _, err := io.ReadFull(f, start); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("reading %s: %w", path, err)
	}
	return string(start) == "PK", nil
}
