package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/internal/dsse"
)

func newEvidenceKeygen(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "keygen NAME",
		Short: "Make an ed25519 key to sign bundles with",
		Long: `keygen makes an ed25519 key (RFC 8032) and writes it to two new files:
NAME.pem, the private key (PKCS#8, mode 0600), and NAME.pub.pem, the public key
that evidence verify needs. It overwrites neither. The private key is not
encrypted: keep it where only the job that signs can read it.

openssl makes and reads the same: openssl genpkey -algorithm ed25519 -out
NAME.pem and openssl pkey -in NAME.pem -pubout -out NAME.pub.pem. The key id is
the SHA-256 of openssl pkey -pubin -in NAME.pub.pem -outform DER.`,
		Args: exactly(1, "a name for the key"),
		RunE: func(_ *cobra.Command, args []string) error {
			name := strings.TrimSuffix(args[0], ".pem")
			key, err := dsse.GenerateKey(name+".pem", name+".pub.pem")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(std.out, "private key %s.pem\npublic key %s.pub.pem\nkey id %s\n", printable(name), printable(name), key.ID)
			return err
		},
	}
}
