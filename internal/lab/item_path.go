package lab

import (
	"maps"
	"slices"
	"strconv"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// pathStep is one element of a document path: a name, or an index where it is "".
type pathStep struct {
	name  string
	index int
}

// path reads a document path: name, #name, a.b, a[0].
func (r *exprReader) path() ([]pathStep, *wire.Failure) {
	var out []pathStep
	for {
		name, failure := r.name()
		if failure != nil {
			return nil, failure
		}
		out = append(out, pathStep{name: name})
		for r.is("[") {
			n, err := strconv.Atoi(r.peek())
			if err != nil {
				return nil, r.syntax()
			}
			r.i++
			if failure := r.expect("]"); failure != nil {
				return nil, failure
			}
			out = append(out, pathStep{index: n})
		}
		if !r.is(".") {
			return out, nil
		}
	}
}

func (r *exprReader) name() (string, *wire.Failure) {
	token := r.peek()
	switch {
	case token == "" || !isWord(token[0]) && token[0] != '#' || token[0] >= '0' && token[0] <= '9':
		return "", r.syntax()
	case token[0] != '#':
		r.i++
		return token, nil
	}
	name, known := r.names[token]
	if !known {
		return "", validation("Invalid " + r.kind + ": An expression attribute name used in the document path is not defined; attribute name: " + token)
	}
	r.used[token] = true
	r.i++
	return name, nil
}

// at is the value at a path.
func (it pathed) at(path []pathStep) (item.Value, bool) {
	v, ok := it[path[0].name]
	for _, s := range path[1:] {
		if !ok {
			return item.Value{}, false
		}
		v, ok = child(v, s)
	}
	return v, ok
}

// pathed is an item whose values are found by paths.
type pathed item.Item

func child(v item.Value, s pathStep) (item.Value, bool) {
	switch {
	case s.name != "" && v.Type == item.M:
		c, ok := v.Map[s.name]
		return c, ok
	case s.name == "" && v.Type == item.L && s.index < len(v.List):
		return v.List[s.index], true
	}
	return item.Value{}, false
}

// put sets the value at a path in an item of the caller's own; nil removes it.
// It says whether the path's parent is there.
func (it pathed) put(path []pathStep, v *item.Value) bool {
	if len(path) == 1 {
		if v == nil {
			delete(it, path[0].name)
		} else {
			it[path[0].name] = *v
		}
		return true
	}
	parent, ok := it[path[0].name]
	if !ok {
		return false
	}
	changed, ok := putInto(parent, path[1:], v)
	if ok {
		it[path[0].name] = changed
	}
	return ok
}

func putInto(parent item.Value, path []pathStep, v *item.Value) (item.Value, bool) {
	s, last := path[0], len(path) == 1
	old, known := child(parent, s)
	if !last {
		if !known {
			return parent, false
		}
		changed, ok := putInto(old, path[1:], v)
		if !ok {
			return parent, false
		}
		v = &changed
	}
	switch {
	case s.name != "" && parent.Type == item.M:
		parent.Map = maps.Clone(parent.Map)
		if parent.Map == nil {
			parent.Map = map[string]item.Value{}
		}
		if v == nil {
			delete(parent.Map, s.name)
		} else {
			parent.Map[s.name] = *v
		}
		return parent, true
	case s.name == "" && parent.Type == item.L:
		parent.List = slices.Clone(parent.List)
		switch {
		case known && v == nil:
			parent.List = slices.Delete(parent.List, s.index, s.index+1)
		case known:
			parent.List[s.index] = *v
		case v != nil:
			parent.List = append(parent.List, *v)
		}
		return parent, true
	}
	return parent, false
}

// projection reads a ProjectionExpression; nil is the whole item.
func (e *expressions) projection() ([][]pathStep, *wire.Failure) {
	r, failure := e.read("ProjectionExpression")
	if r == nil || failure != nil {
		return nil, failure
	}
	var out [][]pathStep
	for {
		path, failure := r.path()
		if failure != nil {
			return nil, failure
		}
		out = append(out, path)
		if !r.is(",") {
			return out, r.end()
		}
	}
}

// project is the part of an item that a projection asks for. What is nested is
// in the maps and lists that it is in.
func project(it item.Item, paths [][]pathStep) item.Item {
	if paths == nil {
		return it
	}
	out := item.Item{}
	for _, path := range paths {
		if v, ok := pathed(it).at(path); ok {
			graft(out, path, v)
		}
	}
	return out
}

func graft(into item.Item, path []pathStep, v item.Value) {
	for i := len(path) - 1; i > 0; i-- {
		if path[i].name == "" {
			v = item.Value{Type: item.L, List: []item.Value{v}}
		} else {
			v = item.Value{Type: item.M, Map: map[string]item.Value{path[i].name: v}}
		}
	}
	into[path[0].name] = mergedValues(into[path[0].name], v)
}

func mergedValues(a, b item.Value) item.Value {
	switch {
	case a.Type == item.M && b.Type == item.M:
		out := maps.Clone(a.Map)
		for name, v := range b.Map {
			out[name] = mergedValues(out[name], v)
		}
		return item.Value{Type: item.M, Map: out}
	case a.Type == item.L && b.Type == item.L:
		return item.Value{Type: item.L, List: append(slices.Clone(a.List), b.List...)}
	}
	return b
}
