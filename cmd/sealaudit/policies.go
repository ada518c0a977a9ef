package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report"
)

func newPolicies(std streams) *cobra.Command {
	c := &cobra.Command{Use: "policies", Short: "List, show, test and begin policies", Args: noArgs, SuggestionsMinimumDistance: 2,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("policies needs a command: list, show ID, test or new SERVICE/NAME")
		}}
	c.AddCommand(newPoliciesList(std), newPoliciesShow(std), newPoliciesTest(std), newPoliciesNew(std))
	return c
}

// addAll adds the flags that choose policies, with every profile as the
// default: these commands judge nothing.
func (f *judgeFlags) addAll(fs *pflag.FlagSet) {
	f.addSelection(fs)
	f.profiles = []string{"all"}
	profile := fs.Lookup("policy-profile")
	profile.DefValue, profile.Usage = "[all]", "only the policies of these `profiles`: baseline, cmk, fips or all"
}

func newPoliciesList(std streams) *cobra.Command {
	var choice judgeFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List policies",
		Long: `list prints the built-in policies and those of --policies, by id: a table, or
with --json a list of objects with everything that is known of each.`,
		Example: `  sealaudit policies list --policy 's3/*'
  sealaudit policies list --policy-profile cmk --json`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := settle(c, &choice); err != nil {
				return err
			}
			set, err := choice.set(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(std.out, set.Policies())
			}
			return listPolicies(std.out, set.Policies())
		},
	}
	choice.addAll(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	addConfigFlag(c.Flags())
	return c
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(report.VisibleJSON(b.Bytes()))
	return err
}

func listPolicies(w io.Writer, list []rego.Policy) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tCONTROL\tSEVERITY\tTYPE\tPROFILES\tTITLE")
	for _, p := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, orDash(p.Control), p.Severity, p.Resource, strings.Join(p.Profiles, ","), cellText(p.Title))
	}
	return t.Flush()
}

// cellText is text from a user's file as one cell of a table.
func cellText(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newPoliciesShow(std streams) *cobra.Command {
	var choice judgeFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show all of a policy but its code",
		Long: `show prints what a policy judges and why, its parameters, what it reads (a gap
there makes it unknown), the requirements that it relates to, with who says so,
and what to do about a failure.`,
		Args: exactly(1, "the id of one policy"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, &choice); err != nil {
				return err
			}
			p, set, err := choice.one(c.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(std.out, p)
			}
			return showPolicy(std.out, p, set.Frameworks())
		},
	}
	c.Flags().StringArrayVar(&choice.dirs, "policies", nil, "add the policies of this `directory`")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	addConfigFlag(c.Flags())
	return c
}

// one is the policy with the id.
func (f *judgeFlags) one(ctx context.Context, id string) (rego.Policy, *rego.Set, error) {
	if strings.ContainsAny(id, `*?[\`) {
		return rego.Policy{}, nil, fmt.Errorf("%q is a pattern; name one policy, sealaudit policies list --policy %q shows which", id, id)
	}
	f.profiles, f.include = []string{"all"}, []string{id}
	set, err := f.set(ctx)
	if err != nil {
		return rego.Policy{}, nil, err
	}
	return set.Policies()[0], set, nil
}
