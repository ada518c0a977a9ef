package report

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// supports are the requirements that a policy relates to, a line a framework
// and by who says so: "SC-28, SC-28(1) (Security Hub user guide); CP-9
// (prowler, not verified)".
func supports(p rego.Policy) []fact {
	var out []fact
	for _, framework := range sortedKeys(p.Frameworks) {
		ids := p.Frameworks[framework]
		var groups []string
		var group []string
		for i, id := range ids {
			group = append(group, id)
			source := sourceOf(p, framework, id)
			if i+1 < len(ids) && source == sourceOf(p, framework, ids[i+1]) {
				continue
			}
			groups = append(groups, strings.Join(group, ", ")+source)
			group = nil
		}
		out = append(out, fact{printable(framework), printable(strings.Join(groups, "; "))})
	}
	return out
}

// sourceOf is who relates the requirement to the policy, in brackets.
func sourceOf(p rego.Policy, framework, id string) string {
	i := slices.IndexFunc(p.Mappings, func(m rego.Mapping) bool { return m.Framework == framework && m.ID == id })
	switch {
	case i < 0 || p.Mappings[i].Source == "":
		return ""
	case p.Mappings[i].Verified:
		return " (" + p.Mappings[i].Source + ")"
	}
	return " (" + p.Mappings[i].Source + ", not verified)"
}
