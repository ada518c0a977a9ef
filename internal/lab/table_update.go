package lab

import (
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// A change of the key takes a moment (DynamoDB Developer Guide, "Managing
// encrypted tables"): the description has the old key first, then the new one,
// with the status UPDATING; the table stays ACTIVE and usable.
const (
	oldKeyShown = 2 * time.Second
	keyChanges  = 5 * time.Second
)

func updateTable(l *Lab, q *wire.Request) answer {
	r, t, arn := l.tableNamed(q, q.String("TableName"))
	a := answer{resource: arn, mutates: true}
	if r == nil {
		a.failure = l.missing(q, arn)
		return a
	}
	if a.failure = l.barred(q, r.Errors, arn); a.failure != nil {
		return a
	}
	_, sse := q.Input["SSESpecification"]
	others := 0
	for _, member := range []string{"BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled", "TableClass", "StreamSpecification"} {
		if _, given := q.Input[member]; given {
			others++
		}
	}
	switch status := firstOf(text(r.Output, "TableStatus"), "ACTIVE"); {
	case status == tableArchiving || status == tableArchived:
		a.failure = refuse(400, "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being archived or is archived: "+t.name)
	case status == tableCreating:
		a.failure = refuse(400, "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being created: "+t.name)
	case !sse && others == 0:
		a.failure = validation("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required")
	case sse && others > 0:
		a.failure = invalid("Table SSE update must be the only operation in the request")
	case sse:
		a.failure = l.changeTableKey(q, t)
	default:
		a.failure = l.changeSettings(q, t)
	}
	if a.failure == nil {
		a.output = map[string]any{"TableDescription": l.describedTable(l.index.regions[q.Region].tables.by[t.name], arn)}
	}
	return a
}

// changeSettings changes what takes no time here.
func (l *Lab) changeSettings(q *wire.Request, t *tableState) (failure *wire.Failure) {
	l.changeTable(t, func(o map[string]any) {
		if v, given := q.Input["DeletionProtectionEnabled"]; given {
			o["DeletionProtectionEnabled"] = v
		}
		if class := q.String("TableClass"); class != "" {
			o["TableClassSummary"] = map[string]any{"TableClass": class, "LastUpdateDateTime": l.now()}
		}
		if stream, given := q.Input["StreamSpecification"].(map[string]any); given {
			o["StreamSpecification"] = stream
			if stream["StreamEnabled"] != true {
				o["StreamSpecification"] = nil
			}
		}
		if q.String("BillingMode") != "" || q.Input["ProvisionedThroughput"] != nil {
			o["BillingModeSummary"] = nil
			failure = checkThroughput(q, o)
		}
	})
	return failure
}

// changeTableKey gives the table another KMS key: a new table key, under which
// all items are encrypted anew.
func (l *Lab) changeTableKey(q *wire.Request, t *tableState) *wire.Failure {
	enabled, key, failure := l.wantedKey(q, nil)
	if failure != nil {
		return failure
	}
	if len(t.changes) > 0 {
		return refuse(400, "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being updated: "+t.name)
	}
	spec, _ := q.Input["SSESpecification"].(map[string]any)
	switch {
	case !enabled && t.keyARN == "":
		return invalid("Table is already encrypted by default")
	case enabled && text(spec, "KMSMasterKeyId") == t.keyARN && t.keyARN != "":
		return invalid("Table is already encrypted with given KMSMasterKey")
	}
	now := l.now()
	if t.switchedTooOften(now) {
		return refuse(400, "LimitExceededException", "Subscriber limit exceeded: Encryption mode change limit exceeded for table: "+t.name)
	}
	if failure := l.reencrypt(t, key); failure != nil {
		return failure
	}
	t.switched = append(t.switched, now)
	var after any // absent for the key that AWS owns
	next := map[string]any{"Status": "UPDATING"}
	if t.keyARN != "" {
		next = map[string]any{"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": t.keyARN}
		after = filled(map[string]any{"Status": "ENABLED"}, next)
	}
	l.changeTable(t, func(o map[string]any) {
		old, _ := o["SSEDescription"].(map[string]any)
		o["SSEDescription"] = filled(map[string]any{"Status": "UPDATING", "InaccessibleEncryptionDateTime": nil}, old)
	})
	t.changes = []tableChange{
		{now.Add(oldKeyShown), func(o map[string]any) { o["SSEDescription"] = next }},
		{now.Add(keyChanges), func(o map[string]any) {
			o["SSEDescription"] = after
			if o["TableStatus"] == inaccessible {
				o["TableStatus"] = "ACTIVE"
			}
		}},
	}
	return nil
}

// switchedTooOften: a table's key changes four times in 24 hours, and once more
// after six hours without a change (DynamoDB Developer Guide, "Quotas":
// "Encryption at rest").
func (t *tableState) switchedTooOften(now time.Time) bool {
	t.switched = slices.DeleteFunc(t.switched, func(at time.Time) bool { return now.Sub(at) >= 24*time.Hour })
	n := len(t.switched)
	return n >= 4 && now.Sub(t.switched[n-1]) < 6*time.Hour
}

// reencrypt opens every item under the old keys and seals it under new ones.
// The old KMS key must still be usable: it is asked for, not the cache.
func (l *Lab) reencrypt(t *tableState, key string) *wire.Failure {
	if !t.wrapped {
		return l.makeTableKey(t, key)
	}
	old, failure := l.unwrapTableKey(t)
	if failure != nil {
		return failure
	}
	t.keys.zero()
	t.keys = &tableKeys{table: old, data: map[int][]byte{}, used: l.now()}
	items, failure := l.allItems(t)
	if failure != nil {
		return failure
	}
	before := *t
	if failure := l.makeTableKey(t, key); failure != nil {
		*t = before
		return failure
	}
	for _, places := range before.parts {
		for _, place := range places {
			l.store.delete(place)
		}
	}
	for n := range before.deks {
		l.store.delete(t.dekPlace(n))
	}
	t.order, t.parts, t.count, t.bytes = nil, map[string][]string{}, 0, 0
	schema := l.schemaOf(t)
	for _, it := range items {
		if failure := l.writeItem(t, schema, it); failure != nil {
			return failure
		}
	}
	return nil
}
