package report

import (
	"cmp"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// waived lists the waivers, each with the failures that it accepts, and warns
// of those that accept nothing: a waiver hides no failure.
func (t *terminal) waived(d Data, n tally) error {
	total := n.all.of(rego.Waived)
	if total == 0 && len(d.Summary.Waivers) == 0 {
		return nil
	}
	shown, unnamed, err := firstWaived(d)
	if err != nil {
		return err
	}
	t.raw("")
	states := map[string]int{}
	rest := total // of no waiver that is named
	for _, u := range d.Summary.Waivers {
		if states[u.State]++; u.State == rego.WaiverActive {
			rest -= u.Findings
		}
	}
	t.line(yellow, "WAIVED: %s (waivers: %d active, %d expired, %d unmatched)", plural(total, "failure"),
		states[rego.WaiverActive], states[rego.WaiverExpired], states[rego.WaiverUnmatched])
	for i, u := range d.Summary.Waivers {
		if i == shownPerSeverity {
			t.line(yellow, "… and %s: write -o json=report.json", plural(len(d.Summary.Waivers)-i, "more waiver"))
			break
		}
		t.raw("")
		t.waiver(u, shown[u.Waiver])
		delete(shown, u.Waiver) // one that is there twice accepts nothing the second time
	}
	if len(unnamed) > 0 {
		t.raw("")
		t.line(bold, "Accepted by a waiver that the evidence does not name")
		t.accepted(unnamed)
	}
	if hidden := rest - len(unnamed); hidden > 0 {
		t.line(yellow, "… and %d more of no waiver that is named: write -o json=report.json", hidden)
	}
	return nil
}

// firstWaived are the first waived findings by waiver, and those without one.
// What it holds is bounded, whatever the account.
func firstWaived(d Data) (shown map[rego.Waiver][]rego.Finding, unnamed []rego.Finding, err error) {
	shown = map[rego.Waiver][]rego.Finding{}
	held := 0
	for f, err := range d.checked() {
		switch {
		case err != nil:
			return nil, nil, err
		case f.Status != rego.Waived || held == 4*shownPerSeverity:
			continue
		case f.Waiver == nil:
			unnamed = append(unnamed, f)
		case len(shown[*f.Waiver]) == shownPerSeverity:
			continue
		default:
			shown[*f.Waiver] = append(shown[*f.Waiver], f)
		}
		held++
	}
	return shown, unnamed, nil
}

// waiver prints what one waiver says, what became of it and what it accepts.
func (t *terminal) waiver(u rego.WaiverUse, findings []rego.Finding) {
	what := printable(u.Policy) + " on " + shorten(printable(u.Resource), 200)
	switch u.State {
	case rego.WaiverExpired:
		t.line(red, "Expired after %s: %s. It matches %s, which it accepts no more. Renew or remove it.", printable(u.Expires), what, plural(u.Findings, "failure"))
	case rego.WaiverUnmatched:
		t.line(yellow, "Unmatched: %s, until %s. It accepts nothing: no failure is left for it. Mend or remove it.", what, printable(u.Expires))
	default:
		t.line(bold, "Until %s: %s. %s.", printable(u.Expires), what, plural(u.Findings, "failure"))
	}
	owner := "Owner: " + printable(u.Owner) + "."
	if u.Ticket != "" {
		owner += " Ticket: " + printable(u.Ticket) + "."
	}
	t.indented(owner + " Reason: " + shorten(printable(u.Reason), 500))
	if u.State != rego.WaiverActive {
		return
	}
	t.accepted(findings)
	if hidden := u.Findings - len(findings); hidden > 0 {
		t.line(yellow, "… and %d more of this waiver: write -o json=report.json", hidden)
	}
}

// accepted draws waived failures.
func (t *terminal) accepted(findings []rego.Finding) {
	if len(findings) == 0 {
		return
	}
	cols := []column{{title: "Resource", short: true}, {title: "Region"}, {title: "Policy", flex: true}, {title: "Observed", flex: true}}
	var rows [][]text
	for _, f := range findings {
		observed := cmp.Or(strings.TrimSpace(shorten(observed(f), 300)), "-")
		rows = append(rows, plain(printable(cmp.Or(f.Resource.Name, f.Resource.ARN)), printable(cmp.Or(f.Resource.Region, "global")), printable(f.Policy), observed))
	}
	t.table(cols, rows)
}
