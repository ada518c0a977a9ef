package report

import (
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

func (m *markdown) waivers(uses []rego.WaiverUse) {
	if len(uses) == 0 {
		return
	}
	m.line("## Waivers\n")
	for i, u := range uses {
		if i == shownReasons {
			m.line("\n**Not listed here: %s.** The JSON report has them all.", plural(len(uses)-i, "more waiver"))
			break
		}
		m.line("- **%s**, %s: %s on %s, until %s, by %s: %s %s", u.State, plural(u.Findings, "finding"), shortSpan(u.Policy), shortSpan(u.Resource),
			shortSpan(u.Expires), shortSpan(u.Owner), shortSpan(u.Reason), shortSpan(u.Ticket))
	}
	m.line("")
}

func (m *markdown) coverage(d Data) {
	lines := d.Manifest.Coverage
	if len(lines) == 0 {
		m.line("## Coverage\n\nNothing was listed.\n")
		return
	}
	m.line("## Coverage\n\n| Type | Listed | Read | Partly | Unread | Listing |\n|---|--:|--:|--:|--:|---|")
	for _, c := range coverageByType(lines) {
		listing := "complete"
		if c.Gap != nil {
			listing = "**incomplete**"
		}
		m.line("| %s | %d | %d | %d | %d | %s |", markdownText(c.Type, 120), c.Listed, c.Read, c.Partly, c.Unread, listing)
	}
	m.line("")
	absent := notOffered(lines)
	for _, resourceType := range sortedKeys(absent) {
		m.line("- AWS does not offer %s in %s.", markdownText(resourceType, 120), shortSpan(strings.Join(absent[resourceType], ", ")))
	}
	gaps := incompleteListings(lines)
	for i, c := range gaps {
		if i == shownReasons {
			m.line("\n**Not listed here: %s.** The JSON report has them all.", plural(len(gaps)-i, "more incomplete listing"))
			break
		}
		m.line("- Incomplete: %s", shortSpan(coverageLine(c)))
	}
	m.line("")
}
