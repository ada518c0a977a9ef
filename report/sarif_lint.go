package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Problem is something for which GitHub would reject a SARIF file, drop part
// of it or show it wrong.
type Problem struct {
	Where string // "runs[0].results[3]"
	What  string // what is wrong, and what GitHub does about it
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// Lint reads a SARIF file and holds it against GitHub's requirements that the
// SARIF schema does not know ("SARIF support for code scanning", and the
// rejections that its users met). The error is for what is no SARIF at all.
func Lint(r io.Reader) ([]Problem, error) {
	var doc struct {
		Version string
		Runs    []struct {
			Tool    sarifTool
			Details *sarifDetails `json:"automationDetails"`
			Results json.RawMessage
		}
	}
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return nil, fmt.Errorf("reading SARIF: %w; give a SARIF 2.1.0 file", err)
	}
	l := &linter{categories: map[string]bool{}, identities: map[string]bool{}}
	l.check(doc.Version == "2.1.0", "version", "is %q; GitHub takes 2.1.0", doc.Version)
	l.check(len(doc.Runs) > 0, "runs", "is empty; GitHub rejects the file")
	l.check(len(doc.Runs) <= maxRuns, "runs", "has %d; GitHub rejects more than %d", len(doc.Runs), maxRuns)
	for i, run := range doc.Runs {
		l.at = fmt.Sprintf("runs[%d]", i)
		l.category(run.Details)
		rules := l.rules(run.Tool.Driver)
		var results []sarifResult
		if err := json.Unmarshal(run.Results, &results); err != nil || results == nil {
			l.check(false, l.at+".results", "is missing or null; GitHub rejects the file")
			continue
		}
		l.check(len(results) <= maxResults, l.at+".results", "has %d; GitHub keeps %d and rejects 25000", len(results), maxResults)
		for j, res := range results {
			l.result(fmt.Sprintf("%s.results[%d]", l.at, j), res, rules)
		}
	}
	return l.problems, nil
}

type linter struct {
	at         string
	problems   []Problem
	categories map[string]bool
	identities map[string]bool // rule, uri and hash: what GitHub tells alerts apart by
}

func (l *linter) check(ok bool, where, what string, args ...any) {
	if !ok {
		l.problems = append(l.problems, Problem{where, fmt.Sprintf(what, args...)})
	}
}

func (l *linter) category(details *sarifDetails) {
	id := ""
	if details != nil {
		id = details.ID
	}
	category, _, found := cutLast(id, "/")
	l.check(found && category != "", l.at+".automationDetails.id", "%q has no category; the upload of another run replaces this one", id)
	l.check(!l.categories[category], l.at+".automationDetails.id", "%q has the category of another run; GitHub refuses the file", id)
	l.categories[category] = true
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func (l *linter) rules(d sarifDriver) []string {
	var ids []string
	at := l.at + ".tool.driver"
	l.check(d.Name != "", at+".name", "is empty; GitHub needs it")
	l.check(d.Rules != nil, at+".rules", "is missing; GitHub needs it")
	l.check(len(d.Rules) <= maxRules, at+".rules", "has %d; GitHub rejects more than %d", len(d.Rules), maxRules)
	for i, r := range d.Rules {
		at := fmt.Sprintf("%s.tool.driver.rules[%d]", l.at, i)
		l.check(r.ID != "" && !slices.Contains(ids, r.ID), at+".id", "%q is empty or not unique", r.ID)
		ids = append(ids, r.ID)
		l.check(len([]rune(r.Name)) <= 255, at+".name", "is longer than 255 characters")
		l.check(textFits(r.ShortDescription.Text), at+".shortDescription", "is empty or longer than 1024 characters")
		l.check(textFits(r.FullDescription.Text), at+".fullDescription", "is empty or longer than 1024 characters")
		l.check(r.Help.Text != "", at+".help.text", "is empty; GitHub needs it")
		l.check(len(r.Properties.Tags) <= 10, at+".properties.tags", "has %d; GitHub keeps 10", len(r.Properties.Tags))
		l.check(slices.Contains(r.Properties.Tags, "security"), at+".properties.tags", "lacks security; GitHub ignores the severity")
		l.check(slices.Contains([]string{"error", "warning", "note"}, r.Configuration.Level), at+".defaultConfiguration.level", "is %q", r.Configuration.Level)
		if s := r.Properties.Severity; s != "" {
			v, err := strconv.ParseFloat(s, 64)
			l.check(err == nil && v > 0 && v <= 10, at+".properties.security-severity", "%q is no number above 0 and up to 10; GitHub rejects the file", s)
		}
	}
	return ids
}

func textFits(s string) bool { return s != "" && len([]rune(s)) <= 1024 }

func (l *linter) result(at string, r sarifResult, rules []string) {
	l.check(r.Kind == "" || r.Kind == "fail", at+".kind", "is %q; GitHub shows it as a failure", r.Kind)
	l.check(len(r.Suppressions) == 0, at+".suppressions", "is ignored by GitHub; the alert would be open")
	l.check(r.Message.Text != "", at+".message.text", "is empty; GitHub needs it")
	l.check(r.RuleIndex >= 0 && r.RuleIndex < len(rules) && rules[r.RuleIndex] == r.RuleID, at+".ruleIndex", "%d is not the rule %q", r.RuleIndex, r.RuleID)
	hash := r.Fingerprints["primaryLocationLineHash"]
	l.check(hash != "", at+".partialFingerprints", "lacks primaryLocationLineHash; alerts of one line become one")
	if len(r.Locations) == 0 || r.Locations[0].Physical == nil {
		l.check(false, at+".locations", "has no physical location; GitHub rejects the file")
		return
	}
	p := r.Locations[0].Physical
	identity := r.RuleID + "\x00" + p.Artifact.URI + "\x00" + hash
	l.check(!l.identities[identity], at, "has the rule, place and fingerprint of another result; they become one alert")
	l.identities[identity] = true
	for i, loc := range append(r.Locations[:1:1], r.Related...) {
		l.location(fmt.Sprintf("%s location %d", at, i), loc)
	}
}

// location: a path, not an address; GitHub compares schemes with the
// checkout's and rejects the file when they differ.
func (l *linter) location(at string, loc sarifLocation) {
	if loc.Physical == nil {
		l.check(false, at, "has no physical location")
		return
	}
	uri := loc.Physical.Artifact.URI
	u, err := url.Parse(uri)
	l.check(uri != "" && err == nil && u != nil && !u.IsAbs() && u.Host == "" && !strings.HasPrefix(uri, "/"), at, "%q is not a relative path; GitHub rejects the file", uri)
	first, _, _ := strings.Cut(uri, "/")
	l.check(!strings.Contains(first, ":") && !strings.Contains(uri, `\`), at, "%q has a colon in its first segment or a backslash", uri)
	for part := range strings.SplitSeq(uri, "/") {
		l.check(part != "." && part != ".." && (part != "" || uri == ""), at, "%q has an empty or dot segment", uri)
	}
	g := loc.Physical.Region
	l.check(g.StartLine >= 1 && g.StartColumn >= 1 && g.EndLine >= g.StartLine && (g.EndLine > g.StartLine || g.EndColumn >= g.StartColumn), at, "has no proper region: %+v", g)
}
