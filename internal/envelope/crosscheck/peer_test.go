//go:build crosscheck

// Package crosscheck holds what internal/envelope seals and opens against
// AWS's own libraries for Java and Python: each opens what the other sealed,
// and both refuse what was changed. A peer is a program of .ci/crosscheck that
// runs such a library; KMS, S3 and DynamoDB are a server of the test. It needs
// what .ci/run crosscheck installs, and fails without it.
package crosscheck

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// job is what a peer is asked to do, and answer what it says. Both are a line
// of JSON.
type job struct {
	Do  string `json:"do"` // "esdk.seal", "s3.open", …
	Key key    `json:"key"`

	Text     []byte            `json:"text,omitempty"` // plaintext or message
	Context  map[string]string `json:"context,omitempty"`
	Required []string          `json:"required,omitempty"`
	Suite    int               `json:"suite,omitempty"`
	Frame    int               `json:"frame,omitempty"` // 0: unframed

	Object      string `json:"object,omitempty"` // key in the bucket
	Version     string `json:"version,omitempty"`
	Mode        string `json:"mode,omitempty"`
	Instruction bool   `json:"instruction,omitempty"`

	Item      json.RawMessage   `json:"item,omitempty"`
	Table     string            `json:"table,omitempty"`
	Partition string            `json:"partition,omitempty"`
	Sort      string            `json:"sort,omitempty"`
	Actions   map[string]string `json:"actions,omitempty"`
	Unsigned  []string          `json:"unsigned,omitempty"`
	NoSign    bool              `json:"nosign,omitempty"`
}

// String leaves the keys and contents out.
func (j job) String() string {
	return fmt.Sprintf("%s %s%s of %d and %d bytes, %v", j.Do, j.Version, j.Mode, len(j.Text), len(j.Item), j.Instruction)
}

type answer struct {
	Text  []byte          `json:"text"`
	Item  json.RawMessage `json:"item"`
	Error string          `json:"error"`
}

// peer is a running program, and what it did so far.
type peer struct {
	name string
	cmd  *exec.Cmd
	in   *json.Encoder
	out  *bufio.Reader
	done map[string]*tally
}

// tally counts artefacts of a format.
type tally struct{ theirsOpened, oursOpened, refused int }

// start runs a peer until the test ends.
func start(t *testing.T, name, address string) *peer {
	t.Helper()
	var cmd *exec.Cmd
	switch name {
	case "java":
		cmd = exec.Command("java", "-cp", installed(t, "CROSSCHECK_CLASSPATH"), "Peer")
	case "python":
		cmd = exec.Command(installed(t, "CROSSCHECK_PYTHON"), "../../../.ci/crosscheck/python/peer.py")
	}
	cmd.Env = append(os.Environ(), "PEER_ENDPOINT="+address, "AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=us-east-1", "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting the peer %s: %v", name, err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the peer %s ended: %v", name, err)
		}
	})
	return &peer{name, cmd, json.NewEncoder(in), bufio.NewReader(out), map[string]*tally{}}
}

// installed is where .ci/run crosscheck put something.
func installed(t *testing.T, variable string) string {
	t.Helper()
	v := os.Getenv(variable)
	if v == "" {
		t.Fatalf("%s is not set: run .ci/run crosscheck, which installs the peers", variable)
	}
	return v
}

// do asks for one job.
func (p *peer) do(t *testing.T, j job) answer {
	t.Helper()
	if err := p.in.Encode(j); err != nil {
		t.Fatalf("asking the peer %s: %v", p.name, err)
	}
	stuck := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	line, err := p.out.ReadBytes('\n')
	stuck.Stop()
	if err != nil {
		t.Fatalf("the peer %s says nothing to %s: %v", p.name, j, err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		t.Fatalf("the peer %s says no JSON to %s: %v", p.name, j.Do, err)
	}
	return a
}

func (p *peer) of(format string) *tally {
	if p.done[format] == nil {
		p.done[format] = &tally{}
	}
	return p.done[format]
}

// report logs what was done, and fails for what was not.
func (p *peer) report(t *testing.T, formats ...string) {
	t.Helper()
	lines := []string{p.name + ":"}
	for _, format := range slices.Sorted(maps.Keys(p.done)) {
		d := p.done[format]
		lines = append(lines, fmt.Sprintf("  %-44s they opened ours %4d, we opened theirs %4d, both refused %3d", format, d.theirsOpened, d.oursOpened, d.refused))
	}
	t.Log(strings.Join(lines, "\n"))
	for _, format := range formats {
		if d := p.of(format); d.theirsOpened == 0 || d.oursOpened == 0 || d.refused == 0 {
			t.Errorf("%s: %s was not tried in each way", p.name, format)
		}
	}
}

// TestPeers runs every format that a peer has.
func TestPeers(t *testing.T) {
	t.Run("java", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := start(t, "java", w.address)
		t.Run("messages", func(t *testing.T) { messages(t, w, p) })
		t.Run("objects", func(t *testing.T) { objects(t, w, p) })
		t.Run("objects of SDK 1", func(t *testing.T) { oldObjects(t, w, p) })
		t.Run("items", func(t *testing.T) { structuredItems(t, w, p) })
		t.Run("items of the Encryption Client", func(t *testing.T) { legacyItems(t, w, p) })
		p.report(t, formatMessages, formatObjects+"V2", formatObjects+"V3", formatOldObjects+"V2", formatItems, formatLegacy)
	})
	t.Run("python", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := start(t, "python", w.address)
		t.Run("messages", func(t *testing.T) { messages(t, w, p) })
		t.Run("objects", func(t *testing.T) { objects(t, w, p) })
		t.Run("items of the Encryption Client", func(t *testing.T) { legacyItems(t, w, p) })
		p.report(t, formatMessages, formatObjects+"V2", formatObjects+"V3", formatLegacy)
	})
}
