package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

// ErrWithheld is the error of a SARIF report for GitHub of which nothing is
// left, because no scope was read completely. What was there before must not
// be uploaded in its place.
var ErrWithheld = errors.New("no account and region was read completely, and an upload would close their open alerts; mend what the warnings name and scan again, ask for partial runs if what is missing can never be read, or keep everything with the full profile")

// checkSARIF says what is wrong with the choices for SARIF.
func checkSARIF(o Options) error {
	if !slices.Contains([]string{"", "github", "full"}, o.SARIFProfile) {
		return fmt.Errorf("unknown SARIF profile %q; choose one of github, full", o.SARIFProfile)
	}
	if !slices.Contains([]string{"", "auto", "region", "account"}, o.SARIFRuns) {
		return fmt.Errorf("unknown SARIF runs %q; choose one of auto, region, account", o.SARIFRuns)
	}
	return nil
}

// writeSARIF writes SARIF 2.1.0, in one of two profiles.
//
// github is for GitHub code scanning ("SARIF support for code scanning") and
// holds the open failures. GitHub takes every result for a failure and looks
// at neither kind nor suppressions, so passes, waivers and unknowns are not
// in it. An upload replaces all of its category, and what is not in it is
// closed as fixed. Each account and region is a run and a category of its
// own, also with no failure, so that alerts close where they are mended; a
// scope that was not read completely has no run, so that they don't close
// where they are not (see incomplete). The file's properties and a warning
// name it. Without any run there is no file: ErrWithheld. Who asks for partial
// runs gets them, and is told which alerts' end may be none.
//
// full is for archives and holds everything, incomplete scopes too: see
// writeFull.
func writeSARIF(w io.Writer, d Data, o Options) error {
	if err := checkSARIF(o); err != nil {
		return err
	}
	places, err := newLocator(d, o)
	if err != nil {
		return err
	}
	s := &sarifWriter{json: &jsonWriter{out: w}, data: d, places: places}
	s.rules, s.index = sarifRules(d.Policies)
	if o.SARIFProfile == "full" {
		return s.full(d)
	}
	runs, err := sarifRuns(d, o)
	if err != nil {
		return err
	}
	kept, withheld, partial := []*sarifRun{}, []sarifWithheld{}, []sarifWithheld{}
	for _, r := range runs {
		if len(r.missing) == 0 {
			kept = append(kept, r)
			continue
		}
		if o.SARIFPartial {
			kept, partial = append(kept, r), append(partial, sarifWithheld{r.id, r.missing})
			o.warn("SARIF run %s is of incomplete evidence, as asked for: its upload closes the alerts of what was not read. %s", r.id, few(r.missing))
			continue
		}
		withheld = append(withheld, sarifWithheld{r.id, r.missing})
		o.warn("SARIF for GitHub has no run %s, because its evidence is incomplete and an upload would close open alerts. %s", r.id, few(r.missing))
	}
	if len(kept) == 0 {
		return ErrWithheld
	}
	s.begin(sarifProperties{Profile: "github", Withheld: withheld, Partial: partial})
	for _, r := range kept {
		s.openRun(r)
		for f := range r.failures() {
			s.result(places.result(f))
		}
		for _, policy := range sortedKeys(r.cut) {
			s.result(r.rest(policy, d.Policies[s.index[policy]]))
		}
		s.json.text("\n]}")
		if len(r.cut) > 0 {
			o.warn("SARIF run %s: %s", r.id, r.cutNotice())
		}
	}
	s.json.text("\n]}\n")
	return s.json.err
}

// few is the first of some notes, and how many more there are.
func few(notes []string) string {
	if len(notes) == 1 {
		return notes[0]
	}
	return fmt.Sprintf("%s And %s.", notes[0], plural(len(notes)-1, "more reason"))
}

// sarifWriter writes a document run by run and result by result.
type sarifWriter struct {
	json   *jsonWriter
	data   Data
	places *locator
	rules  []sarifRule
	index  map[string]int // policy id to its place in rules
	runs   int
	n      int // results in the run
	most   int // findings that are held to be sorted; 0 is maxHeld
}

func (s *sarifWriter) begin(p sarifProperties) {
	s.json.text("{")
	if s.data.Manifest.Demo {
		p.Notice = DemoNotice
	}
	s.json.field("properties", p, ",\n") // first, so that the file's first line has the notice
	s.json.text("\"$schema\": \"" + sarifSchema + "\",\n\"version\": \"2.1.0\",\n")
	s.json.text("\"runs\": [")
}

// openRun writes a run up to its first result.
func (s *sarifWriter) openRun(r *sarifRun) {
	if s.runs > 0 {
		s.json.text(",")
	}
	s.runs++
	s.n = 0
	m := s.data.Manifest
	name, version, _ := strings.Cut(m.Tool, " ")
	s.json.text("\n{")
	s.json.field("tool", sarifTool{sarifDriver{cmp.Or(name, "sealaudit"), version, "https://github.com/sealaudit/sealaudit", s.rules}}, ",\n")
	s.json.field("automationDetails", sarifDetails{r.id}, ",\n")
	s.json.field("invocations", []sarifInvocation{{len(r.missing) == 0, stamp(m.Started), stamp(m.Ended), r.notifications()}}, ",\n")
	s.json.field("columnKind", "utf16CodeUnits", ",\n")
	s.json.field("properties", map[string]any{"demo": m.Demo, "evidence": s.data.Evidence, "judged": printable(s.data.Judged.String())}, ",\n")
	s.json.text(`"results": [`)
}

func (s *sarifWriter) result(r sarifResult) {
	r.RuleIndex = s.index[r.RuleID]
	s.json.item(s.n, r)
	s.n++
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
