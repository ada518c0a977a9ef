package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
)

// newHeader is the page with what the manifest says: who read what and when,
// and how much of it.
func newHeader(m collectors.Manifest) *page {
	shown := func(list []string) string { return printable(cmp.Or(strings.Join(list, ", "), "none")) }
	of := shown(m.Accounts)
	if len(m.Accounts) > 3 {
		of = plural(len(m.Accounts), "account")
	}
	p := &page{Title: "Encryption audit of " + of, Demo: m.Demo, Interrupted: printable(m.Interrupted), Coverage: m.Coverage, Tool: printable(m.Tool), Sections: sections()}
	read := strings.TrimSuffix(clock(m.Started), " UTC") + " to " + clock(m.Ended) + ", " + m.Ended.Sub(m.Started).Round(time.Second).String()
	p.Facts = []fact{
		{plainPlural(len(m.Accounts), "Account"), shown(m.Accounts)},
		{plainPlural(len(m.Regions), "Region"), shown(m.Regions)},
		{"Evidence read", read},
		{"Tool", p.Tool},
	}
	p.Scope = []fact{{plainPlural(len(m.Accounts), "Account"), shown(m.Accounts)}, {plainPlural(len(m.Regions), "Region"), shown(m.Regions)}, {"Services", shown(m.Services)}}
	p.Who = []fact{
		{"Read by", printable(cmp.Or(m.Caller, "unknown"))},
		{"From", clock(m.Started)},
		{"To", clock(m.Ended)},
		{"Took", m.Ended.Sub(m.Started).Round(time.Second).String()},
		{"Clock", fmt.Sprintf("the machine's, %+d ms against AWS's", m.SkewMS)},
		{"Tool", p.Tool},
	}
	if m.Endpoint != "" {
		p.Who = append(p.Who, fact{"Endpoint", printable(m.Endpoint)})
	}
	if m.FIPS {
		p.Who = append(p.Who, fact{"FIPS endpoints", "asked for"})
	}
	for _, e := range m.Entries {
		p.Entries = append(p.Entries, entryRow{printable(e.Name), thousands(int(e.Size)), printable(e.Digest), printable(e.Packed)})
	}
	for _, c := range incompleteListings(m.Coverage) {
		p.Gaps = append(p.Gaps, strings.TrimSpace(fmt.Sprintf("%s in %s (%s). %s %s", printable(c.Type), place(c.Scope.Account, c.Scope.Region), c.Gap.Reason,
			printable(c.Gap.Detail), printable(c.Gap.Remedy))))
	}
	for _, c := range coverageByType(m.Coverage) {
		row := typeRow{Coverage: c}
		for _, l := range m.Coverage {
			if l.Type == c.Type {
				row.Listings++
				row.Incomplete += min(len(incompleteListings([]collectors.Coverage{l})), 1)
			}
		}
		row.Bar = coverageBar(c, max(c.Listed, 1))
		row.Tied = c.Listed == c.Read+c.Partly+c.Unread
		if !row.Tied {
			p.Untied++
		}
		row.Type = printable(c.Type)
		p.Types = append(p.Types, row)
	}
	p.Cohorted = cohorted(p.Types)
	for i, c := range p.Coverage {
		if i == 0 {
			p.Coverage = slices.Clone(p.Coverage)
		}
		p.Coverage[i].Type = printable(c.Type)
		p.Coverage[i].Scope = collectors.Scope{Account: printable(c.Scope.Account), Region: printable(cmp.Or(c.Scope.Region, "global"))}
	}
	return p
}

// cohorted are the types whose rows are cohorts of what was sampled, so that
// nobody takes their counts for those of objects.
func cohorted(types []typeRow) string {
	var out []string
	for _, t := range types {
		if proves(t.Type) && t.Listed > 0 {
			out = append(out, t.Type)
		}
	}
	return strings.Join(out, ", ")
}

func plainPlural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
