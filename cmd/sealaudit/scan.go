package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/collectors"
)

func newScan(std streams) *cobra.Command {
	var read readFlags
	var judge judgeFlags
	var out outputFlags
	var sign signFlags
	var bundle string
	c := &cobra.Command{
		Use:   "scan",
		Short: "Read an account, judge it and report",
		Long: `scan does the whole job: it reads the account, judges the evidence with the
policies and writes the reports. --bundle keeps the sealed evidence with its
findings.

` + proveHelp + `

` + probeHelp + `

` + baselineHelp + `

` + keepHelp + `

Exit codes: 0 all pass; 1 a policy failed at or above --fail-on; 2 nothing was
audited; 3 nothing failed, but evidence is missing. Reports are written in
every case but 2.`,
		Example: `  sealaudit scan --demo -o html=report.html -o sarif=results.sarif --sarif-profile full
  sealaudit scan --profile audit --region eu-west-1 --policy-profile baseline,cmk --bundle evidence.zip
  sealaudit scan --baseline last-week.zip --fail-on-new high --bundle today.zip -o html=report.html`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := settle(c, &judge); err != nil {
				return err
			}
			read.settle(c.Flags())
			return scan(c.Context(), read, judge, out, sign, bundle, std)
		},
	}
	read.add(c.Flags())
	judge.add(c.Flags())
	out.add(c.Flags())
	out.baseline.addGate(c.Flags())
	c.Flags().StringVar(&bundle, "bundle", "", "keep the evidence and findings in this `file`")
	sign.add(c.Flags(), "sign-")
	addConfigFlag(c.Flags())
	return c
}

func scan(ctx context.Context, read readFlags, judge judgeFlags, out outputFlags, sign signFlags, bundle string, std streams) error {
	// Whatever can be refused is refused before the account is read.
	outs, err := out.parse(bundle, read.resume)
	if err != nil {
		return err
	}
	if bundle, err = keepAt(bundle, out.baseline.files); err != nil {
		return err
	}
	s, err := sign.keeping(bundle, std)
	if err != nil {
		return err
	}
	if err := read.check(); err != nil {
		return err
	}
	if err := read.previous.spared(target{path: bundle}); err != nil {
		return err
	}
	jury, err := judge.load(ctx)
	if err != nil {
		return err
	}
	if err := out.baseline.open(); err != nil {
		return err
	}
	defer out.baseline.close()
	path, remove, err := tempBundle()
	if err != nil {
		return err
	}
	defer remove()
	if _, err := collect(ctx, read, path, std); err != nil {
		return err
	}
	b, err := collectors.OpenBundle(path)
	if err != nil {
		return err
	}
	defer b.Close() //nolint:errcheck // reading
	// An interrupted reading is still judged; only a second signal ends that.
	err = jury.judgeAndReport(context.WithoutCancel(ctx), b, bundle, out, outs, std)
	return s.attestKept(ctx, err, bundle, read.quiet, std)
}

func newEvaluate(std streams) *cobra.Command {
	var judge judgeFlags
	var out outputFlags
	var sign signFlags
	var bundle string
	c := &cobra.Command{
		Use:   "evaluate BUNDLE",
		Short: "Judge the evidence of a bundle, offline, and report",
		Long: `evaluate judges a bundle's evidence with the policies, without AWS. The same
evidence and policies give the same findings, byte for byte. --bundle keeps the
evidence with the findings in a new bundle, and --sign-key or --sign-command
sign both (evidence sign --help).

Exit codes as scan.`,
		Args: exactly(1, "one bundle"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, &judge); err != nil {
				return err
			}
			outs, err := out.parse(args[0], bundle)
			if err != nil {
				return err
			}
			if bundle, err = keepAt(bundle, out.baseline.files); err != nil {
				return err
			}
			s, err := sign.keeping(bundle, std)
			if err != nil {
				return err
			}
			jury, err := judge.load(c.Context())
			if err != nil {
				return err
			}
			if err := out.baseline.open(); err != nil {
				return err
			}
			defer out.baseline.close()
			b, err := openIntact(args[0])
			if err != nil {
				return err
			}
			defer b.Close() //nolint:errcheck // reading
			err = jury.judgeAndReport(c.Context(), b, bundle, out, outs, std)
			return s.attestKept(c.Context(), err, bundle, false, std)
		},
	}
	judge.add(c.Flags())
	out.add(c.Flags())
	out.baseline.addGate(c.Flags())
	c.Flags().StringVar(&bundle, "bundle", "", "keep the evidence and findings in this `file`")
	sign.add(c.Flags(), "sign-")
	addConfigFlag(c.Flags())
	return c
}

// keepAt checks the place of --bundle, where there is one: it may be none of
// the baselines, which are read after it is written.
func keepAt(bundle string, baselines []string) (string, error) {
	if bundle == "" {
		return "", nil
	}
	t, err := bundleTarget(bundle)
	if err != nil {
		return "", fmt.Errorf("--bundle: %w", err)
	}
	if i := slices.IndexFunc(baselines, t.same); i >= 0 {
		return "", fmt.Errorf("--bundle would overwrite %s, which --baseline compares with; keep the evidence in another file", baselines[i])
	}
	return t.path, nil
}

func newReport(std streams) *cobra.Command {
	var out outputFlags
	c := &cobra.Command{
		Use:   "report BUNDLE",
		Short: "Write reports from the findings in a judged bundle",
		Long: `report writes reports from the findings that scan or evaluate left in a bundle,
without judging again. It exits 0 when the reports are written. --baseline
compares with an earlier judged bundle or JSON report of the same accounts, as
diff does; HTML and Markdown show what changed.`,
		Args: exactly(1, "one judged bundle"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			outs, err := out.parse(args[0])
			if err != nil {
				return err
			}
			b, err := openIntact(args[0])
			if err != nil {
				return err
			}
			defer b.Close() //nolint:errcheck // reading
			d, err := reportData(b)
			if err != nil {
				return err
			}
			if err := out.baseline.open(); err != nil {
				return err
			}
			defer out.baseline.close()
			if err := out.baseline.compare(&d); err != nil {
				return err
			}
			return out.write(outs, d, std)
		},
	}
	out.add(c.Flags())
	addConfigFlag(c.Flags())
	return c
}

// openIntact opens a bundle that somebody hands us: nothing is said about
// evidence that was changed.
func openIntact(path string) (*collectors.Bundle, error) {
	b, err := collectors.OpenBundle(path)
	if err != nil {
		return nil, err
	}
	if err := b.Verify(); err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}
