package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/rego"
)

func newPoliciesTest(std streams) *cobra.Command {
	var choice judgeFlags
	c := &cobra.Command{
		Use:   "test [DIR…]",
		Short: "Test policies and measure what the tests reach",
		Long: `test runs the tests of the policies in the directories, or without arguments of
all: the built-in ones and those of --policies. Beside SERVICE/NAME.rego,
NAME_test.rego holds Rego tests, which must reach every line of it, and
NAME_cases.json resources with the status that each must get, at least one
pass and one fail.

Exit codes: 0 all is well; 1 a test failed or a line is not reached; 2 nothing
was tested (usage, a broken policy).`,
		Example: `  sealaudit policies test ./my-policies`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, &choice); err != nil {
				return err
			}
			return choice.test(c, args, std)
		},
	}
	c.Flags().StringArrayVar(&choice.dirs, "policies", nil, "test the policies of this `directory` too")
	addConfigFlag(c.Flags())
	return c
}

// test tests the policies of the directories, or all when there are none.
func (f *judgeFlags) test(c *cobra.Command, only []string, std streams) error {
	for _, dir := range only {
		if !slices.Contains(f.dirs, dir) {
			f.dirs = append(f.dirs, dir)
		}
	}
	sources, err := f.sources()
	if err != nil {
		return err
	}
	report, err := rego.Test(c.Context(), sources, only...)
	if err != nil {
		return fmt.Errorf("testing policies:\n%w", err)
	}
	if len(report.Files) == 0 {
		return fmt.Errorf("there are no policies in %q; sealaudit policies new begins one", only)
	}
	if err := writeTests(std.out, report); err != nil {
		return err
	}
	if len(report.Failures()) > 0 {
		return verdict(exitFail)
	}
	return nil
}

func writeTests(w io.Writer, report rego.TestReport) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tTESTS\tCASES\tLINES\tREACHED\t  POLICY")
	var tests, cases, lines, reached int
	for _, f := range report.Files {
		mark := "ok"
		if len(f.Failures) > 0 {
			mark = "FAIL"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t  %s\n", mark, f.Tests, f.Cases, f.Lines, percent(f.Covered, f.Lines), f.ID)
		tests, cases, lines, reached = tests+f.Tests, cases+f.Cases, lines+f.Lines, reached+f.Covered
	}
	if err := t.Flush(); err != nil {
		return err
	}
	failures := report.Failures()
	for _, p := range failures {
		fmt.Fprintln(w, printable(p.Error()))
	}
	_, err := fmt.Fprintf(w, "%d files, %d tests, %d cases, %s of %d lines reached; %d failures\n",
		len(report.Files), tests, cases, percent(reached, lines), lines, len(failures))
	return err
}

// percent is a share, rounded down so that only all of it is 100 %.
func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%d%%", 100*n/of)
}
