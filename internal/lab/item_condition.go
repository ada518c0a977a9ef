package lab

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// condition says whether an item meets it.
type condition func(item.Item) bool

// operand is a value of an item's, or none.
type operand func(item.Item) (item.Value, bool)

// condition reads the request's expression of a kind; without one, every item
// meets it (DynamoDB Developer Guide, "Condition and filter expressions,
// operators, and functions").
func (e *expressions) condition(kind string) (condition, *wire.Failure) {
	r, failure := e.read(kind)
	if failure != nil {
		return nil, failure
	}
	if r == nil {
		return func(item.Item) bool { return true }, nil
	}
	c, failure := r.or()
	if failure != nil {
		return nil, failure
	}
	return c, r.end()
}

func (r *exprReader) or() (condition, *wire.Failure) {
	a, failure := r.and()
	for failure == nil && r.is("OR") {
		var b condition
		left := a
		if b, failure = r.and(); failure == nil {
			a = func(it item.Item) bool { return left(it) || b(it) }
		}
	}
	return a, failure
}

func (r *exprReader) and() (condition, *wire.Failure) {
	a, failure := r.not()
	for failure == nil && r.is("AND") {
		var b condition
		left := a
		if b, failure = r.not(); failure == nil {
			a = func(it item.Item) bool { return left(it) && b(it) }
		}
	}
	return a, failure
}

func (r *exprReader) not() (condition, *wire.Failure) {
	if failure := r.enterLevel(); failure != nil {
		return nil, failure
	}
	defer func() { r.depth-- }()
	if r.is("NOT") {
		c, failure := r.not()
		return func(it item.Item) bool { return !c(it) }, failure
	}
	if r.is("(") {
		c, failure := r.or()
		if failure != nil {
			return nil, failure
		}
		return c, r.expect(")")
	}
	if r.i+1 < len(r.tokens) && r.tokens[r.i+1] == "(" && !strings.EqualFold(r.peek(), "size") {
		return r.function()
	}
	return r.comparison()
}

// comparison reads a = b, a BETWEEN b AND c, a IN (b, …).
func (r *exprReader) comparison() (condition, *wire.Failure) {
	a, failure := r.operand()
	if failure != nil {
		return nil, failure
	}
	switch {
	case r.is("BETWEEN"):
		return r.between(a)
	case r.is("IN"):
		return r.in(a)
	}
	op := r.peek()
	if !slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, op) {
		return nil, r.syntax()
	}
	r.i++
	b, failure := r.operand()
	return func(it item.Item) bool { return compares(op, a, b, it) }, failure
}

func (r *exprReader) between(a operand) (condition, *wire.Failure) {
	low, failure := r.operand()
	if failure != nil {
		return nil, failure
	}
	if failure := r.expect("AND"); failure != nil {
		return nil, failure
	}
	high, failure := r.operand()
	return func(it item.Item) bool { return compares(">=", a, low, it) && compares("<=", a, high, it) }, failure
}

func (r *exprReader) in(a operand) (condition, *wire.Failure) {
	if failure := r.expect("("); failure != nil {
		return nil, failure
	}
	var list []operand
	for {
		o, failure := r.operand()
		if failure != nil {
			return nil, failure
		}
		list = append(list, o)
		if !r.is(",") {
			break
		}
	}
	return func(it item.Item) bool {
		return slices.ContainsFunc(list, func(o operand) bool { return compares("=", a, o, it) })
	}, r.expect(")")
}

func compares(op string, a, b operand, it item.Item) bool {
	v, ok := a(it)
	w, given := b(it)
	if !ok || !given {
		return op == "<>" && ok != given
	}
	switch op {
	case "=":
		return v.Equal(w)
	case "<>":
		return !v.Equal(w)
	}
	if v.Type != w.Type || v.Type != item.S && v.Type != item.N && v.Type != item.B {
		return false
	}
	c := compareValues(v, w)
	return map[string]bool{"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
}

// operand reads a path, a :value or size(path).
func (r *exprReader) operand() (operand, *wire.Failure) {
	token := r.peek()
	switch {
	case strings.HasPrefix(token, ":"):
		v, known := r.values[token]
		if !known {
			return nil, validation("Invalid " + r.kind + ": An expression attribute value used in expression is not defined; attribute value: " + token)
		}
		r.used[token] = true
		r.i++
		return func(item.Item) (item.Value, bool) { return v, true }, nil
	case strings.EqualFold(token, "size") && r.i+1 < len(r.tokens) && r.tokens[r.i+1] == "(":
		r.i += 2
		path, failure := r.path()
		if failure != nil {
			return nil, failure
		}
		return func(it item.Item) (item.Value, bool) { return lengthOf(pathed(it).at(path)) }, r.expect(")")
	}
	path, failure := r.path()
	return func(it item.Item) (item.Value, bool) { return pathed(it).at(path) }, failure
}

// lengthOf is what size() says of a value: bytes, or elements.
func lengthOf(v item.Value, ok bool) (item.Value, bool) {
	switch v.Type {
	case item.S, item.B:
		return item.Number(strconv.Itoa(len(v.Data))), ok
	case item.SS, item.NS, item.BS, item.L, item.M:
		return item.Number(strconv.Itoa(len(v.Set) + len(v.List) + len(v.Map))), ok
	}
	return item.Value{}, false
}
