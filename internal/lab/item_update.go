package lab

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// updateAction is one action of an update expression: the item before, for what is
// read, and the item after, which it changes.
type updateAction func(before, after item.Item) *wire.Failure

// itemUpdate is a read UpdateExpression (DynamoDB Developer Guide, "Using update
// expressions in DynamoDB").
type itemUpdate struct {
	actions []updateAction
	paths   [][]pathStep
}

func updateItem(l *Lab, q *wire.Request) answer {
	if failure := returns(q, "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"); failure != nil {
		return answer{failure: failure, mutates: true}
	}
	var u itemUpdate
	c, key := l.beginChange(q, func(t openedTable) (item.Item, *wire.Failure) { return t.schema.keyOf(q.Input["Key"]) }, func(e *expressions) (failure *wire.Failure) {
		u, failure = e.update()
		return failure
	})
	if c.a.failure != nil {
		return c.a
	}
	after, failure := c.updated(u, key)
	if c.a.failure = failure; failure != nil {
		return c.a
	}
	if c.a.failure = l.writeItem(c.tableState, c.schema, after); c.a.failure != nil {
		return c.a
	}
	a := c.done(q, after)
	switch q.String("ReturnValues") {
	case "ALL_NEW":
		a.output["Attributes"] = attributesOut(after)
	case "UPDATED_NEW":
		a.output["Attributes"] = attributesOut(project(after, append([][]pathStep{}, u.paths...)))
	case "UPDATED_OLD":
		a.output["Attributes"] = attributesOut(project(orEmpty(c.old), append([][]pathStep{}, u.paths...)))
	}
	return a
}

func (e *expressions) update() (u itemUpdate, failure *wire.Failure) {
	r, failure := e.read("UpdateExpression")
	if r == nil || failure != nil {
		return u, failure
	}
	seen := map[string]bool{}
	for r.i < len(r.tokens) {
		clause := strings.ToUpper(r.peek())
		read := map[string]func(*itemUpdate) *wire.Failure{"SET": r.set, "REMOVE": r.remove, "ADD": r.add, "DELETE": r.subtract}[clause]
		if read == nil {
			return u, r.syntax()
		}
		if seen[clause] {
			return u, validation("Invalid UpdateExpression: The \"" + clause + "\" section can only be used once in an update expression;")
		}
		seen[clause] = true
		r.i++
		for {
			if failure := read(&u); failure != nil {
				return u, failure
			}
			if !r.is(",") {
				break
			}
		}
	}
	return u, nil
}

// target reads the path that an action changes.
func (r *exprReader) target(u *itemUpdate) ([]pathStep, *wire.Failure) {
	path, failure := r.path()
	if failure != nil {
		return nil, failure
	}
	for _, other := range u.paths {
		n := min(len(path), len(other))
		if slices.Equal(path[:n], other[:n]) {
			return nil, validation("Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [" + path[0].name + "], path two: [" + other[0].name + "]")
		}
	}
	u.paths = append(u.paths, path)
	return path, nil
}

func badPath() *wire.Failure {
	return validation("The document path provided in the update expression is invalid for update")
}

func (r *exprReader) set(u *itemUpdate) *wire.Failure {
	path, failure := r.target(u)
	if failure != nil {
		return failure
	}
	if failure := r.expect("="); failure != nil {
		return failure
	}
	value, failure := r.sum()
	if failure != nil {
		return failure
	}
	u.actions = append(u.actions, func(before, after item.Item) *wire.Failure {
		v, failure := value(before)
		if failure == nil && !pathed(after).put(path, &v) {
			return badPath()
		}
		return failure
	})
	return nil
}

func (r *exprReader) remove(u *itemUpdate) *wire.Failure {
	path, failure := r.target(u)
	u.actions = append(u.actions, func(_, after item.Item) *wire.Failure {
		if _, there := pathed(after).at(path); there || len(path) == 1 {
			pathed(after).put(path, nil)
		} else if _, parent := pathed(after).at(path[:len(path)-1]); !parent {
			return badPath()
		}
		return nil
	})
	return failure
}

// add reads an ADD action: a number is added, a set is joined.
func (r *exprReader) add(u *itemUpdate) *wire.Failure {
	return r.change(u, func(old item.Value, there bool, v item.Value) (*item.Value, *wire.Failure) {
		switch {
		case !there && v.Type != item.N && len(v.Set) == 0, there && old.Type != v.Type:
			return nil, validation("An operand in the update expression has an incorrect data type")
		case !there:
			return &v, nil
		case v.Type == item.N:
			sum, failure := added(old, v, false)
			return &sum, failure
		}
		old.Set = slices.Clone(old.Set)
		for _, s := range v.Set {
			if !slices.Contains(old.Set, s) {
				old.Set = append(old.Set, s)
			}
		}
		return &old, nil
	})
}

// subtract reads a DELETE action, which takes elements out of a set.
func (r *exprReader) subtract(u *itemUpdate) *wire.Failure {
	return r.change(u, func(old item.Value, there bool, v item.Value) (*item.Value, *wire.Failure) {
		switch {
		case len(v.Set) == 0, there && old.Type != v.Type:
			return nil, validation("An operand in the update expression has an incorrect data type")
		case !there:
			return nil, nil
		}
		old.Set = slices.DeleteFunc(slices.Clone(old.Set), func(s string) bool { return slices.Contains(v.Set, s) })
		if len(old.Set) == 0 {
			return nil, nil
		}
		return &old, nil
	})
}

func (r *exprReader) change(u *itemUpdate, with func(old item.Value, there bool, v item.Value) (*item.Value, *wire.Failure)) *wire.Failure {
	path, failure := r.target(u)
	if failure != nil {
		return failure
	}
	value, failure := r.operand()
	u.actions = append(u.actions, func(before, after item.Item) *wire.Failure {
		v, _ := value(before)
		old, there := pathed(after).at(path)
		changed, failure := with(old, there, v)
		if failure == nil && (changed != nil || there) && !pathed(after).put(path, changed) {
			return badPath()
		}
		return failure
	})
	return failure
}
