package lab

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// deliveryOperations are Firehose's (Amazon Data Firehose API reference).
func deliveryOperations() map[string]operation {
	return map[string]operation{
		"firehose:ListDeliveryStreams":           listDeliveryStreams,
		"firehose:DescribeDeliveryStream":        onDelivery(describeDeliveryStream),
		"firehose:CreateDeliveryStream":          createDeliveryStream,
		"firehose:DeleteDeliveryStream":          changingDelivery(deleteDeliveryStream),
		"firehose:UpdateDestination":             changingDelivery(updateDestination),
		"firehose:StartDeliveryStreamEncryption": changingDelivery(startDeliveryEncryption),
		"firehose:StopDeliveryStreamEncryption":  changingDelivery(stopDeliveryEncryption),
		"firehose:PutRecord":                     changingDelivery(putDeliveryRecord),
		"firehose:PutRecordBatch":                changingDelivery(putDeliveryBatch),
		"firehose:TagDeliveryStream":             changingDelivery(tagDeliveryStream),
		"firehose:UntagDeliveryStream":           changingDelivery(untagDeliveryStream),
		"firehose:ListTagsForDeliveryStream":     onDelivery(listTagsForDelivery),
	}
}

// firehoseState is what Firehose knows beside the descriptions of its streams.
type firehoseState struct {
	streams map[string]*delivery // by ARN; only those that something happened to
	owned   []byte               // the key that AWS owns, in memory alone
	records int                  // accepted so far
}

func newFirehoseState() *firehoseState {
	f := &firehoseState{streams: map[string]*delivery{}, owned: make([]byte, dataKeyLen)}
	_, _ = rand.Read(f.owned) // never fails
	return f
}

// delivery is one delivery stream.
type delivery struct {
	region, name, arn string
	pending           []step
	changed           []time.Time // starts and stops of encryption, in the last 24 hours
	sse               sse         // what records are encrypted with now
	producing         *material   // data key under the customer's key
	known             map[string]*material
	waiting           []*waiting       // records to be delivered, oldest first
	tried             time.Time        // the last attempt that failed
	reading           map[string]int64 // by shard: the place of the next record of the source
	began             time.Time        // when it began to read its source, or last delivered of it
}

// sse is how a delivery stream encrypts what it stores until delivery.
type sse struct {
	on  bool   // the customer asked for it; without it AWS encrypts as well, and does not say so
	key string // ARN of the customer's key; "" is one that AWS owns
}

// waiting is one record that is not delivered yet. The store has it.
type waiting struct {
	id       string
	at       time.Time
	size     int
	material string // "" under the key that AWS owns
}

func (l *Lab) deliveryARN(region, name string) string {
	return arnOf("firehose", region, l.account.ID, "deliverystream/"+name)
}

func (l *Lab) deliveryData(d *delivery) *Resource {
	return l.index.regions[d.region].delivery.by[d.name]
}

// deliveryDescription is a delivery stream as DeliveryStreamDescription.
func (l *Lab) deliveryDescription(d *delivery) map[string]any {
	return filled(l.deliveryData(d).Output, map[string]any{
		"DeliveryStreamARN": d.arn, "DeliveryStreamStatus": "ACTIVE", "DeliveryStreamType": "DirectPut", "VersionId": "1",
		"CreateTimestamp": created(), "LastUpdateTimestamp": created(), "HasMoreDestinations": false,
	})
}

// describeDelivery changes members of a delivery stream's description.
func (l *Lab) describeDelivery(d *delivery, members map[string]any) {
	old := l.deliveryData(d)
	if old == nil {
		return
	}
	r := *old
	r.Output = maps.Clone(old.Output)
	maps.Copy(r.Output, members)
	l.index.regions[d.region].delivery.add(d.name, &r)
}

// findDelivery is the state of a delivery stream, nil when there is none.
func (l *Lab) findDelivery(region, name string) *delivery {
	arn := l.deliveryARN(region, name)
	if d := l.firehose.streams[arn]; d != nil {
		l.settleDelivery(d)
		return l.firehose.streams[arn]
	}
	if p := l.index.regions[region]; p == nil || p.delivery.by[name] == nil {
		return nil
	}
	return l.enterDelivery(region, name)
}

func (l *Lab) enterDelivery(region, name string) *delivery {
	d := &delivery{region: region, name: name, arn: l.deliveryARN(region, name), known: map[string]*material{}, reading: map[string]int64{}}
	config, _ := l.deliveryDescription(d)["DeliveryStreamEncryptionConfiguration"].(map[string]any)
	d.sse = sseOf(config)
	l.firehose.streams[d.arn] = d
	return d
}

// sseOf is the encryption that a described status means: what is being enabled
// is not yet, what is being disabled still is, and a failed change leaves what
// was (Firehose API, StartDeliveryStreamEncryption).
func sseOf(config map[string]any) sse {
	on := text(config, "KeyType") != ""
	switch text(config, "Status") {
	case "ENABLED", "DISABLING", "DISABLING_FAILED":
		on = true
	case "ENABLING", "DISABLED", "":
		on = false
	}
	if !on {
		return sse{}
	}
	return sse{on: true, key: text(config, "KeyARN")}
}

func (l *Lab) settleDelivery(d *delivery) {
	for now := l.now(); len(d.pending) > 0 && !d.pending[0].at.After(now); {
		do := d.pending[0].do
		d.pending = d.pending[1:]
		do()
	}
}

func (d *delivery) later(now time.Time, after time.Duration, do func()) {
	d.pending = planned(d.pending, step{now.Add(after), do})
}

func onDelivery(output func(*Lab, *wire.Request, *delivery) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		d, a := l.namedDelivery(q)
		if a.failure == nil {
			a.output, a.failure = output(l, q, d)
		}
		return a
	}
}

func changingDelivery(change func(*Lab, *wire.Request, *delivery) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		d, a := l.namedDelivery(q)
		a.mutates = true
		if a.failure == nil {
			a.failure = l.barred(q, a.errors, a.resource)
		}
		if a.failure == nil {
			a.output, a.failure = change(l, q, d)
		}
		return a
	}
}

func (l *Lab) namedDelivery(q *wire.Request) (d *delivery, a answer) {
	name := q.String("DeliveryStreamName")
	a.resource = l.deliveryARN(q.Region, name)
	var w wrongs
	w.name("deliveryStreamName", name, 64)
	if a.failure = w.failure(); a.failure != nil {
		return nil, a
	}
	if d = l.findDelivery(q.Region, name); d == nil {
		a.failure = l.missing(q, a.resource)
		return nil, a
	}
	a.errors = l.deliveryData(d).Errors
	return d, a
}

func listDeliveryStreams(l *Lab, q *wire.Request) answer {
	for _, arn := range slices.Sorted(maps.Keys(l.firehose.streams)) {
		l.settleDelivery(l.firehose.streams[arn])
	}
	streams := l.index.regions[q.Region].delivery
	names := after(streams.names, q.String("ExclusiveStartDeliveryStreamName"))
	if kind := q.String("DeliveryStreamType"); kind != "" {
		var of []string
		for _, name := range names {
			if firstOf(text(streams.by[name].Output, "DeliveryStreamType"), "DirectPut") == kind {
				of = append(of, name)
			}
		}
		names = of
	}
	first, end, next, failure := l.page(q, listing{size: "Limit", usual: 10, most: 10000}, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	return answer{output: map[string]any{"DeliveryStreamNames": append([]string{}, names[first:end]...), "HasMoreDeliveryStreams": next != ""}}
}

func describeDeliveryStream(l *Lab, _ *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	return map[string]any{"DeliveryStreamDescription": l.deliveryDescription(d)}, nil
}
