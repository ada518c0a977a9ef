package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

// writeSARIF writes the open failures for GitHub code scanning (SARIF 2.1.0,
// and GitHub's "SARIF support for code scanning"). GitHub takes every result
// for a failure and looks at neither kind nor suppressions, so passes,
// waivers and unknowns are not in it: they are in the other formats.
//
// An upload replaces all of its category, and what is not in it is closed as
// fixed. Each account and region is a run and a category of its own, also
// with no failure, so that alerts close where they are mended. A run whose
// evidence is incomplete says executionSuccessful false, so that nobody takes
// it for whole; see incomplete. What GitHub makes of that is not documented.
func writeSARIF(w io.Writer, d Data, o Options) error {
	places, err := newLocator(d, o)
	if err != nil {
		return err
	}
	runs, err := sarifRuns(d, o)
	if err != nil {
		return err
	}
	rules, index := sarifRules(d.Policies)
	j := &jsonWriter{out: w}
	j.text("{\"$schema\": \"" + sarifSchema + "\",\n\"version\": \"2.1.0\",\n\"runs\": [")
	name, version, _ := strings.Cut(d.Manifest.Tool, " ")
	for i, r := range runs {
		if i > 0 {
			j.text(",")
		}
		j.text("\n{")
		j.field("tool", sarifTool{sarifDriver{cmp.Or(name, "sealaudit"), version, "https://github.com/sealaudit/sealaudit", rules}}, ",\n")
		j.field("automationDetails", sarifDetails{r.id}, ",\n")
		j.field("invocations", []sarifInvocation{{len(r.missing) == 0, stamp(d.Manifest.Started), stamp(d.Manifest.Ended), r.notifications()}}, ",\n")
		j.field("columnKind", "utf16CodeUnits", ",\n")
		j.field("properties", map[string]any{"demo": d.Manifest.Demo, "evidence": d.Evidence, "judged": printable(d.Judged.String())}, ",\n")
		j.text(`"results": [`)
		n := 0
		for f := range r.failures() {
			res := places.result(f)
			res.RuleIndex = index[f.Policy]
			j.item(n, res)
			n++
		}
		for _, policy := range sortedKeys(r.cut) {
			res := r.rest(policy, d.Policies[index[policy]])
			res.RuleIndex = index[policy]
			j.item(n, res)
			n++
		}
		j.text("\n]}")
		if len(r.cut) > 0 {
			o.warn("SARIF run %s: %s", r.id, r.cutNotice())
		}
	}
	j.text("\n]}\n")
	return j.err
}

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
	r := f.Resource
	policy := l.policies[f.Policy]
	physical, related := l.locate(f)
	name := printable(cmp.Or(r.Name, r.ARN))
	rule := strings.TrimSuffix(escapeMessage(policy.Title, 300), ".")
	if related != nil {
		rule = "[" + rule + "](1)"
	}
	seen := cmp.Or(strings.Join(f.Messages, "; "), "the policy is violated")
	text := fmt.Sprintf("%s '%s' (%s): %s. Policy: %s.", printable(r.Type), escapeMessage(cmp.Or(r.Name, r.ARN), 200), place(r.Account, r.Region),
		strings.TrimSuffix(escapeMessage(seen, 1000), "."), rule)
	if fix := sentences(policy.Remediation, 400); fix != "" {
		text += " Fix: " + escapeMessage(fix, 500)
	}
	res := sarifResult{RuleID: f.Policy, Level: sarifLevel(f.Severity), Message: sarifText{Text: text},
		Locations: []sarifLocation{{Physical: &physical, Logical: []sarifLogical{{name, printable(r.ARN), "resource"}}}},
		Fingerprints: map[string]string{
			"primaryLocationLineHash": lineHash(f.ID),
			"sealauditFinding/v1":     f.ID,
		},
		Properties: map[string]string{"arn": printable(r.ARN), "account": printable(r.Account), "region": printable(cmp.Or(r.Region, "global")), "resourceType": printable(r.Type)}}
	if related != nil {
		res.Related = []sarifLocation{{ID: 1, Physical: related, Message: &sarifText{Text: "policy " + f.Policy}}}
	}
	return res
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

// sarifRules are the rules and each policy's index among them.
func sarifRules(policies []rego.Policy) (rules []sarifRule, index map[string]int) {
	rules, index = []sarifRule{}, map[string]int{}
	for i, p := range policies {
		index[p.ID] = i
		rules = append(rules, sarifRuleOf(p))
	}
	return rules, index
}

// sarifRuleOf shows a policy as a rule. The rule's id is the policy's: it is
// what is unique, and what --policy takes.
func sarifRuleOf(p rego.Policy) sarifRule {
	title := clip(printable(cmp.Or(p.Title, p.ID)), 1024)
	r := sarifRule{ID: p.ID, Name: clip(pascal(p.ID), 255), ShortDescription: sarifText{Text: title},
		FullDescription: sarifText{Text: clip(printable(cmp.Or(p.Description, p.Title, p.ID)), 1024)},
		Help:            ruleHelp(p), Configuration: sarifConfiguration{sarifLevel(p.Severity)},
		Properties: sarifRuleProperties{Tags: ruleTags(p), Precision: "very-high", Severity: map[rego.Severity]string{
			"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}[p.Severity]}}
	for _, link := range p.RelatedResources {
		if r.HelpURI == "" && isLink(link) {
			r.HelpURI = link
		}
	}
	return r
}

// ruleTags are at most ten, of which GitHub wants "security"; people filter
// alerts by control and framework, so those come before the rest.
func ruleTags(p rego.Policy) []string {
	tags := []string{"security"}
	for _, t := range slices.Concat([]string{p.Control, serviceOf(p.ID)}, sortedKeys(p.Frameworks), []string{"encryption", "aws"}) {
		if t = printable(t); t != "" && !slices.Contains(tags, t) && len(tags) < 10 {
			tags = append(tags, t)
		}
	}
	slices.Sort(tags[1:])
	return tags
}

// pascal is an id as a name: "s3/tls_required" is "S3TlsRequired".
func pascal(id string) string {
	var b strings.Builder
	for _, part := range strings.FieldsFunc(id, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// clip cuts s to n characters, aloud.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
