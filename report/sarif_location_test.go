package report

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/rego"
)

func TestSARIFLocations(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"SECURITY.md", "my policies/s3/tls: required.rego", "real.rego"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte("package x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("real.rego", filepath.Join(root, "link.rego")); err != nil {
		t.Fatal(err)
	}
	const synthetic = "aws/123456789012/us-east-1/s3/logs"
	inside, encoded := filepath.Join(root, "my policies/s3/tls: required.rego"), "my%20policies/s3/tls%3A%20required.rego"
	for _, tc := range []struct {
		name, file string
		o          Options
		uri        string
		line       int
		related    string
		err        string
	}{
		{"built-in policy", "policies/s3/tls_required.rego", Options{Root: root}, synthetic, 1, "", ""},
		{"policy of the repository", inside, Options{Root: root}, encoded, 20, "", ""},
		{"the same, asked for", inside, Options{Root: root, SARIFLocation: "policy"}, encoded, 20, "", ""},
		{"by resource", inside, Options{Root: root, SARIFLocation: "resource"}, synthetic, 1, encoded, ""},
		{"no repository", inside, Options{}, synthetic, 1, "", ""},
		{"outside of the repository", "/etc/passwd", Options{Root: root}, synthetic, 1, "", ""},
		{"symbolic link", filepath.Join(root, "link.rego"), Options{Root: root}, synthetic, 1, "", ""},
		{"anchor", "", Options{Root: root, SARIFAnchor: "SECURITY.md"}, "SECURITY.md", 1, "", ""},
		{"anchor after policy", inside, Options{Root: root, SARIFAnchor: "SECURITY.md"}, encoded, 20, "", ""},
		{"no such anchor", "", Options{Root: root, SARIFAnchor: "../x"}, "", 0, "", "is not a file below the repository root"},
		{"unknown choice", "", Options{SARIFLocation: "iac"}, "", 0, "", "choose one of auto, policy, resource"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := whole()
			i := slices.IndexFunc(d.Policies, func(p rego.Policy) bool { return p.ID == "s3/tls_required" })
			d.Policies[i].File = tc.file
			d.Findings = seq([]rego.Finding{finding("s3/tls_required", "fail", "us-east-1", "logs")})
			var b bytes.Buffer
			err := Write(&b, "sarif", d, tc.o)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range lint(t, b.Bytes()) {
				t.Error(p)
			}
			validate(t, sarifSchemaFile, b.Bytes())
			runs := readSARIF(t, b.Bytes()).Runs
			res := runs[len(runs)-1].Results[0]
			at := res.Locations[0].PhysicalLocation
			related := ""
			if len(res.RelatedLocations) > 0 {
				related = *res.RelatedLocations[0].PhysicalLocation.ArtifactLocation.URI
			}
			if *at.ArtifactLocation.URI != tc.uri || *at.Region.StartLine != tc.line || related != tc.related {
				t.Errorf("points to %s:%d and %q, want %s:%d and %q", *at.ArtifactLocation.URI, *at.Region.StartLine, related, tc.uri, tc.line, tc.related)
			}
			if linked := strings.Contains(*res.Message.Text, "](1)"); linked != (tc.related != "") {
				t.Errorf("message %q", *res.Message.Text)
			}
		})
	}
}

// Rules keep GitHub's limits and their text is inert.
func TestSARIFRule(t *testing.T) {
	p := rego.Policy{ID: "x/y_z", Title: strings.Repeat("é", 2000), Severity: "info", Frameworks: map[string][]string{},
		Remediation: "<img src=x> [a](javascript:1) @octocat `x` |", RelatedResources: []string{"javascript:alert(1)", "https://example.com/a"}}
	for i := range 20 {
		p.Frameworks[fmt.Sprintf("framework-%02d", i)] = []string{"SC-28"}
	}
	r := sarifRuleOf(p)
	if n := len([]rune(r.ShortDescription.Text)); n != 1024 {
		t.Errorf("the short description has %d characters", n)
	}
	if len(r.Properties.Tags) != 10 || r.Properties.Tags[0] != "security" || r.Properties.Severity != "" || r.Name != "XYZ" || r.HelpURI != "https://example.com/a" {
		t.Errorf("rule %+v", r)
	}
	for _, bad := range []string{"<img", "[a](", "@octo", " `x`"} {
		if strings.Contains(r.Help.Markdown, bad) {
			t.Errorf("the Markdown has %q: %s", bad, r.Help.Markdown)
		}
	}
	for severity, want := range map[rego.Severity]string{"critical": "9.5 error", "high": "8.0 error", "medium": "5.5 warning", "low": "2.0 note", "info": "none note"} {
		p.Severity = severity
		if r := sarifRuleOf(p); cmp.Or(r.Properties.Severity, "none")+" "+r.Configuration.Level != want {
			t.Errorf("%s is %s %s, want %s", severity, r.Properties.Severity, r.Configuration.Level, want)
		}
	}
}
