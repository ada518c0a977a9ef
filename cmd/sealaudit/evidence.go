package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/collectors"
)

func newEvidence(std streams) *cobra.Command {
	c := &cobra.Command{Use: "evidence", Short: "Check evidence bundles", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return errors.New("evidence needs a command: verify BUNDLE") }}
	c.AddCommand(&cobra.Command{
		Use:   "verify BUNDLE",
		Short: "Check every bit of a bundle against its digests",
		Long: `verify checks each entry of the bundle against the digests in its manifest,
each API reply against its own, the findings against the evidence they were
made from, and the file's own headers. It finds any flipped bit. It does not
say who wrote the bundle: compare the evidence digest with the one you kept.

Exit codes: 0 intact; 2 not intact.`,
		Args: exactly(1, "one bundle"),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := collectors.OpenBundle(args[0])
			if err != nil {
				return err
			}
			defer b.Close() //nolint:errcheck // reading
			if err := b.Verify(); err != nil {
				return err
			}
			m := b.Manifest
			judged := "not judged yet"
			if b.Judgement != nil {
				judged = "judged by " + b.Judgement.Tool
			}
			_, err = fmt.Fprintf(std.out, "intact: %s\nevidence digest %s\nread by %s from %s to %s (UTC) with %s\n%s\n", args[0], b.Evidence,
				printable(m.Caller), m.Started.Format("2006-01-02 15:04:05"), m.Ended.Format("2006-01-02 15:04:05"), printable(m.Tool), printable(judged))
			return err
		},
	})
	return c
}
