package lab

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// The bounds of a put (Firehose API, PutRecord and PutRecordBatch).
const (
	maxDeliveryRecord = 1000 << 10
	maxDeliveryBatch  = 500
	maxBatchBytes     = 4 << 20
)

func readDelivered(w *wrongs, prefix string, v any) []byte {
	m, ok := v.(map[string]any)
	if !ok {
		w.missing(strings.TrimSuffix(prefix, "."))
		return nil
	}
	encoded, given := m["Data"].(string)
	data, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case !given || err != nil:
		w.missing(prefix + "data")
	case len(data) > maxDeliveryRecord:
		w.add(prefix+"data", fmt.Sprintf("Member must have length less than or equal to %d", maxDeliveryRecord))
	}
	return data
}

// takesPuts refuses puts into a delivery stream that has another source, or is
// not ACTIVE.
func (l *Lab) takesPuts(d *delivery) *wire.Failure {
	now := l.deliveryDescription(d)
	switch kind := text(now, "DeliveryStreamType"); {
	case kind != "DirectPut":
		return refuse(400, "InvalidArgumentException", "This operation is not permitted on "+kind+" delivery stream type.")
	case text(now, "DeliveryStreamStatus") != "ACTIVE" && text(now, "DeliveryStreamStatus") != "DELETING":
		return refuse(400, "ResourceNotFoundException", "Firehose "+d.name+" not found under account "+l.account.ID+".")
	}
	return nil
}

func putDeliveryRecord(l *Lab, q *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	var w wrongs
	data := readDelivered(&w, "record.", q.Input["Record"])
	failure := firstFailure(w.failure(), l.takesPuts(d))
	if failure != nil {
		return nil, failure
	}
	id, failure := l.accept(d, data)
	if failure != nil {
		return nil, failure
	}
	l.countIncoming(d, 1, len(data))
	return map[string]any{"RecordId": id, "Encrypted": d.sse.on}, nil
}

// putDeliveryBatch puts up to 500 records of 4 MiB together. A failure of KMS
// fails the whole call.
func putDeliveryBatch(l *Lab, q *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	input, given := q.Input["Records"].([]any)
	var w wrongs
	if !given {
		w.missing("records")
	} else {
		w.length("records", fmt.Sprintf("[%d records]", len(input)), len(input), 1, maxDeliveryBatch)
	}
	var list [][]byte
	total := 0
	for i, v := range input {
		list = append(list, readDelivered(&w, fmt.Sprintf("records.%d.member.", i+1), v))
		total += len(list[i])
	}
	failure := firstFailure(w.failure(), l.takesPuts(d))
	if failure == nil && total > maxBatchBytes {
		failure = refuse(400, "InvalidArgumentException", "Batch size limit of 4 MB exceeded.")
	}
	if failure != nil {
		return nil, failure
	}
	responses := []any{}
	for _, data := range list {
		id, failure := l.accept(d, data)
		if failure != nil {
			return nil, failure
		}
		responses = append(responses, map[string]any{"RecordId": id})
	}
	l.countIncoming(d, len(list), total)
	return map[string]any{"FailedPutCount": 0, "Encrypted": d.sse.on, "RequestResponses": responses}, nil
}

// accept encrypts a record into the interim storage: under the customer's key
// with such encryption, else under a key that AWS owns.
func (l *Lab) accept(d *delivery, data []byte) (id string, failure *wire.Failure) {
	key, r := l.firehose.owned, &waiting{at: l.now(), size: len(data)}
	if d.sse.key != "" {
		m, failure := l.deliveryKey(d)
		if failure != nil {
			return "", failure
		}
		key, r.material = m.plain, m.id
		d.known[m.id].users++
	}
	l.firehose.records++
	sum := sha256.Sum256([]byte(d.arn + strconv.FormatInt(r.at.UnixNano(), 36) + strconv.Itoa(l.firehose.records)))
	r.id = base64.RawURLEncoding.EncodeToString(sum[:])
	place := d.place("records/" + r.id)
	l.store.put(place, sealRecord(key, place, data))
	d.waiting = append(d.waiting, r)
	return r.id, nil
}

func (d *delivery) place(what string) string {
	return "firehose/" + d.region + "/" + d.name + "/" + what
}

// use is the delivery stream's call of KMS. Firehose sets an encryption context
// of its own and asks everybody to take it as opaque ("You must not take a
// dependency on its format or content": Firehose Developer Guide, "Server-side
// encryption with Direct PUT"); this one is of the embedded account's making.
func (d *delivery) use(key string) use {
	sum := sha256.Sum256([]byte("embedded account " + d.arn))
	return use{region: d.region, invokedBy: firehoseService, key: key, resource: d.arn,
		context: map[string]string{"aws:firehose:context": base64.StdEncoding.EncodeToString(sum[:])}}
}

// deliveryKey is the data key for the next record, a new one of KMS's every 5
// minutes.
func (l *Lab) deliveryKey(d *delivery) (*material, *wire.Failure) {
	if m := d.producing; m != nil && l.now().Before(m.until) {
		return m, nil
	}
	d.producing = nil
	failure := l.reachable(d.use(d.sse.key))
	var plain, blob []byte
	if failure == nil {
		plain, blob, _, failure = l.generate(d.use(d.sse.key), dataKeyLen)
	}
	if failure != nil {
		return nil, firehoseFailure(d.sse.key, failure)
	}
	m := &material{id: strconv.FormatInt(l.now().UnixNano(), 36) + "-" + strconv.Itoa(len(d.known)), plain: plain, until: l.now().Add(materialLife)}
	place := d.place("material/" + m.id)
	l.store.put(place, sealRecord(nil, place, []byte(d.sse.key+" "+string(blob))))
	d.producing, d.known[m.id] = m, &material{id: m.id}
	return m, nil
}

// firehoseFailure is a failure of KMS as a producer meets it: one exception for
// AccessDenied, InvalidState, Disabled and NotFound (Firehose API,
// InvalidKMSResourceException).
func firehoseFailure(key string, f *wire.Failure) *wire.Failure {
	if keyMetric(f) == "" {
		return refuse(503, "ServiceUnavailableException", "Service unavailable.")
	}
	return refuse(400, "InvalidKMSResourceException", "Firehose is unable to use the KMS key "+key+" ("+f.Code+"): "+f.Message)
}

// keyMetric is the metric that counts a failure of KMS (Firehose Developer
// Guide, "Server-Side Encryption CloudWatch Metrics"), "" for one that is not
// the key's.
func keyMetric(f *wire.Failure) string {
	switch strings.TrimPrefix(f.Code, "KMS") {
	case "AccessDeniedException":
		return "KMSKeyAccessDenied"
	case "DisabledException":
		return "KMSKeyDisabled"
	case "InvalidStateException":
		return "KMSKeyInvalidState"
	case "NotFoundException":
		return "KMSKeyNotFound"
	}
	return ""
}

func (l *Lab) countDelivery(d *delivery, metric string, value int) {
	l.count(d.region, "AWS/Firehose", metric, map[string]string{"DeliveryStreamName": d.name}, float64(value))
}

func (l *Lab) countIncoming(d *delivery, records, bytes int) {
	l.countDelivery(d, "IncomingRecords", records)
	l.countDelivery(d, "IncomingBytes", bytes)
}
