//go:build unix

// Package turns compares pieces of work on a machine that others use too, for
// benchmarks of the envelope engine. It measures CPU time, never the clock's,
// and no program imports it: only tests do.
package turns

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Measure lets all take turns on one core as often as b says, and gives the
// median CPU time of a call of each in ns, at least 1: what else the machine
// does then changes all or none. Each turn begins with a call that is not
// counted. Short work is repeated within a turn, for some milliseconds, as CPU
// time is counted in microseconds. An error of any ends the benchmark.
func Measure(b *testing.B, all map[string]func() error) map[string]float64 {
	b.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	took := map[string][]float64{}
	calls := func(name string, n int) time.Duration {
		before := CPU()
		for range n {
			if err := all[name](); err != nil {
				b.Fatal(name, err)
			}
		}
		return CPU() - before
	}
	repeat := map[string]int{}
	for name := range all {
		calls(name, 1)
		repeat[name] = 1 + int(20*time.Millisecond/(calls(name, 5)+1))
	}
	for b.Loop() {
		for name, n := range repeat {
			calls(name, 1)
			took[name] = append(took[name], float64(calls(name, n))/float64(n))
		}
	}
	median := map[string]float64{}
	for name, times := range took {
		slices.Sort(times)
		median[name] = max(times[len(times)/2], 1)
	}
	return median
}

// CPU is the CPU time of this process, its garbage collector included.
func CPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // never fails
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
