package lab

import (
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// An item at rest is the number of its data encryption key and its DynamoDB
// JSON under that key. Its place, and so its key attributes' hashes, are
// authenticated with it.
const dekNumber = 4

// writeItem stores an item in the place of another with its key.
func (l *Lab) writeItem(t *tableState, s keySchema, it item.Item) *wire.Failure {
	if sizeOf(it) > item.MaxSize {
		return validation("Item size has exceeded the maximum allowed size")
	}
	plain, err := json.Marshal(it)
	if err != nil {
		return damagedTable()
	}
	if _, err := item.Parse(plain); err != nil { // which counts a little more than DynamoDB
		return validation("Item size has exceeded the maximum allowed size")
	}
	n, dek, ok := l.newestKey(t)
	if !ok {
		return damagedTable()
	}
	partition, place := s.place(t, it)
	if old, known := l.store.get(place); known {
		if before, ok := l.openItem(t, place, old); ok {
			t.count, t.bytes = t.count-1, t.bytes-sizeOf(before)
		}
	}
	blob := binary.BigEndian.AppendUint32(nil, uint32(n)) //nolint:gosec // a count of keys
	l.store.put(place, append(blob, sealTableData(dek, plain, place+" "+t.id)...))
	t.enter(partition, place)
	t.count, t.bytes = t.count+1, t.bytes+sizeOf(it)
	return nil
}

// openItem opens what writeItem stored.
func (l *Lab) openItem(t *tableState, place string, blob []byte) (item.Item, bool) {
	if len(blob) < dekNumber {
		return nil, false
	}
	n := binary.BigEndian.Uint32(blob)
	if int64(n) >= int64(t.deks) {
		return nil, false
	}
	dek, ok := l.dataKey(t, int(n))
	if !ok {
		return nil, false
	}
	plain, ok := openTableData(dek, blob[dekNumber:], place+" "+t.id)
	if !ok {
		return nil, false
	}
	it, err := item.Parse(plain)
	return it, err == nil
}

// readItem reads an item by its key, nil where there is none.
func (l *Lab) readItem(t *tableState, s keySchema, key item.Item) (item.Item, *wire.Failure) {
	partition, place := s.place(t, key)
	blob, known := l.store.get(place)
	if !known {
		if slices.Contains(t.parts[partition], place) {
			return nil, damagedTable()
		}
		return nil, nil
	}
	it, ok := l.openItem(t, place, blob)
	if !ok {
		return nil, damagedTable()
	}
	return it, nil
}

// removeItem removes an item by its key, if there is one.
func (l *Lab) removeItem(t *tableState, s keySchema, it item.Item) {
	partition, place := s.place(t, it)
	if !slices.Contains(t.parts[partition], place) {
		return
	}
	l.store.delete(place)
	t.leave(partition, place)
	t.count, t.bytes = t.count-1, t.bytes-sizeOf(it)
}

// partitionItems are a partition's items in the order of their sort keys.
func (l *Lab) partitionItems(t *tableState, s keySchema, partition string) ([]item.Item, *wire.Failure) {
	out := make([]item.Item, 0, len(t.parts[partition]))
	for _, place := range t.parts[partition] {
		blob, _ := l.store.get(place)
		it, ok := l.openItem(t, place, blob)
		if !ok {
			return nil, damagedTable()
		}
		out = append(out, it)
	}
	if s.sort != "" {
		slices.SortFunc(out, func(a, b item.Item) int { return compareValues(a[s.sort], b[s.sort]) })
	}
	return out, nil
}

// allItems are a table's items.
func (l *Lab) allItems(t *tableState) ([]item.Item, *wire.Failure) {
	s := l.schemaOf(t)
	var out []item.Item
	for _, partition := range t.order {
		items, failure := l.partitionItems(t, s, partition)
		if failure != nil {
			return nil, failure
		}
		out = append(out, items...)
	}
	return out, nil
}
