package lab

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// function reads a function that is true or false.
func (r *exprReader) function() (condition, *wire.Failure) {
	name := r.peek()
	known := map[string]int{"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}
	if known[name] == 0 {
		return nil, validation("Invalid " + r.kind + ": Invalid function name; function: " + name)
	}
	r.i += 2
	var args []operand
	for i := range known[name] {
		if i > 0 {
			if failure := r.expect(","); failure != nil {
				return nil, failure
			}
		}
		o, failure := r.operand()
		if failure != nil {
			return nil, failure
		}
		args = append(args, o)
	}
	return func(it item.Item) bool { return holds(name, args, it) }, r.expect(")")
}

func holds(name string, args []operand, it item.Item) bool {
	v, ok := args[0](it)
	if name == "attribute_exists" || name == "attribute_not_exists" {
		return ok == (name == "attribute_exists")
	}
	w, given := args[1](it)
	if !ok || !given {
		return false
	}
	switch {
	case name == "attribute_type":
		return string(v.Type) == w.Data
	case name == "begins_with":
		return v.Type == w.Type && strings.HasPrefix(v.Data, w.Data)
	case v.Type == item.L:
		return slices.ContainsFunc(v.List, w.Equal)
	case len(v.Set) > 0:
		return string(v.Type) == string(w.Type)+"S" && slices.Contains(v.Set, w.Data)
	}
	return v.Type == w.Type && strings.Contains(v.Data, w.Data)
}
