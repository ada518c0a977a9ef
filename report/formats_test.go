package report

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

var documents = flag.String("documents", "testdata", "a directory with reports of a real scan, named report and the format's extension, to hold against the schemas")

// machines are the formats that programs and job pages read.
var machines = []string{"oscal", "ocsf", "asff", "junit", "csv", "markdown", "prometheus"}

// machineSample is sample with waivers, an account-wide resource and one of
// the types that proofs are of.
func machineSample() Data {
	d := sample()
	waivers := []rego.Waiver{
		{Policy: "kinesis/*", Resource: "arn:aws:kinesis:*:stream/public-*", Owner: "payments <b>team</b>", Reason: "public prices; =1+1 | `x`", Ticket: "SEC-12", Expires: "2027-03-31"},
		{Policy: "s3/tls_required", Resource: "*", Owner: "web", Reason: "until the move", Expires: "2026-01-31"},
		{Policy: "s3/*", Resource: "arn:aws:s3:::gone", Owner: "web", Reason: "@everyone", Expires: "2027-01-31"},
	}
	d.Summary.Waivers = []rego.WaiverUse{{Waiver: waivers[0], State: rego.WaiverActive, Findings: 1},
		{Waiver: waivers[1], State: rego.WaiverExpired, Findings: 12}, {Waiver: waivers[2], State: rego.WaiverUnmatched}}
	findings := sampleFindings()
	for i := range findings {
		switch f := &findings[i]; {
		case f.Status == rego.Waived:
			f.Waiver = &waivers[0]
		case f.Status == rego.Fail && f.Policy == "s3/tls_required":
			f.Waiver = &waivers[1]
		}
	}
	root := finding("kms/key_not_pending_deletion", rego.Pass, "", account)
	root.Resource.ARN, root.Resource.Type = "arn:aws:iam::"+account+":root", "AWS::::Account"
	object := finding("s3/versioning_enabled", rego.Fail, "eu-west-1", "logs/../"+hostile[5])
	object.Resource.ARN, object.Resource.Type, object.Messages = "arn:aws:s3:::audit-logs/logs/"+hostile[5], "AWS::S3::Object", []string{"is not encrypted"}
	d.Findings = seq(append(findings, root, object))
	return d
}

// hidden or active characters of hostile names are nowhere in the files, and
// all of them are UTF-8. CSV and Prometheus have no markup to be active in.
func TestMachineFormatsAreInert(t *testing.T) {
	for _, format := range machines {
		got := string(render(t, format, machineSample(), Options{}))
		if !utf8.ValidString(got) {
			t.Errorf("%s is no UTF-8", format)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return hidden(r) && r != '\n' && r != '\r' }); i >= 0 {
			t.Errorf("%s has a hidden character: %q", format, got[max(0, i-20):min(len(got), i+20)])
		}
		if format != "csv" && format != "markdown" && strings.Contains(got, "<script") {
			t.Errorf("%s has raw HTML", format)
		}
	}
}

// The demo account is announced in the first line of every format, where
// HTML, whose first line is its document type, has it in its title.
func TestFirstLineSaysThatItIsTheDemo(t *testing.T) {
	for _, f := range Formats() {
		for _, profile := range []string{"github", "full"} {
			got := string(render(t, f.Name, machineSample(), Options{SARIFProfile: profile}))
			first, _, _ := strings.Cut(got, "\n")
			const notice = "Demo account, not yours"
			says := strings.Contains(first, notice)
			if f.Name == "html" {
				says = strings.Contains(got, "<title>Demo: ") && strings.Contains(got, notice)
			}
			if !says {
				t.Errorf("%s begins with %q", f.Name, first[:min(len(first), 200)])
			}
		}
	}
}

// 25,000 findings take little more memory than none: formats stream.
func TestMachineFormatsStream(t *testing.T) {
	d := spread(25000)
	for _, format := range machines {
		if peak := peakHeap(t, format, d); peak > 32<<20 {
			t.Errorf("%s takes %d MB above idle, at most 32 are allowed", format, peak>>20)
		}
	}
}

// spread is large over several regions: most findings are of one, the others
// come scattered.
func spread(n int) Data {
	d := large(n)
	var list []rego.Finding
	for f := range d.Findings() {
		if i := len(list) % 20; i < 10 {
			f.Resource.Region = fmt.Sprintf("region-%d", i)
		}
		list = append(list, f)
	}
	d.Findings = seq(list)
	return d
}

// peakHeap is how much the live heap grows while a report is written, looked
// at before the first byte and after every two megabytes.
func peakHeap(t testing.TB, format string, d Data) int64 {
	t.Helper()
	watch := &heapWatch{}
	base := watch.live()
	if err := Write(watch, format, d, Options{}); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(d)
	return max(0, watch.peak-base)
}

type heapWatch struct {
	peak  int64
	until int
}

func (h *heapWatch) live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (h *heapWatch) Write(p []byte) (int, error) {
	if h.until -= len(p); h.until <= 0 {
		h.until = 2 << 20
		h.peak = max(h.peak, h.live())
	}
	return len(p), nil
}

// BenchmarkMachines writes 25,000 findings: time, size and growth of the heap.
func BenchmarkMachines(b *testing.B) {
	d := spread(25000)
	for _, format := range machines {
		b.Run(format, func(b *testing.B) {
			size, peak := len(render(b, format, d, Options{})), peakHeap(b, format, d)
			for b.Loop() {
				if err := Write(io.Discard, format, d, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "report-B")
			b.ReportMetric(float64(peak), "peak-heap-B")
		})
	}
}

// The README names every format, with what it is.
func TestReadmeListsTheFormats(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Formats() {
		if row := "| `" + f.Name + "` | `" + f.Extension + "` | " + f.Description + " |\n"; !bytes.Contains(text, []byte(row)) {
			t.Errorf("README.md lacks the row %q", row)
		}
	}
}

// Reports of a real scan keep to the schemas too: see .ci/run reports.
func TestDocuments(t *testing.T) {
	for format, check := range map[string]func([]byte) error{"oscal": checkOSCAL(t), "ocsf": checkOCSF(t), "asff": checkASFF} {
		f, err := Find(format)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := os.ReadFile(filepath.Join(*documents, "report"+f.Extension))
		if err != nil {
			t.Fatal(err)
		}
		if err := check(doc); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// compile reads an official schema.
func compile(t testing.TB, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("../fixtures/schemas/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// withoutEvidence is sample of a scan that read nothing.
func withoutEvidence() Data {
	d := machineSample()
	d.Findings, d.Manifest.Coverage, d.Manifest.Interrupted = seq(nil), []collectors.Coverage{}, "the deadline passed"
	return d
}

// Whatever the text, each way of writing it keeps to its syntax.
func FuzzMachineText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if rest := outsideSpans(t, codeSpan(s)); rest != "" {
			t.Errorf("%q leaves %q outside of its code span", s, rest)
		}
		for _, part := range strings.Split(csvCell(s), ";") {
			if part = strings.TrimLeft(part, ` "`); part != "" && strings.ContainsAny(part[:1], "=+-@") {
				t.Errorf("%q begins a formula: %q", s, csvCell(s))
			}
		}
		if got := cut(printable(s), 100); len(got) > 100 || !utf8.ValidString(got) {
			t.Errorf("%q was cut to %q", s, got)
		}
		var back struct {
			Text string `xml:",chardata"`
		}
		if err := xml.Unmarshal([]byte("<a>"+junitText(s)+"</a>"), &back); err != nil || back.Text != printable(s) {
			t.Errorf("%q came out of XML as %q: %v", s, back.Text, err)
		}
		for _, p := range prop("p", s) {
			if strings.TrimSpace(p.Value) != p.Value || strings.ContainsAny(p.Value, "\n\r") {
				t.Errorf("%q is no OSCAL string: %q", s, p.Value)
			}
		}
	})
}
