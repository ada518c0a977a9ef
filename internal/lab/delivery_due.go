package lab

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const (
	// deliveryLife is how long Firehose tries: "Firehose waits up to 24 hours
	// for the problem to be resolved. If the problem persists beyond 24 hours,
	// Firehose discards the data" (Firehose Developer Guide, "Server-side
	// encryption with Direct PUT").
	deliveryLife  = 24 * time.Hour
	deliveryRetry = 5 * time.Minute
)

// deliverRecords is what Firehose does by itself: it delivers what it has
// buffered long enough, and tries again what failed.
func deliverRecords(l *Lab, now time.Time) {
	for _, arn := range slices.Sorted(maps.Keys(l.firehose.streams)) {
		d := l.firehose.streams[arn]
		l.settleDelivery(d)
		if d.producing != nil && !now.Before(d.producing.until) {
			clear(d.producing.plain)
			d.producing = nil
		}
		if r := l.deliveryData(d); r == nil || !d.tried.IsZero() && now.Sub(d.tried) < deliveryRetry {
			continue
		}
		l.deliverDirect(d, now)
		l.deliverSource(d, now)
	}
}

// destination is the delivery stream's one, with its buffering.
func (l *Lab) destination(d *delivery) (destination map[string]any, targets []map[string]any, interval time.Duration, size int) {
	list, _ := l.deliveryDescription(d)["Destinations"].([]any)
	if len(list) > 0 {
		destination, _ = list[0].(map[string]any)
	}
	targets, interval, size = s3Targets(destination), usualInterval*time.Second, usualSize<<20
	if len(targets) > 0 {
		if hints, ok := targets[0]["BufferingHints"].(map[string]any); ok {
			interval, size = time.Duration(whole(hints["IntervalInSeconds"]))*time.Second, whole(hints["SizeInMBs"])<<20
		}
	}
	return destination, targets, interval, size
}

// deliverDirect delivers the records that producers put.
func (l *Lab) deliverDirect(d *delivery, now time.Time) {
	if len(d.waiting) == 0 {
		return
	}
	_, targets, interval, size := l.destination(d)
	buffered := 0
	for _, r := range d.waiting {
		buffered += r.size
	}
	if now.Sub(d.waiting[0].at) < interval && buffered < size {
		return
	}
	var body []byte
	var opened []*waiting
	d.tried = time.Time{}
	refused := map[string]*wire.Failure{} // by data key, which KMS is asked for once an attempt
	for _, r := range slices.Clone(d.waiting) {
		failure := refused[r.material]
		var data []byte
		if failure == nil {
			data, failure = l.openWaiting(d, r)
		}
		if failure == nil {
			body, opened = append(body, data...), append(opened, r)
			continue
		}
		if failure.Status < 500 && refused[r.material] == nil {
			refused[r.material] = failure
			l.countFailure(d, failure)
		}
		d.tried = now
		if now.Sub(r.at) >= deliveryLife || failure.Status >= 500 {
			l.drop(d, r) // out of time, or damaged at rest
		}
	}
	d.forgetOpened()
	if len(opened) == 0 {
		return
	}
	if failure := l.writeTargets(d, targets, body, len(opened), now); failure != nil {
		d.tried = now
		opened = slices.DeleteFunc(opened, func(r *waiting) bool { return now.Sub(r.at) < deliveryLife })
	}
	for _, r := range opened {
		l.drop(d, r)
	}
}

func (l *Lab) countFailure(d *delivery, f *wire.Failure) {
	if metric := keyMetric(f); metric != "" {
		l.countDelivery(d, metric, 1)
	}
}

// openWaiting decrypts one record of the interim storage. KMS is asked once for
// each data key and attempt.
func (l *Lab) openWaiting(d *delivery, r *waiting) ([]byte, *wire.Failure) {
	key := l.firehose.owned
	if r.material != "" {
		m := d.known[r.material]
		if m.plain == nil {
			place := d.place("material/" + r.material)
			b, _ := l.store.get(place)
			body, ok := openRecord(nil, place, b)
			if !ok {
				return nil, damaged()
			}
			arn, wrapped, _ := strings.Cut(string(body), " ")
			plain, _, failure := l.unwrap(d.use(arn), []byte(wrapped))
			if failure != nil {
				return nil, failure
			}
			m.plain = plain
		}
		key = m.plain
	}
	place := d.place("records/" + r.id)
	b, _ := l.store.get(place)
	data, ok := openRecord(key, place, b)
	if !ok {
		return nil, damaged()
	}
	return data, nil
}

func (d *delivery) forgetOpened() {
	for _, m := range d.known {
		clear(m.plain)
		m.plain = nil
	}
}

// drop takes a record out of the interim storage, delivered or discarded, and
// the data key that no record needs any more.
func (l *Lab) drop(d *delivery, r *waiting) {
	l.store.delete(d.place("records/" + r.id))
	d.waiting = slices.DeleteFunc(d.waiting, func(w *waiting) bool { return w == r })
	m := d.known[r.material]
	if m == nil {
		return
	}
	if m.users--; m.users <= 0 && (d.producing == nil || d.producing.id != m.id) {
		delete(d.known, m.id)
		l.store.delete(d.place("material/" + m.id))
	}
}
