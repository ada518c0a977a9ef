package dsse

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets this binary play the signer command, so that no shell and no
// program of the machine is needed.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "signer" {
		os.Exit(signer(os.Args[2]))
	}
	os.Exit(m.Run())
}

func signer(what string) int {
	switch what {
	case "echo":
		_, _ = io.Copy(os.Stdout, os.Stdin)
	case "base64":
		in, _ := io.ReadAll(os.Stdin)
		text := base64.StdEncoding.EncodeToString(in)
		fmt.Println(text[:8] + "\n" + text[8:])
	case "fail":
		fmt.Fprintln(os.Stderr, "touch the token")
		return 3
	case "hang":
		time.Sleep(time.Minute)
	case "flood":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<16)); err != nil {
				return 1
			}
		}
	case "silent": // reads nothing either
	}
	return 0
}

func command(t *testing.T, what string) Command {
	t.Helper()
	c, err := ParseCommand("'" + os.Args[0] + "' signer " + what + " 'the PIN 1234'")
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = 30 * time.Second
	return c
}

func TestCommandSigns(t *testing.T) {
	pae := []byte("DSSEv1 1 t 5 \x00\xff\n x")
	for _, what := range []string{"echo", "base64"} {
		sig, err := command(t, what).Sign(t.Context(), pae)
		if err != nil || !bytes.Equal(sig, pae) {
			t.Errorf("%s: %q, %v", what, sig, err)
		}
	}
	for out, want := range map[string]string{"aGk=\n": "hi", " aG k=": "hi", "-_8=": "\xfb\xff", "aGk": "aGk", "": "", "0\x02\x01": "0\x02\x01"} {
		if got := signatureOf([]byte(out)); string(got) != want {
			t.Errorf("%q is read as %q", out, got)
		}
	}
}

func TestCommandsThatDoNotSign(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 1<<20)
	for what, want := range map[string]string{"fail": "exit status 3", "flood": "more than 65536 bytes", "silent": "wrote nothing", "echo": "more than"} {
		var stderr bytes.Buffer
		c := command(t, what)
		c.Stderr = &stderr
		_, err := c.Sign(t.Context(), large)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "1234") {
			t.Errorf("%s: %v", what, err)
		}
		if what == "fail" && stderr.String() != "touch the token\n" {
			t.Errorf("its messages are lost: %q", stderr.String())
		}
	}
}

func TestCommandsAreStopped(t *testing.T) {
	start := time.Now()
	c := command(t, "hang")
	c.Timeout = 100 * time.Millisecond
	if _, err := c.Sign(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "longer than 100ms") {
		t.Errorf("a hanging command: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := command(t, "hang").Sign(ctx, nil); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("an interrupted command: %v", err)
	}
	if took := time.Since(start); took > 25*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestCommandLines(t *testing.T) {
	for line, want := range map[string][]string{
		"a b  c":               {"a", "b", "c"},
		" a\tb\n":              {"a", "b"},
		`a 'b c' "d 'e"`:       {"a", "b c", "d 'e"},
		`a''b ''`:              {"ab", ""},
		`a --x='1 2' $HOME \n`: {"a", "--x=1 2", "$HOME", `\n`},
		"":                     nil,
	} {
		if got, err := split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is %q, %v", line, got, err)
		}
	}
	for _, line := range []string{"", "  ", "'a", `a "b`, "no-such-program-anywhere x", "''"} {
		if _, err := ParseCommand(line); err == nil {
			t.Errorf("%q is a command", line)
		}
	}
}
