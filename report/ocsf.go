package report

import (
	"cmp"
	"io"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// The class of every event: Findings, Compliance Finding, Create.
const (
	ocsfCategory = 2
	ocsfClass    = 2003
	ocsfActivity = 1
)

// ocsfVerdict is what a status is in OCSF: of the check (compliance.status_id)
// and of the finding's life (status_id), which what is no issue has none of.
type ocsfVerdict struct {
	id     int // 0 Unknown, 1 Pass, 3 Fail, 99 Other
	name   string
	life   int // 1 New, 3 Suppressed
	living string
}

var ocsfVerdicts = map[rego.Status]ocsfVerdict{
	rego.Pass:          {1, "Pass", 0, ""},
	rego.Fail:          {3, "Fail", 1, "New"},
	rego.Undecided:     {0, "Unknown", 1, "New"},
	rego.Waived:        {3, "Fail", 3, "Suppressed"},
	rego.Attested:      {99, "Attested", 0, ""},
	rego.NotApplicable: {99, "Not Applicable", 0, ""},
}

var ocsfSeverities = map[rego.Severity]struct {
	id   int
	name string
}{"info": {1, "Informational"}, "low": {2, "Low"}, "medium": {3, "Medium"}, "high": {4, "High"}, "critical": {5, "Critical"}}

// writeOCSF writes an event a finding, one a line: OCSF 1.6.0 Compliance
// Finding (class 2003) with the profiles cloud and datetime. The event's
// severity is informational for what is no issue; the policy's own is the
// check's. Times are the scan's end.
func writeOCSF(w io.Writer, d Data, _ Options) error {
	policies := d.policiesByID()
	j := &jsonWriter{out: w}
	for f, err := range d.checked() {
		if err != nil {
			return err
		}
		j.value(ocsfEventOf(f, policies[f.Policy], d))
		if j.text("\n"); j.err != nil {
			return j.err
		}
	}
	return j.err
}

func ocsfEventOf(f rego.Finding, p rego.Policy, d Data) ocsfEvent {
	m, verdict, severity := d.Manifest, ocsfVerdicts[f.Status], ocsfSeverities[f.Severity]
	title := printable(cmp.Or(p.Title, p.ID))
	check := ocsfCheck{printable(p.ID), title, severity.name, severity.id, verdict.name, verdict.id}
	if verdict.life == 0 {
		severity = ocsfSeverities["info"]
	}
	name := printable(cmp.Or(f.Resource.Name, f.Resource.ARN))
	e := ocsfEvent{ActivityID: ocsfActivity, ActivityName: "Create", CategoryName: "Findings", CategoryUID: ocsfCategory,
		ClassName: "Compliance Finding", ClassUID: ocsfClass, TypeName: "Compliance Finding: Create", TypeUID: ocsfClass*100 + ocsfActivity,
		Time: m.Ended.UnixMilli(), TimeDT: stamp(m.Ended), StartTime: m.Started.UnixMilli(), EndTime: m.Ended.UnixMilli(),
		Severity: severity.name, SeverityID: severity.id, Status: verdict.living, StatusID: verdict.life,
		Message: title + ": " + strings.ToLower(verdict.name) + ": " + name,
		Cloud:   ocsfCloud{Provider: "AWS", Region: printable(f.Resource.Region), Partition: printable(f.Resource.Partition)},
		Compliance: ocsfCompliance{Control: printable(cmp.Or(p.Control, p.ID)), Standards: printables(sortedKeys(p.Frameworks)), Requirements: printables(requirements(p)),
			Checks: []ocsfCheck{check}, Status: verdict.name, StatusID: verdict.id, StatusDetails: statusDetails(f)},
		Info: ocsfInfo{f.ID, title, []string{"Software and Configuration Checks"}, ocsfAnalytic{printable(p.ID), title, "Rule", 1, p.Digest}},
		Resources: []ocsfResource{{printable(cmp.Or(f.Resource.ARN, f.Resource.Name, f.ID)), printable(f.Resource.Name), printable(f.Resource.Type),
			printable(f.Resource.Region), printable(f.Resource.Partition)}},
		Remediation: ocsfRemediation(f, p), Metadata: ocsfMetadataOf(f, d), Unmapped: ocsfRest(f)}
	if f.Resource.Account != "" {
		e.Cloud.Account = &ocsfAccount{printable(f.Resource.Account), "AWS Account", 10}
	}
	for _, call := range f.Evidence {
		e.Evidences = append(e.Evidences, ocsfEvidenceOf(call))
	}
	return e
}

// statusDetails are the violations, or what is missing and why.
func statusDetails(f rego.Finding) []string {
	out := printables(f.Messages)
	for _, u := range f.Unknowns {
		out = append(out, observed(rego.Finding{Unknowns: []rego.Unknown{u}}))
	}
	return out
}

func ocsfRemediation(f rego.Finding, p rego.Policy) *ocsfRemedy {
	todo := strings.Join(printables(remedies(f, p)), " ")
	if todo == "" {
		return nil
	}
	r := &ocsfRemedy{Desc: todo}
	for _, link := range p.RelatedResources {
		if isLink(link) {
			r.References = append(r.References, link)
		}
	}
	return r
}

func ocsfEvidenceOf(call collectors.CallRef) ocsfEvidence {
	e := ocsfEvidence{API: ocsfAPI{Operation: printable(call.Operation)}, Data: map[string]string{"time": call.Time.UTC().Format(time.RFC3339Nano)}}
	if service, _, ok := strings.Cut(call.Operation, ":"); ok {
		e.API.Service = &ocsfUID{printable(service)}
	}
	if call.RequestID != "" {
		e.API.Request = &ocsfUID{printable(call.RequestID)}
	}
	if call.Status != 0 || call.Error != "" {
		e.API.Response = &ocsfResponse{call.Status, printable(call.Error)}
	}
	if call.Digest != "" {
		e.Data["digest"] = printable(call.Digest)
	}
	if call.Region != "" {
		e.Data["region"] = printable(call.Region)
	}
	return e
}

// ocsfMetadataOf names the event: its uid is another for other evidence, the
// finding's stays.
func ocsfMetadataOf(f rego.Finding, d Data) ocsfMetadata {
	name, version, _ := strings.Cut(d.Manifest.Tool, " ")
	m := ocsfMetadata{Version: "1.6.0", Product: ocsfProduct{cmp.Or(name, "sealaudit"), "sealaudit", version}, Profiles: []string{"cloud", "datetime"},
		UID: nameUUID("event", f.ID, d.Evidence).String(), EventCode: printable(f.Policy), CorrelationUID: d.Evidence}
	if d.Manifest.Demo {
		m.Labels = []string{DemoNotice}
	}
	return m
}

// ocsfRest is what OCSF has no place for: the waiver, and the permissions that
// were missing.
func ocsfRest(f rego.Finding) map[string]any {
	rest := map[string]any{}
	if w := f.Waiver; w != nil {
		waiver := map[string]string{"owner": printable(w.Owner), "reason": printable(w.Reason), "expires": printable(w.Expires), "state": rego.WaiverActive}
		if f.Status != rego.Waived {
			waiver["state"] = rego.WaiverExpired
		}
		if w.Ticket != "" {
			waiver["ticket"] = printable(w.Ticket)
		}
		rest["waiver"] = waiver
	}
	var permissions []string
	for _, u := range f.Unknowns {
		if u.Permission != "" {
			permissions = append(permissions, printable(u.Permission))
		}
	}
	if len(permissions) > 0 {
		rest["missing_permissions"] = permissions
	}
	if len(rest) == 0 {
		return nil
	}
	return rest
}

// printables makes every text of a list safe to show.
func printables(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, printable(s))
	}
	return out
}
