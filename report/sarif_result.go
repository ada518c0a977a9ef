package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// sarifLevels by severity; below high GitHub shows a warning or a note.
func sarifLevel(s rego.Severity) string {
	switch s {
	case "critical", "high":
		return "error"
	case "medium":
		return "warning"
	}
	return "note"
}

// result is the SARIF result of one failure.
func (l *locator) result(f rego.Finding) sarifResult {
	policy := l.policies[f.Policy]
	res := l.finding(f, cmp.Or(strings.Join(f.Messages, "; "), "the policy is violated"))
	if fix := sentences(policy.Remediation, 400); fix != "" {
		res.Message.Text += " Fix: " + escapeMessage(fix, 500)
	}
	return res
}

// finding is the SARIF result of any finding, with what was seen in words.
func (l *locator) finding(f rego.Finding, seen string) sarifResult {
	r := f.Resource
	physical, related := l.locate(f)
	name := printable(cmp.Or(r.Name, r.ARN))
	rule := strings.TrimSuffix(escapeMessage(l.policies[f.Policy].Title, 300), ".")
	if len(related) > 0 && related[0].ID == policyRef {
		rule = fmt.Sprintf("[%s](%d)", rule, policyRef)
	}
	text := fmt.Sprintf("%s '%s' (%s): %s. Policy: %s.", printable(r.Type), escapeMessage(cmp.Or(r.Name, r.ARN), 200), place(r.Account, r.Region),
		strings.TrimSuffix(escapeMessage(seen, 1000), "."), rule) + l.declaredBy(r, related)
	return sarifResult{RuleID: f.Policy, Level: sarifLevel(f.Severity), Message: sarifText{Text: text},
		Locations: []sarifLocation{{Physical: &physical, Logical: []sarifLogical{{name, printable(r.ARN), "resource"}}}},
		Related:   related,
		Fingerprints: map[string]string{
			"primaryLocationLineHash": lineHash(f.ID),
			"sealauditFinding/v1":     f.ID,
		},
		Properties: map[string]string{"arn": printable(r.ARN), "account": printable(r.Account), "region": printable(cmp.Or(r.Region, "global")), "resourceType": printable(r.Type)}}
}

// sentences are the first sentences of a text that take at most n characters:
// a command that is cut in its middle would be worse than none. The rule's
// help has all of it.
func sentences(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= n {
		return text
	}
	end := strings.LastIndex(text[:n], ". ")
	if end < 0 {
		return ""
	}
	return text[:end+1]
}

// lineHash is the identity that GitHub keeps an alert by. A finding's id is
// a hash of policy, partition, account, region, type and resource, so it
// outlives other messages, lines, severities and versions.
func lineHash(id string) string {
	id = id[strings.LastIndex(id, ":")+1:]
	return id[:min(len(id), 16)] + ":1"
}

// escapeMessage makes account or policy text safe within a SARIF message:
// brackets would start a link (SARIF 2.1.0 §3.11.6). Longer text than n
// columns loses its middle; the JSON report has all of it.
func escapeMessage(s string, n int) string {
	return messageEscapes.Replace(shorten(printable(s), n))
}

var messageEscapes = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`)

// clip cuts s to n characters, aloud.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
