package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// nist is the framework whose controls OSCAL results are of.
const nist = "nist-800-53-r5"

// oscalControl is a control and the policies that relate to it.
type oscalControl struct {
	id       string // sc-28.1
	label    string // SC-28(1)
	policies []rego.Policy
}

// objective is the id of the control's assessment objective in NIST's catalog.
func (c oscalControl) objective() string { return c.id + "_obj" }

var controlLabel = regexp.MustCompile(`^([A-Z]{2}-[0-9]{1,2})(?:\(([0-9]{1,2})\))?$`)

// oscalControls are the controls that the policies relate to, by id, and the
// requirements that are no control's label and so can't be in the document.
func oscalControls(policies []rego.Policy) (controls []oscalControl, odd []string) {
	byID := map[string]oscalControl{}
	for _, p := range policies {
		for _, label := range p.Frameworks[nist] {
			m := controlLabel.FindStringSubmatch(label)
			if m == nil {
				odd = append(odd, label)
				continue
			}
			id := strings.ToLower(m[1])
			if m[2] != "" {
				id += "." + m[2]
			}
			c := byID[id]
			byID[id] = oscalControl{id, label, append(c.policies, p)}
		}
	}
	for _, id := range sortedKeys(byID) {
		controls = append(controls, byID[id])
	}
	slices.Sort(odd)
	return controls, slices.Compact(odd)
}

// oscalResult is what a control's finding needs of one of ours.
type oscalResult struct {
	id     uuid // of the observation
	status rego.Status
}

// oscalResults are the results by policy, and the types whose listing is
// incomplete.
type oscalResults struct {
	byPolicy    map[string][]oscalResult
	incomplete  map[string]bool
	interrupted bool
}

// finding says of a control whether its objective is satisfied, which takes
// that something passed, nothing failed, waived or not, nothing is unknown or
// rests on AWS's word, and the listings were complete. Anything else is
// not satisfied: for a failure with the reason fail, else with other.
func (r oscalResults) finding(c oscalControl, origin []oscalOrigin) oscalFinding {
	var n counts
	var observations, risks []oscalRef
	for _, p := range c.policies {
		for _, result := range r.byPolicy[p.ID] {
			n[slices.Index(statuses[:], result.status)]++
		}
	}
	lacks := r.lacks(c, n)
	status := oscalStatus{State: "satisfied", Reason: "pass"}
	if lacks != "" {
		status = oscalStatus{State: "not-satisfied", Reason: "other", Remarks: "Not shown to be satisfied: " + lacks + "."}
	}
	if n.of(rego.Fail) > 0 {
		status.Reason = "fail"
	}
	for _, p := range c.policies {
		for _, result := range r.byPolicy[p.ID] {
			switch result.status {
			case rego.NotApplicable:
				continue
			case rego.Pass:
				if lacks != "" {
					continue // they are counted
				}
			case rego.Waived:
				risks = append(risks, oscalRef{Risk: ptr(riskUUID(result.id))})
			}
			observations = append(observations, oscalRef{Observation: &result.id})
		}
	}
	var ids []string
	for _, p := range c.policies {
		ids = append(ids, codeSpan(p.ID))
	}
	return oscalFinding{UUID: nameUUID("control", c.id), Title: c.label + ": " + strings.ReplaceAll(status.State, "-", " "),
		Description: fmt.Sprintf("%s of %s: %s. Related policies, which support and do not prove that the control is met: %s.",
			plural(n.total(), "observation"), plural(len(ids), "policy"), statusCounts(n), strings.Join(ids, ", ")),
		Origins: origin, Target: oscalTarget{"objective-id", c.objective(), status}, Observations: observations, Risks: risks}
}

// lacks is what keeps a control from being satisfied, or "".
func (r oscalResults) lacks(c oscalControl, n counts) string {
	var out []string
	for _, x := range []struct {
		status rego.Status
		words  string
	}{{rego.Fail, "failed"}, {rego.Waived, "failed and waived"}, {rego.Undecided, "could not be determined"}, {rego.Attested, "rest on the word of AWS"}} {
		if v := n.of(x.status); v > 0 {
			out = append(out, fmt.Sprintf("%d %s", v, x.words))
		}
	}
	if n.of(rego.Pass) == 0 {
		out = append(out, "nothing passed")
	}
	var types []string
	for _, p := range c.policies {
		if r.incomplete[p.Resource] {
			types = append(types, p.Resource)
		}
	}
	slices.Sort(types)
	if types = slices.Compact(types); len(types) > 0 {
		out = append(out, "the listing of "+codeSpan(strings.Join(types, ", "))+" is incomplete")
	}
	if r.interrupted {
		out = append(out, "the scan was interrupted")
	}
	return strings.Join(out, ", ")
}

// statusCounts are the counts in words: "2 fail, 0 unknown, …".
func statusCounts(n counts) string {
	var parts []string
	for i, word := range statusWords {
		parts = append(parts, fmt.Sprintf("%d %s", n[i], word))
	}
	return strings.Join(parts, ", ")
}

// riskUUID is the risk of a waived observation.
func riskUUID(observation uuid) uuid { return nameUUID("risk", observation.String()) }

func ptr[T any](v T) *T { return &v }
