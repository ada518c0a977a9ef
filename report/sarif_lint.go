package report

import (
	"compress/gzip"
	"encoding/json"
	"errors"
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
	Where string `json:"where"` // "runs[0].results[3]"
	What  string `json:"what"`  // what is wrong, and what GitHub does about it
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// What GitHub rejects a file for, beyond the limits of sarif_runs.go.
const (
	mostResults   = 25000    // in a run
	mostBytes     = 10 << 20 // of the file, compressed
	mostTags      = 20       // of a rule; 10 are kept
	mostLocations = 1000     // of a result; 100 are kept
)

// lintRun is a run of any tool's SARIF.
type lintRun struct {
	Tool struct {
		Driver     sarifDriver
		Extensions []json.RawMessage
	}
	Details     *sarifDetails `json:"automationDetails"`
	Invocations []struct {
		Successful *bool `json:"executionSuccessful"`
	}
	Results json.RawMessage
}

// lintResult is a result of any tool's: its rule may be named in three ways.
type lintResult struct {
	sarifResult
	RuleIndex *int `json:"ruleIndex"`
	Rule      *struct {
		ID string `json:"id"`
	} `json:"rule"`
	Suppressions []json.RawMessage `json:"suppressions"`
	Properties   json.RawMessage   `json:"properties"`
}

// Lint reads a SARIF file and holds it against GitHub's requirements that the
// SARIF schema does not know ("SARIF support for code scanning", and the
// rejections that its users met). The error is for what is no SARIF at all.
func Lint(r io.Reader) ([]Problem, error) {
	var doc struct {
		Version string
		Runs    []lintRun
	}
	size := &counter{}
	packed := gzip.NewWriter(size)
	in := json.NewDecoder(io.TeeReader(r, packed))
	if err := in.Decode(&doc); err != nil {
		return nil, fmt.Errorf("reading SARIF: %w; give a SARIF 2.1.0 file", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading SARIF: there is more after the document; give a SARIF 2.1.0 file")
	}
	if err := packed.Close(); err != nil {
		return nil, fmt.Errorf("measuring the compressed SARIF: %w", err)
	}
	l := &linter{categories: map[string]bool{}, identities: map[string]bool{}}
	l.check(doc.Version == "2.1.0", "version", "is %q; GitHub takes 2.1.0", doc.Version)
	l.check(size.n <= mostBytes, "file", "has %d bytes when compressed; GitHub rejects more than %d", size.n, mostBytes)
	l.check(len(doc.Runs) > 0, "runs", "is empty; GitHub rejects the file")
	l.check(len(doc.Runs) <= maxRuns, "runs", "has %d; GitHub rejects more than %d", len(doc.Runs), maxRuns)
	for i, run := range doc.Runs {
		l.at = fmt.Sprintf("runs[%d]", i)
		l.run(run)
	}
	return l.problems, nil
}

// counter counts what is written to it.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

func (l *linter) run(run lintRun) {
	l.category(run.Details)
	for i, in := range run.Invocations {
		l.check(in.Successful == nil || *in.Successful, fmt.Sprintf("%s.invocations[%d]", l.at, i), "was not successful; alerts that the run does not repeat may close as fixed")
	}
	l.check(len(run.Tool.Extensions) <= 100, l.at+".tool.extensions", "has %d; GitHub rejects more than 100", len(run.Tool.Extensions))
	rules := l.rules(run.Tool.Driver)
	var results []lintResult
	if len(run.Results) == 0 || string(run.Results) == "null" {
		l.check(false, l.at+".results", "is missing or null; GitHub rejects the file")
		return
	}
	if err := json.Unmarshal(run.Results, &results); err != nil {
		l.check(false, l.at+".results", "is no list of results (%v); GitHub rejects the file", err)
		return
	}
	switch {
	case len(results) > mostResults:
		l.check(false, l.at+".results", "has %d; GitHub rejects more than %d", len(results), mostResults)
	case len(results) > maxResults:
		l.check(false, l.at+".results", "has %d; GitHub keeps %d and drops the others", len(results), maxResults)
	}
	for j, res := range results {
		l.result(fmt.Sprintf("%s.results[%d]", l.at, j), res, rules)
	}
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
	seen := map[string]bool{}
	at := l.at + ".tool.driver"
	l.check(d.Name != "", at+".name", "is empty; GitHub needs it")
	l.check(d.Rules != nil, at+".rules", "is missing; GitHub needs it")
	l.check(len(d.Rules) <= maxRules, at+".rules", "has %d; GitHub rejects more than %d", len(d.Rules), maxRules)
	for i, r := range d.Rules {
		at := fmt.Sprintf("%s.tool.driver.rules[%d]", l.at, i)
		l.check(r.ID != "" && !seen[r.ID], at+".id", "%q is empty or not unique", r.ID)
		seen[r.ID] = true
		ids = append(ids, r.ID)
		l.check(len([]rune(r.Name)) <= 255, at+".name", "is longer than 255 characters")
		l.check(textFits(r.ShortDescription.Text), at+".shortDescription", "is empty or longer than 1024 characters")
		l.check(textFits(r.FullDescription.Text), at+".fullDescription", "is empty or longer than 1024 characters")
		l.check(r.Help.Text != "", at+".help.text", "is empty; GitHub needs it")
		switch n := len(r.Properties.Tags); {
		case n > mostTags:
			l.check(false, at+".properties.tags", "has %d; GitHub rejects more than %d", n, mostTags)
		case n > 10:
			l.check(false, at+".properties.tags", "has %d; GitHub keeps 10", n)
		}
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

func (l *linter) result(at string, r lintResult, rules []string) {
	l.check(r.Kind == "" || r.Kind == "fail", at+".kind", "is %q; GitHub shows it as a failure", r.Kind)
	l.check(len(r.Suppressions) == 0, at+".suppressions", "is ignored by GitHub; the alert would be open")
	l.check(r.Message.Text != "", at+".message.text", "is empty; GitHub needs it")
	l.check(r.Level == "" || slices.Contains([]string{"error", "warning", "note", "none"}, r.Level), at+".level", "is %q", r.Level)
	id := r.RuleID
	if id == "" && r.Rule != nil {
		id = r.Rule.ID
	}
	i := r.RuleIndex
	l.check(i == nil && id != "" || i != nil && *i >= 0 && *i < len(rules) && (id == "" || rules[*i] == id), at+".ruleIndex", "is not the rule %q", id)
	hash := r.Fingerprints["primaryLocationLineHash"]
	l.check(hash != "", at+".partialFingerprints", "lacks primaryLocationLineHash; alerts of one line become one")
	if len(r.Locations) == 0 || r.Locations[0].Physical == nil {
		l.check(false, at+".locations", "has no physical location; GitHub rejects the file")
		return
	}
	for what, n := range map[string]int{".locations": len(r.Locations), ".relatedLocations": len(r.Related)} {
		l.check(n <= mostLocations, at+what, "has %d; GitHub rejects more than %d", n, mostLocations)
		l.check(n <= 100 || n > mostLocations, at+what, "has %d; GitHub keeps 100", n)
	}
	p := r.Locations[0].Physical
	identity := id + "\x00" + p.Artifact.URI + "\x00" + hash
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
	l.check(err != nil || u.RawQuery == "" && u.Fragment == "", at, "%q has a query or a fragment, which no file has; percent-encode ? and #", uri)
	first, _, _ := strings.Cut(uri, "/")
	l.check(!strings.Contains(first, ":") && !strings.Contains(uri, `\`), at, "%q has a colon in its first segment or a backslash", uri)
	for part := range strings.SplitSeq(uri, "/") {
		l.check(part != "." && part != ".." && (part != "" || uri == ""), at, "%q has an empty or dot segment", uri)
	}
	g := loc.Physical.Region
	l.check(g.StartLine >= 1 && g.StartColumn >= 1 && g.EndLine >= g.StartLine && (g.EndLine > g.StartLine || g.EndColumn >= g.StartColumn), at, "has no proper region: %+v", g)
}
