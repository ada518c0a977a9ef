package lab

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// CloudTrail delivers log files within about five minutes of a call, and a
// digest every hour (CloudTrail User Guide, "How CloudTrail works" and
// "Validating CloudTrail log file integrity").
const (
	logsEvery    = 5 * time.Minute
	digestsEvery = time.Hour
	trailService = "cloudtrail.amazonaws.com"
)

// deliverTrails delivers what is due.
func deliverTrails(l *Lab, now time.Time) {
	s := l.cloudTrail()
	if s.looked.IsZero() {
		s.looked = now
		slices.SortStableFunc(l.events, func(a, b event) int { return a.Time.Compare(b.Time) }) // what was written at start was written at its time
		for _, t := range l.index.trails {
			for _, region := range l.regionsOf(t) {
				l.trailDelivery(text(l.trail(t), "TrailARN"), region, now)
			}
		}
	}
	if now.Sub(s.looked) < logsEvery {
		return
	}
	s.looked = now
	for i := range l.index.trails {
		if t := l.index.trails[i]; isLogging(t) && !l.isForeign(text(l.trail(t), "TrailARN")) {
			l.deliver(t, now, false)
		}
	}
}

// lastDelivery delivers what is left when logging ends, with a last digest.
func (l *Lab) lastDelivery(t *homed) *homed { return l.deliver(t, l.now(), true) }

// deliver delivers a trail's logs, and the digests whose hour is over or that
// are the last.
func (l *Lab) deliver(t *homed, now time.Time, ending bool) *homed {
	arn := text(l.trail(t), "TrailARN")
	if text(t.Status, "LatestDeliveryError") != "" && !l.cloudTrail().touched[arn] {
		return t // its data says that its bucket refuses it
	}
	for _, region := range l.regionsOf(t) {
		d := l.trailDelivery(arn, region, now)
		if failure, some := l.deliverLog(t, d, region, now); some {
			t = l.delivered(t, "Delivery", failure, now)
			if failure != nil {
				continue
			}
		}
		switch {
		case !validates(t):
			d.files = nil
		case ending || now.Sub(d.since) >= digestsEvery:
			t = l.delivered(t, "DigestDelivery", l.deliverDigest(t, d, region, now), now)
		}
	}
	return t
}

// delivered notes in a trail's status how a delivery ended.
func (l *Lab) delivered(t *homed, what string, failure *wire.Failure, now time.Time) *homed {
	return l.changeTrail(t, func(c *Trail) {
		if failure != nil {
			c.Status["Latest"+what+"Error"] = failure.Code
			return
		}
		c.Status["Latest"+what+"Time"] = now
		delete(c.Status, "Latest"+what+"Error")
	})
}

// deliverLog delivers one log file with a region's events that the trail takes
// and did not get yet; false is none. What CloudTrail's own deliveries caused
// waits for other events. A failed delivery is tried again.
func (l *Lab) deliverLog(t *homed, d *trailDelivery, region string, now time.Time) (*wire.Failure, bool) {
	others := false
	for _, e := range l.eventsFrom(d.next) {
		if e.Region == region && t.takes(e) {
			d.held = append(d.held, e)
		}
	}
	d.next = l.eventNumber()
	var oldest, newest time.Time
	for i, e := range d.held {
		others = others || e.InvokedBy != trailService
		if i == 0 || e.Time.Before(oldest) {
			oldest = e.Time
		}
		if e.Time.After(newest) {
			newest = e.Time
		}
	}
	if !others {
		return nil, false
	}
	records := make([]any, len(d.held))
	for i, e := range d.held {
		records[i] = l.record(e)
	}
	body, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		return refuse(500, "InternalError", "The records have no JSON."), true
	}
	unique := strings.ToUpper(hex.EncodeToString(sum256([]byte(text(t.Output, "Name") + d.held[0].ID))[:8]))
	key := l.logPrefix(t) + "CloudTrail/" + region + now.UTC().Format("/2006/01/02/") + l.account.ID + "_CloudTrail_" + region + "_" +
		now.UTC().Format("20060102T1504Z") + "_" + unique + ".json.gz"
	if failure := l.uploadFile(t, key, body, nil); failure != nil {
		return failure, true
	}
	d.held = nil
	d.files = append(d.files, logFile{text(t.Output, "S3BucketName"), key, hex.EncodeToString(sum256(body)), "SHA-256", stamp(newest), stamp(oldest)})
	return nil, true
}

func sum256(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// logPrefix is the beginning of the keys of a trail's files.
func (l *Lab) logPrefix(t *homed) string {
	prefix := text(t.Output, "S3KeyPrefix")
	if prefix != "" {
		prefix += "/"
	}
	return prefix + "AWSLogs/" + l.account.ID + "/"
}

// uploadFile compresses a file and puts it into a trail's bucket, under the
// trail's key.
func (l *Lab) uploadFile(t *homed, key string, body []byte, metadata map[string]string) *wire.Failure {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // a buffer takes all
	_ = w.Close()
	u := upload{bucket: text(t.Output, "S3BucketName"), key: key, body: b.Bytes(), metadata: metadata, by: trailService}
	if id := text(t.Output, "KmsKeyId"); id != "" {
		u.algorithm, u.kmsKey = "aws:kms", l.keyName(t.home, id)
		u.context = map[string]string{"aws:cloudtrail:arn": text(l.trail(t), "TrailARN")}
	}
	before := len(l.events)
	failure := l.upload(u)
	for i := min(before, len(l.events)); i < len(l.events); i++ { // S3 asks KMS in CloudTrail's name
		if l.events[i].Source == "kms.amazonaws.com" {
			l.events[i].InvokedBy = trailService
		}
	}
	return failure
}
