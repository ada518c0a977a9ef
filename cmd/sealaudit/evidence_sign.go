package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const signHelp = `What is signed is an in-toto Statement v1 in a DSSE envelope. Its subjects are
the bundle's manifest.json, which has the digests of all evidence, and, once the
bundle is judged, its judgement.json, which has that of the findings. It is kept
in the bundle, as attestations.intoto.jsonl; the evidence digest stays what it
is. Signing a second time, or with a second key, adds a signature.

A private key is an unencrypted ed25519 key in PKCS#8 PEM (evidence keygen). Its
file is refused when everybody may read it or anybody else may write it; its
group may read it, as with a secret that is mounted into a pod.

A signer command gets what is to be signed on its standard input (the DSSE
pre-authentication encoding), writes the signature to its standard output, as it
is or in base64, and exits with 0. It runs without a shell: the line is split at
white space, and '…' and "…" keep some. Its messages are shown. Signatures that
can be verified are ed25519 and ECDSA on P-256 with SHA-256, P-384 with SHA-384
or P-521 with SHA-512 (DER, or r and s).`

const keepHelp = `--sign-key or --sign-command sign the bundle that is kept (evidence sign --help);
--previous names the run before this one. evidence verify checks both.`

// signFlags say with what to sign; their names begin with "sign-" in a command
// that does something else first.
type signFlags struct {
	prefix                      string
	key, command, keyID, public string
	timeout                     time.Duration
}

const signCommandFlag = "sign-command"

func (f *signFlags) add(fs *pflag.FlagSet, prefix string) {
	f.prefix = prefix
	fs.StringVar(&f.key, prefix+"key", "", "sign with the private key in this PEM `file`")
	fs.StringVar(&f.command, prefix+"command", "", "sign with this `command`: a program and its arguments (on the command line only)")
	fs.StringVar(&f.keyID, prefix+"keyid", "", "the `id` of the command's key, for people to read (default: that of --"+prefix+"public)")
	fs.StringVar(&f.public, prefix+"public", "", "the command's public key, a PEM `file`: what it signs is verified at once")
	fs.DurationVar(&f.timeout, prefix+"timeout", time.Minute, "give the command up after this long")
}

// errTypedCommand is why a signer command is named nowhere but on the command
// line: a configuration that comes with a repository would run a program.
var errTypedCommand = errors.New("a signer command runs a program, so it must be typed on the command line (--sign-command 'PROGRAM ARGUMENTS'); take it out here")

// check refuses flags that don't go together.
func (f *signFlags) check() error {
	switch {
	case f.key != "" && f.command != "":
		return fmt.Errorf("--%skey and --%scommand are both given; sign with one, and with the other by evidence sign", f.prefix, f.prefix)
	case f.command == "" && (f.keyID != "" || f.public != ""):
		return fmt.Errorf("--%skeyid and --%spublic are of a signer command; a private key has its own id", f.prefix, f.prefix)
	case f.timeout <= 0:
		return fmt.Errorf("--%stimeout is %s; it must be above 0", f.prefix, f.timeout)
	case len(f.keyID) > 256 || printable(f.keyID) != f.keyID:
		return fmt.Errorf("--%skeyid must be plain text of at most 256 bytes", f.prefix)
	}
	return nil
}

func newEvidenceSign(std streams) *cobra.Command {
	var f signFlags
	c := &cobra.Command{
		Use:   "sign BUNDLE",
		Short: "Sign a bundle's evidence and findings",
		Long: `sign checks the bundle as verify does, and signs its evidence and, if it is
judged, its findings.

` + signHelp + `

Exit codes: 0 signed; 2 not signed, and the bundle is as it was.`,
		Example: `  sealaudit evidence sign evidence.zip --key audit.pem
  sealaudit evidence sign evidence.zip --command 'sign-with-token --slot 9c' --public token.pub.pem`,
		Args: exactly(1, "one bundle"),
		RunE: func(c *cobra.Command, args []string) error {
			if f.key == "" && f.command == "" {
				return errors.New("evidence sign needs --key FILE or --command COMMAND; evidence keygen makes a key")
			}
			s, err := f.signer(std)
			if err != nil {
				return err
			}
			defer s.zero()
			t, err := bundleTarget(args[0])
			if err != nil {
				return err
			}
			b, err := openIntact(args[0])
			if err != nil {
				return err
			}
			defer b.Close() //nolint:errcheck // reading
			said, err := s.attest(c.Context(), b, t.path)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(std.out, "%s\nevidence digest %s\n", printable(said), b.Evidence)
			return err
		},
	}
	f.add(c.Flags(), "")
	return c
}

// signing is the context to sign a finished bundle in: a reading that was
// interrupted is still signed, and the next signal ends that.
func signing(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}
