package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

func TestMarkdownGolden(t *testing.T) {
	got := string(render(t, "markdown", machineSample(), Options{}))
	golden(t, "report.md", []byte(got))
	if !strings.HasPrefix(got, "> **Demo account, not yours") {
		t.Error("the first line is not the demo's")
	}
	if nothing := string(render(t, "markdown", withoutEvidence(), Options{})); !strings.Contains(nothing, "nothing was judged") || !strings.Contains(nothing, "not a pass") ||
		!strings.Contains(nothing, "Nothing was listed") || !strings.Contains(nothing, "**Interrupted:** `the deadline passed`") {
		t.Errorf("a report of nothing reads like a pass:\n%s", nothing)
	}
}

// outsideSpans takes a line's code spans out, by the rule of CommonMark §6.1:
// a run of backticks opens one, and the next run of the same length closes it.
func outsideSpans(t *testing.T, line string) string {
	t.Helper()
	runs := regexp.MustCompile("`+")
	out := ""
	for {
		open := runs.FindStringIndex(line)
		if open == nil {
			return out + line
		}
		if open[0] > 0 && line[open[0]-1] == '\\' { // escaped, outside of a span
			out, line = out+line[:open[0]+1], line[open[0]+1:]
			continue
		}
		fence, rest, closed := line[open[0]:open[1]], line[open[1]:], false
		for _, end := range runs.FindAllStringIndex(rest, -1) {
			if end[1]-end[0] == len(fence) {
				out, line, closed = out+line[:open[0]], rest[end[1]:], true
				break
			}
		}
		if !closed {
			t.Errorf("a run of backticks is not closed: %q", line)
			return out + line
		}
	}
}

// Outside of code spans there is nothing of the account, so no markup of its
// own, no HTML, no link and no mention.
func TestMarkdownIsInert(t *testing.T) {
	for _, format := range []string{"markdown", "oscal"} {
		d := machineSample()
		d.Changes = htmlSample().Changes
		doc := string(render(t, format, d, Options{}))
		if format == "oscal" {
			doc = strings.Join(oscalMarkup(t, doc), "\n")
		}
		for _, line := range strings.Split(doc, "\n") {
			rest := outsideSpans(t, line)
			for _, bad := range []string{"<", "onerror", "alert", "cmd", "](", "http", "@", "example.com", "evil", "team"} {
				if strings.Contains(rest, bad) {
					t.Errorf("%s: %q is outside of code spans: %q", format, bad, rest)
				}
			}
		}
	}
}

// oscalMarkup are the texts of a document that OSCAL takes for markup. Values
// of props are strings.
func oscalMarkup(t *testing.T, doc string) []string {
	t.Helper()
	var tree any
	if err := json.Unmarshal([]byte(doc), &tree); err != nil {
		t.Fatal(err)
	}
	var texts []string
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, v := range node {
				walk(v)
			}
		case map[string]any:
			for key, v := range node {
				if text, ok := v.(string); ok && slices.Contains([]string{"title", "description", "statement", "remarks", "prose"}, key) {
					texts = append(texts, text)
				}
				walk(v)
			}
		}
	}
	walk(tree)
	if len(texts) < 50 {
		t.Errorf("only %d texts", len(texts))
	}
	return texts
}

func TestCodeSpan(t *testing.T) {
	for in, want := range map[string]string{"a": "`a`", "a`b": "`` a`b ``", "``": "``` `` ```", " a": "`  a `", "": "`-`", "   ": "`-`", "a\nb": "`a\\nb`", "a|b": "`a|b`"} {
		if got := codeSpan(in); got != want {
			t.Errorf("%q became %s, want %s", in, got, want)
		}
	}
	if got := shortSpan("a" + strings.Repeat("\u0301", 5000)); len(got) > 4*spanWidth {
		t.Errorf("a text without width takes %d bytes", len(got))
	}
	if got, want := markdownText("a|b <i> @x www.y.z http://q `c` [l](m) 50$", 300), `a\|b &lt;i&gt; &#64;x www&#46;y.z http&#58;//q \`+"`c\\`"+` \[l\]\(m\) 50\$`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What is not listed is counted: failures by severity, reasons, lines.
func TestMarkdownCutsAloud(t *testing.T) {
	var findings []rego.Finding
	for i := range 70 {
		findings = append(findings, finding("s3/versioning_enabled", "fail", "us-east-1", fmt.Sprintf("old-%02d", i)))
		findings = append(findings, finding("kms/key_not_pending_deletion", "fail", "us-east-1", fmt.Sprintf("key-%02d", i)))
		f := finding("s3/tls_required", "unknown", "us-east-1", fmt.Sprintf("unread-%02d", i))
		f.Unknowns = []rego.Unknown{{Reason: collectors.Denied, Permission: fmt.Sprintf("s3:Get%02d", i)}}
		findings = append(findings, f)
	}
	d := sample()
	d.Findings = seq(findings)
	got := string(render(t, "markdown", d, Options{}))
	if n := strings.Count(got, "- **critical** "); n != shownFailures {
		t.Errorf("%d critical failures are listed, want %d", n, shownFailures)
	}
	for _, want := range []string{"Not listed here: 90 failures more** (20 critical, 70 low)", "Not listed here: 45 more reasons"} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary does not say %q", want)
		}
	}
}

// Whatever the account, the file stays below GitHub's limit, keeps its last
// line and says that lines are missing.
func TestMarkdownStaysBelowTheLimit(t *testing.T) {
	d := machineSample()
	for i := range 20000 {
		d.Manifest.Coverage = append(d.Manifest.Coverage, collectors.Coverage{Type: fmt.Sprintf("AWS::Type%05d::%s", i, strings.Repeat("x", 60)), Listed: i})
	}
	got := string(render(t, "markdown", d, Options{}))
	if len(got) > summaryLimit || !strings.HasSuffix(got, "`"+d.Evidence+"`\n") || !regexp.MustCompile(`\*\*[0-9]+ lines did not fit`).MatchString(got) {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-300:])
	}
}

// With an earlier run the summary counts every change, and lists what fails
// and did not before.
func TestMarkdownChanges(t *testing.T) {
	d := htmlSample()
	doc := string(render(t, "markdown", d, Options{}))
	for _, want := range []string{
		"\n## Changes since 2026-11-17 10:01:35 UTC\n", "`sha256:" + strings.Repeat("11", 32) + "`",
		"\n| reopened | 1 | failures that had been fixed |\n", "\n| unchanged | ",
		"\n- reopened **high** `kinesis/stream_encrypted`: `orders` in `123456789012, us-east-1`. `pass → fail (policy changed): encryption type is NONE`\n",
		"\n- Not seen now: AWS::KinesisFirehose::DeliveryStream in `123456789012, us-east-1`. `Listed incompletely (throttled).",
		"\n- Policies that are not what they were: 3.",
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %q in:\n%s", want, doc)
		}
	}
	d.Changes = nil
	if doc := string(render(t, "markdown", d, Options{})); strings.Contains(doc, "Changes") {
		t.Error("without an earlier run there are changes")
	}
}
