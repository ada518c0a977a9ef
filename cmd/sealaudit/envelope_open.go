package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

func newEnvelopeOpen(std streams) *cobra.Command {
	var f envelopeFlags
	var k keyFlags
	var from fromFlags
	var out string
	c := &cobra.Command{
		Use:   "open FILE|--from LOCATOR -o OUT",
		Short: "Decrypt a file, object or item to a new file, after every byte of it was authenticated",
		Long: `open decrypts one file, object or item and writes its plaintext to a new file that
only you can read. OUT appears after every byte was authenticated, or not at all; plaintext
never goes to the terminal. An item is written as DynamoDB JSON. What nothing
authenticates (AES-CBC) is not opened.

` + keyringHelp + "\n\n" + storesHelp + "\n\n" + fromHelp,
		RunE: func(c *cobra.Command, args []string) error {
			// Where plaintext goes is said on the command line only: output in the
			// environment or in sealaudit.yaml is that of reports.
			c.Flags().Lookup("output").Changed = true
			if err := settle(c, nil); err != nil {
				return err
			}
			if len(args)+len(from.from) != 1 {
				return fmt.Errorf("%s takes one file, or one --from, and got %d; see %s --help", c.CommandPath(), len(args)+len(from.from), c.CommandPath())
			}
			if out == "" || out == "-" {
				return errors.New("open writes plaintext only to a named file; give one with -o FILE")
			}
			if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s exists; remove it, or name another file with -o", out)
			}
			if _, err := newTarget(out); err != nil {
				return fmt.Errorf("-o: %w", err)
			}
			run, err := prepare(c, std, &f, &from, &k, args)
			if err != nil {
				return err
			}
			defer run.keys.zero()
			return run.open(c.Context(), std, out, f.asJSON)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "write the plaintext to this new `file`")
	f.add(c.Flags())
	f.addReading(c.Flags())
	k.add(c.Flags())
	k.stores.add(c.Flags())
	from.add(c.Flags())
	return c
}

// open writes the plaintext of the one source to a new file.
func (run envelopeRun) open(ctx context.Context, std streams, out string, asJSON bool) error {
	s := run.sources[0]
	a, err := s.open(ctx)
	if unasked(err) {
		return envelopeResults{{File: s.name, Error: err.Error(), unasked: true}}.write(std, asJSON)
	}
	if err != nil {
		return err
	}
	defer a.close()
	var p envelope.Proof
	err = writeOwn(out, func(w io.Writer) error {
		var err error
		p, err = a.open(ctx, w, run.keys, run.reading)
		return err
	})
	if err != nil && len(p.Steps) == 0 && !unasked(err) {
		return err // nothing was found out about the ciphertext
	}
	result := newEnvelopeResult(a, p, err, false)
	if err != nil && result.Proof.Verdict == envelope.Verified {
		return err // the plaintext could not be written
	}
	if err == nil {
		defer fmt.Fprintf(std.err, "plaintext written to %s\n", printable(out))
	}
	return envelopeResults{result}.write(std, asJSON)
}

// writeOwn writes a file that only its owner can read, whole or not at all.
func writeOwn(path string, fill func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone after the rename
	if err := fill(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
