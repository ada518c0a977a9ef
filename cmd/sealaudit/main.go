// Command sealaudit audits encryption on AWS: it reads an account, judges the
// evidence with Rego policies and writes reports for people and machines. It
// changes nothing in the account, unless --probe names what to write a canary to.
//
// Exit codes: 0 all pass; 1 a policy failed at or above --fail-on; 2 nothing
// was audited (usage, credentials, a broken policy or bundle); 3 nothing
// failed, but evidence is missing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitPass    = 0
	exitFail    = 1
	exitNothing = 2
	exitUnknown = 3
)

// verdict is the outcome of an audit that was carried out.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit %d", int(v)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the collection and still reports; the second kills.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], streams{out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, std streams) int {
	root := newRoot(std)
	root.SetArgs(args)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	var v verdict
	switch {
	case err == nil:
		return exitPass
	case errors.As(err, &v):
		return int(v)
	}
	fmt.Fprintf(std.err, "sealaudit: %s\n", printable(err.Error()))
	return exitNothing
}

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "sealaudit",
		Short: "Audit encryption on AWS: evidence first, judged by policies, unknown said aloud",
		Long: `sealaudit reads an AWS account (S3, Kinesis, Firehose, DynamoDB, DAX,
CloudTrail, KMS), judges what it read with Rego policies, and reports to the
terminal, SARIF, HTML and more formats. It changes nothing, unless --probe names what to
write a canary to and delete it from. What it could not read is reported as
unknown, never as pass or fail.

Exit codes: 0 all pass; 1 a policy failed at or above --fail-on; 2 nothing was
audited; 3 nothing failed, but evidence is missing.

Every flag but --probe, --sign-command and those of evidence can be set in the
environment (--fail-on is SEALAUDIT_FAIL_ON) and in sealaudit.yaml (fail-on: high).`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	root.AddCommand(newScan(std), newCollect(std), newEvaluate(std), newReport(std), newDiff(std), newEvidence(std),
		newEnvelope(std), newPolicies(std), newPermissions(std), newSARIF(std), newLab(std), newVersion(std))
	return root
}

// noArgs refuses arguments, for a command that only has sub-commands too.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2 // cobra's default, set only where it looks itself
	err := fmt.Errorf("%s has no command or argument %q; see %s --help", c.CommandPath(), args[0], c.CommandPath())
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%s has no command %q; did you mean %s?", c.CommandPath(), args[0], near[0])
	}
	return err
}
