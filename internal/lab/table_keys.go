package lab

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// tableKeys are a table's keys in plaintext, for as long as they are cached
// (DynamoDB Developer Guide, "DynamoDB encryption at rest: How it works" and
// "Table key caching"): the table key, under the KMS key, and the data
// encryption keys, under the table key.
type tableKeys struct {
	table []byte
	data  map[int][]byte
	used  time.Time
}

// keysIdle is how long table keys stay cached without a request.
const keysIdle = 5 * time.Minute

// itemsPerKey is how many items a data encryption key encrypts.
const itemsPerKey = 1000

// isCached says whether the keys may be used without asking KMS.
func (k *tableKeys) isCached(now time.Time) bool { return k != nil && now.Sub(k.used) <= keysIdle }

func (k *tableKeys) zero() {
	if k == nil {
		return
	}
	clear(k.table)
	for _, dek := range k.data {
		clear(dek)
	}
}

// tableUse is the use of a KMS key for a table, with DynamoDB's encryption
// context ("DynamoDB encryption context").
func (l *Lab) tableUse(t *tableState, key string) use {
	return use{region: t.region, invokedBy: "dynamodb.amazonaws.com", key: key, resource: arnOf("dynamodb", t.region, l.account.ID, "table/"+t.name),
		context: map[string]string{"aws:dynamodb:tableName": t.name, "aws:dynamodb:subscriberId": l.account.ID}}
}

// openKeys gives the table's keys. After five minutes without a request KMS is
// asked again, and only then its refusal is noticed.
func (l *Lab) openKeys(t *tableState) (*tableKeys, *wire.Failure) {
	now := l.now()
	if t.keys.isCached(now) {
		t.keys.used = now
		return t.keys, nil
	}
	t.keys.zero()
	t.keys = nil
	if !t.wrapped {
		was := t.usable
		failure := l.makeTableKey(t, t.keyARN)
		t.usable = was
		l.noticeKey(t, failure != nil)
		return t.keys, failure
	}
	table, failure := l.unwrapTableKey(t)
	l.noticeKey(t, failure != nil)
	if failure != nil {
		return nil, failure
	}
	t.keys = &tableKeys{table: table, data: map[int][]byte{}, used: now}
	return t.keys, nil
}

func (l *Lab) unwrapTableKey(t *tableState) ([]byte, *wire.Failure) {
	blob, _ := l.store.get(t.place("key"))
	if t.keyARN == "" {
		table, ok := openTableData(l.ownedKey(), blob, t.place("key")+" "+t.id)
		if !ok {
			return nil, damagedTable()
		}
		return table, nil
	}
	table, _, failure := l.unwrap(l.tableUse(t, t.keyARN), blob)
	if failure == nil && len(table) != 32 || l.isBlobDamaged(t.keyARN, failure) {
		return nil, damagedTable()
	}
	return table, l.keyRefusal(failure)
}

// isBlobDamaged says whether KMS refused a blob rather than the key: what the
// disk holds is not what KMS gave.
func (l *Lab) isBlobDamaged(key string, failure *wire.Failure) bool {
	if failure == nil {
		return false
	}
	switch failure.Code {
	case "InvalidCiphertextException", "IncorrectKeyException":
		return true
	case "NotFoundException": // the blob names a key that is not there
		_, err := l.keys.Describe(key)
		return err == nil
	}
	return false
}

// makeTableKey gives the table a new table key under a KMS key, or the one
// that AWS owns when it is "".
func (l *Lab) makeTableKey(t *tableState, kmsKey string) *wire.Failure {
	var table, blob []byte
	if kmsKey == "" {
		table = freshBytes(32)
		blob = sealTableData(l.ownedKey(), table, t.place("key")+" "+t.id)
	} else {
		plain, wrapped, arn, failure := l.generate(l.tableUse(t, kmsKey), 32)
		if failure != nil {
			return l.keyRefusal(failure)
		}
		table, blob, kmsKey = plain, wrapped, arn
	}
	l.store.put(t.place("key"), blob)
	t.keys.zero()
	t.keyARN, t.wrapped, t.usable = kmsKey, true, true
	t.keys = &tableKeys{table: table, data: map[int][]byte{}, used: l.now()}
	t.deks, t.written = 0, 0
	return nil
}

// ownedKey is the key that AWS owns, of this account's DynamoDB.
func (l *Lab) ownedKey() []byte {
	d := l.dynamoDB()
	if d.owned == nil {
		d.owned = freshBytes(32)
	}
	return d.owned
}

func (t *tableState) dekPlace(n int) string { return t.place("dek", fmt.Sprintf("%06d", n)) }

// dataKey is the table's data encryption key of a number.
func (l *Lab) dataKey(t *tableState, n int) ([]byte, bool) {
	if dek := t.keys.data[n]; dek != nil {
		return dek, true
	}
	blob, _ := l.store.get(t.dekPlace(n))
	dek, ok := openTableData(t.keys.table, blob, t.dekPlace(n)+" "+t.id)
	if ok {
		t.keys.data[n] = dek
	}
	return dek, ok
}

// newestKey is the data encryption key that new items get.
func (l *Lab) newestKey(t *tableState) (n int, dek []byte, ok bool) {
	if t.deks == 0 || t.written >= itemsPerKey {
		dek := freshBytes(32)
		l.store.put(t.dekPlace(t.deks), sealTableData(t.keys.table, dek, t.dekPlace(t.deks)+" "+t.id))
		t.keys.data[t.deks] = dek
		t.deks, t.written = t.deks+1, 0
	}
	t.written++
	dek, ok = l.dataKey(t, t.deks-1)
	return t.deks - 1, dek, ok
}

// digest is a keyed hash of a key attribute's value, by which its item is
// found: the disk holds no value.
func (k *tableKeys) digest(what string, value []byte) string {
	mac := hmac.New(sha256.New, k.table)
	mac.Write([]byte("index " + what + "\x00"))
	mac.Write(value)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func freshBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
