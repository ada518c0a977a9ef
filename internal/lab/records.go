package lab

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// seedRecords puts the records that the account's data lists, through the code
// that PutRecord runs, each at its time. Then what the streams do by themselves
// has happened to them: what is out of retention is gone, what was buffered long
// enough is delivered.
func (l *Lab) seedRecords() error {
	for _, region := range slices.Sorted(maps.Keys(l.index.regions)) {
		p := l.index.regions[region]
		for _, name := range p.streams.names {
			if err := l.seedStream(region, name, p.streams.by[name].Records); err != nil {
				return fmt.Errorf("stream %s: %w", name, err)
			}
		}
		for _, name := range p.delivery.names {
			if err := l.seedDelivery(region, name, p.delivery.by[name].Records); err != nil {
				return fmt.Errorf("delivery stream %s: %w", name, err)
			}
		}
	}
	for _, region := range slices.Sorted(maps.Keys(l.index.regions)) {
		for _, name := range l.index.regions[region].delivery.names {
			if text(l.index.regions[region].delivery.by[name].Output, "DeliveryStreamType") == "KinesisStreamAsSource" {
				l.readSource(l.findDelivery(region, name))
			}
		}
	}
	slices.SortStableFunc(l.events, func(a, b event) int { return a.Time.Compare(b.Time) })
	deliverRecords(l, l.now())
	keepStreams(l, l.now())
	return nil
}

// dated are records in the order in which they were put.
func (l *Lab) dated(records []Record) []Record {
	now := l.now()
	list := slices.Clone(records)
	for i := range list {
		if list[i].At = at(list[i].At, now); list[i].At.(time.Time).IsZero() {
			list[i].At = now
		}
	}
	slices.SortStableFunc(list, func(a, b Record) int { return cmp.Compare(a.At.(time.Time).UnixNano(), b.At.(time.Time).UnixNano()) })
	return list
}

func (l *Lab) seedStream(region, name string, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	s := l.findStream(region, name)
	put := func() error {
		for _, r := range l.dated(records) {
			if err := l.since(r.At.(time.Time), func() error { return l.seedRecord(s, r) }); err != nil {
				return err
			}
		}
		return nil
	}
	if s.key == "" {
		return put()
	}
	return l.asBefore(region, s.key, put)
}

// seedRecord puts one record into a stream, now.
func (l *Lab) seedRecord(s *stream, r Record) error {
	data, err := l.payload(s.region, r)
	if err != nil {
		return err
	}
	if r.PartitionKey == "" {
		return errors.New("a record has no PartitionKey; give it one")
	}
	if r.Plaintext {
		key := s.key
		s.key = ""
		defer func() { s.key = key }()
	}
	p := produce{key: r.PartitionKey, hash: hashOf(r.PartitionKey), data: data}
	if failure := l.acceptable(s, p); failure != nil {
		return failure
	}
	sh, _, failure := l.keep(s, p)
	if failure != nil {
		return failure
	}
	if r.Tampered && r.Client == nil {
		l.damage(s.recordPlace(sh, sh.records[len(sh.records)-1]))
	}
	return nil
}

// damage flips the last bit of what is stored.
func (l *Lab) damage(place string) {
	b, _ := l.store.get(place)
	l.Flip(place, 8*len(b)-8)
}

func (l *Lab) seedDelivery(region, name string, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	d := l.findDelivery(region, name)
	put := func() error {
		for _, r := range l.dated(records) {
			if err := l.since(r.At.(time.Time), func() error { return l.seedDelivered(d, r) }); err != nil {
				return err
			}
		}
		return nil
	}
	if d.sse.key == "" {
		return put()
	}
	return l.asBefore(region, d.sse.key, put)
}

func (l *Lab) seedDelivered(d *delivery, r Record) error {
	data, err := l.payload(d.region, r)
	if err != nil {
		return err
	}
	if r.Plaintext {
		with := d.sse
		d.sse = sse{}
		defer func() { d.sse = with }()
	}
	id, failure := l.accept(d, data)
	if failure != nil {
		return failure
	}
	l.countIncoming(d, 1, len(data))
	if r.Tampered && r.Client == nil {
		l.damage(d.place("records/" + id))
	}
	return nil
}

// checkRecords finds records that can't be put: where nobody puts records, and
// into a stream without a partition key.
func checkRecords(region, service string, r Resource) error {
	for i, record := range r.Records {
		where := fmt.Sprintf("%s/%s.yaml: record %d", region, service, i+1)
		switch {
		case service != "kinesis" && service != "firehose":
			return fmt.Errorf("%s: only streams and delivery streams have Records", where)
		case service == "kinesis" && record.PartitionKey == "":
			return fmt.Errorf("%s: it has no PartitionKey; give it one", where)
		}
	}
	return nil
}

// settleRecords settles the times of records.
func settleRecords(where string, records []Record) (err error) {
	for i := range records {
		if records[i].At, err = value(records[i].At, place(where+".Records", i)+".At"); err != nil {
			return err
		}
		if s, text := records[i].At.(string); text {
			return fmt.Errorf("%s.At: %q is no time; write now-2h or a date", place(where+".Records", i), s)
		}
	}
	return nil
}
