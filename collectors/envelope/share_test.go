package envelope

import (
	"math"
	"testing"
)

// Values of the paper's and later tables (R: binom.test(k, n)$conf.int).
func TestShareBounds(t *testing.T) {
	for _, tc := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 50, 0, 0.0711217},
		{50, 50, 0.9288783, 1},
		{1, 50, 0.0005062, 0.1064696},
		{5, 50, 0.0332751, 0.2181354},
		{25, 50, 0.3552735, 0.6447265},
		{1, 1, 0.025, 1},
		{10, 10000, 0.0004796, 0.0018383},
	} {
		low, high := shareBounds(tc.k, tc.n)
		if math.Abs(low-tc.low) > 2e-6 || math.Abs(high-tc.high) > 2e-6 {
			t.Errorf("%d of %d: %.7f to %.7f, want %.7f to %.7f", tc.k, tc.n, low, high, tc.low, tc.high)
		}
	}
}

// The bounds are what they are defined as: at the lower one, k or more are as
// unlikely as 2.5 %, at the upper one k or fewer.
func TestShareBoundsAreExact(t *testing.T) {
	for n := 1; n <= 60; n += 7 {
		for k := range n + 1 {
			low, high := shareBounds(k, n)
			if k > 0 {
				if p := tail(k, n, low); p > 0.025+1e-9 || p < 0.0249 {
					t.Errorf("%d of %d: at least so many have the probability %.5f at %.6f", k, n, p, low)
				}
			}
			if k < n {
				if p := 1 - tail(k+1, n, high); p > 0.025+1e-9 || p < 0.0249 {
					t.Errorf("%d of %d: at most so many have the probability %.5f at %.6f", k, n, p, high)
				}
			}
			if share := float64(k) / float64(n); low > share || high < share {
				t.Errorf("%d of %d is not between %f and %f", k, n, low, high)
			}
		}
	}
}

// tail is the probability of k or more of n.
func tail(k, n int, p float64) (sum float64) {
	for i := k; i <= n; i++ {
		all, _ := math.Lgamma(float64(n + 1))
		these, _ := math.Lgamma(float64(i + 1))
		others, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - these - others + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

func TestShareOfAllThereIsIsExact(t *testing.T) {
	s := Sample{Population: 8, Complete: true, Sampled: 8}
	if s.share(2); s.Share != 0.25 || s.ShareLow != 0.25 || s.ShareHigh != 0.25 {
		t.Errorf("%+v", s)
	}
	s.Complete = false // there may be more
	if s.share(2); s.ShareLow >= 0.25 || s.ShareHigh <= 0.25 {
		t.Errorf("%+v", s)
	}
}
