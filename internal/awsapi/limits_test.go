package awsapi

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pace starts at half the quota, rises to it while AWS is calm, and never
// exceeds it.
func TestPaceRisesToTheQuota(t *testing.T) {
	p := newLimits(map[string]float64{"kinesis:DescribeStreamSummary": 20}).pace("us-east-1", "kinesis:DescribeStreamSummary", "")
	now := time.Unix(1_800_000_000, 0)
	start, n := now, 0
	var grants []time.Time
	for ; n < 300; n++ {
		now = p.reserve(now)
		grants = append(grants, now)
	}
	floor := 300.0 / 20
	if took := now.Sub(start).Seconds(); took < floor || took > 1.3*floor {
		t.Errorf("300 calls at 20 a second took %.1f s, the floor is %.1f s", took, floor)
	}
	for i := range grants {
		if i >= 21 && grants[i].Sub(grants[i-21]) < time.Second {
			t.Fatalf("more than 20 calls in the second before call %d", i)
		}
	}
	if first := grants[5].Sub(grants[0]).Seconds(); first < 0.45 {
		t.Errorf("the first five calls took %.2f s: not at half the quota", first)
	}
}

// A crowd of callers is paced by the rate as it rises, not by that of the
// moment in which they came.
func TestACrowdRisesToTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(5, 2.5)
		start := time.Now()
		var crowd sync.WaitGroup
		for range 100 {
			crowd.Go(func() {
				if err := p.wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		crowd.Wait()
		floor := 100.0 / 5
		if took := time.Since(start).Seconds(); took < 0.9*floor || took > 1.1*floor {
			t.Errorf("100 calls at 5 a second took %.1f s, the floor is %.1f s", took, floor)
		}
	})
}

func TestAThrottleSlowsOnceAndThePaceRecovers(t *testing.T) {
	p := newPace(10, 9.8)
	now := time.Unix(1_800_000_000, 0)
	for range 20 {
		p.throttled(now) // one burst
	}
	if p.rate < 6 || p.rate > 7 {
		t.Errorf("after one burst the rate is %v", p.rate)
	}
	p.throttled(now.Add(time.Second))
	if p.rate > 5 {
		t.Errorf("a later throttle leaves the rate at %v", p.rate)
	}
	for range 100 {
		now = p.reserve(now)
	}
	if p.rate != 10*ceiling {
		t.Errorf("after a calm while the rate is %v", p.rate)
	}
}

// An unpublished quota costs nothing until AWS throttles.
func TestAnUnpublishedQuotaIsLearnt(t *testing.T) {
	p := newLimits(nil).pace("us-east-1", "s3:GetBucketPolicy", "")
	now := time.Unix(1_800_000_000, 0)
	for range 1000 {
		if at := p.reserve(now); at != now {
			t.Fatal("waits without a quota")
		}
	}
	now = now.Add(900 * time.Millisecond)
	p.throttled(now)
	if p.rate < 100 || p.rate > 1200 {
		t.Errorf("after a throttle at about 1,000 a second the rate is %v", p.rate)
	}
}

// What AWS counts for each shard is paced for each shard; other operations have
// one pace.
func TestShardsArePacedForThemselves(t *testing.T) {
	l := newLimits(nil)
	one := l.pace("us-east-1", "kinesis:GetRecords", "orders/shardId-000000000000")
	if one.quota != 5 || one == l.pace("us-east-1", "kinesis:GetRecords", "orders/shardId-000000000001") || one != l.pace("us-east-1", "kinesis:GetRecords", "orders/shardId-000000000000") {
		t.Errorf("quota %v, or two shards share a pace", one.quota)
	}
}
