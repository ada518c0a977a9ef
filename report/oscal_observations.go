package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// observations writes every finding as one.
func (o *oscalWriter) observations() error {
	n := 0
	for f, err := range o.d.checked() {
		if err != nil {
			return err
		}
		if n == 0 {
			o.text("\"observations\": [")
		}
		if o.item(n, o.observation(f)); o.err != nil {
			return o.err
		}
		n++
	}
	if n > 0 {
		o.text("\n],\n")
	}
	return o.err
}

func (o *oscalWriter) observation(f rego.Finding) oscalObservation {
	p := o.policies[f.Policy]
	kind := "control-objective"
	if f.Status == rego.Fail || f.Status == rego.Waived {
		kind = "finding"
	}
	out := oscalObservation{UUID: nameUUID("finding", f.ID), Title: markdownText(cmp.Or(p.Title, p.ID), 300),
		Description: strings.ToUpper(string(f.Status[:1])) + strings.ReplaceAll(string(f.Status[1:]), "_", " ") + ".",
		Props:       slices.Concat(prop("policy", f.Policy), prop("status", string(f.Status)), prop("severity", string(f.Severity)), prop("finding", f.ID)),
		Methods:     []string{"TEST"}, Types: []string{kind}, Origins: o.origin, Subjects: []oscalSubject{{itemUUID(f.Resource), "inventory-item"}},
		Collected: oscalStamp(readAt(f, o.d.Manifest))}
	for _, detail := range statusDetails(f) {
		out.Description += " " + codeSpan(detail)
	}
	for _, call := range f.Evidence {
		out.Evidence = append(out.Evidence, oscalEvidence{"#" + o.evidence.String(), codeSpan(call.Operation),
			slices.Concat(prop("request-id", call.RequestID), prop("sha256", strings.TrimPrefix(call.Digest, "sha256:")), prop("time", oscalStamp(call.Time)))})
	}
	if todo := remedies(f, p); len(todo) > 0 && f.Status == rego.Undecided {
		out.Remarks = "To determine it: " + codeSpan(strings.Join(todo, " "))
	} else if f.Waiver != nil {
		out.Remarks = "Waiver: " + codeSpan(waiverText(f))
	}
	return out
}

// risks writes the waived findings as risks whose deviation is approved.
func (o *oscalWriter) risks(results oscalResults) error {
	waived := false
	for _, list := range results.byPolicy {
		waived = waived || slices.ContainsFunc(list, func(r oscalResult) bool { return r.status == rego.Waived })
	}
	if !waived {
		return nil
	}
	o.text("\"risks\": [")
	n := 0
	for f, err := range o.d.checked() {
		if err != nil {
			return err
		}
		if f.Status != rego.Waived {
			continue
		}
		if o.item(n, o.risk(f)); o.err != nil {
			return o.err
		}
		n++
	}
	o.text("\n],\n")
	return o.err
}

func (o *oscalWriter) risk(f rego.Finding) oscalRisk {
	var w rego.Waiver
	if f.Waiver != nil {
		w = *f.Waiver
	}
	id := nameUUID("finding", f.ID)
	risk := oscalRisk{UUID: riskUUID(id), Title: "Waived: " + markdownText(cmp.Or(o.policies[f.Policy].Title, f.Policy), 300),
		Description: codeSpan(cmp.Or(f.Resource.ARN, f.Resource.Name)) + " " + codeSpan(observed(f)), Statement: codeSpan(w.Reason),
		Props:  slices.Concat(prop("policy", f.Policy), prop("severity", string(f.Severity)), prop("owner", w.Owner), prop("ticket", w.Ticket)),
		Status: "deviation-approved", Origins: o.origin, Observations: []oscalRef{{Observation: &id}}}
	if day, err := time.Parse(time.DateOnly, w.Expires); err == nil {
		risk.Deadline = oscalStamp(day.Add(24*time.Hour - time.Second)) // the last day counts
	}
	return risk
}

// attestation says how complete the evidence is.
func (o *oscalWriter) attestation() {
	m := o.d.Manifest
	part := func(name, prose string, props ...oscalProp) oscalPart {
		return oscalPart{Name: name, Space: oscalSpace, Prose: prose, Props: props}
	}
	parts := []oscalPart{part("completeness", "What was listed and read, by type, account and region. A count of zero is a fact only where the listing is complete.")}
	if m.Interrupted != "" {
		parts = append(parts, part("interrupted", "The scan ended early: "+codeSpan(m.Interrupted)+". What was not read by then is unknown."))
	}
	if len(m.Coverage) == 0 {
		parts = append(parts, part("coverage", "Nothing was listed."))
	}
	for _, c := range m.Coverage {
		parts = append(parts, part("coverage", codeSpan(coverageLine(c)), coverageProps(c)...))
	}
	o.text(`"attestations": `)
	o.value([]any{map[string]any{"parts": parts}})
	o.text(",\n")
}

func coverageProps(c collectors.Coverage) []oscalProp {
	return slices.Concat(prop("listed", fmt.Sprint(c.Listed)), prop("read", fmt.Sprint(c.Read)), prop("partly-read", fmt.Sprint(c.Partly)),
		prop("unread", fmt.Sprint(c.Unread)), prop("listing-complete", fmt.Sprint(c.Gap == nil)))
}
