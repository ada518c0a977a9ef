package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// heldFindings is how many findings JUnit suites are put together of at a
// time: findings come resource by resource, suites are by scope.
const heldFindings = 10000

// writeJUnit writes the findings as test results (junit-10.xsd of Jenkins): a
// suite an account and region, a case a finding with the policy as its class.
// A failure is a failure; unknown is an error, which is neither passed nor
// failed; waived, attested and not applicable are skipped, with the reason.
func writeJUnit(w io.Writer, d Data, _ Options) error {
	suites, err := junitSuites(d)
	if err != nil {
		return err
	}
	var all counts
	for _, s := range suites {
		all.add(s.counts)
	}
	j := &junitWriter{jsonWriter{out: w}}
	if d.Manifest.Demo {
		j.text(strings.TrimSuffix(xml.Header, "\n") + "<!-- " + DemoNotice + " -->\n")
	} else {
		j.text(xml.Header)
	}
	nothing := 0
	if all.total() == 0 {
		nothing = 1
	}
	j.text(fmt.Sprintf("<testsuites name=\"sealaudit\" tests=\"%d\" failures=\"%d\" errors=\"%d\">\n", all.total()+nothing, all.of("fail"), all.of("unknown")+nothing))
	if nothing == 1 { // an empty file reads like a pass
		j.text("<testsuite name=\"nothing\" tests=\"1\" failures=\"0\" errors=\"1\">\n" +
			"<testcase classname=\"sealaudit\" name=\"nothing was judged\"><error message=\"No policy met a resource. That is not a pass.\"/></testcase>\n</testsuite>\n")
	}
	for len(suites) > 0 {
		n, held := 1, suites[0].total()
		for n < len(suites) && held+suites[n].total() <= heldFindings {
			held += suites[n].total()
			n++
		}
		if err := j.suites(d, suites[:n]); err != nil {
			return err
		}
		suites = suites[n:]
	}
	j.text("</testsuites>\n")
	return j.err
}

// junitSuite is an account and region, and its findings by status.
type junitSuite struct {
	scope collectors.Scope // without its partition
	counts
	cases bytes.Buffer
}

func junitSuites(d Data) ([]*junitSuite, error) {
	byScope := map[collectors.Scope]*junitSuite{}
	for f, err := range d.checked() {
		if err != nil {
			return nil, err
		}
		s := byScope[scopeOf(f)]
		if s == nil {
			s = &junitSuite{scope: scopeOf(f)}
			byScope[s.scope] = s
		}
		s.counts[slices.Index(statuses[:], f.Status)]++
	}
	var out []*junitSuite
	for _, s := range byScope {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *junitSuite) int {
		return cmp.Or(cmp.Compare(a.scope.Account, b.scope.Account), cmp.Compare(a.scope.Region, b.scope.Region))
	})
	return out, nil
}

type junitWriter struct{ jsonWriter }

// suites writes some of the suites in one pass over the findings. A single
// one is written as it is read.
func (j *junitWriter) suites(d Data, some []*junitSuite) error {
	byScope := map[collectors.Scope]*junitSuite{}
	for _, s := range some {
		byScope[s.scope] = s
	}
	if len(some) == 1 {
		j.open(d, some[0])
	}
	policies := d.policiesByID()
	for f, err := range d.checked() {
		if err != nil {
			return err
		}
		s := byScope[scopeOf(f)]
		switch {
		case s == nil:
		case len(some) == 1:
			j.text(junitCase(f, policies[f.Policy]))
		default:
			s.cases.WriteString(junitCase(f, policies[f.Policy]))
		}
		if j.err != nil {
			return j.err
		}
	}
	for _, s := range some {
		if len(some) > 1 {
			j.open(d, s)
			j.text(s.cases.String())
			s.cases = bytes.Buffer{}
		}
		j.text("<system-out>" + junitText(junitCoverage(d.Manifest, s.scope)) + "</system-out>\n</testsuite>\n")
	}
	return j.err
}

func (j *junitWriter) open(d Data, s *junitSuite) {
	j.text(fmt.Sprintf("<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" timestamp=\"%s\">\n<properties>\n",
		junitText(cmp.Or(s.scope.Account, "unknown account")+"/"+cmp.Or(s.scope.Region, "global")), s.total(), s.of("fail"), s.of("unknown"),
		s.of("waived")+s.of("attested")+s.of("not_applicable"), stamp(d.Manifest.Started)))
	properties := [][2]string{{"tool", d.Manifest.Tool}, {"caller", d.Manifest.Caller}, {"judged", d.Judged.String()}, {"evidence", d.Evidence},
		{"interrupted", d.Manifest.Interrupted}}
	if d.Manifest.Demo {
		properties = slices.Insert(properties, 0, [2]string{"demo", "Demo account, not yours"})
	}
	for _, p := range properties {
		if p[1] != "" {
			j.text("<property name=\"" + p[0] + "\" value=\"" + junitText(p[1]) + "\"/>\n")
		}
	}
	j.text("</properties>\n")
}
