package lab

import (
	"maps"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// The most that a batch may have (API reference, BatchGetItem, BatchWriteItem).
const (
	mostGets   = 100
	mostWrites = 25
)

// requestItems are a batch's parts by table, in order.
func requestItems(q *wire.Request) (map[string]any, []string, *wire.Failure) {
	tables, _ := q.Input["RequestItems"].(map[string]any)
	if len(tables) == 0 {
		return nil, nil, validation("1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	return tables, slices.Sorted(maps.Keys(tables)), nil
}

func batchGetItem(l *Lab, q *wire.Request) answer {
	tables, names, failure := requestItems(q)
	if failure != nil {
		return answer{failure: failure}
	}
	responses, n, first := map[string]any{}, 0, answer{}
	var capacity []any
	for i, name := range names {
		part, _ := tables[name].(map[string]any)
		keys, _ := part["Keys"].([]any)
		if n += len(keys); n > mostGets {
			return answer{failure: validation("Too many items requested for the BatchGetItem call")}
		}
		items, used, a := l.getItems(q, name, part, keys)
		if i == 0 {
			first = a
		}
		if a.failure != nil {
			return a
		}
		responses[name] = items
		capacity = append(capacity, map[string]any{"TableName": last(name), "CapacityUnits": used})
	}
	first.output = map[string]any{"Responses": responses, "UnprocessedKeys": map[string]any{}}
	if c := q.String("ReturnConsumedCapacity"); c == "TOTAL" || c == "INDEXES" {
		first.output["ConsumedCapacity"] = capacity
	}
	return first
}

func (l *Lab) getItems(q *wire.Request, name string, part map[string]any, keys []any) (items []any, used float64, a answer) {
	e, failure := newExpressions(&wire.Request{Input: part})
	var paths [][]pathStep
	if failure == nil {
		paths, failure = e.projection()
	}
	if failure == nil {
		failure = e.finish()
	}
	if failure == nil && len(keys) == 0 {
		failure = validation("1 validation error detected: Value '[]' at 'requestItems." + name + ".member.keys' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if failure != nil {
		return nil, 0, answer{failure: failure}
	}
	t, a := l.openTable(q, name)
	if a.failure != nil {
		return nil, 0, a
	}
	items, seen := []any{}, map[string]bool{}
	for _, v := range keys {
		key, failure := t.schema.keyOf(v)
		if failure == nil && seen[jsonOf(key)] {
			failure = validation("Provided list of item keys contains duplicates")
		}
		if failure != nil {
			a.failure = failure
			return nil, 0, a
		}
		seen[jsonOf(key)] = true
		it, failure := l.readItem(t.tableState, t.schema, key)
		if failure != nil {
			a.failure = failure
			return nil, 0, a
		}
		used += units(it, 4096, part["ConsistentRead"] == true)
		if it != nil {
			items = append(items, attributesOut(project(it, paths)))
		}
	}
	return items, used, a
}

// batchPart is one request of a batch: an item to put, or the key of one to delete.
type batchPart struct {
	openedTable
	it     item.Item
	remove bool
}

func batchWriteItem(l *Lab, q *wire.Request) answer {
	tables, names, failure := requestItems(q)
	if failure != nil {
		return answer{failure: failure, mutates: true}
	}
	var all []batchPart
	var first answer
	var capacity []any
	for i, name := range names {
		requests, _ := tables[name].([]any)
		writes, a := l.readWrites(q, name, requests)
		a.mutates = true
		if i == 0 {
			first = a
		}
		if a.failure != nil {
			return a
		}
		all = append(all, writes...)
		capacity = append(capacity, map[string]any{"TableName": last(name), "CapacityUnits": float64(len(writes))})
	}
	if len(all) > mostWrites {
		first.failure = validation("Too many items requested for the BatchWriteItem call")
		return first
	}
	for _, w := range all { // nothing is written unless all of it may be
		if !w.remove && sizeOf(w.it) > item.MaxSize {
			first.failure = validation("Item size has exceeded the maximum allowed size")
			return first
		}
	}
	for _, w := range all {
		if first.failure = l.apply(w); first.failure != nil {
			return first
		}
	}
	first.output = map[string]any{"UnprocessedItems": map[string]any{}}
	if c := q.String("ReturnConsumedCapacity"); c == "TOTAL" || c == "INDEXES" {
		first.output["ConsumedCapacity"] = capacity
	}
	return first
}

func (l *Lab) apply(w batchPart) *wire.Failure {
	if !w.remove {
		return l.writeItem(w.tableState, w.schema, w.it)
	}
	old, failure := l.readItem(w.tableState, w.schema, w.it)
	if old != nil {
		l.removeItem(w.tableState, w.schema, old)
	}
	return failure
}

func (l *Lab) readWrites(q *wire.Request, name string, requests []any) ([]batchPart, answer) {
	if len(requests) == 0 {
		return nil, answer{failure: validation("1 validation error detected: Value '[]' at 'requestItems." + name + ".member' failed to satisfy constraint: Member must have length greater than or equal to 1")}
	}
	t, a := l.openTable(q, name)
	if a.failure != nil {
		return nil, a
	}
	var out []batchPart
	seen := map[string]bool{}
	for _, v := range requests {
		request, _ := v.(map[string]any)
		put, isPut := request["PutRequest"].(map[string]any)
		remove, isDelete := request["DeleteRequest"].(map[string]any)
		if isPut == isDelete {
			a.failure = validation("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
			return nil, a
		}
		w := batchPart{openedTable: t, remove: isDelete}
		if isPut {
			if w.it, a.failure = attributesOf(put["Item"], 0); a.failure == nil {
				a.failure = t.schema.checkBatch(w.it)
			}
		} else {
			w.it, a.failure = t.schema.keyOf(remove["Key"])
		}
		if a.failure != nil {
			return nil, a
		}
		if id := jsonOf(t.schema.of(w.it)); seen[id] {
			a.failure = validation("Provided list of item keys contains duplicates")
			return nil, a
		} else {
			seen[id] = true
		}
		out = append(out, w)
	}
	return out, a
}

// checkBatch is check as BatchWriteItem answers it.
func (s keySchema) checkBatch(it item.Item) *wire.Failure {
	for _, name := range s.names() {
		if v, given := it[name]; !given || v.Type != s.types[name] {
			return validation("The provided key element does not match the schema")
		}
	}
	return s.checkSizes(it)
}
