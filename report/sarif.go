package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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
