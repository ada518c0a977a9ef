package awsapi

import (
	"context"
	"math"
	"sync"
	"time"
)

// documented are requests a second, per account and region, that AWS
// documents for an operation (SDK documentation of each operation; Service
// Quotas for Firehose; KMS developer guide, request quotas).
func documented() map[string]float64 {
	return map[string]float64{
		"kinesis:ListStreams":             5,
		"kinesis:DescribeStreamSummary":   20,
		"kinesis:ListShards":              1000,
		"kinesis:GetShardIterator":        5, // of a shard, see OfShard
		"kinesis:GetRecords":              5, // of a shard
		"firehose:ListDeliveryStreams":    5,
		"firehose:DescribeDeliveryStream": 5,
		"dynamodb:ListTables":             10,
		"kms:DescribeKey":                 2000,
		"kms:GetKeyPolicy":                1000,
		"kms:GetKeyRotationStatus":        1000,
		"kms:ListAliases":                 500,
		"kms:ListKeys":                    500,
		"kms:ListGrants":                  100,
		"kms:DescribeCustomKeyStores":     5,
		"cloudwatch:GetMetricData":        50,
		"cloudwatch:DescribeAlarms":       9,
		"cloudtrail:DescribeTrails":       10,
		"cloudtrail:GetTrailStatus":       10,
		"cloudtrail:GetEventSelectors":    10,
		"cloudtrail:LookupEvents":         2,
		"tagging:GetResources":            15,
	}
}

const (
	ceiling   = 0.98                   // of the documented rate: pacing jitters, quotas don't
	calm      = 500 * time.Millisecond // without a throttle before the rate may rise
	cooldown  = 300 * time.Millisecond // throttles of one burst count once
	slowest   = 0.2                    // requests a second, whatever AWS says
	unlimited = 0
)

// shardKey is of a context with the shard that calls under it are on.
type shardKey struct{}

// OfShard returns a context whose calls are on one shard (a name that tells it
// from all others of its region) and paced for themselves, because AWS counts
// them so: "five transactions per second per shard" (Kinesis API, GetRecords).
func OfShard(ctx context.Context, shard string) context.Context {
	return context.WithValue(ctx, shardKey{}, shard)
}

// limits holds one pace for each (region, operation), and shard.
type limits struct {
	rates map[string]float64
	mu    sync.Mutex
	paces map[string]*pace
}

func newLimits(rates map[string]float64) *limits {
	if rates == nil {
		rates = documented()
	}
	return &limits{rates: rates, paces: map[string]*pace{}}
}

func (l *limits) pace(region, operation, shard string) *pace {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := region + " " + operation
	if shard != "" {
		key += " " + shard
	}
	p := l.paces[key]
	if p == nil {
		quota := l.rates[operation]
		// Half the quota, because production shares it, rising while nobody is
		// throttled. Unpublished quotas are unlimited until the first throttle.
		p = newPace(quota, quota/2)
		l.paces[key] = p
	}
	return p
}

// pace spaces requests evenly, adding to the rate while AWS is calm and
// cutting it when AWS throttles.
type pace struct {
	quota float64       // documented, or 0
	turn  chan struct{} // holds one token: whose turn it is to wait

	mu      sync.Mutex
	rate    float64 // requests a second now; 0 is unlimited
	next    time.Time
	changed time.Time
	window  time.Time // start of the second that sent counts
	sent    float64
}

func newPace(quota, rate float64) *pace {
	p := &pace{quota: quota, rate: rate, turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p
}

// wait blocks until the next request may go. Callers wait one after another,
// so that each is paced by the rate of its own moment: a crowd that reserved
// its places at once would go on at the rate of the start.
func (p *pace) wait(ctx context.Context) error {
	if p.free(time.Now()) {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.turn:
		defer func() { p.turn <- struct{}{} }()
	}
	at := p.reserve(time.Now())
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// free says whether there is no rate yet, so that nobody has to wait for a
// turn, and counts the request then.
func (p *pace) free(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate != unlimited {
		return false
	}
	p.count(now)
	return true
}

// count counts a request among those of the second. The caller holds the lock.
func (p *pace) count(now time.Time) {
	if now.Sub(p.window) > time.Second {
		p.window, p.sent = now, 0
	}
	p.sent++
}

func (p *pace) reserve(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(now)
	if p.rate == unlimited {
		return now
	}
	if p.changed.IsZero() {
		p.changed = now
	}
	if now.Sub(p.changed) >= calm {
		p.rise(now)
	}
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.next = at.Add(time.Duration(float64(time.Second) / p.rate))
	return at
}

func (p *pace) rise(now time.Time) {
	p.changed = now
	if p.quota > 0 {
		p.rate = math.Min(p.rate+p.quota/4, p.quota*ceiling)
		return
	}
	p.rate *= 1.5
}

// throttled cuts the rate; a burst of throttles cuts it once.
func (p *pace) throttled(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.changed) < cooldown {
		return
	}
	p.changed = now
	if p.rate == unlimited {
		p.rate = p.sent / math.Max(now.Sub(p.window).Seconds(), 0.2)
	}
	p.rate = math.Max(p.rate*0.7, slowest)
	if soonest := now.Add(time.Duration(float64(time.Second) / p.rate)); p.next.Before(soonest) {
		p.next = soonest
	}
}
