package lab

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// How DynamoDB finds that a table's KMS key can't be used, and what it does
// then (API reference, SSEDescription, TableDescription and ArchivalSummary). It
// finds out at once when KMS refuses a request's use of the key (noticeKey).
// How often it looks besides is not documented.
const (
	tablesChecked  = 5 * time.Minute
	archivedAfter  = 7 * 24 * time.Hour
	itemsCounted   = 6 * time.Hour // ItemCount and TableSizeBytes are this old at most
	inaccessible   = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
	tableArchiving = "ARCHIVING"
	tableArchived  = "ARCHIVED"
)

// checkTables looks at the keys of all tables, except those whose table key is
// cached: they are usable for as long as it is.
func checkTables(l *Lab, now time.Time) {
	d := l.dynamoDB()
	if d.checked.IsZero() {
		d.checked, d.counted = now, now
	}
	if now.Sub(d.counted) >= itemsCounted {
		d.counted = now
		for _, arn := range slices.Sorted(maps.Keys(d.tables)) {
			l.countItems(d.tables[arn])
		}
	}
	if now.Sub(d.checked) < tablesChecked {
		return
	}
	d.checked = now
	for _, region := range slices.Sorted(maps.Keys(l.index.regions)) {
		for _, name := range l.index.regions[region].tables.names {
			if t := d.tables[arnOf("dynamodb", region, l.account.ID, "table/"+name)]; t == nil || !t.keys.isCached(now) {
				l.checkTable(region, name, now)
			}
		}
	}
}

// noticeKey lets the table's description tell what a request found: KMS refused
// its key, or gave the key that it had refused (API reference, SSEDescription:
// InaccessibleEncryptionDateTime is when DynamoDB detected the loss, and is
// cleared when it detects that the key is accessible again).
func (l *Lab) noticeKey(t *tableState, refused bool) {
	if t.keyARN != "" && refused == t.usable {
		l.checkTable(t.region, t.name, l.now())
	}
}

// checkTable looks at a table's key, and moves the table on.
func (l *Lab) checkTable(region, name string, now time.Time) {
	output := l.index.regions[region].tables.by[name].Output
	sse, _ := output["SSEDescription"].(map[string]any)
	if text(sse, "KMSMasterKeyArn") == "" {
		return
	}
	t := l.tableState(region, name)
	l.settleTable(t)
	was := t.usable
	t.usable = l.isUsable(t.keyARN)
	status := firstOf(text(output, "TableStatus"), "ACTIVE")
	switch {
	case status == tableArchiving:
		l.changeTable(t, func(o map[string]any) { o["TableStatus"] = tableArchived })
	case status == "ACTIVE" && was && !t.usable:
		t.keys.zero()
		t.keys = nil
		l.changeTable(t, func(o map[string]any) {
			o["TableStatus"] = inaccessible
			o["SSEDescription"] = filled(map[string]any{"InaccessibleEncryptionDateTime": now}, sse)
		})
	case status == inaccessible && t.usable && !was:
		l.changeTable(t, func(o map[string]any) {
			o["TableStatus"] = "ACTIVE"
			o["SSEDescription"] = filled(map[string]any{"InaccessibleEncryptionDateTime": nil}, sse)
		})
	case status == inaccessible && !t.usable:
		l.ageTable(t, sse, now)
	}
}

// ageTable archives a table whose key was out of reach for seven days. A date
// that moves with the clock stands still from now on.
func (l *Lab) ageTable(t *tableState, sse map[string]any, now time.Time) {
	since := at(sse["InaccessibleEncryptionDateTime"], now)
	if since.IsZero() {
		since = now
	}
	l.changeTable(t, func(o map[string]any) {
		o["SSEDescription"] = filled(map[string]any{"InaccessibleEncryptionDateTime": since}, sse)
		if now.Sub(since) > archivedAfter {
			o["TableStatus"] = tableArchiving
			o["ArchivalSummary"] = map[string]any{"ArchivalDateTime": now, "ArchivalReason": inaccessible,
				"ArchivalBackupArn": arnOf("dynamodb", t.region, l.account.ID, "table/"+t.name+"/backup/"+uuidOf("backup", t.id)[:17])}
		}
	})
}

// isUsable says whether KMS would encrypt and decrypt under a key.
func (l *Lab) isUsable(arn string) bool {
	if arn == "" {
		return true
	}
	k, err := l.keys.Describe(arn)
	return err == nil && k.State == kms.Enabled
}

// usableAtFirst says whether a key could be used when the account began: only
// what changes since then changes its tables.
func (l *Lab) usableAtFirst(arn string) bool {
	if arn == "" {
		return true
	}
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || l.account.Regions[parts[3]] == nil {
		return false
	}
	keys := l.account.Regions[parts[3]].KMS
	for i := range keys.Keys {
		if parts[4] == l.account.ID && "key/"+text(keys.Keys[i].Output, "KeyId") == parts[5] {
			return firstOf(text(keys.Keys[i].Output, "KeyState"), "Enabled") == "Enabled"
		}
	}
	for i := range keys.ForeignKeys {
		if text(keys.ForeignKeys[i].Output, "Arn") == arn {
			return firstOf(text(keys.ForeignKeys[i].Output, "KeyState"), "Enabled") == "Enabled"
		}
	}
	return l.isUsable(arn) // made since
}

// countItems brings a table's counts up to date, as DynamoDB does every six
// hours or so. A table that never had an item keeps what its data says.
func (l *Lab) countItems(t *tableState) {
	if !t.wrapped {
		return
	}
	l.changeTable(t, func(o map[string]any) { o["ItemCount"], o["TableSizeBytes"] = t.count, t.bytes })
}
