package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// listing is what a judgement listed completely, and with which policies.
type listing struct {
	complete map[listed]bool
	policies map[string]bool
}

// listed is a type of resource in a scope.
type listed struct {
	scope collectors.Scope
	kind  string
}

func newListing(d Data) listing {
	l := listing{map[listed]bool{}, map[string]bool{}}
	for _, c := range d.Manifest.Coverage {
		l.complete[listed{c.Scope, c.Type}] = c.Gap == nil
	}
	for _, p := range d.Policies {
		l.policies[p.ID] = true
	}
	return l
}

// of says why a finding is missing: its policy was not judged, its resource is
// gone, or nobody looked. The stand-in for a listing that failed is no resource
// that could be gone: what it left unknown was listed.
func (l listing) of(f rego.Finding) ChangeKind {
	r := f.Resource
	switch {
	case !l.policies[f.Policy]:
		return Unjudged
	case l.complete[listed{collectors.Scope{Partition: r.Partition, Account: r.Account, Region: r.Region}, r.Type}]:
		if standIn(r.ARN) {
			return Decided
		}
		return Gone
	}
	return Unread
}

// standIn says whether an ARN is that of a stand-in, as collectors.Recorder
// gives it: "arn:aws:sealaudit:eu-west-1:111122223333:unlisted/TYPE".
func standIn(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[2] == "sealaudit" && strings.HasPrefix(parts[5], "unlisted/")
}

// Unseen is a type of resource in a scope that the newer judgement says nothing
// of, or not all.
type Unseen struct {
	Scope collectors.Scope `json:"scope"`
	Type  string           `json:"type"`
	// Gap is why the listing is incomplete; nil when nobody looked.
	Gap *collectors.Gap `json:"gap,omitempty"`
}

func unseen(old, new Data) []Unseen {
	var out []Unseen
	looked := map[listed]bool{}
	for _, c := range new.Manifest.Coverage {
		looked[listed{c.Scope, c.Type}] = true
		if c.Gap != nil {
			out = append(out, Unseen{c.Scope, c.Type, c.Gap})
		}
	}
	for _, c := range old.Manifest.Coverage {
		if !looked[listed{c.Scope, c.Type}] {
			out = append(out, Unseen{c.Scope, c.Type, nil})
		}
	}
	slices.SortFunc(out, func(a, b Unseen) int {
		return cmp.Or(cmp.Compare(a.Scope.Partition, b.Scope.Partition), cmp.Compare(a.Scope.Account, b.Scope.Account), cmp.Compare(a.Scope.Region, b.Scope.Region), cmp.Compare(a.Type, b.Type))
	})
	return out
}

// PolicyChange is how a policy differs between two judgements.
type PolicyChange struct {
	ID       string        `json:"id"`
	Severity rego.Severity `json:"severity"` // the newer, when it is there
	Old      bool          `json:"old"`      // judged in the older
	New      bool          `json:"new"`      // judged in the newer
	// What differs when both judge it: text, severity, parameters.
	What []string `json:"what,omitempty"`
}

// comparePolicies are the policies that differ, by id.
func comparePolicies(old, new Data) []PolicyChange {
	was := map[string]rego.Policy{}
	for _, p := range old.Policies {
		was[p.ID] = p
	}
	var out []PolicyChange
	for _, p := range new.Policies {
		before, both := was[p.ID]
		delete(was, p.ID)
		c := PolicyChange{ID: p.ID, Severity: p.Severity, Old: both, New: true}
		if both {
			if c.What = policyDiffers(before, p, old.Judged, new.Judged); c.What == nil {
				continue
			}
		}
		out = append(out, c)
	}
	for _, p := range was {
		out = append(out, PolicyChange{ID: p.ID, Severity: p.Severity, Old: true})
	}
	slices.SortFunc(out, func(a, b PolicyChange) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func policyDiffers(before, p rego.Policy, old, new Judged) (what []string) {
	if before.Digest != p.Digest {
		what = append(what, "text")
	}
	if before.Severity != p.Severity {
		what = append(what, "severity")
	}
	if !bytes.Equal(parameters(before, old), parameters(p, new)) {
		what = append(what, "parameters")
	}
	return what
}

// parameters are a policy's, as it was judged with them: the defaults, under
// what was set for all policies, under what was set for it.
func parameters(p rego.Policy, j Judged) []byte {
	values := map[string]any{}
	for name, param := range p.Params {
		values[name] = param.Default
		for _, of := range []string{"*", p.ID} {
			if v, set := j.Params[of][name]; set {
				values[name] = v
			}
		}
	}
	text, err := json.Marshal(values) // keys are sorted
	if err != nil {
		return nil // it came from JSON
	}
	return text
}
