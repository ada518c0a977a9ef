package lab

import (
	"encoding/json"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// FuzzExpressions reads any text as every kind of expression, and uses what is
// one: nothing panics, whatever comes.
func FuzzExpressions(f *testing.F) {
	for _, s := range []string{"a = :v AND NOT (size(#n.b[1]) BETWEEN :v AND :w)", "contains(a, :v) OR a IN (:v, :w)", "SET a.b[0] = if_not_exists(c, :v) + :w REMOVE d ADD e :w DELETE f :s",
		"SET l = list_append(l, :l)", "a, b.c[0], #n", "pk = :v AND begins_with(sk, :w)", "((((a", "a <> :v", "#", ":", "[", "size("} {
		f.Add(s)
	}
	values := map[string]any{":v": map[string]any{"S": "x"}, ":w": map[string]any{"N": "1"}, ":s": map[string]any{"SS": []any{"x"}}, ":l": map[string]any{"L": []any{}}}
	it := item.Item{"a": item.Text("x"), "n": {Type: item.M, Map: map[string]item.Value{"b": {Type: item.L, List: []item.Value{item.Number("2")}}}}, "l": {Type: item.L}}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []string{"ConditionExpression", "ProjectionExpression", "UpdateExpression", "KeyConditionExpression"} {
			e, failure := newExpressions(&wire.Request{Input: map[string]any{kind: s, "ExpressionAttributeNames": map[string]any{"#n": "n"}, "ExpressionAttributeValues": values}})
			if failure != nil {
				t.Fatal(failure)
			}
			useExpression(e, kind, it)
		}
	})
}

func useExpression(e *expressions, kind string, it item.Item) {
	switch kind {
	case "ConditionExpression":
		if c, failure := e.condition(kind); failure == nil {
			c(it)
			c(item.Item{})
		}
	case "ProjectionExpression":
		if paths, failure := e.projection(); failure == nil {
			project(it, paths)
		}
	case "UpdateExpression":
		u, failure := e.update()
		for _, do := range u.actions {
			if failure == nil {
				do(it, item.Item{"a": it["a"], "n": it["n"]})
			}
		}
	case "KeyConditionExpression":
		if terms, failure := e.keyTerms(); failure == nil {
			_, _, _ = keySchema{partition: "pk", sort: "sk", types: map[string]item.Type{"pk": item.S, "sk": item.N}}.query(terms)
		}
	}
}

// FuzzAttributeValues reads any JSON as an item: what is taken comes out as the
// same item, and goes through the store's form.
func FuzzAttributeValues(f *testing.F) {
	f.Add(`{"a":{"S":"x"},"b":{"N":"1.50e2"},"c":{"B":"AAE="},"d":{"L":[{"M":{"e":{"NULL":true}}}]},"f":{"NS":["1","2"]},"g":{"BS":["AA=="]},"h":{"BOOL":false}}`)
	f.Add(`{"a":{"N":"1e400"},"b":{}}`)
	f.Fuzz(func(t *testing.T, s string) {
		var v any
		if json.Unmarshal([]byte(s), &v) != nil {
			return
		}
		it, failure := attributesOf(v, 0)
		if failure != nil {
			if failure.Code == "" {
				t.Fatal("a refusal without a code")
			}
			return
		}
		out, err := json.Marshal(attributesOut(it))
		if err != nil {
			t.Fatal(err)
		}
		var again any
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatal(err)
		}
		same, failure := attributesOf(again, 0)
		if failure != nil || !item.Equal(it, same) {
			t.Fatalf("%s came out as %s: %v", s, out, failure)
		}
	})
}
