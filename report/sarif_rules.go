package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

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
