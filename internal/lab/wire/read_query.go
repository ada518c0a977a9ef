package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// readQuery decodes the form of an AWS query call, whose lists and objects are
// spelled Name.member.1.Name.
func (q *Request) readQuery(r *http.Request, body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return serialization(err.Error())
	}
	for name, values := range r.URL.Query() {
		if _, given := form[name]; !given {
			form[name] = values
		}
	}
	q.Operation = form.Get("Action")
	if q.Operation == "" {
		return &Failure{Status: http.StatusBadRequest, Code: "MissingAction", Message: "The request names no action."}
	}
	tree := map[string]any{}
	for name, values := range form {
		if name != "Action" && name != "Version" && len(values) > 0 {
			plant(tree, strings.SplitN(name, ".", maxDepth), values[0])
		}
	}
	for name, v := range tree {
		q.Input[name] = listed(v)
	}
	return nil
}

const maxDepth = 24 // deeper than any query input

// plant puts a value at a path of the tree; a name that is both a value and
// an object keeps the object.
func plant(tree map[string]any, path []string, value string) {
	for len(path) > 1 {
		next, ok := tree[path[0]].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[path[0]] = next
		}
		tree, path = next, path[1:]
	}
	if _, taken := tree[path[0]].(map[string]any); !taken {
		tree[path[0]] = value
	}
}

// listed turns objects of one name "member" with numbered names into lists.
func listed(v any) any {
	tree, ok := v.(map[string]any)
	if !ok {
		return v
	}
	members, ok := tree["member"].(map[string]any)
	if !ok || len(tree) != 1 {
		for name := range tree {
			tree[name] = listed(tree[name])
		}
		return tree
	}
	order := make([]int, 0, len(members))
	for name := range members {
		if n, err := strconv.Atoi(name); err == nil && n > 0 {
			order = append(order, n)
		}
	}
	slices.Sort(order)
	list := make([]any, 0, len(order))
	for _, n := range slices.Compact(order) {
		if m, ok := members[strconv.Itoa(n)]; ok {
			list = append(list, listed(m))
		}
	}
	return list
}
