package lab

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// keyTerm is one condition of a KeyConditionExpression.
type keyTerm struct {
	name, op string // "=", "<", …, "BETWEEN", "begins_with"
	values   []item.Value
}

func queryTable(l *Lab, q *wire.Request) answer {
	var terms []keyTerm
	p, a := l.beginReading(q, func(e *expressions) (failure *wire.Failure) {
		terms, failure = e.keyTerms()
		return failure
	})
	if a.failure != nil {
		return a
	}
	partition, within, failure := p.schema.query(terms)
	if failure != nil {
		a.failure = failure
		return a
	}
	hash, _ := p.schema.place(p.tableState, item.Item{p.schema.partition: partition})
	items, failure := l.partitionItems(p.tableState, p.schema, hash)
	if failure != nil {
		a.failure = failure
		return a
	}
	start, failure := p.start(q)
	if failure == nil && start != nil && !start[p.schema.partition].Equal(partition) {
		failure = validation("The provided starting key is outside query boundaries based on provided conditions")
	}
	if failure != nil {
		a.failure = failure
		return a
	}
	forward := q.Bool("ScanIndexForward", true)
	if !forward {
		slices.Reverse(items)
	}
	ended := true
	for _, it := range items {
		if !within(it) || start != nil && !follows(p.schema, it, start, forward) {
			continue
		}
		if ended = p.take(it); !ended {
			break
		}
	}
	a.output = p.output(q, ended)
	return a
}

// follows says whether an item comes after a key.
func follows(s keySchema, it, start item.Item, forward bool) bool {
	if s.sort == "" {
		return false
	}
	c := compareValues(it[s.sort], start[s.sort])
	return forward && c > 0 || !forward && c < 0
}

// keyTerms reads a KeyConditionExpression (DynamoDB Developer Guide, "Key
// condition expressions for the Query operation").
func (e *expressions) keyTerms() ([]keyTerm, *wire.Failure) {
	r, failure := e.read("KeyConditionExpression")
	if failure != nil {
		return nil, failure
	}
	if r == nil {
		return nil, validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	var out []keyTerm
	for {
		term, failure := r.keyTerm()
		if failure != nil {
			return nil, failure
		}
		out = append(out, term)
		if !r.is("AND") {
			return out, r.end()
		}
	}
}

func (r *exprReader) keyTerm() (t keyTerm, failure *wire.Failure) {
	if r.is("(") {
		if failure := r.enterLevel(); failure != nil {
			return t, failure
		}
		if t, failure = r.keyTerm(); failure != nil {
			return t, failure
		}
		return t, r.expect(")")
	}
	if r.peek() == "begins_with" {
		r.i++
		t.op = "begins_with"
		if failure := r.expect("("); failure != nil {
			return t, failure
		}
		if failure := r.keyName(&t, ","); failure != nil {
			return t, failure
		}
		return t, r.keyValue(&t, ")")
	}
	if failure := r.keyName(&t, ""); failure != nil {
		return t, failure
	}
	if r.is("BETWEEN") {
		t.op = "BETWEEN"
		if failure := r.keyValue(&t, "AND"); failure != nil {
			return t, failure
		}
		return t, r.keyValue(&t, "")
	}
	if t.op = r.peek(); !slices.Contains([]string{"=", "<", "<=", ">", ">="}, t.op) {
		if t.op == "<>" || strings.EqualFold(t.op, "IN") {
			return t, validation("Invalid operator used in KeyConditionExpression: " + t.op)
		}
		return t, r.syntax()
	}
	r.i++
	return t, r.keyValue(&t, "")
}

func (r *exprReader) keyName(t *keyTerm, then string) *wire.Failure {
	path, failure := r.path()
	switch {
	case failure != nil:
		return failure
	case len(path) > 1:
		return validation("Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes")
	}
	t.name = path[0].name
	if then == "" {
		return nil
	}
	return r.expect(then)
}

func (r *exprReader) keyValue(t *keyTerm, then string) *wire.Failure {
	if !strings.HasPrefix(r.peek(), ":") {
		return r.syntax()
	}
	o, failure := r.operand()
	if failure != nil {
		return failure
	}
	v, _ := o(nil)
	t.values = append(t.values, v)
	if then == "" {
		return nil
	}
	return r.expect(then)
}

// query checks the key conditions against the key: the partition that they
// name, and which of its items.
func (s keySchema) query(terms []keyTerm) (partition item.Value, within condition, failure *wire.Failure) {
	within = func(item.Item) bool { return true }
	seen := map[string]bool{}
	for _, t := range terms {
		switch {
		case seen[t.name]:
			return partition, nil, validation("KeyConditionExpressions must only contain one condition per key")
		case t.name != s.partition && t.name != s.sort:
			return partition, nil, validation("Query condition missed key schema element: " + s.missing(terms))
		case slices.ContainsFunc(t.values, func(v item.Value) bool { return v.Type != s.types[t.name] }):
			return partition, nil, invalid("Condition parameter type does not match schema type")
		case t.name == s.partition && t.op != "=":
			return partition, nil, validation("Query key condition not supported")
		}
		seen[t.name] = true
		if t.name == s.partition {
			partition = t.values[0]
			continue
		}
		within = t.holds
	}
	if !seen[s.partition] {
		return partition, nil, validation("Query condition missed key schema element: " + s.partition)
	}
	return partition, within, s.checkSizes(item.Item{s.partition: partition, s.sort: item.Text("-")})
}

// missing is the key attribute that no condition names.
func (s keySchema) missing(terms []keyTerm) string {
	for _, name := range s.names() {
		if !slices.ContainsFunc(terms, func(t keyTerm) bool { return t.name == name }) {
			return name
		}
	}
	return s.partition
}

func (t keyTerm) holds(it item.Item) bool {
	v := it[t.name]
	c := compareValues(v, t.values[0])
	switch t.op {
	case "BETWEEN":
		return c >= 0 && compareValues(v, t.values[1]) <= 0
	case "begins_with":
		return strings.HasPrefix(v.Data, t.values[0].Data)
	}
	return map[string]bool{"=": c == 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[t.op]
}
