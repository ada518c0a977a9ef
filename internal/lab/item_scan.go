package lab

import (
	"slices"
	"strconv"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// pageBytes is what a page of a scan or query reads at most (API reference,
// Scan).
const pageBytes = 1 << 20

// itemPage is one page of a scan or query.
type itemPage struct {
	openedTable
	filter  condition
	paths   [][]pathStep
	limit   int // 0 is none
	count   bool
	items   []any
	matched int
	scanned int
	bytes   int
	last    item.Item // the key of the last item read, when the page ends before the end
}

// take reads one item; false ends the page.
func (p *itemPage) take(it item.Item) bool {
	if p.limit > 0 && p.scanned >= p.limit || p.bytes >= pageBytes {
		return false
	}
	p.scanned++
	p.bytes += sizeOf(it)
	p.last = p.schema.of(it)
	if p.filter(it) {
		p.matched++
		if !p.count {
			p.items = append(p.items, attributesOut(project(it, p.paths)))
		}
	}
	return true
}

// output is the page as an answer. A page that its limit ended has a
// LastEvaluatedKey, even if nothing follows.
func (p *itemPage) output(q *wire.Request, ended bool) map[string]any {
	out := map[string]any{"Count": p.matched, "ScannedCount": p.scanned}
	if !p.count {
		out["Items"] = append([]any{}, p.items...)
	}
	if (!ended || p.limit > 0 && p.scanned >= p.limit) && p.last != nil {
		out["LastEvaluatedKey"] = attributesOut(p.last)
	}
	n := float64(max(1, (p.bytes+4095)/4096))
	if !q.Bool("ConsistentRead", false) {
		n /= 2
	}
	consumed(q, out, p.name, n)
	return out
}

// beginReading reads what scans and queries have in common; keys reads what
// queries have besides.
func (l *Lab) beginReading(q *wire.Request, keys func(*expressions) *wire.Failure) (*itemPage, answer) {
	e, failure := newExpressions(q)
	if failure != nil {
		return nil, answer{failure: failure}
	}
	p := &itemPage{count: q.String("Select") == "COUNT"}
	if limit, given := q.Int("Limit"); given && limit < 1 {
		return nil, answer{failure: constraint(strconv.Itoa(limit), "limit", "Member must have value greater than or equal to 1")}
	} else if given {
		p.limit = limit
	}
	if p.filter, failure = e.condition("FilterExpression"); failure == nil {
		p.paths, failure = e.projection()
	}
	if failure == nil && keys != nil {
		failure = keys(e)
	}
	if failure == nil {
		failure = e.finish()
	}
	switch selected := q.String("Select"); {
	case failure != nil:
	case selected != "" && !slices.Contains([]string{"ALL_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"}, selected):
		failure = constraint(selected, "select", "Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]")
	case selected == "COUNT" && p.paths != nil || selected == "ALL_ATTRIBUTES" && p.paths != nil:
		failure = validation("Cannot specify the ProjectionExpression when choosing to get " + map[bool]string{true: "only the Count", false: "ALL_ATTRIBUTES"}[selected == "COUNT"])
	case q.String("IndexName") != "":
		failure = validation("The table does not have the specified index: " + q.String("IndexName"))
	}
	if failure != nil {
		return nil, answer{failure: failure}
	}
	t, a := l.openTable(q, q.String("TableName"))
	p.openedTable = t
	return p, a
}

// start is the key that a page goes on after, nil at the beginning.
func (p *itemPage) start(q *wire.Request) (item.Item, *wire.Failure) {
	v, given := q.Input["ExclusiveStartKey"]
	if !given {
		return nil, nil
	}
	key, failure := p.schema.keyOf(v)
	if failure != nil {
		return nil, validation("The provided starting key is invalid: The provided key element does not match the schema")
	}
	return key, nil
}

// segment is the part of the partitions that a parallel scan reads (Developer
// Guide, "Parallel scan"): their keyed hashes, split evenly.
func segment(q *wire.Request) (in func(partition string) bool, failure *wire.Failure) {
	n, given := q.Int("Segment")
	total, both := q.Int("TotalSegments")
	switch {
	case !given && !both:
		return func(string) bool { return true }, nil
	case !given:
		return nil, validation("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case !both:
		return nil, validation("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case total < 1 || total > 1_000_000:
		return nil, constraint(strconv.Itoa(total), "totalSegments", "Member must have value less than or equal to 1000000")
	case n < 0 || n >= total:
		return nil, validation("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: " + strconv.Itoa(n) + " is not less than TotalSegments: " + strconv.Itoa(total))
	}
	return func(partition string) bool {
		hash, err := strconv.ParseUint(partition[:8], 16, 32)
		return err == nil && int(hash*uint64(total)>>32) == n //nolint:gosec // both are small
	}, nil
}

func scanTable(l *Lab, q *wire.Request) answer {
	in, failure := segment(q)
	if failure != nil {
		return answer{failure: failure}
	}
	p, a := l.beginReading(q, nil)
	if a.failure != nil {
		return a
	}
	start, failure := p.start(q)
	if failure != nil {
		a.failure = failure
		return a
	}
	from, first := "", 0
	if start != nil {
		from, _ = p.schema.place(p.tableState, start)
		if !in(from) {
			a.failure = validation("The provided starting key is outside query boundaries based on provided conditions")
			return a
		}
		first, _ = slices.BinarySearch(p.order, from)
	}
	ended := true
	for _, partition := range p.order[first:] {
		if !in(partition) {
			continue
		}
		items, failure := l.partitionItems(p.tableState, p.schema, partition)
		if failure != nil {
			a.failure = failure
			return a
		}
		for _, it := range items {
			if partition == from && (p.schema.sort == "" || compareValues(it[p.schema.sort], start[p.schema.sort]) <= 0) {
				continue
			}
			if ended = p.take(it); !ended {
				break
			}
		}
		if !ended {
			break
		}
	}
	a.output = p.output(q, ended)
	return a
}
