package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// junitCase is one finding. Its name is the ARN: names of resources are not
// unique, and what a CI system tracks a test by must be.
func junitCase(f rego.Finding, p rego.Policy) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<testcase classname="%s" name="%s"`, junitText(f.Policy), junitText(cmp.Or(f.Resource.ARN, f.Resource.Name, f.ID)))
	if f.Status == rego.Pass {
		b.WriteString("/>\n")
		return b.String()
	}
	element, kind, message := "skipped", string(f.Status), ""
	switch f.Status {
	case rego.Fail:
		element, kind, message = "failure", string(f.Severity), observed(f)
	case rego.Undecided:
		element, message = "error", observed(f)
		if len(f.Unknowns) > 0 {
			kind = string(f.Unknowns[0].Reason)
		}
	case rego.Waived:
		message = waiverText(f) + ": " + observed(f)
	case rego.Attested:
		message = "only AWS can know it: " + observed(f)
	case rego.NotApplicable:
		message = "the policy does not apply to this resource"
	}
	fmt.Fprintf(&b, `><%s type="%s" message="%s">`, element, junitText(kind), junitText(cmp.Or(f.Resource.Name, f.Resource.ARN)+": "+message))
	lines := []string{printable(cmp.Or(p.Title, p.ID)), printable(f.Resource.Type + " " + f.Resource.ARN)}
	for _, r := range remedies(f, p) {
		lines = append(lines, "Fix: "+printable(r))
	}
	if f.Status == rego.Fail && f.Waiver != nil {
		lines = append(lines, printable("Waiver: "+waiverText(f)))
	}
	for _, call := range f.Evidence {
		lines = append(lines, printable(strings.TrimSpace("Evidence: "+call.Operation+" "+call.RequestID+" "+call.Digest)))
	}
	for i, line := range lines {
		lines[i] = junitText(line)
	}
	fmt.Fprintf(&b, "%s</%s></testcase>\n", strings.Join(lines, "\n"), element)
	return b.String()
}

// junitCoverage is what was read of a scope, a line a type.
func junitCoverage(m collectors.Manifest, s collectors.Scope) string {
	var lines []string
	for _, c := range m.Coverage {
		if c.Scope.Account == s.Account && c.Scope.Region == s.Region {
			lines = append(lines, coverageLine(c))
		}
	}
	return cmp.Or(strings.Join(lines, " / "), "nothing was listed")
}

// junitText escapes text for XML. What XML 1.0 does not allow, such as
// control characters, printable has made visible before.
func junitText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(printable(s))) // a strings.Builder takes everything
	return b.String()
}

// waiverText says who accepts a failure, why and until when; of one that is
// not waived any more, who did.
func waiverText(f rego.Finding) string {
	w := f.Waiver
	if w == nil {
		return "waived"
	}
	text := "waived by " + w.Owner + " until " + w.Expires + ": " + w.Reason
	if f.Status != rego.Waived {
		text = "not waived any more; was " + text
	}
	if w.Ticket != "" {
		text += " (" + w.Ticket + ")"
	}
	return text
}

// coverageLine says how far a type was read in a scope.
func coverageLine(c collectors.Coverage) string {
	where := c.Type + " in " + cmp.Or(c.Scope.Account, "unknown account") + ", " + cmp.Or(c.Scope.Region, "global") + ": "
	if c.NotOffered != "" {
		return where + "not offered by AWS there. " + c.NotOffered
	}
	line := where + fmt.Sprintf("%d listed, %d read, %d partly read, %d unread", c.Listed, c.Read, c.Partly, c.Unread)
	if c.Gap != nil {
		line += fmt.Sprintf("; the listing is incomplete (%s): %s %s", c.Gap.Reason, c.Gap.Detail, c.Gap.Remedy)
	}
	return line
}
