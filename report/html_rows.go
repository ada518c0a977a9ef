package report

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// What one HTML file holds. A browser opens 50,000 rows of data in a second;
// a table of them it does not (8.6 s for 25,000, and printing fails), so the
// rows that are HTML, which need no script, are few.
const (
	maxRows            = 50000 // findings, failures first
	maxCalls           = 20000 // evidence calls, those of failures first
	staticRows         = 500   // of failures, unknowns and waivers, as HTML
	staticPolicyRows   = 50    // of these, a policy
	staticResources    = 100   // with failures or unknowns, as HTML
	staticResourceRows = 20    // their findings and their calls, each
)

// rows are the findings of the HTML report in a compact form: what repeats
// is kept once and named by its index. As JSON they are the page's data.
type rows struct {
	Policies  []policyRow
	Types     []string
	Places    []string // account and region: "123456789012, eu-west-1"
	Prefixes  []string // of ARNs that end in the resource's name
	Resources []resourceRow
	Texts     []string
	Words     []string // operations, regions and error codes
	Calls     []callRow
	Findings  []findingRow

	total   counts // of all findings, in the file or not
	noCalls int    // findings whose evidence calls did not fit
	seen    map[string]int
	keys    []string       // of Resources
	cohorts map[string]int // by cohort.place, those that the page unfolds
	callIDs map[collectors.CallRef]int
}

// The elements of a row are in the order that html/report.js takes them.
type (
	policyRow   [3]string // id, title, control
	resourceRow [6]any    // prefix, name, type, place, ARN where it does not end in the name, cohort of the proofs or -1
	callRow     [7]any    // operation, region, request id, milliseconds since 1970, HTTP status, error code, digest without "sha256:"
	findingRow  [6]any    // policy, resource, status, severity, []text, []call or nil where they did not fit
)

// findingRow's indexes.
const (
	atPolicy = iota
	atResource
	atStatus
	atSeverity
	atTexts
	atCalls
)

// collectRows takes the findings in the order that matters to a reader:
// status, severity, and then as they come. policies and cohorts name the index
// of each.
func collectRows(d Data, n tally, policies, cohorts map[string]int) (*rows, error) {
	r := &rows{total: n.all, seen: map[string]int{}, cohorts: cohorts, callIDs: map[collectors.CallRef]int{}, Resources: []resourceRow{},
		Types: []string{}, Places: []string{}, Prefixes: []string{}, Texts: []string{}, Words: []string{}, Calls: []callRow{}}
	var buckets [len(statuses)][len(severities)][]rego.Finding
	room := quotas(n)
	for f, err := range d.checked() {
		if err != nil {
			return nil, err
		}
		s, v := slices.Index(statuses[:], f.Status), slices.Index(severities[:], f.Severity)
		if len(buckets[s][v]) < room[s][v] {
			buckets[s][v] = append(buckets[s][v], f)
		}
	}
	r.Findings = make([]findingRow, 0, min(n.all.total(), maxRows))
	for s := range buckets {
		for v := range buckets[s] {
			for _, f := range buckets[s][v] {
				r.add(f, policies[f.Policy], s, v)
			}
			buckets[s][v] = nil
		}
	}
	return r, nil
}

// quotas share maxRows out, failures and the severe first.
func quotas(n tally) (room [len(statuses)][len(severities)]int) {
	left := maxRows
	for s := range statuses {
		for v, severity := range severities {
			room[s][v] = min(left, n.severity(severity)[s])
			left -= room[s][v]
		}
	}
	return room
}

func (r *rows) add(f rego.Finding, policy, status, severity int) {
	texts := []int{}
	for _, m := range f.Messages {
		texts = append(texts, r.index("text", &r.Texts, printable(m)))
	}
	for _, u := range f.Unknowns {
		texts = append(texts, r.index("text", &r.Texts, unknownText(u)))
	}
	if f.Waiver != nil {
		texts = append(texts, r.index("text", &r.Texts, printable(waiverText(f))))
	}
	row := findingRow{policy, r.resource(f.Resource), status, severity, texts, nil}
	if len(r.Calls)+len(f.Evidence) <= maxCalls {
		calls := []int{}
		for _, c := range f.Evidence {
			calls = append(calls, r.call(c))
		}
		row[atCalls] = calls
	} else if len(f.Evidence) > 0 {
		r.noCalls++
	}
	r.Findings = append(r.Findings, row)
}

// unknownText is one reason of an unknown finding with its remedy.
func unknownText(u rego.Unknown) string {
	text := printable(u.Attribute) + " is unknown (" + printable(string(u.Reason)) + ")"
	if u.Detail != "" {
		text += ": " + printable(u.Detail)
	}
	if u.Remedy != "" {
		text += " " + printable(u.Remedy)
	}
	return strings.TrimSpace(text)
}

// index is the place of s in a list of distinct strings.
func (r *rows) index(kind string, list *[]string, s string) int {
	key := kind + "\x00" + s
	i, ok := r.seen[key]
	if !ok {
		i = len(*list)
		*list = append(*list, s)
		r.seen[key] = i
	}
	return i
}

func (r *rows) resource(x rego.Resource) int {
	key := rowKey(x)
	if i, ok := r.seen[key]; ok {
		return i
	}
	i := len(r.Resources)
	r.seen[key] = i
	name, arn := printable(x.Name), printable(x.ARN)
	row := resourceRow{0, name, r.index("type", &r.Types, printable(x.Type)), r.index("place", &r.Places, place(x.Account, x.Region)), "", -1}
	if c, ok := r.cohorts[cohortPlace(x.Type, x.ARN, x.Account, x.Region)]; ok {
		row[5] = c
	}
	if prefix, ok := strings.CutSuffix(arn, name); ok && name != "" {
		row[0] = r.index("prefix", &r.Prefixes, prefix)
	} else {
		row[0], row[4] = -1, arn
	}
	r.Resources, r.keys = append(r.Resources, row), append(r.keys, key)
	return i
}

// arn puts a resource's ARN together again.
func (r *rows) arn(i int) string {
	row := r.Resources[i]
	if p := row[0].(int); p >= 0 {
		return r.Prefixes[p] + row[1].(string)
	}
	return row[4].(string)
}

func (r *rows) call(c collectors.CallRef) int {
	c.Time = c.Time.Round(0).UTC() // the same call is equal, live or read back
	i, ok := r.callIDs[c]
	if !ok {
		i = len(r.Calls)
		r.callIDs[c] = i
		word := func(s string) int { return r.index("word", &r.Words, printable(s)) }
		r.Calls = append(r.Calls, callRow{word(c.Operation), word(c.Region), printable(c.RequestID), c.Time.UnixMilli(), c.Status, word(c.Error),
			printable(strings.TrimPrefix(c.Digest, "sha256:"))})
	}
	return i
}
