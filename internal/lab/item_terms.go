package lab

import (
	"math/big"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// setTerm is a value of a SET action.
type setTerm func(before item.Item) (item.Value, *wire.Failure)

// sum reads a, a + b or a - b.
func (r *exprReader) sum() (setTerm, *wire.Failure) {
	a, failure := r.term()
	if failure != nil {
		return nil, failure
	}
	sign := r.peek()
	if sign != "+" && sign != "-" {
		return a, nil
	}
	r.i++
	b, failure := r.term()
	return func(before item.Item) (item.Value, *wire.Failure) {
		v, failure := a(before)
		if failure != nil {
			return v, failure
		}
		w, failure := b(before)
		if failure != nil {
			return w, failure
		}
		return added(v, w, sign == "-")
	}, failure
}

func added(v, w item.Value, minus bool) (item.Value, *wire.Failure) {
	if v.Type != item.N || w.Type != item.N {
		return v, validation("An operand in the update expression has an incorrect data type")
	}
	x, _ := new(big.Rat).SetString(v.Data)
	y, _ := new(big.Rat).SetString(w.Data)
	if x == nil || y == nil {
		return v, validation("An operand in the update expression has an incorrect data type")
	}
	if minus {
		y.Neg(y)
	}
	n, failure := numberOf(strings.TrimSuffix(strings.TrimRight(x.Add(x, y).FloatString(140), "0"), "."))
	return item.Number(n), failure
}

// term reads a :value, a path, if_not_exists(path, value) or list_append(a, b).
func (r *exprReader) term() (setTerm, *wire.Failure) {
	if failure := r.enterLevel(); failure != nil {
		return nil, failure
	}
	defer func() { r.depth-- }()
	name := r.peek()
	if r.i+1 < len(r.tokens) && r.tokens[r.i+1] == "(" {
		r.i += 2
		switch name {
		case "if_not_exists":
			return r.ifNotExists()
		case "list_append":
			return r.listAppend()
		}
		return nil, validation("Invalid UpdateExpression: Invalid function name; function: " + name)
	}
	o, failure := r.operand()
	return func(before item.Item) (item.Value, *wire.Failure) {
		v, ok := o(before)
		if !ok {
			return v, validation("The provided expression refers to an attribute that does not exist in the item")
		}
		return v, nil
	}, failure
}

func (r *exprReader) ifNotExists() (setTerm, *wire.Failure) {
	path, failure := r.path()
	if failure != nil {
		return nil, failure
	}
	if failure := r.expect(","); failure != nil {
		return nil, failure
	}
	other, failure := r.term()
	if failure != nil {
		return nil, failure
	}
	return func(before item.Item) (item.Value, *wire.Failure) {
		if v, ok := pathed(before).at(path); ok {
			return v, nil
		}
		return other(before)
	}, r.expect(")")
}

func (r *exprReader) listAppend() (setTerm, *wire.Failure) {
	a, failure := r.term()
	if failure != nil {
		return nil, failure
	}
	if failure := r.expect(","); failure != nil {
		return nil, failure
	}
	b, failure := r.term()
	if failure != nil {
		return nil, failure
	}
	return func(before item.Item) (item.Value, *wire.Failure) {
		v, failure := a(before)
		if failure != nil {
			return v, failure
		}
		w, failure := b(before)
		if failure == nil && (v.Type != item.L || w.Type != item.L) {
			failure = validation("An operand in the update expression has an incorrect data type")
		}
		return item.Value{Type: item.L, List: slices.Concat(v.List, w.List)}, failure
	}, r.expect(")")
}
