package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

// results25k are 25,000 results over 20 regions, decoded from a file as
// from a bundle, so that what is held is the writer's. All are open failures,
// fewer than GitHub's 5,000 in each run.
func results25k(t testing.TB) Data {
	d := large(10)
	d.Manifest.Coverage = nil
	path := filepath.Join(t.TempDir(), "findings")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := json.NewEncoder(file)
	for i := range 25000 {
		p := d.Policies[i/2500]
		f := finding(policies()[i/2500%5].ID, rego.Fail, fmt.Sprintf("region-%02d", i%20), fmt.Sprintf("resource-%05d", i))
		f.Policy, f.Messages = p.ID, []string{"encryption type is NONE, at least KMS with a customer managed key is required"}
		f.Resource.Account = account
		if err := out.Encode(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	d.Findings = func() iter.Seq2[rego.Finding, error] {
		return func(yield func(rego.Finding, error) bool) {
			file, err := os.Open(path)
			if err != nil {
				yield(rego.Finding{}, err)
				return
			}
			defer func() { _ = file.Close() }()
			for lines := bufio.NewScanner(file); lines.Scan(); {
				var f rego.Finding
				if err := json.Unmarshal(lines.Bytes(), &f); !yield(f, err) || err != nil {
					return
				}
			}
		}
	}
	return d
}

// BenchmarkSARIF writes 25,000 results: the size of the file and the heap in
// use above idle at its highest, seen every 5 ms.
func BenchmarkSARIF(b *testing.B) {
	for _, profile := range []string{"github", "full"} {
		b.Run(profile, func(b *testing.B) {
			d, o := results25k(b), Options{SARIFProfile: profile}
			var size counter
			if err := Write(&size, "sarif", d, o); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := Write(io.Discard, "sarif", d, o); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(size.n), "report-B")
			b.ReportMetric(float64(peak(func() { _ = Write(io.Discard, "sarif", d, o) })), "peak-B")
		})
	}
}

// peak is the most heap that work needs above what was there before.
func peak(work func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	idle, most := m.HeapInuse, uint64(0)
	done := make(chan bool)
	go func() { work(); close(done) }()
	for {
		select {
		case <-done:
			return most
		case <-time.After(5 * time.Millisecond):
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse-min(idle, m.HeapInuse))
		}
	}
}

var largeSARIF = flag.String("large-sarif", "", "write the SARIF for GitHub of 25,000 results to this file, for .ci/sarif, whose validators take minutes for it")

// The 25,000 results of the benchmark keep to the bounds that don't depend on
// the machine.
func TestSARIFOf25000(t *testing.T) {
	d := results25k(t)
	if *largeSARIF != "" {
		var b bytes.Buffer
		if err := errors.Join(Write(&b, "sarif", d, Options{}), os.WriteFile(*largeSARIF, b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, profile := range []string{"github", "full"} {
		var size counter
		if err := Write(&size, "sarif", d, Options{SARIFProfile: profile}); err != nil {
			t.Fatal(err)
		}
		if size.n > 25<<20 || size.n < 10<<20 {
			t.Errorf("%s has %d bytes", profile, size.n)
		}
		if profile == "github" {
			var b bytes.Buffer
			_ = Write(&b, "sarif", d, Options{SARIFProfile: profile})
			if problems, err := Lint(&b); err != nil || len(problems) > 0 {
				t.Errorf("GitHub would complain: %v, %v", problems, err)
			}
		}
		if n := peak(func() { _ = Write(io.Discard, "sarif", d, Options{SARIFProfile: profile}) }); n > 32<<20 {
			t.Errorf("%s needs %d bytes of heap", profile, n)
		}
	}
}
