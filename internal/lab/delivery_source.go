package lab

import (
	"strings"
	"time"
)

// sourceStream is the stream of this account that a delivery stream reads.
func (l *Lab) sourceStream(d *delivery) *stream {
	source, _ := l.deliveryDescription(d)["Source"].(map[string]any)
	description, _ := source["KinesisStreamSourceDescription"].(map[string]any)
	arn := text(description, "KinesisStreamARN")
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[4] != l.account.ID {
		return nil
	}
	return l.findStream(parts[3], nameIn(arn, "stream"))
}

// readSource lets a delivery stream read its source from now on (Firehose
// Developer Guide, "Writing to Firehose using Kinesis Data Streams": it starts
// at LATEST).
func (l *Lab) readSource(d *delivery) {
	s := l.sourceStream(d)
	if s == nil {
		return
	}
	d.began = l.now()
	for _, sh := range s.shards {
		d.reading[sh.id] = sh.written + 1
	}
}

// deliverSource delivers what the source has. Firehose keeps nothing of it at
// rest: what it can't deliver stays in the stream, as long as the stream keeps
// it (Firehose Developer Guide, "Server-side encryption with Kinesis Data
// Streams as the data source").
func (l *Lab) deliverSource(d *delivery, now time.Time) {
	s := l.sourceStream(d)
	if s == nil {
		return
	}
	_, targets, interval, size := l.destination(d)
	buffered, oldest := 0, now
	for _, sh := range s.shards {
		for _, e := range sh.from(d.reading[sh.id]) {
			buffered += e.size
			if e.at.Before(oldest) {
				oldest = e.at
			}
		}
	}
	if buffered == 0 || now.Sub(oldest) < interval && buffered < size {
		return
	}
	var body []byte
	records, next := 0, map[string]int64{}
	d.tried = time.Time{}
	for _, sh := range s.shards {
		next[sh.id] = d.reading[sh.id]
		for _, e := range sh.from(d.reading[sh.id]) {
			_, data, failure := l.open(s, sh, e)
			if failure != nil && failure.Status < 500 {
				l.countFailure(d, failure)
				d.tried = now
				break
			}
			if next[sh.id] = e.n + 1; failure == nil { // what was damaged at rest is passed over
				body, records = append(body, data...), records+1
			}
		}
	}
	if records == 0 {
		d.reading = next
		return
	}
	if l.writeTargets(d, targets, body, records, now) != nil {
		d.tried = now
		return
	}
	d.reading = next
	l.countDelivery(d, "DataReadFromKinesisStream.Records", records)
	l.countDelivery(d, "DataReadFromKinesisStream.Bytes", len(body))
}
