package envelope

import "math"

// alpha is the chance that a share lies outside of its bounds.
const alpha = 0.05

// share fills in the share of k things of a sample. Where everything there is
// was sampled, it is exact.
func (s *Sample) share(k int) {
	s.Share = math.Round(float64(k)/float64(s.Sampled)*1e6) / 1e6
	s.ShareLow, s.ShareHigh = shareBounds(k, s.Sampled)
	if s.Complete && s.Sampled >= s.Population {
		s.ShareLow, s.ShareHigh = s.Share, s.Share
	}
}

// shareBounds are the exact bounds, at 95 %, of the share in a population of
// which n were picked at random and k are of a kind (Clopper and Pearson, "The
// use of confidence or fiducial limits", Biometrika 26, 1934). A sample
// without replacement is at least as sure. They are rounded outwards to six
// digits, so that they are the same on every machine.
func shareBounds(k, n int) (low, high float64) {
	low, high = 0, 1
	if k > 0 {
		low = betaQuantile(alpha/2, float64(k), float64(n-k+1))
	}
	if k < n {
		high = betaQuantile(1-alpha/2, float64(k+1), float64(n-k))
	}
	return math.Floor(low*1e6) / 1e6, math.Ceil(high*1e6) / 1e6
}

// betaQuantile is where the distribution function of the beta distribution has
// the value p, by bisection.
func betaQuantile(p, a, b float64) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		middle := (low + high) / 2
		if betaCDF(middle, a, b) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// betaCDF is the regularised incomplete beta function I_x(a,b) (NIST Digital
// Library of Mathematical Functions, 8.17).
func betaCDF(x, a, b float64) float64 {
	if x <= 0 || x >= 1 {
		return math.Min(math.Max(x, 0), 1)
	}
	if x > (a+1)/(a+b+2) { // where the fraction converges slowly
		return 1 - betaCDF(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	return front / a * betaFraction(x, a, b)
}

// betaFraction is the continued fraction of DLMF 8.17.22, from the front
// (Lentz's method).
func betaFraction(x, a, b float64) float64 {
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for i := range 400 {
		m := float64(i / 2)
		var step float64
		switch {
		case i == 0:
			step = 1
		case i%2 == 0:
			step = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			step = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		if d = 1 + step*d; math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		if c = 1 + step/c; math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if math.Abs(1-c*d) < 1e-13 {
			break
		}
	}
	return f - 1
}
