//go:build crosscheck

package crosscheck

import (
	"encoding/json"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// The tables that the clients have: the hierarchical keyring's key store, and
// the metastore of the most recent provider.
const (
	keyStoreTable = "key-store"
	metaTable     = "metastore"
)

// table is items by their key attributes.
type table struct {
	keys  []string
	items []item.Item
}

type put struct {
	TableName           string
	Item                json.RawMessage
	ConditionExpression string
	Expected            map[string]any
}

// serveDynamoDB is the part of the DynamoDB API that the clients call. A
// condition on a put always says that the item must not be there.
func (w *world) serveDynamoDB(operation string, body []byte) (any, error) {
	var in struct {
		put
		Key                       json.RawMessage
		ExpressionAttributeValues map[string]map[string]string
		KeyConditions             map[string]struct{ AttributeValueList []map[string]string }
		TransactItems             []struct{ Put put }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch operation {
	case "DescribeTable":
		return w.describe(in.TableName)
	case "GetItem":
		key, err := ddb.Parse(in.Key)
		if err != nil {
			return nil, err
		}
		if i := w.find(in.TableName, key); i >= 0 {
			return map[string]any{"Item": w.tables[in.TableName].items[i]}, nil
		}
		return struct{}{}, nil
	case "PutItem":
		return struct{}{}, w.store(in.put)
	case "TransactWriteItems":
		for _, one := range in.TransactItems {
			if err := w.store(one.Put); err != nil {
				return nil, err
			}
		}
		return struct{}{}, nil
	case "Query":
		hash := ""
		for _, v := range in.ExpressionAttributeValues {
			hash = v["S"]
		}
		for _, c := range in.KeyConditions {
			hash = c.AttributeValueList[0]["S"]
		}
		found := []item.Item{}
		for _, it := range w.tables[in.TableName].items {
			if it[w.tables[in.TableName].keys[0]].Data == hash {
				found = append(found, it)
			}
		}
		return map[string]any{"Items": found, "Count": len(found), "ScannedCount": len(found)}, nil
	}
	return nil, failure{"UnknownOperationException", operation}
}

func (w *world) describe(name string) (any, error) {
	t := w.tables[name]
	if t == nil {
		return nil, failure{"ResourceNotFoundException", name}
	}
	schema := []map[string]string{{"AttributeName": t.keys[0], "KeyType": "HASH"}, {"AttributeName": t.keys[1], "KeyType": "RANGE"}}
	return map[string]any{"Table": map[string]any{"TableName": name, "TableStatus": "ACTIVE", "KeySchema": schema}}, nil
}

func (w *world) store(p put) error {
	it, err := ddb.Parse(p.Item)
	if err != nil {
		return err
	}
	t := w.tables[p.TableName]
	if t == nil {
		return failure{"ResourceNotFoundException", p.TableName}
	}
	key := item.Item{}
	for _, name := range t.keys {
		key[name] = it[name]
	}
	if i := w.find(p.TableName, key); i >= 0 {
		if p.ConditionExpression != "" || len(p.Expected) > 0 {
			return failure{"ConditionalCheckFailedException", "The conditional request failed"}
		}
		t.items = slices.Delete(t.items, i, i+1)
	}
	t.items = append(t.items, it)
	return nil
}

// find is the place of the item with this key, or -1.
func (w *world) find(name string, key item.Item) int {
	if w.tables[name] == nil {
		return -1
	}
	return slices.IndexFunc(w.tables[name].items, func(it item.Item) bool {
		for attribute, v := range key {
			if !it[attribute].Equal(v) {
				return false
			}
		}
		return true
	})
}

// add puts an item into a table, and get finds one.
func (w *world) add(name string, it item.Item) error {
	b, err := json.Marshal(it)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store(put{TableName: name, Item: b})
}

func (w *world) item(name string, key item.Item) (item.Item, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.find(name, key)
	if i < 0 {
		return nil, false
	}
	return w.tables[name].items[i], true
}
