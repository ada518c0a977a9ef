package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sealaudit": main})
}

// TestScripts runs the command as people do: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			e.Setenv("AWS_REGION", "us-east-1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"endpoint": endpoint,
			"exits":    exits,
			"ctrlc":    ctrlC,
			"flip":     flip,
			"oneline":  oneLine,
		},
	})
}

// endpoint KIND starts an endpoint that misbehaves and puts it, with
// credentials, into the environment.
func endpoint(ts *testscript.TestScript, _ bool, args []string) {
	hold := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch args[0] {
		case "html":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><h1>Sign in to the network</h1>")
		case "hang":
			<-hold
		case "cut":
			w.Header().Set("Content-Length", "5000")
			fmt.Fprint(w, "<GetCallerIdentityResponse>")
		case "expired":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>")
		default:
			ts.Fatalf("no such endpoint: %s", args[0])
		}
	}))
	ts.Defer(func() { close(hold); srv.Close() })
	ts.Setenv("AWS_ENDPOINT_URL", srv.URL)
	ts.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "secretexample")
}

// exits CODE COMMAND… runs a command that must end with the code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := err.(interface{ ExitCode() int }); ok {
		got = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("running %v: %v", args[1:], err)
	}
	if got != want {
		ts.Fatalf("%v exits %d, want %d", args[1:], got, want)
	}
}

// ctrlC TEXT COMMAND… interrupts a command once its stderr has the text. Its
// stdout goes to the file ctrlc.out; with ! it must fail then.
func ctrlC(ts *testscript.TestScript, fails bool, args []string) {
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	c := exec.Command(path, args[2:]...)
	out, err := os.Create(ts.MkAbs("ctrlc.out"))
	ts.Check(err)
	defer out.Close() //nolint:errcheck // a test's file
	c.Stdout = out
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "TMPDIR", "AWS_REGION", "AWS_EC2_METADATA_DISABLED"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	stderr, err := c.StderrPipe()
	ts.Check(err)
	ts.Check(c.Start())
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), args[0]) {
		continue
	}
	time.Sleep(200 * time.Millisecond) // in the middle of it
	ts.Check(c.Process.Signal(os.Interrupt))
	for lines.Scan() {
		ts.Logf("%s", lines.Text())
	}
	if err := c.Wait(); fails != (err != nil) {
		ts.Fatalf("%v ends with %v", args, err)
	}
}

// flip FILE OFFSET flips a bit of the byte at OFFSET, counted from the end
// when negative.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(text)
	}
	text[at] ^= 1
	ts.Check(os.WriteFile(path, text, 0o600))
}

// oneline checks that the last command's stderr is one line that starts with
// the program's name: an error, not a trace.
func oneLine(ts *testscript.TestScript, _ bool, _ []string) {
	text := []byte(ts.ReadFile("stderr"))
	if bytes.Count(text, []byte("\n")) != 1 || !bytes.HasPrefix(text, []byte("sealaudit: ")) {
		ts.Fatalf("not one line: %q", text)
	}
}

// compareGolden compares bytes with a golden file, or rewrites it with -update.
func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it\n%s", path, diff)
	}
}
