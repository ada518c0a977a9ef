package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// mostInTransaction is how many items a transaction may have (API reference,
// TransactWriteItems, TransactGetItems).
const mostInTransaction = 100

// transacting reads a transaction's parts, of which each is one of the kinds.
func transacting(q *wire.Request, kinds ...string) (parts []*wire.Request, of []string, failure *wire.Failure) {
	list, _ := q.Input["TransactItems"].([]any)
	if n := len(list); n == 0 || n > mostInTransaction {
		bound := "less than or equal to 100"
		if n == 0 {
			bound = "greater than or equal to 1"
		}
		return nil, nil, validation("1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length " + bound)
	}
	for _, v := range list {
		entry, _ := v.(map[string]any)
		found := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return entry[kind] == nil })
		if len(found) != 1 || len(entry) != 1 {
			return nil, nil, validation("TransactItems can only contain one of " + strings.Join(kinds, ", "))
		}
		input, _ := entry[found[0]].(map[string]any)
		parts = append(parts, &wire.Request{Service: q.Service, Operation: q.Operation, Region: q.Region, Input: input, Now: q.Now, ID: q.ID})
		of = append(of, found[0])
	}
	return parts, of, nil
}

// transactWriteItems writes all of its items or none (DynamoDB Developer Guide,
// "Amazon DynamoDB Transactions: How it works"). Reasons and message are
// recorded (test_transaction_write_canceled).
func transactWriteItems(l *Lab, q *wire.Request) answer {
	parts, kinds, failure := transacting(q, "ConditionCheck", "Put", "Delete", "Update")
	if failure != nil {
		return answer{failure: failure, mutates: true}
	}
	var first answer
	var writes []batchPart
	codes, reasons, cancelled := []string{}, []any{}, false
	seen := map[string]bool{}
	for i, part := range parts {
		w, check, a := l.transactPart(part, kinds[i])
		if i == 0 {
			first = a
		}
		code, reason := "None", map[string]any{"Code": "None"}
		switch {
		case a.failure == nil:
		case a.failure.Code == "ConditionalCheckFailedException":
			code, cancelled = "ConditionalCheckFailed", true
			reason = filled(map[string]any{"Code": code, "Message": a.failure.Message}, a.failure.Members)
		default:
			return a
		}
		codes, reasons = append(codes, code), append(reasons, reason)
		if w.tableState == nil {
			continue
		}
		id := w.name + jsonOf(w.schema.of(w.it))
		if seen[id] {
			first.failure = validation("Transaction request cannot include multiple operations on one item")
			return first
		}
		seen[id] = true
		if !check && code == "None" {
			writes = append(writes, w)
		}
	}
	if cancelled {
		first.failure = refuse(400, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons ["+strings.Join(codes, ", ")+"]")
		first.failure.Members = map[string]any{"CancellationReasons": reasons}
		return first
	}
	for _, w := range writes {
		if first.failure = l.apply(w); first.failure != nil {
			return first
		}
	}
	first.failure, first.output = nil, map[string]any{}
	return first
}

// transactPart finds what one part would write, if its condition holds.
func (l *Lab) transactPart(q *wire.Request, kind string) (w batchPart, check bool, a answer) {
	var u itemUpdate
	c, it := l.beginChange(q, func(t openedTable) (item.Item, *wire.Failure) {
		if kind != "Put" {
			return t.schema.keyOf(q.Input["Key"])
		}
		it, failure := attributesOf(q.Input["Item"], 0)
		if failure == nil {
			failure = t.schema.check(it)
		}
		return it, failure
	}, func(e *expressions) (failure *wire.Failure) {
		if kind == "Update" {
			u, failure = e.update()
		}
		return failure
	})
	if c.a.failure != nil {
		return batchPart{}, false, c.a
	}
	if kind == "Update" {
		it, c.a.failure = c.updated(u, it)
	}
	if c.a.failure == nil && sizeOf(it) > item.MaxSize {
		c.a.failure = validation("Item size has exceeded the maximum allowed size")
	}
	return batchPart{openedTable: c.openedTable, it: it, remove: kind == "Delete"}, kind == "ConditionCheck", c.a
}

// updated is the item after an update.
func (c itemChange) updated(u itemUpdate, key item.Item) (item.Item, *wire.Failure) {
	for _, path := range u.paths {
		if slices.Contains(c.schema.names(), path[0].name) {
			return nil, invalid("Cannot update attribute " + path[0].name + ". This attribute is part of the key")
		}
	}
	after := maps.Clone(c.old)
	if after == nil {
		after = key
	}
	for _, do := range u.actions {
		if failure := do(orEmpty(c.old), after); failure != nil {
			return nil, failure
		}
	}
	return after, nil
}

func transactGetItems(l *Lab, q *wire.Request) answer {
	parts, _, failure := transacting(q, "Get")
	if failure != nil {
		return answer{failure: failure}
	}
	var first answer
	responses := []any{}
	for i, part := range parts {
		a := getItem(l, part)
		if i == 0 {
			first = a
		}
		if a.failure != nil {
			return a
		}
		responses = append(responses, filled(map[string]any{"ConsumedCapacity": nil}, a.output))
	}
	first.output = map[string]any{"Responses": responses}
	return first
}
