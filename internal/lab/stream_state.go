package lab

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// kinesisState is what Kinesis knows beside the descriptions of its streams.
type kinesisState struct {
	streams map[string]*stream // by ARN; only those that something happened to
	made    int                // streams so far
	pending int                // changes that have not happened yet
	secret  [32]byte           // seals shard iterators and tokens
}

func newKinesisState() *kinesisState {
	k := &kinesisState{streams: map[string]*stream{}}
	_, _ = rand.Read(k.secret[:]) // never fails
	return k
}

// stream is one stream: where its records are, and how it encrypts them.
type stream struct {
	region, name, arn string
	id                int // tells a stream from an earlier one of its name
	born              time.Time
	shards            []*shard
	key               string // KMS key that records are encrypted under now, as it was given; "" for none
	policy            string // JSON; "" for none
	pending           []step
	consumers         []*consumer
	started, stopped  []time.Time          // changes of encryption, in the last 24 hours
	producing         *material            // of producers; nil before the first record, and when the key changed
	known             map[string]*material // every one that a record may need
}

// step is a change that happens by itself, later.
type step struct {
	at time.Time
	do func()
}

// later lets a change happen after so long on the account's clock.
func (l *Lab) later(s *stream, after time.Duration, do func()) {
	s.pending = planned(s.pending, step{l.now().Add(after), do})
	l.kinesis.pending++
}

// planned adds a step, in the order of time.
func planned(steps []step, s step) []step {
	i := len(steps)
	for i > 0 && s.at.Before(steps[i-1].at) {
		i--
	}
	return slices.Insert(slices.Clone(steps), i, s)
}

// settleStream lets the changes happen whose time has come.
func (l *Lab) settleStream(s *stream) {
	for now := l.now(); len(s.pending) > 0 && !s.pending[0].at.After(now); {
		do := s.pending[0].do
		s.pending = s.pending[1:]
		l.kinesis.pending--
		do()
	}
}

func (l *Lab) settleStreams() {
	if l.kinesis.pending == 0 {
		return
	}
	for _, arn := range slices.Sorted(maps.Keys(l.kinesis.streams)) {
		l.settleStream(l.kinesis.streams[arn])
	}
}

// streamData is the description of a stream, as the index has it.
func (l *Lab) streamData(s *stream) *Resource { return l.index.regions[s.region].streams.by[s.name] }

// describe changes members of a stream's description; nil takes one away.
func (l *Lab) describe(s *stream, members map[string]any) {
	old := l.streamData(s)
	if old == nil {
		return
	}
	r := *old
	r.Output = maps.Clone(old.Output)
	for name, v := range members {
		if r.Output[name] = v; v == nil {
			delete(r.Output, name)
		}
	}
	l.index.regions[s.region].streams.add(s.name, &r)
}

// streamStatus is CREATING, ACTIVE, UPDATING or DELETING.
func (l *Lab) streamStatus(s *stream) string {
	return firstOf(text(l.streamData(s).Output, "StreamStatus"), "ACTIVE")
}

// findStream is the state of a stream of a region, nil when there is none.
func (l *Lab) findStream(region, name string) *stream {
	p, arn := l.index.regions[region], arnOf("kinesis", region, l.account.ID, "stream/"+name)
	if s := l.kinesis.streams[arn]; s != nil {
		l.settleStream(s)
		return l.kinesis.streams[arn] // deleted, perhaps, just now
	}
	if p == nil || p.streams.by[name] == nil {
		return nil
	}
	return l.enter(region, name)
}

// enter begins the state of a stream that the index has.
func (l *Lab) enter(region, name string) *stream {
	d := l.streamSummary(region, l.index.regions[region].streams.by[name])
	l.kinesis.made++
	s := &stream{region: region, name: name, arn: arnOf("kinesis", region, l.account.ID, "stream/"+name), id: l.kinesis.made,
		born: at(d["StreamCreationTimestamp"], l.now()), known: map[string]*material{}}
	s.shards = newShards(max(whole(d["OpenShardCount"]), 1), s.born)
	if t := text(d, "EncryptionType"); t != "NONE" {
		s.key = firstOf(text(d, "KeyId"), "alias/aws/kinesis")
	}
	l.kinesis.streams[s.arn] = s
	return s
}

// whole is a number of an output.
func whole(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case float64:
		return int(v)
	case json.Number:
		n, _ := v.Int64()
		return int(n)
	}
	return 0
}

// namedStream is the stream that a request names by name, ARN or both.
func (l *Lab) namedStream(q *wire.Request) (s *stream, a answer) {
	name, arn := q.String("StreamName"), q.String("StreamARN")
	a = answer{resource: firstOf(arn, l.streamARN(q, name))}
	switch {
	case name == "" && arn == "":
		a.resource, a.failure = "", refuse(400, "InvalidArgumentException", "Either StreamName or StreamARN must be provided.")
		return nil, a
	case name == "":
		name = nameIn(arn, "stream")
	}
	if a.failure = checkStreamName(name); a.failure != nil {
		return nil, a
	}
	if s = l.findStream(q.Region, name); s == nil || arn != "" && s.arn != arn {
		a.failure = l.missing(q, a.resource)
		return nil, a
	}
	a.resource, a.errors = s.arn, l.streamData(s).Errors
	return s, a
}

// onStream makes an operation that reads one stream.
func onStream(output func(*Lab, *wire.Request, *stream) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		s, a := l.namedStream(q)
		if a.failure == nil {
			a.output, a.failure = output(l, q, s)
		}
		return a
	}
}

// changingStream makes an operation that changes one stream.
func changingStream(change func(*Lab, *wire.Request, *stream) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		s, a := l.namedStream(q)
		a.mutates = true
		if a.failure == nil {
			a.failure = l.barred(q, a.errors, a.resource)
		}
		if a.failure == nil {
			a.output, a.failure = change(l, q, s)
		}
		return a
	}
}
