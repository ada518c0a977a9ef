package report

import (
	"cmp"
	"slices"

	"github.com/sealaudit/sealaudit/rego"
)

// What one HTML file lists of a comparison; the diff as JSON has all.
const (
	staticChanges = 100 // of a kind, of policies and of what was not seen
	changeLength  = 300 // characters of what is said of one
)

// changesView is the section on changes. Without an earlier run it is nil.
type changesView struct {
	Since    string
	Runs     []runView // the oldest first, this one last
	Tiles    []tile
	Counts   []kindCount
	Kinds    []kindView // other than decided and unchanged
	Policies []fact
	Unseen   []fact
	// What the lists lack.
	MorePolicies, MoreUnseen int
	// Baselines is "--baseline FILE …", as this page needs it.
	Baselines string
}

// runView is a judgement that is compared.
type runView struct{ Name, Ended, Tool, Judged, Evidence string }

// kindCount counts the changes of a kind by severity.
type kindCount struct {
	Kind, Class, Meaning string
	Counts               [len(severities)]int
	All                  int
}

type kindView struct {
	kindCount
	Open bool // unfolded at first
	Rows []changeView
	More int
}

type changeView struct {
	PolicyID, Severity   string
	Policy               int // index; -1 when it is not judged now
	Resource, ARN, Place string
	ID                   int // of the resource; -1 when the page has no place for it
	Text                 string
}

// newChanges shows what became of earlier findings. policies name the index of
// each, and resources those that the page has, by rowKey.
func newChanges(d *Diff, policies, resources map[string]int) *changesView {
	if d == nil {
		return nil
	}
	v := &changesView{Since: clock(d.Old.Ended)}
	for _, s := range d.Older {
		v.Runs = append(v.Runs, newRun("earlier", s))
		v.Baselines += "--baseline EARLIER.zip "
	}
	v.Runs = append(v.Runs, newRun("compared with", d.Old), newRun("this run", d.New))
	v.Baselines += "--baseline BASELINE.zip"
	v.count(d)
	v.list(d.Changes, policies, resources)
	for _, p := range d.Policies[:min(len(d.Policies), staticChanges)] {
		v.Policies = append(v.Policies, fact{printable(p.ID), p.how()})
	}
	for _, u := range d.Unseen[:min(len(d.Unseen), staticChanges)] {
		v.Unseen = append(v.Unseen, fact{printable(u.Type) + " in " + place(u.Scope.Account, u.Scope.Region), u.why()})
	}
	v.MorePolicies, v.MoreUnseen = len(d.Policies)-len(v.Policies), len(d.Unseen)-len(v.Unseen)
	return v
}

func newRun(name string, s Side) runView {
	return runView{name, clock(s.Ended), printable(s.Tool), printable(s.Judged.String()), printable(s.Evidence)}
}

// count fills the table of kinds, in which a zero of what people ask for is a
// fact, and the tiles. Reopened can only be told with an earlier run.
func (v *changesView) count(d *Diff) {
	counted := d.summary()
	asked := []ChangeKind{New, Reopened, Unread, Unknown, Fixed, Unchanged}
	if len(d.Older) == 0 {
		asked = slices.Delete(asked, 1, 2)
	}
	for _, k := range changeKinds {
		c := kindCount{Kind: string(k), Class: kindClass(k), Meaning: kindWords(k)}
		for i, s := range severities {
			c.Counts[i] = counted[k][s]
			c.All += counted[k][s]
		}
		tell := slices.Contains(asked, k)
		if tell || c.All > 0 {
			v.Counts = append(v.Counts, c)
		}
		if tell {
			v.Tiles = append(v.Tiles, tile{c.Kind, c.Class, c.Meaning, c.All})
		}
	}
}

// kindClass colours a kind as the status that it is nearest to.
func kindClass(k ChangeKind) string {
	switch k {
	case New, Reopened, Unwaived:
		return "fail"
	case Changed, Unread, Unjudged, Unknown:
		return "unknown"
	case Waived:
		return "waived"
	case Fixed:
		return "pass"
	}
	return "not_applicable"
}

// list takes the first changes of each kind; they are sorted by kind.
func (v *changesView) list(changes []Change, policies, resources map[string]int) {
	for _, c := range v.Counts {
		k := ChangeKind(c.Kind)
		if c.All == 0 || k == Decided || k == Unchanged {
			continue
		}
		from := slices.IndexFunc(changes, func(x Change) bool { return x.Kind == k })
		kind := kindView{kindCount: c, Open: kindClass(k) == "fail", More: max(c.All-staticChanges, 0)}
		for _, x := range changes[from : from+c.All-kind.More] {
			row := changeView{printable(x.Policy), string(x.Severity), -1, printable(cmp.Or(x.Resource.Name, x.Resource.ARN)), printable(x.Resource.ARN),
				place(x.Resource.Account, x.Resource.Region), -1, shorten(wasAndIs(x), changeLength)}
			if i, ok := policies[x.Policy]; ok {
				row.Policy = i
			}
			if i, ok := resources[rowKey(x.Resource)]; ok {
				row.ID = i
			}
			kind.Rows = append(kind.Rows, row)
		}
		v.Kinds = append(v.Kinds, kind)
	}
}

// rowKey tells resources apart on the page.
func rowKey(x rego.Resource) string {
	return "resource\x00" + x.Type + "\x00" + x.ARN + "\x00" + x.Account + "\x00" + x.Region
}
