package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// buckets is an account with n buckets, each with a policy.
func buckets(n int) *lab.Account {
	region := &lab.Region{}
	for i := range n {
		name := fmt.Sprintf("bucket-%05d", i)
		region.S3.Buckets = append(region.S3.Buckets, lab.Bucket{Name: name, CreationDate: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
			Policy:     `{"Version":"2012-10-17","Statement":[{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::` + name + `","arn:aws:s3:::` + name + `/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`,
			Versioning: map[string]any{"Status": "Enabled"}})
	}
	return &lab.Account{ID: "111122223333", Caller: "arn:aws:sts::111122223333:assumed-role/audit/test", Regions: map[string]*lab.Region{"eu-west-1": region}}
}

// BenchmarkCollect1000Buckets reads 1,000 buckets of an endpoint whose every
// answer takes 30 ms, into a sealed bundle.
func BenchmarkCollect1000Buckets(b *testing.B) {
	account := buckets(1000)
	for b.Loop() {
		l := lab.New(account, lab.Latency(30*time.Millisecond))
		url, stop, err := l.Start()
		if err != nil {
			b.Fatal(err)
		}
		peak := watchHeap()
		m := audit{account: account, rates: map[string]float64{}, timeout: time.Minute}.read(b, url, filepath.Join(b.TempDir(), "evidence.zip"))
		b.ReportMetric(peak(), "peak-heap-MB")
		b.ReportMetric(float64(len(l.Calls())), "calls")
		for _, line := range m.Coverage {
			if line.Type == "AWS::S3::Bucket" && line.Read != 1000 {
				b.Fatalf("%d buckets read: %+v", line.Read, line)
			}
		}
		stop()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/scan")
}

// watchHeap samples the live heap until the returned function is called, which
// says the highest in megabytes. The endpoint's own memory is part of it.
func watchHeap() func() float64 {
	var highest atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			highest.Store(max(highest.Load(), m.HeapInuse))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(done)
		<-ended
		return float64(highest.Load()) / 1e6
	}
}
