package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// kindWords are what people read for the kinds.
func kindWords(k ChangeKind) string {
	return map[ChangeKind]string{
		New:      "failures that were not known before",
		Reopened: "failures that had been fixed",
		Unwaived: "failures that were waived before",
		Changed:  "failures as before, with another severity or other observations",
		Unread:   "open before, no longer seen: there is a gap, or nobody looked",
		Unjudged: "open before, no longer seen: the policy is not judged now",
		Unknown:  "undecided, and not known to have failed before",
		Waived:   "waived now",
		Fixed:    "failed before, pass now",
		Ended:    "failed before; the policy does not apply now, or only AWS can know",
		Gone:     "open before, no longer seen: the resource is gone",
		Decided:  "unknown before, and no failure now",

		Unchanged: "open as before",
	}[k]
}

// WriteDiff writes a diff for people. It lists a bounded number of changes and
// says how many more there are.
func WriteDiff(w io.Writer, d Diff, o Options) error {
	t := &terminal{out: w, width: min(max(cmp.Or(o.Width, 80), 60), 140), color: o.Color}
	if d.Demo {
		t.line(yellow, DemoNotice)
		t.raw("")
	}
	t.field("Account", strings.Join(d.Accounts, ", "))
	for _, s := range d.Older {
		t.side("Older", s)
	}
	t.side("Old", d.Old)
	t.side("New", d.New)
	t.changeCounts(d)
	for _, k := range changeKinds {
		if k != Decided && k != Unchanged {
			t.changes(k, slices.DeleteFunc(slices.Clone(d.Changes), func(c Change) bool { return c.Kind != k }))
		}
	}
	t.policyChanges(d.Policies)
	t.unseen(d.Unseen)
	return t.err
}

func (t *terminal) side(name string, s Side) {
	t.field(name, clock(s.Ended)+", "+s.Evidence)
	t.field("", s.Judged.String())
}

// changeCounts draws the kinds by severity.
func (t *terminal) changeCounts(d Diff) {
	if len(d.Changes) == 0 {
		t.section("Nothing is open in either")
		return
	}
	t.section("Changes of findings that are open (failed, waived, unknown) in one of them")
	cols := []column{{title: "Change"}}
	for _, s := range severities {
		cols = append(cols, column{title: title(string(s)), right: true})
	}
	cols = append(cols, column{title: "All", right: true})
	counted := d.summary()
	var rows [][]text
	for _, k := range changeKinds {
		row, total := plain(string(k)), 0
		for _, s := range severities {
			row = append(row, number(counted[k][s], noPaint))
			total += counted[k][s]
		}
		if total > 0 {
			rows = append(rows, append(row, number(total, bold)))
		}
	}
	t.table(cols, rows)
}

// kindPaint is red for what got worse, yellow for what nobody knows and green
// for what got better.
func kindPaint(k ChangeKind) paint {
	switch k {
	case New, Reopened, Unwaived:
		return red
	case Unread, Unjudged, Unknown, Changed:
		return yellow
	case Fixed:
		return green
	}
	return bold
}

func (t *terminal) changes(k ChangeKind, changes []Change) {
	if len(changes) == 0 {
		return
	}
	t.raw("")
	t.line(kindPaint(k), "%s (%d): %s", strings.ToUpper(string(k)), len(changes), kindWords(k))
	cols := []column{{title: "Policy", flex: true}, {title: "Resource", short: true}, {title: "Region"}, {title: "Change", flex: true}}
	var rows [][]text
	for _, c := range changes[:min(len(changes), shownPerSeverity)] {
		rows = append(rows, []text{{printable(c.Policy) + " (" + string(c.Severity) + ")", severityPaint(c.Severity)}, {s: printable(cmp.Or(c.Resource.Name, c.Resource.ARN))}, {s: printable(cmp.Or(c.Resource.Region, "global"))}, {s: shorten(wasAndIs(c), 300)}})
	}
	t.table(cols, rows)
	if hidden := len(changes) - len(rows); hidden > 0 {
		t.line(yellow, "… and %d more: --json has them all", hidden)
	}
}

// wasAndIs is "pass → fail: encryption type is NONE".
func wasAndIs(c Change) string {
	status := func(s rego.Status) string {
		if s == "" {
			return "not there"
		}
		return statusWords[slices.Index(statuses[:], s)]
	}
	is := status(c.New)
	switch c.Kind {
	case Unread:
		is = cmp.Or(map[rego.Status]string{"": "not seen"}[c.New], is)
	case Unjudged:
		is = "not judged"
	}
	text := status(c.Old) + " → " + is
	if c.OldSeverity != "" {
		text += fmt.Sprintf(" (severity was %s)", c.OldSeverity)
	}
	if c.PolicyChanged {
		text += " (policy changed)"
	}
	now, before := c.Messages, c.OldMessages
	if c.Kind == Changed && before != nil { // only what differs
		now, before = except(now, c.OldMessages), except(before, c.Messages)
	}
	said := observed(rego.Finding{Messages: now, Unknowns: c.Unknowns})
	if c.Waiver != nil {
		said = strings.TrimPrefix(said+"; "+printable(waiverText(rego.Finding{Status: c.New, Waiver: c.Waiver})), "; ")
	}
	if len(before) > 0 && (said == "" || c.Kind == Changed) {
		said = strings.TrimSuffix("was: "+observed(rego.Finding{Messages: before})+"; is: "+said, "; is: ")
	}
	if said != "" {
		text += ": " + said
	}
	return text
}

// except are the texts of list that others has not.
func except(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}

func (t *terminal) policyChanges(changes []PolicyChange) {
	if len(changes) == 0 {
		return
	}
	t.section("Policies that are not what they were")
	cols := []column{{title: "Policy", flex: true}, {title: "What", flex: true}}
	var rows [][]text
	for _, p := range changes[:min(len(changes), shownPerSeverity)] {
		rows = append(rows, plain(printable(p.ID), p.how()))
	}
	t.table(cols, rows)
	if hidden := len(changes) - len(rows); hidden > 0 {
		t.line(yellow, "… and %d more: --json has them all", hidden)
	}
}

func (t *terminal) unseen(unseen []Unseen) {
	if len(unseen) == 0 {
		return
	}
	t.section("Not seen in the newer; there may be failures that nobody knows of")
	for i, u := range unseen {
		if i == shownPerSeverity {
			t.line(yellow, "… and %d more: --json has them all", len(unseen)-i)
			return
		}
		t.line(yellow, "%s in %s: %s", printable(u.Type), place(u.Scope.Account, u.Scope.Region), u.why())
	}
}

// how is what differs, in words.
func (p PolicyChange) how() string {
	switch {
	case !p.Old:
		return "judged in the newer only"
	case !p.New:
		return "judged in the older only"
	}
	return strings.Join(p.What, ", ") + " changed"
}

// why is what keeps New from seeing it.
func (u Unseen) why() string {
	if u.Gap == nil {
		return "Nobody looked; the older did."
	}
	return "Listed incompletely (" + printable(string(u.Gap.Reason)) + "). " + shorten(printable(u.Gap.Detail), 300)
}
