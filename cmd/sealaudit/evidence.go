package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func newEvidence(std streams) *cobra.Command {
	c := &cobra.Command{Use: "evidence", Short: "Check and sign evidence bundles", Args: noArgs,
		Long: `evidence checks bundles and signs them: who holds a signed bundle and the
public key knows, without AWS and without asking anybody, that its evidence and
findings are those that were signed.

The flags of its commands are typed: no environment and no file gives them.`,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("evidence needs a command: keygen NAME, sign BUNDLE or verify BUNDLE…")
		}}
	c.AddCommand(newEvidenceKeygen(std), newEvidenceSign(std), newEvidenceVerify(std))
	return c
}
