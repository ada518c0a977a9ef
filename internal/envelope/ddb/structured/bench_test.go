//go:build unix

package structured_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
)

// BenchmarkItems verifies, opens and seals items of 16 attributes, 14 of them
// encrypted, under a branch key: items in a second of one core. Beside signed
// ones stands what their one verification over P-384 alone allows.
func BenchmarkItems(b *testing.B) {
	ctx, k := context.Background(), branchKey(b)
	for _, kind := range []struct{ name, config string }{
		{"HMAC", "all unsigned"}, {"HMAC, 2 attributes unsigned", "mixed 2 unsigned"}, {"signed", "all"},
	} {
		c := configs()[kind.config]
		sealed := seal(b, sample(), c, k)
		all := map[string]func() error{
			"verify": func() error { _, err := structured.Verify(ctx, sealed, k, c); return err },
			"open":   func() error { _, err := structured.Open(ctx, sealed, k, c); return err },
			"seal": func() error {
				_, err := structured.Seal(ctx, sample(), []envelope.Keyring{k}, c)
				return err
			},
		}
		if kind.name == "signed" {
			all["P-384-alone"] = verification(b)
		}
		b.Run(kind.name, func(b *testing.B) {
			for name, t := range turns(b, all) {
				b.ReportMetric(1/t, name+"-items/s")
			}
			b.ReportMetric(0, "ns/op") // of all together: nobody's
		})
	}
}

// verification is one verification over P-384.
func verification(b *testing.B) func() error {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	sum := make([]byte, 48)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum)
	if err != nil {
		b.Fatal(err)
	}
	return func() error {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum, signature) {
			return errors.New("not verified")
		}
		return nil
	}
}

// turns lets all take turns on one core, and gives the median of each one's
// CPU time in s: what else the machine does then changes all or none. Work is
// repeated within a turn, as CPU time is counted in microseconds.
func turns(b *testing.B, all map[string]func() error) map[string]float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const repeat = 20
	took := map[string][]float64{}
	for b.Loop() {
		for name, do := range all {
			before := cpu()
			for range repeat {
				if err := do(); err != nil {
					b.Fatal(name, err)
				}
			}
			took[name] = append(took[name], (cpu()-before).Seconds()/repeat)
		}
	}
	median := map[string]float64{}
	for name, times := range took {
		slices.Sort(times)
		median[name] = max(times[len(times)/2], 1e-9)
	}
	return median
}

// cpu is the CPU time of this process, its garbage collector included.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // never fails
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
