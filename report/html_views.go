package report

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// finding is a row as HTML shows it.
func (r *rows) finding(f findingRow) findingView {
	policy, resource := f[atPolicy].(int), f[atResource].(int)
	v := findingView{Status: statusWords[f[atStatus].(int)], Class: string(statuses[f[atStatus].(int)]), Severity: string(severities[f[atSeverity].(int)]),
		Policy: policy, PolicyID: r.Policies[policy][0], Resource: cmp.Or(r.Resources[resource][1].(string), r.arn(resource)), ARN: r.arn(resource),
		Place: r.Places[r.Resources[resource][3].(int)], ID: resource, Cohort: r.Resources[resource][5].(int)}
	if calls, ok := f[atCalls].([]int); ok {
		v.Refs = refs(calls)
	}
	for _, t := range f[atTexts].([]int) {
		v.Texts = append(v.Texts, r.Texts[t])
	}
	return v
}

// resourceViews are the first resources with a failure or an unknown, all
// their findings and the calls that these rest on; and how many more there
// are.
func resourceViews(data *rows) (views []resourceView, more int) {
	place := map[int]int{} // resource to its view; -1: not shown
	calls := map[int]map[int]bool{}
	for _, f := range data.Findings {
		id, open := f[atResource].(int), f[atStatus].(int) <= slices.Index(statuses[:], "unknown")
		at, ok := place[id]
		if !ok && open {
			at = -1
			if len(views) < staticResources {
				at = len(views)
				r := data.Resources[id]
				views = append(views, resourceView{ID: id, Cohort: r[5].(int), Name: cmp.Or(r[1].(string), data.arn(id)), ARN: data.arn(id), Type: data.Types[r[2].(int)], Place: data.Places[r[3].(int)]})
				calls[at] = map[int]bool{}
			} else {
				more++
			}
			place[id] = at
		} else if !ok || at < 0 {
			continue
		}
		if at >= 0 {
			views[at].add(f, data, calls[at])
		}
	}
	return views, more
}

func (v *resourceView) add(f findingRow, data *rows, seen map[int]bool) {
	if len(v.Rows) < staticResourceRows {
		v.Rows = append(v.Rows, data.finding(f))
	} else {
		v.More++
	}
	ids, _ := f[atCalls].([]int)
	for _, id := range ids {
		switch {
		case seen[id]:
			continue
		case len(v.Calls) < staticResourceRows:
			v.Calls = append(v.Calls, registerRow{id + 1, data.shownCall(id)})
		default:
			v.More++
		}
		seen[id] = true
	}
}

func (r *rows) shownCall(id int) callView {
	c := r.Calls[id]
	v := callView{Operation: r.Words[c[0].(int)], Region: r.Words[c[1].(int)], RequestID: c[2].(string), Digest: c[6].(string),
		Time: clock(time.UnixMilli(c[3].(int64))), Status: "no reply"}
	if code := c[4].(int); code != 0 {
		v.Status = strings.TrimSpace(strconv.Itoa(code) + " " + cmp.Or(r.Words[c[5].(int)], http.StatusText(code)))
		v.Digest = cmp.Or(v.Digest, "not kept") // it holds what people store
	} else if e := r.Words[c[5].(int)]; e != "" {
		v.Status = e
	}
	return v
}

// choices are the filters; those with one value only are left out.
func choices(n tally, data *rows) []choice {
	status, severity, service, place := choice{ID: "status", Label: "Status"}, choice{ID: "severity", Label: "Severity"},
		choice{ID: "service", Label: "Service"}, choice{ID: "place", Label: "Account, region"}
	for i, word := range statusWords {
		if n.all[i] > 0 {
			status.Values = append(status.Values, fact{strconv.Itoa(i), word})
		}
	}
	for i, s := range severities {
		if n.severity(s).total() > 0 {
			severity.Values = append(severity.Values, fact{strconv.Itoa(i), string(s)})
		}
	}
	for _, s := range n.services() {
		service.Values = append(service.Values, fact{printable(s), printable(s)})
	}
	for i, p := range data.Places {
		place.Values = append(place.Values, fact{strconv.Itoa(i), p})
	}
	var out []choice
	for _, c := range []choice{status, severity, service, place} {
		if len(c.Values) > 1 {
			out = append(out, c)
		}
	}
	return out
}

// thousands is a number with commas, for people.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
