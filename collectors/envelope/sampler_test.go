package envelope

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
)

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("year=%d/part-%05d", i%7, i)
	}
	return out
}

func pick(s collectors.Sampling, parent string, from []string) []string {
	sampler := NewSampler[int](s, parent)
	for i, name := range from {
		sampler.Offer(name, "", i)
	}
	var out []string
	for _, p := range sampler.Picked() {
		out = append(out, p.Name)
	}
	return out
}

// The listing's order, and the pages it comes in, make no difference.
func TestSampleDoesNotDependOnTheOrder(t *testing.T) {
	all := names(3000)
	s := collectors.Sampling{Size: 40, Seed: 7}
	want := pick(s, "arn:aws:s3:::b", all)
	if len(want) != 40 || len(slices.Compact(slices.Sorted(slices.Values(want)))) != 40 {
		t.Fatalf("%d names, some of them twice", len(want))
	}
	for range 20 {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := pick(s, "arn:aws:s3:::b", all); !slices.Equal(got, want) {
			t.Fatal("another order gives another sample")
		}
	}
	for other, got := range map[string][]string{
		"seed":   pick(collectors.Sampling{Size: 40, Seed: 8}, "arn:aws:s3:::b", all),
		"parent": pick(s, "arn:aws:s3:::c", all),
	} {
		if slices.Equal(got, want) {
			t.Errorf("another %s gives the same sample", other)
		}
	}
	if got := pick(collectors.Sampling{Size: 10, Seed: 7}, "arn:aws:s3:::b", all); !slices.Equal(got, want[:10]) {
		t.Error("a smaller sample is not the beginning of a larger one")
	}
}

// Each name is picked as often as any other, and each pair: over the seeds, the
// counts are those of drawing without replacement.
func TestSampleIsUniform(t *testing.T) {
	const population, size, runs = 24, 6, 20_000
	all := names(population)
	picked := map[string]int{}
	pairs := map[[2]string]int{}
	for seed := range int64(runs) {
		sample := pick(collectors.Sampling{Size: size, Seed: seed}, "arn", all)
		slices.Sort(sample)
		for i, a := range sample {
			picked[a]++
			for _, b := range sample[i+1:] {
				pairs[[2]string{a, b}]++
			}
		}
	}
	near := func(what string, got int, p float64) {
		if deviation := math.Abs(float64(got)-p*runs) / math.Sqrt(runs*p*(1-p)); deviation > 5 {
			t.Errorf("%s: picked %d times of %d, %.1f standard deviations from %.0f", what, got, runs, deviation, p*runs)
		}
	}
	for _, name := range all {
		near(name, picked[name], float64(size)/population)
	}
	if len(pairs) != population*(population-1)/2 {
		t.Errorf("%d pairs came up", len(pairs))
	}
	for pair, n := range pairs {
		near(fmt.Sprint(pair), n, float64(size*(size-1))/(population*(population-1)))
	}
}

func TestSampleOfLessThanItsSizeIsAll(t *testing.T) {
	all := names(9)
	if got := pick(collectors.Sampling{Size: 50}, "arn", all); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(all))) {
		t.Errorf("picked %v", got)
	}
	if got := pick(collectors.Sampling{}, "arn", all); len(got) != 0 {
		t.Errorf("a sample of none has %v", got)
	}
}

func TestSamplerCountsAndFinds(t *testing.T) {
	s := NewSampler[string](collectors.Sampling{Size: 3, Seed: 1}, "arn")
	for _, name := range names(100) {
		s.Offer(name, "v", name)
	}
	if s.Population() != 100 {
		t.Errorf("population %d", s.Population())
	}
	in := map[string]bool{}
	for _, p := range s.Picked() {
		in[p.Name] = true
		if p.Value != p.Name {
			t.Errorf("%s has the value of %s", p.Name, p.Value)
		}
	}
	for _, name := range names(100) {
		if found := s.Find(name, "v"); (found != nil) != in[name] {
			t.Errorf("%s is found: %t, picked: %t", name, found != nil, in[name])
		}
		if s.Find(name, "") != nil {
			t.Errorf("%s is found with another version", name)
		}
	}
}

// A name can't stand for another by running into the version.
func TestRanksKeepTheirTextsApart(t *testing.T) {
	s := NewSampler[int](collectors.Sampling{Size: 5}, "arn")
	if s.rank("ab", "c") == s.rank("a", "bc") {
		t.Error("name and version run into each other")
	}
	if s.rank("a", "") == NewSampler[int](collectors.Sampling{Size: 5}, "arna").rank("", "") {
		t.Error("parent and name run into each other")
	}
}
