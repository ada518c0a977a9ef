package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/dsse"
)

// signer signs bundles with a key or through a command. A nil signer signs
// nothing.
type signer struct {
	keyID  string
	sign   func(ctx context.Context, pae []byte) ([]byte, error)
	public *dsse.PublicKey // nil if a command's key is not known
	zero   func()          // forgets the private key
}

// signer makes the signer that the flags ask for, nil if they ask for none.
// What is wrong with a key file or a command is found here, before an account
// is read for its sake.
func (f *signFlags) signer(std streams) (*signer, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	switch {
	case f.key != "":
		key, err := dsse.LoadPrivateKey(f.key)
		if err != nil {
			return nil, fmt.Errorf("--%skey: %w", f.prefix, err)
		}
		sign := func(_ context.Context, pae []byte) ([]byte, error) { return key.Sign(pae), nil }
		return &signer{keyID: key.Public.ID, sign: sign, public: &key.Public, zero: key.Zero}, nil
	case f.command == "":
		return nil, nil
	}
	command, err := dsse.ParseCommand(f.command)
	if err != nil {
		return nil, fmt.Errorf("--%scommand: %w", f.prefix, err)
	}
	command.Timeout, command.Stderr = f.timeout, std.err
	s := &signer{keyID: f.keyID, sign: command.Sign, zero: func() {}}
	if f.public != "" {
		key, err := dsse.LoadPublicKey(f.public)
		if err != nil {
			return nil, fmt.Errorf("--%spublic: %w", f.prefix, err)
		}
		s.public = &key
		if s.keyID == "" {
			s.keyID = key.ID
		}
	}
	return s, nil
}

// keeping is signer for a command that keeps its bundle only if it is told to.
func (f *signFlags) keeping(bundle string, std streams) (*signer, error) {
	if bundle == "" && (f.key != "" || f.command != "") {
		return nil, errors.New("there is no bundle to sign; keep it with --bundle FILE")
	}
	return f.signer(std)
}

// attest signs what the bundle holds, writes it with the signature to path, and
// returns what it did in words.
func (s *signer) attest(ctx context.Context, b *collectors.Bundle, path string) (said string, err error) {
	statement, err := b.Statement()
	if err != nil {
		return "", err
	}
	e := dsse.Envelope{Payload: statement, PayloadType: collectors.PayloadType}
	sig, err := s.sign(ctx, e.PAE())
	if err != nil {
		return "", fmt.Errorf("signing %s: %w", path, err)
	}
	if s.public != nil && !s.public.Verify(e.PAE(), sig) {
		return "", fmt.Errorf("signing %s: what the command wrote is no signature by the key %s; check that the command signs with this key", path, s.public.ID)
	}
	e.Signatures = []dsse.Signature{{KeyID: s.keyID, Sig: sig}}
	line, err := e.Line()
	if err != nil {
		return "", err
	}
	over := "the evidence"
	if b.Judgement != nil {
		over += " and the judgement"
	}
	if signedBefore(b.Attestations, line) {
		return fmt.Sprintf("already signed: %s, %s, over %s", path, named(s.keyID), over), nil
	}
	all := append(bytes.Clone(b.Attestations), line...)
	if _, err := dsse.Read(all); err != nil { // damaged, or too many
		return "", fmt.Errorf("adding to the signatures of %s: %w; sign a bundle without them", path, err)
	}
	if err := b.Attest(path, all); err != nil {
		return "", err
	}
	return fmt.Sprintf("signed: %s, %s, over %s", path, named(s.keyID), over), nil
}

func signedBefore(attestations, line []byte) bool {
	for l := range bytes.Lines(attestations) {
		if bytes.Equal(l, line) {
			return true
		}
	}
	return false
}

// named is a key id as a signature claims it.
func named(keyID string) string {
	if keyID == "" {
		return "by a key that is not named"
	}
	return "by key " + inLine(keyID)
}

// attestKept signs the bundle that a command has just written, if its flags
// asked for that and the command did what it should; err is how it ended.
func (s *signer) attestKept(ctx context.Context, err error, path string, quiet bool, std streams) error {
	var v verdict
	if s == nil {
		return err
	}
	defer s.zero()
	if err != nil && !errors.As(err, &v) {
		return fmt.Errorf("%w; nothing was signed", err)
	}
	b, e := collectors.OpenBundle(path)
	if e != nil {
		return e
	}
	defer b.Close() //nolint:errcheck // reading
	said, e := s.attest(signing(ctx), b, path)
	if e != nil {
		return fmt.Errorf("%w; the bundle is whole and not signed: sign it with sealaudit evidence sign", e)
	}
	if !quiet {
		fmt.Fprintf(std.err, "%s\n", printable(said))
	}
	return err
}
