package envelope

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sealaudit/sealaudit/collectors"
)

const (
	moments  = 4 // of a shard that has more than its start
	perShard = 2 // samples of a shard that are read of it at most: its start, and the moments
)

// streamSample is one stream while its shards are read.
type streamSample struct {
	*regionRecords
	stream, arn    string
	listed, chosen int // shards
	unlisted       error
	cohorts        *Cohorts

	mu     sync.Mutex
	read   int // records, those of aggregates one by one
	ended  int // shards that were read from start to end
	failed []failedShard
}

// failedShard is a shard of which something could not be read.
type failedShard struct {
	id  string
	err error
}

// choose takes as many shards as the limit of what is read allows, by rank.
func (s *streamSample) choose(shards []string) []string {
	limit := max(1, s.options.Sampling.List/(perShard*max(1, s.options.Sampling.Size)))
	if len(shards) <= limit {
		return shards
	}
	sampling := s.options.Sampling
	sampling.Size = limit
	sampler := NewSampler[struct{}](sampling, s.arn)
	for _, id := range shards {
		sampler.Offer(id, "", struct{}{})
	}
	chosen := make([]string, 0, limit)
	for _, picked := range sampler.Picked() {
		chosen = append(chosen, picked.Name)
	}
	return chosen
}

// readShard reads a shard and notes how that went.
func (s *streamSample) readShard(ctx context.Context, id string) {
	whole, err := s.reader(id).run(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if whole {
		s.ended++
	}
	if err != nil {
		s.failed = append(s.failed, failedShard{id, err})
	}
}

// emit emits the cohorts, and a row for the shards that could not be read: what
// is in them is unknown, whatever the others hold.
func (s *streamSample) emit(ctx context.Context, p Parent) {
	p.Population, p.Complete = s.read, s.unlisted == nil && s.ended == s.listed
	p.Method = s.method(p.Complete)
	if gap := s.gap(); gap != nil {
		row := s.NotSampled(ctx, p, *gap)
		if s.read > 0 {
			row.Name = p.Name + " · not read"
		}
		s.sink.Emit(row)
		p.Gap = gap
	}
	s.Emit(ctx, p, s.cohorts, s.sink, func(c Cohort) any { return recordFacts(p, c) })
}

// gap is why there may be records that were not seen, nil without a failure.
func (s *streamSample) gap() *collectors.Gap {
	if len(s.failed) == 0 && s.unlisted == nil {
		return nil
	}
	if len(s.failed) == 0 {
		gap := recordGap(s.unlisted, "facts")
		return &gap
	}
	first := slices.MinFunc(s.failed, func(a, b failedShard) int { return strings.Compare(a.id, b.id) })
	gap := recordGap(first.err, "facts")
	if s.chosen > 1 {
		gap.Detail = fmt.Sprintf("%d of %d shards could not be read, or not all that the sample asks for; of the first: %s", len(s.failed), s.chosen, gap.Detail)
	}
	return &gap
}

// method says how records were chosen.
func (s *streamSample) method(complete bool) string {
	size := s.options.Sampling.Size
	if complete {
		return "all records of every shard"
	}
	of := "each shard"
	if s.chosen < s.listed {
		of = fmt.Sprintf("each of %d of %d shards, chosen by the seed", s.chosen, s.listed)
	}
	return fmt.Sprintf("of %s: up to %d records from its start and, where it has more, up to %d from each of %d moments spread by the seed over the rest and from its last minute; no random sample",
		of, size, perMoment(size), moments-1)
}

// perMoment is how many records are read from each moment.
func perMoment(size int) int { return (size + moments - 1) / moments }
