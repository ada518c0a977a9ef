package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// listedKey is a key as list shows it.
type listedKey struct {
	ARN       string    `json:"arn"`
	Spec      kms.Spec  `json:"spec"`
	Usage     kms.Usage `json:"usage"`
	State     kms.State `json:"state"`
	Rotations int       `json:"rotations"`
	Aliases   []string  `json:"aliases"`
}

func newKMSList(std streams) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "list FILE",
		Short: "Show the keys of a kms-file: ARN, spec, state, rotations and aliases",
		Long:  "list shows the keys of a kms-file, and nothing of what is in them.\n\n" + kmsHelp,
		Args:  exactly(1, "one file"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			s, err := kms.Load(args[0], nil)
			if err != nil {
				return err
			}
			keys := listKMS(s)
			if asJSON {
				return writeJSON(std.out, map[string]any{"keys": keys})
			}
			w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "KEY\tSPEC\tSTATE\tROTATIONS\tALIASES")
			for _, k := range keys {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", cellText(k.ARN), k.Spec, k.State, k.Rotations, cellText(strings.Join(k.Aliases, ", ")))
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func listKMS(s *kms.Service) []listedKey {
	out := []listedKey{}
	aliases := map[string][]string{}
	for alias, key := range s.Aliases() {
		aliases[key] = append(aliases[key], alias[strings.LastIndex(alias, ":")+1:])
	}
	for _, k := range s.Keys() {
		rotations, _ := s.Rotations(k.ARN) // none of a pair
		names := append([]string{}, aliases[k.ARN]...)
		slices.Sort(names)
		out = append(out, listedKey{k.ARN, k.Spec, k.Usage, k.State, len(rotations), names})
	}
	return out
}
