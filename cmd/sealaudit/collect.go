package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/collectors"
)

func newCollect(std streams) *cobra.Command {
	var read readFlags
	var sign signFlags
	c := &cobra.Command{
		Use:   "collect BUNDLE",
		Short: "Read an account and keep the evidence in a sealed bundle",
		Long: `collect reads the account and writes the evidence to BUNDLE (a zip) without
judging it. evaluate judges it later, anywhere, without AWS.

` + proveHelp + `

` + probeHelp + `

` + keepHelp + `

Exit codes: 0 everything was read; 2 nothing was read; 3 the bundle has gaps.`,
		Example: "  sealaudit collect evidence.zip --region eu-west-1\n  sealaudit evaluate evidence.zip -o html=report.html",
		Args:    exactly(1, "the bundle to write"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			read.settle(c.Flags())
			t, err := bundleTarget(args[0])
			if err != nil {
				return err
			}
			s, err := sign.signer(std)
			if err != nil {
				return err
			}
			if err := read.check(); err != nil {
				return err
			}
			if err := read.previous.spared(t); err != nil {
				return err
			}
			m, err := collect(c.Context(), read, t.path, std)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(m.Coverage, func(line collectors.Coverage) bool { return !line.Complete() }) {
				err = verdict(exitUnknown)
			}
			return s.attestKept(c.Context(), err, t.path, read.quiet, std)
		},
	}
	read.add(c.Flags())
	sign.add(c.Flags(), "sign-")
	addConfigFlag(c.Flags())
	return c
}

// collect reads an account into a bundle at path.
func collect(ctx context.Context, f readFlags, path string, std streams) (collectors.Manifest, error) {
	rec, err := collectors.NewRecorder("")
	if err != nil {
		return collectors.Manifest{}, err
	}
	defer rec.Close()
	zero, err := f.proofs()
	if err != nil {
		return collectors.Manifest{}, err
	}
	defer zero()
	m := collectors.Manifest{Tool: "sealaudit " + version(), Demo: f.demo, FIPS: f.fips, Previous: f.previous.evidence, Started: now()}
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("the limit of %s passed (--timeout)", f.timeout))
	defer cancel()
	session, done, err := open(ctx, f, rec)
	if err != nil {
		return m, err
	}
	defer done()
	if err := read(ctx, f, session, rec, &m, std); err != nil {
		return m, err
	}
	m.Ended = now()
	if err := rec.Seal(path, m); err != nil {
		return m, err
	}
	b, err := collectors.OpenBundle(path)
	if err != nil {
		return m, err
	}
	defer b.Close() //nolint:errcheck // reading
	return b.Manifest, nil
}

func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return fmt.Errorf("%s takes %s, and got %d; see %s --help", c.CommandPath(), what, len(args), c.CommandPath())
	}
}

// now is the wall clock in UTC, to the second, as evidence has it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

func tempBundle() (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "sealaudit-*")
	if err != nil {
		return "", nil, fmt.Errorf("making a temporary directory for the evidence: %w; check TMPDIR", err)
	}
	return filepath.Join(dir, "evidence.zip"), func() { _ = os.RemoveAll(dir) }, nil
}
