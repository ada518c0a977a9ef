package report

import (
	"strconv"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
)

// staticCalls is how many calls of the evidence register are HTML; the script
// shows the others.
const staticCalls = 1000

// ref names calls of the evidence register: "E12" or "E12–E19". ID is that of
// the first one's row; "" when it is not HTML.
type ref struct{ Text, ID string }

// registerRow is one call of the register.
type registerRow struct {
	Number int
	callView
}

// references are the numbers of calls; those that are new come at the end of
// the register while it has room.
func (r *rows) references(calls []collectors.CallRef) []ref {
	if len(r.Calls)+len(calls) > maxCalls {
		r.noCalls++
		return nil
	}
	ids := make([]int, len(calls))
	for i, c := range calls {
		ids[i] = r.call(c)
	}
	return refs(ids)
}

// refs joins neighbours: they were first named by the same finding.
func refs(ids []int) []ref {
	var out []ref
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		x := ref{Text: "E" + strconv.Itoa(ids[i]+1)}
		if j > i {
			x.Text += "–E" + strconv.Itoa(ids[j]+1)
		}
		if ids[i] < staticCalls {
			x.ID = "e-" + strconv.Itoa(ids[i]+1)
		}
		out = append(out, x)
		i = j + 1
	}
	return out
}

// register are the first calls, as HTML.
func (r *rows) register() []registerRow {
	var out []registerRow
	for i := range r.Calls[:min(len(r.Calls), staticCalls)] {
		out = append(out, registerRow{i + 1, r.shownCall(i)})
	}
	return out
}

// operationRow counts the calls of one API operation.
type operationRow struct {
	Name          string
	Calls, Failed int
	First, Last   string
	Region        string
}

// operations count the register's calls by operation and region.
func (r *rows) operations() []operationRow {
	type span struct {
		operationRow
		first, last int64
	}
	by := map[string]*span{}
	for _, c := range r.Calls {
		name, region, at := r.Words[c[0].(int)], r.Words[c[1].(int)], c[3].(int64)
		key := name + "\x00" + region
		o := by[key]
		if o == nil {
			o = &span{operationRow{Name: name, Region: region}, at, at}
			by[key] = o
		}
		o.Calls++
		if code := c[4].(int); code < 200 || code > 299 {
			o.Failed++
		}
		o.first, o.last = min(o.first, at), max(o.last, at)
	}
	var out []operationRow
	for _, key := range sortedKeys(by) {
		o := by[key]
		o.First, o.Last = clock(time.UnixMilli(o.first)), clock(time.UnixMilli(o.last))
		out = append(out, o.operationRow)
	}
	return out
}
