package report

import (
	"regexp"
	"strings"
	"testing"
)

func TestPrometheusGolden(t *testing.T) {
	golden(t, "report.prom", render(t, "prometheus", machineSample(), Options{}))
}

var (
	promSample = regexp.MustCompile(`^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\["\\n])*",?)*)\})? (-?[0-9.]+)$`)
	promLabel  = regexp.MustCompile(`([a-z]+)="((?:[^"\\]|\\["\\n])*)"`)
)

// Every line is a comment or a sample by the format's grammar, all samples of
// a metric follow its HELP and TYPE, no series is there twice, and no label
// names a resource.
func TestPrometheusGrammar(t *testing.T) {
	d := machineSample()
	d.Manifest.Tool, d.Evidence = "sealaudit 1\"\\\n2", "sha256:\"} 1\nevil 2"
	text := string(render(t, "prometheus", d, Options{}))
	if !strings.HasSuffix(text, "\n") {
		t.Error("the last line does not end")
	}
	metric, seen, done := "", map[string]bool{}, map[string]bool{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != "# "+DemoNotice { // a comment, of the sample's demo account
		t.Errorf("the first line is %q", lines[0])
	}
	for _, line := range lines[1:] {
		if name, ok := strings.CutPrefix(line, "# HELP "); ok {
			done[metric] = true
			if metric, _, _ = strings.Cut(name, " "); done[metric] {
				t.Errorf("metric %s comes twice", metric)
			}
			continue
		}
		if line == "# TYPE "+metric+" gauge" {
			continue
		}
		m := promSample.FindStringSubmatch(line)
		if m == nil || m[1] != metric {
			t.Errorf("not a sample of %s: %q", metric, line)
			continue
		}
		if series := m[1] + m[2]; seen[series] {
			t.Errorf("the series %s is there twice", series)
		}
		seen[m[1]+m[2]] = true
		for _, label := range promLabel.FindAllStringSubmatch(m[2], -1) {
			if strings.Contains(label[2], "arn:") || strings.Contains(label[2], "orders") || strings.Contains(label[2], "script") {
				t.Errorf("a label names a resource: %q", line)
			}
		}
	}
	for _, want := range []string{
		`sealaudit_findings{account="123456789012",policy="kinesis/stream_encrypted",severity="high",status="fail"} 1`,
		`sealaudit_findings{account="123456789012",policy="kinesis/stream_encrypted",severity="high",status="unknown"} 0`,
		`sealaudit_resources{account="123456789012",region="us-east-1",type="AWS::S3::Bucket",state="unread"} 1`,
		`sealaudit_listing_complete{account="123456789012",region="us-east-1",type="AWS::KinesisFirehose::DeliveryStream"} 0`,
		`sealaudit_waivers{state="expired"} 1`, "sealaudit_scan_start_timestamp_seconds 1795514400", "sealaudit_clock_skew_seconds 0.012",
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("missing: %s", want)
		}
	}
}

// Scanned accounts without findings have their zeros too.
func TestPrometheusOfNothing(t *testing.T) {
	if got := string(render(t, "prometheus", withoutEvidence(), Options{})); !strings.Contains(got, `sealaudit_findings{account="123456789012",policy="s3/tls_required",severity="high",status="pass"} 0`) ||
		!strings.Contains(got, "sealaudit_scan_interrupted 1\n") {
		t.Errorf("got %s", got)
	}
}
