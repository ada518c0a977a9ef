package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/rego"
)

func TestTableGolden(t *testing.T) {
	for _, columns := range []int{80, 120} {
		golden(t, fmt.Sprintf("table-%d.txt", columns), render(t, "table", sample(), Options{Width: columns}))
	}
	golden(t, "table-color.txt", render(t, "table", sample(), Options{Width: 80, Color: true}))
}

// No line is wider than the terminal and no cell draws outside its box,
// whatever the account's names.
func TestTableFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{60, 72, 80, 100, 140} {
		for i, line := range strings.Split(string(render(t, "table", sample(), Options{Width: columns})), "\n") {
			if got := width(line); got > columns {
				t.Errorf("width %d: line %d takes %d columns: %q", columns, i+1, got, line)
			}
			if strings.ContainsAny(line, "\x1b\u202e\u2066\u200b\u009b\a") {
				t.Errorf("width %d: line %d has raw control characters: %q", columns, i+1, line)
			}
			if strings.HasPrefix(line, "│") && !strings.HasSuffix(line, "│") {
				t.Errorf("width %d: line %d leaves its box: %q", columns, i+1, line)
			}
		}
	}
}

// What the table does not list it counts: rows shown plus rows announced are
// the failures, for each policy and severity.
func TestTableCutsAloud(t *testing.T) {
	var findings []rego.Finding
	for i := range 70 {
		findings = append(findings, finding("kinesis/stream_encrypted", "fail", "us-east-1", fmt.Sprintf("stream-%02d", i)))
	}
	for i := range 9 {
		findings = append(findings, finding("s3/tls_required", "fail", "us-east-1", fmt.Sprintf("bucket-%02d", i)))
	}
	d := sample()
	d.Findings = seq(findings)
	got := string(render(t, "table", d, Options{}))
	if n := strings.Count(got, "│ stream-"); n != 50 {
		t.Errorf("%d failures are listed, want 50", n)
	}
	for _, want := range []string{"HIGH: 79 failures", "stream_encrypted (KDS-01): 70 failures", "… and 20 more of this policy",
		"tls_required (S3-08): 9 failures", "… and 9 more of this policy", "… and 29 more high failures: write -o json=report.json"} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
			t.Errorf("the table does not say %q", want)
		}
	}
}

func TestTableOfNothing(t *testing.T) {
	d := sample()
	d.Findings = seq(nil)
	d.Manifest.Coverage = nil
	got := string(render(t, "table", d, Options{}))
	for _, want := range []string{"Nothing was judged", "nothing was listed", "0 findings: 0 fail"} {
		if !strings.Contains(got, want) {
			t.Errorf("the table does not say %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "No failures") {
		t.Error("a table of nothing reads like a pass")
	}
}

// Where the evidence is not what a reader would take it for, every format
// for people says so.
func TestHeadingSaysWhatIsUnusual(t *testing.T) {
	d := sample()
	d.Manifest.Interrupted, d.Manifest.Endpoint, d.Manifest.FIPS = "the deadline passed\x1b[2J", "http://localhost:4566", true
	for _, format := range []string{"table", "html"} {
		got := string(render(t, format, d, Options{}))
		for _, want := range []string{"Demo account, not yours", `the deadline passed\x1b[2J`, "http://localhost:4566", "FIPS", "asked for"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not say %q", format, want)
			}
		}
	}
	d = sample()
	d.Manifest.Demo = false
	for _, f := range Formats() {
		if got := string(render(t, f.Name, d, Options{SARIFProfile: "full"})); strings.Contains(got, "Demo account") || strings.Contains(got, `"demo":true`) {
			t.Errorf("%s takes a real account for the demo", f.Name)
		}
	}
}
