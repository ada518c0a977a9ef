package lab

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// dynamoState is what DynamoDB keeps in memory. Contents are in the store only.
type dynamoState struct {
	tables  map[string]*tableState // by ARN
	owned   []byte                 // the key that AWS owns: it wraps the table keys of tables without another
	checked time.Time              // when the tables' keys were last looked at
	counted time.Time              // when the items were last counted
}

// tableState is one table, beside its description.
type tableState struct {
	region, name, id string
	keyARN           string // of the KMS key; "" is the one that AWS owns
	usable           bool   // the KMS key could be used when it was last looked at
	keys             *tableKeys
	wrapped          bool                // a table key is in the store
	deks             int                 // data encryption keys in the store
	count            int                 // items
	bytes            int                 // of them, as DynamoDB counts
	written          int                 // items under the newest data encryption key
	order            []string            // keyed hashes of partition keys, sorted
	parts            map[string][]string // the places of a partition's items, by that hash
	changes          []tableChange       // of the description that are due, in order
	switched         []time.Time         // when its KMS key was changed
	backed           time.Time           // since when it can be recovered; zero is not
	recovery         int                 // days back
}

// tableChange is a step of the description's that comes by itself.
type tableChange struct {
	at time.Time
	do func(output map[string]any)
}

func (l *Lab) dynamoDB() *dynamoState {
	if l.dynamo == nil {
		l.dynamo = &dynamoState{tables: map[string]*tableState{}}
	}
	return l.dynamo
}

// tableNamed finds a table by name or ARN, with its state as of now.
func (l *Lab) tableNamed(q *wire.Request, id string) (*Resource, *tableState, string) {
	name := nameIn(id, "table")
	arn := arnOf("dynamodb", q.Region, l.account.ID, "table/"+name)
	if l.index.regions[q.Region].tables.by[name] == nil {
		return nil, nil, arn
	}
	t := l.tableState(q.Region, name)
	l.settleTable(t)
	return l.index.regions[q.Region].tables.by[name], t, arn
}

// tableState is a table's state, which a table of the account's data has not
// before it is asked for.
func (l *Lab) tableState(region, name string) *tableState {
	d, arn := l.dynamoDB(), arnOf("dynamodb", region, l.account.ID, "table/"+name)
	t := d.tables[arn]
	if t == nil {
		output := l.index.regions[region].tables.by[name].Output
		t = &tableState{region: region, name: name, id: firstOf(text(output, "TableId"), uuidOf("table", region, name)), parts: map[string][]string{}}
		sse, _ := output["SSEDescription"].(map[string]any)
		t.keyARN = text(sse, "KMSMasterKeyArn")
		t.usable = l.usableAtFirst(t.keyARN)
		d.tables[arn] = t
	}
	return t
}

// changeTable changes a copy of a table's description, which takes its place.
func (l *Lab) changeTable(t *tableState, change func(output map[string]any)) {
	tables := l.index.regions[t.region].tables.by
	r := *tables[t.name]
	r.Output = maps.Clone(r.Output)
	change(r.Output)
	tables[t.name] = &r
}

// settleTable makes the changes that are due.
func (l *Lab) settleTable(t *tableState) {
	for now := l.now(); len(t.changes) > 0 && !now.Before(t.changes[0].at); {
		do := t.changes[0].do
		t.changes = t.changes[1:]
		l.changeTable(t, do)
	}
}

// place is where a table's things are on the disk.
func (t *tableState) place(what ...string) string {
	return "dynamodb/" + t.region + "/" + t.name + "/" + strings.Join(what, "/")
}

// enter puts a place into the index of keyed hashes.
func (t *tableState) enter(partition, place string) {
	if _, known := t.parts[partition]; !known {
		i, _ := slices.BinarySearch(t.order, partition)
		t.order = slices.Insert(t.order, i, partition)
	}
	if !slices.Contains(t.parts[partition], place) {
		t.parts[partition] = append(t.parts[partition], place)
	}
}

// leave takes a place out of it.
func (t *tableState) leave(partition, place string) {
	rest := slices.DeleteFunc(t.parts[partition], func(s string) bool { return s == place })
	if len(rest) > 0 {
		t.parts[partition] = rest
		return
	}
	delete(t.parts, partition)
	if i, found := slices.BinarySearch(t.order, partition); found {
		t.order = slices.Delete(t.order, i, i+1)
	}
}

// forgetTable removes all that a table had on the disk.
func (l *Lab) forgetTable(t *tableState) {
	t.keys.zero()
	for _, places := range t.parts {
		for _, place := range places {
			l.store.delete(place)
		}
	}
	for n := range t.deks {
		l.store.delete(t.dekPlace(n))
	}
	l.store.delete(t.place("key"))
	arn := arnOf("dynamodb", t.region, l.account.ID, "table/"+t.name)
	delete(l.dynamo.tables, arn)
	l.retag(t.region, arn, nil)
	l.index.regions[t.region].tables.remove(t.name)
}
