// Package envelope samples ciphertexts, has them verified by the crypto engine
// (internal/envelope) and gives what that showed as evidence: objects of S3
// buckets, and whatever else gets a collector here. It runs only when proofs
// are asked for.
//
// A row of evidence is a cohort: the sampled things of one bucket, stream or
// table that look alike, that is, with the same encryption, the same verdict
// and the same gaps. So the cost of judging grows with the ways in which things
// are encrypted and not with their number, and the share of a cohort in the
// sample, with its bounds, is the rate of what it shows.
//
// A collector is made of these pieces:
//
//	Run       what the collectors of a scan share: session, key resolver, keys, limits
//	Parent    a bucket, stream or table
//	Sampler   picks names while a listing goes by: Offer, then Picked
//	Sighting  what was seen of one picked thing, with its proof or its gaps
//	Repeats   finds data keys and initialisation vectors that occur twice
//	Cohorts   folds sightings in any order, in bounded memory: Add, then Emit
//
// The rest is what a service needs to list its names and to read one of them:
// see [Objects]. A parent that could not be listed has one row that says so,
// [Run.NotSampled].
//
// Artefacts are verified and never opened: plaintext is dropped as it comes. No
// plaintext, no key and no value of an encryption context is in a fact, a gap
// or an error. Where a key could not be had, the verdict is unknown and there
// is a gap. What a key or a tag refuses is a fact, and the verdict is refuted.
package envelope

import (
	"sync"

	awskms "github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	readsAtOnce = 64 // requests for headers and first bytes, of all collectors
	opensAtOnce = 8  // ciphertexts being verified, each of which may hold a frame
)

// Options say what to sample and what it may be opened with.
type Options struct {
	Sampling collectors.Sampling
	Keys     Keys
}

// Run is what the collectors of one scan share.
type Run struct {
	session *awsapi.Session
	keys    *kms.Keys
	options Options
	reads   chan struct{}
	opens   chan struct{}

	mu      sync.Mutex
	clients map[string]*awskms.Client // by region
}

// NewRun returns a run on the session, with the scan's key resolver.
func NewRun(s *awsapi.Session, keys *kms.Keys, o Options) *Run {
	return &Run{session: s, keys: keys, options: o, reads: make(chan struct{}, readsAtOnce), opens: make(chan struct{}, opensAtOnce), clients: map[string]*awskms.Client{}}
}

// Sampling implements collectors.SamplingCollector for those that embed a run.
func (r *Run) Sampling() collectors.Sampling { return r.options.Sampling }

// Read runs f while fewer than 64 others do, in the whole run.
func (r *Run) Read(f func()) { within(r.reads, f) }

// Open runs f, which verifies a ciphertext, while fewer than 8 others do.
func (r *Run) Open(f func()) { within(r.opens, f) }

func within(room chan struct{}, f func()) {
	room <- struct{}{}
	defer func() { <-room }()
	f()
}
