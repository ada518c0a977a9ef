package report

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
)

// writeOSCAL writes assessment results (NIST OSCAL 1.2.1, JSON): resources
// are the inventory, findings are observations by test, and each control of
// NIST SP 800-53 that a policy relates to is a finding on its objective. A
// waiver is a risk whose deviation is approved; how complete the evidence is
// is attested. Text is OSCAL's markup, so the account's stands in code spans.
//
// It goes three times through the findings and holds some 40 bytes of each.
func writeOSCAL(w io.Writer, d Data, _ Options) error {
	controls, odd := oscalControls(d.Policies)
	if len(controls) == 0 {
		return fmt.Errorf("no policy that was judged relates to a control of NIST SP 800-53 (%s), which OSCAL results are of; choose other policies or another format", nist)
	}
	o := &oscalWriter{jsonWriter: jsonWriter{out: w}, d: d, policies: d.policiesByID(), evidence: nameUUID("evidence", d.Evidence), plan: nameUUID("plan", d.Evidence, d.Judged.String())}
	tool := nameUUID("tool", d.Manifest.Tool)
	o.origin = []oscalOrigin{{[]oscalActor{{"tool", tool}}}}
	o.text("{\"assessment-results\": {")
	o.metadata() // first, so that the file's first line has its title
	o.field("uuid", nameUUID("results", d.Evidence, d.Judged.String()), ",\n")
	o.field("import-ap", map[string]string{"href": "#" + o.plan.String()}, ",\n")
	o.text("\"results\": [{\n")
	o.result(controls)
	results, err := o.inventory(oscalComponent{tool, "software", markdownText(cmp.Or(d.Manifest.Tool, "sealaudit"), 200),
		"Reads the account's configuration by API and judges it with policies.", oscalStatus{State: "operational"}})
	if err != nil {
		return err
	}
	if err := o.observations(); err != nil {
		return err
	}
	if err := o.risks(results); err != nil {
		return err
	}
	o.attestation()
	o.text("\"findings\": [")
	for i, c := range controls {
		o.item(i, results.finding(c, o.origin))
	}
	o.text("\n],\n")
	o.field("remarks", o.remarks(odd), "\n}],\n")
	o.backMatter()
	o.text("}}\n")
	return o.err
}

type oscalWriter struct {
	jsonWriter
	d        Data
	policies map[string]rego.Policy
	origin   []oscalOrigin
	evidence uuid // the back-matter's resources
	plan     uuid
}

func (o *oscalWriter) metadata() {
	m := o.d.Manifest
	title := "Assessment of encryption on AWS"
	if m.Demo {
		title = "Demo account, not yours: " + title
	}
	o.field("metadata", map[string]any{"title": title, "last-modified": oscalStamp(m.Ended), "version": oscalStamp(m.Ended), "oscal-version": "1.2.1",
		"props": slices.Concat(prop("tool", m.Tool), prop("caller", m.Caller), prop("evidence", o.d.Evidence), prop("demo", fmt.Sprint(m.Demo)))}, ",\n")
}

// result writes what is known before the findings.
func (o *oscalWriter) result(controls []oscalControl) {
	m := o.d.Manifest
	var ids, objectives []map[string]string
	for _, c := range controls {
		ids = append(ids, map[string]string{"control-id": c.id})
		objectives = append(objectives, map[string]string{"objective-id": c.objective()})
	}
	o.field("uuid", nameUUID("result", o.d.Evidence, o.d.Judged.String()), ",\n")
	o.field("title", "Scan of "+codeSpan(strings.Join(m.Accounts, ", ")), ",\n")
	o.field("description", "Read by "+codeSpan(m.Caller)+" in "+codeSpan(strings.Join(m.Regions, ", "))+". Judged: "+codeSpan(o.d.Judged.String())+".", ",\n")
	o.field("start", oscalStamp(m.Started), ",\n")
	o.field("end", oscalStamp(m.Ended), ",\n")
	o.field("reviewed-controls", map[string]any{
		"description":                  "Controls of NIST SP 800-53 Revision 5 that a judged policy relates to. A relation supports, and does not prove, that a control is met.",
		"control-selections":           []any{map[string]any{"include-controls": ids}},
		"control-objective-selections": []any{map[string]any{"include-objectives": objectives}}}, ",\n")
}

// inventory writes each resource once and collects what the controls need.
func (o *oscalWriter) inventory(tool oscalComponent) (oscalResults, error) {
	results := oscalResults{map[string][]oscalResult{}, map[string]bool{}, o.d.Manifest.Interrupted != ""}
	for _, c := range incompleteListings(o.d.Manifest.Coverage) {
		results.incomplete[c.Type] = true
	}
	o.text("\"local-definitions\": {")
	o.field("components", []oscalComponent{tool}, "")
	seen := map[uuid]bool{}
	for f, err := range o.d.checked() {
		if err != nil {
			return results, err
		}
		results.byPolicy[f.Policy] = append(results.byPolicy[f.Policy], oscalResult{nameUUID("finding", f.ID), f.Status})
		id, r := itemUUID(f.Resource), f.Resource
		if seen[id] {
			continue
		}
		if len(seen) == 0 {
			o.text(",\n\"inventory-items\": [")
		}
		o.item(len(seen), oscalItem{id, codeSpan(r.Type) + " " + codeSpan(cmp.Or(r.Name, r.ARN)),
			slices.Concat(prop("arn", r.ARN), prop("type", r.Type), prop("account", r.Account), prop("region", cmp.Or(r.Region, "global")))})
		if seen[id] = true; o.err != nil {
			return results, o.err
		}
	}
	if len(seen) > 0 {
		o.text("\n]")
	}
	o.text("},\n")
	return results, o.err
}

func itemUUID(r rego.Resource) uuid {
	return nameUUID("resource", r.Partition, r.Account, r.Region, r.Type, r.ARN)
}

// remarks are what else a reader has to know.
func (o *oscalWriter) remarks(odd []string) string {
	text := "Unknown is not pass and not fail: an objective with an observation that could not be determined is not satisfied. This is no opinion of an auditor."
	if len(odd) > 0 {
		text += " Requirements that are no control's label and so not in this document: " + codeSpan(strings.Join(odd, ", ")) + "."
	}
	for _, use := range o.d.Summary.Waivers {
		if use.State != rego.WaiverActive {
			text += " A waiver of " + codeSpan(use.Policy) + " on " + codeSpan(use.Resource) + " is " + use.State + "."
		}
	}
	return text
}

// backMatter has the assessment plan, which is what was judged and how, and
// the evidence that all observations refer to.
func (o *oscalWriter) backMatter() {
	type digest struct {
		ID     string `json:"id"`
		Digest string `json:"digest"`
	}
	plan := struct {
		Judged   Judged   `json:"judged"`
		Policies []digest `json:"policies"`
	}{o.d.Judged, nil}
	for _, p := range o.d.Policies {
		plan.Policies = append(plan.Policies, digest{p.ID, p.Digest})
	}
	text, err := json.Marshal(plan)
	if o.err == nil {
		o.err = err
	}
	evidence := map[string]any{"uuid": o.evidence, "title": "Evidence bundle",
		"description": "The bundle of the scan. The digest is of its manifest, which has the digest of everything else: " + codeSpan(o.d.Evidence) + "."}
	if hex, ok := strings.CutPrefix(o.d.Evidence, "sha256:"); ok && hex != "" {
		evidence["rlinks"] = []any{map[string]any{"href": "manifest.json", "media-type": "application/json", "hashes": []any{map[string]string{"algorithm": "SHA-256", "value": hex}}}}
	}
	o.field("back-matter", map[string]any{"resources": []any{
		map[string]any{"uuid": o.plan, "title": "Policies and parameters", "description": "What was judged and how. It stands in for an assessment plan.",
			"base64": map[string]string{"filename": "plan.json", "media-type": "application/json", "value": base64.StdEncoding.EncodeToString(text)}},
		evidence}}, "\n")
}
