package lab

import (
	"crypto/rsa"
	"maps"
	"slices"
	"time"
)

// trailState is what CloudTrail keeps in memory beside the events.
type trailState struct {
	forgotten  int                       // events that are too many to be kept
	deliveries map[string]*trailDelivery // by trail ARN and region
	signers    map[string][]*digestKey   // by region, oldest first
	touched    map[string]bool           // trails, by ARN, that a call has changed
	looked     time.Time                 // when deliveries were last made
}

// trailDelivery is what is on its way from one region to one trail's bucket.
type trailDelivery struct {
	next   int       // number of the first event that was not looked at
	held   []event   // that wait for the next log file
	since  time.Time // start of the current digest's time
	files  []logFile // delivered since then
	before *digestFile
}

// logFile is a log file as a digest lists it.
type logFile struct {
	S3Bucket        string `json:"s3Bucket"`
	S3Object        string `json:"s3Object"`
	HashValue       string `json:"hashValue"`
	HashAlgorithm   string `json:"hashAlgorithm"`
	NewestEventTime string `json:"newestEventTime"`
	OldestEventTime string `json:"oldestEventTime"`
}

// digestKey is a key pair that signs a region's digests.
type digestKey struct {
	private     *rsa.PrivateKey
	fingerprint string
	from, until time.Time
}

func (l *Lab) cloudTrail() *trailState {
	if l.trails == nil {
		l.trails = &trailState{deliveries: map[string]*trailDelivery{}, signers: map[string][]*digestKey{}, touched: map[string]bool{}}
	}
	return l.trails
}

// eventNumber is the number that the next event will have.
func (l *Lab) eventNumber() int { return l.cloudTrail().forgotten + len(l.events) }

// eventsFrom are the kept events from a number on.
func (l *Lab) eventsFrom(n int) []event {
	return l.events[min(max(0, n-l.cloudTrail().forgotten), len(l.events)):]
}

// trailDelivery is that of a trail in a region, which gets the events from its
// beginning on.
func (l *Lab) trailDelivery(arn, region string, now time.Time) *trailDelivery {
	s, key := l.cloudTrail(), arn+" "+region
	if s.deliveries[key] == nil {
		s.deliveries[key] = &trailDelivery{since: now, next: l.eventNumber()}
	}
	return s.deliveries[key]
}

// regionsOf are the regions whose events a trail gets.
func (l *Lab) regionsOf(t *homed) []string {
	if multi, _ := t.Output["IsMultiRegionTrail"].(bool); !multi {
		return []string{t.home}
	}
	return slices.Sorted(maps.Keys(l.index.regions))
}

// changeTrail changes a copy of a trail, which takes its place.
func (l *Lab) changeTrail(t *homed, change func(*Trail)) *homed {
	c := *t.Trail
	c.Output, c.Status = maps.Clone(c.Output), maps.Clone(c.Status)
	if c.Status == nil {
		c.Status = map[string]any{}
	}
	change(&c)
	h := &homed{&c, t.home}
	if i := slices.Index(l.index.trails, t); i >= 0 {
		l.index.trails[i] = h
	}
	return h
}

func isLogging(t *homed) bool { on, _ := t.Status["IsLogging"].(bool); return on }
func validates(t *homed) bool { on, _ := t.Output["LogFileValidationEnabled"].(bool); return on }
