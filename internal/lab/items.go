package lab

import (
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// openedTable is a table whose items an operation may use.
type openedTable struct {
	*tableState
	schema keySchema
}

// openTable finds a table and its keys for an operation on items.
func (l *Lab) openTable(q *wire.Request, id string) (openedTable, answer) {
	r, t, arn := l.tableNamed(q, id)
	a := answer{resource: arn}
	if r == nil {
		a.failure = refuse(400, "ResourceNotFoundException", "Requested resource not found")
		return openedTable{}, a
	}
	a.errors = r.Errors
	if a.failure = l.barred(q, r.Errors, arn); a.failure != nil {
		return openedTable{}, a
	}
	switch status := text(r.Output, "TableStatus"); {
	case status == tableCreating:
		a.failure = refuse(400, "ResourceNotFoundException", "Requested resource not found")
		return openedTable{}, a
	case status == tableArchiving || status == tableArchived:
		a.failure = refuse(400, "ResourceNotFoundException", "Requested resource not found: Table: "+t.name+" is in the state "+status)
		return openedTable{}, a
	}
	if _, a.failure = l.openKeys(t); a.failure != nil {
		return openedTable{}, a
	}
	return openedTable{t, l.schemaOf(t)}, a
}

func getItem(l *Lab, q *wire.Request) answer {
	e, failure := newExpressions(q)
	if failure != nil {
		return answer{failure: failure}
	}
	paths, failure := e.projection()
	if failure == nil {
		failure = e.finish()
	}
	if failure != nil {
		return answer{failure: failure}
	}
	t, a := l.openTable(q, q.String("TableName"))
	if a.failure != nil {
		return a
	}
	key, failure := t.schema.keyOf(q.Input["Key"])
	if failure != nil {
		a.failure = failure
		return a
	}
	it, failure := l.readItem(t.tableState, t.schema, key)
	if a.failure = failure; failure != nil {
		return a
	}
	a.output = map[string]any{}
	if it != nil {
		a.output["Item"] = attributesOut(project(it, paths))
	}
	consumed(q, a.output, t.name, units(it, 4096, q.Bool("ConsistentRead", false)))
	return a
}

// itemChange has the parts that operations on one item have in common: its key
// or itself, the condition, and what is answered.
type itemChange struct {
	openedTable
	old item.Item
	exp *expressions
	a   answer
}

// beginChange finds the item that a request is about and checks its condition.
func (l *Lab) beginChange(q *wire.Request, key func(openedTable) (item.Item, *wire.Failure), more func(*expressions) *wire.Failure) (itemChange, item.Item) {
	c := itemChange{a: answer{mutates: true}}
	fail := func(f *wire.Failure) (itemChange, item.Item) {
		c.a.failure = f
		return c, nil
	}
	e, failure := newExpressions(q)
	if failure != nil {
		return fail(failure)
	}
	holds, failure := e.condition("ConditionExpression")
	if failure == nil && more != nil {
		failure = more(e)
	}
	if failure == nil {
		failure = e.finish()
	}
	if failure != nil {
		return fail(failure)
	}
	c.exp = e
	t, a := l.openTable(q, q.String("TableName"))
	a.mutates = true
	if c.openedTable, c.a = t, a; a.failure != nil {
		return c, nil
	}
	it, failure := key(t)
	if failure != nil {
		return fail(failure)
	}
	if c.old, failure = l.readItem(t.tableState, t.schema, it); failure != nil {
		return fail(failure)
	}
	if !holds(orEmpty(c.old)) {
		failed := refuse(400, "ConditionalCheckFailedException", "The conditional request failed")
		if q.String("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" && c.old != nil {
			failed.Members = map[string]any{"Item": attributesOut(c.old)}
		}
		return fail(failed)
	}
	return c, it
}

func orEmpty(it item.Item) item.Item {
	if it == nil {
		return item.Item{}
	}
	return it
}

func putItem(l *Lab, q *wire.Request) answer {
	if failure := returns(q, "NONE", "ALL_OLD"); failure != nil {
		return answer{failure: failure, mutates: true}
	}
	c, it := l.beginChange(q, func(t openedTable) (item.Item, *wire.Failure) {
		it, failure := attributesOf(q.Input["Item"], 0)
		if failure == nil {
			failure = t.schema.check(it)
		}
		return it, failure
	}, nil)
	if c.a.failure != nil {
		return c.a
	}
	if c.a.failure = l.writeItem(c.tableState, c.schema, it); c.a.failure != nil {
		return c.a
	}
	return c.done(q, it)
}

func deleteItem(l *Lab, q *wire.Request) answer {
	if failure := returns(q, "NONE", "ALL_OLD"); failure != nil {
		return answer{failure: failure, mutates: true}
	}
	c, _ := l.beginChange(q, func(t openedTable) (item.Item, *wire.Failure) { return t.schema.keyOf(q.Input["Key"]) }, nil)
	if c.a.failure != nil {
		return c.a
	}
	if c.old != nil {
		l.removeItem(c.tableState, c.schema, c.old)
	}
	return c.done(q, c.old)
}

// done is the answer to a change of an item.
func (c itemChange) done(q *wire.Request, written item.Item) answer {
	c.a.output = map[string]any{}
	if q.String("ReturnValues") == "ALL_OLD" && c.old != nil {
		c.a.output["Attributes"] = attributesOut(c.old)
	}
	consumed(q, c.a.output, c.name, units(written, 1024, true))
	return c.a
}

// returns checks ReturnValues.
func returns(q *wire.Request, allowed ...string) *wire.Failure {
	wanted := q.String("ReturnValues")
	if wanted == "" {
		return nil
	}
	for _, v := range allowed {
		if v == wanted {
			return nil
		}
	}
	return validation("Return values set to invalid value")
}

// units are the capacity units of an item: one for so many bytes, half when
// the read need not be consistent.
func units(it item.Item, size int, whole bool) float64 {
	n := float64(max(1, (sizeOf(it)+size-1)/size))
	if !whole {
		return n / 2
	}
	return n
}

// consumed puts the consumed capacity into an answer that asks for it.
func consumed(q *wire.Request, output map[string]any, table string, n float64) {
	switch q.String("ReturnConsumedCapacity") {
	case "TOTAL":
		output["ConsumedCapacity"] = map[string]any{"TableName": table, "CapacityUnits": n}
	case "INDEXES":
		output["ConsumedCapacity"] = map[string]any{"TableName": table, "CapacityUnits": n, "Table": map[string]any{"CapacityUnits": n}}
	}
}
