package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/report"
)

func newSARIF(std streams) *cobra.Command {
	c := &cobra.Command{Use: "sarif", Short: "Check SARIF files", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return errors.New("sarif needs a command: lint FILE…") }}
	c.AddCommand(newSARIFLint(std))
	return c
}

func newSARIFLint(std streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Say what GitHub code scanning would reject, drop or show wrong",
		Long: `lint holds SARIF files, of this program or any other, against what GitHub
code scanning asks for beyond the SARIF schema: its limits, a relative path for
every result, fingerprints, categories, texts, severities, and no passes or
suppressions, which GitHub would show as open alerts. It uploads nothing.

Exit codes: 0 nothing found; 1 problems; 2 a file is no SARIF or can't be read.`,
		Example: `  sealaudit sarif lint results.sarif
  sealaudit sarif lint --json *.sarif`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("sarif lint needs at least one file")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			problems, err := lintFiles(args)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(std.out, problems)
			} else {
				err = listProblems(std, problems)
			}
			if err == nil && len(problems) > 0 {
				return verdict(exitFail)
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: a list of objects with file, where and what")
	return c
}

// fileProblem is a problem of one of the files.
type fileProblem struct {
	File string `json:"file"`
	report.Problem
}

func lintFiles(paths []string) ([]fileProblem, error) {
	out := []fileProblem{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("sarif lint: %w", err)
		}
		problems, err := report.Lint(f)
		_ = f.Close() // only read
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, p := range problems {
			out = append(out, fileProblem{printable(path), report.Problem{Where: p.Where, What: printable(p.What)}})
		}
	}
	return out, nil
}

// mostShown is how many problems the table has: a file of one mistake has it
// in every result.
const mostShown = 100

func listProblems(std streams, problems []fileProblem) error {
	if len(problems) == 0 {
		_, err := fmt.Fprintln(std.out, "no problems found")
		return err
	}
	t := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tWHERE\tPROBLEM")
	for _, p := range problems[:min(len(problems), mostShown)] {
		fmt.Fprintf(t, "%s\t%s\t%s\n", cellText(p.File), p.Where, cellText(p.What))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(problems) - mostShown; more > 0 {
		fmt.Fprintf(std.out, "and %d more; --json has them all\n", more)
	}
	return nil
}
