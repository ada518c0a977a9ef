package dsse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// maxOutput bounds what a signer command may say, in bytes; the longest
// signatures in use are shorter.
const maxOutput = 64 << 10

// Command is a program that signs: it gets the PAE on its standard input and
// writes the signature to its standard output, as it is or in base64 (either
// alphabet, padded, on as many lines as it likes), and exits with 0.
type Command struct {
	path string
	args []string
	// Timeout is how long it may take, above 0.
	Timeout time.Duration
	// Stderr is where its messages go; what it asks for, such as a touch of a
	// token, is for the user to see.
	Stderr io.Writer
}

// ParseCommand splits a command line at white space and finds its program.
// '…' and "…" keep white space; nothing else has a meaning, as no shell runs.
func ParseCommand(line string) (Command, error) {
	words, err := split(line)
	if err != nil {
		return Command{}, err
	}
	if len(words) == 0 {
		return Command{}, errors.New("it names no program")
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return Command{}, fmt.Errorf("finding the program: %w; give its path", err)
	}
	return Command{path: path, args: words[1:]}, nil
}

func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, in := rune(0), false
	for _, r := range line {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case quote == 0 && unicode.IsSpace(r):
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteRune(r)
			in = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote (%c) is not closed", quote)
	}
	if in {
		words = append(words, word.String())
	}
	return words, nil
}

// Sign runs the command over a PAE. Errors name the program and not its
// arguments, which may hold a PIN.
func (c Command) Sign(ctx context.Context, pae []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("it took longer than %s", c.Timeout))
	defer cancel()
	out := &bounded{most: maxOutput}
	run := exec.CommandContext(ctx, c.path, c.args...)
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(pae), out, c.Stderr
	run.WaitDelay = time.Second // for what it left behind with its output open
	err := run.Run()
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
		if errors.Is(err, context.Canceled) {
			err = errors.New("it was interrupted")
		}
	case out.over:
		err = fmt.Errorf("it wrote more than %d bytes, which is no signature", maxOutput)
	}
	if err != nil {
		return nil, fmt.Errorf("the signer command %s gave no signature: %w", c.path, err)
	}
	sig := signatureOf(out.text)
	if len(sig) == 0 {
		return nil, fmt.Errorf("the signer command %s gave no signature: it wrote nothing", c.path)
	}
	return sig, nil
}

// signatureOf decodes what a command wrote, if it is base64 as a whole. A raw
// signature of 64 bytes that happens to be is met once in 10^38.
func signatureOf(out []byte) []byte {
	if text := strings.Join(strings.Fields(string(out)), ""); text != "" {
		if sig, err := decodeBase64(text); err == nil {
			return sig
		}
	}
	return out
}

// bounded keeps what is written to it, up to a size.
type bounded struct {
	text []byte
	most int
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.text)+len(p) > b.most {
		b.over = true
		return 0, errors.New("too long")
	}
	b.text = append(b.text, p...)
	return len(p), nil
}
