// Package cloudtrail reads CloudTrail trails: what they log, whether they
// deliver, and under which key. It never reads a log file.
//
// [Events] is a collector of its own: it reads in CloudTrail's event history
// for which resources AWS services used KMS keys. An event whose encryption
// context names a stream shows that Kinesis asked KMS at that moment for a data
// key for that stream, or to have one back, and what KMS answered. It does not
// show that a record was written or read with that key, nor that others were: a
// key serves for minutes, and a bucket key for many objects. Which events there
// are is up to the services, and the history takes minutes to have them, so
// that no events are no evidence of anything. What a context holds beside the
// name is somebody's data and nowhere in the evidence.
package cloudtrail

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	trailType   = "AWS::CloudTrail::Trail"
	accountType = "AWS::::Account"
)

// Collector reads the trails of an account, and what they add up to.
type Collector struct {
	session *awsapi.Session
	keys    *kms.Keys
	regions []string
}

// New returns a collector on the session, with the scan's key resolver and the
// regions to read.
func New(s *awsapi.Session, keys *kms.Keys, regions []string) *Collector {
	return &Collector{s, keys, regions}
}

// Service is "cloudtrail".
func (c *Collector) Service() string { return "cloudtrail" }

// Types are the resource types it lists.
func (c *Collector) Types() []collectors.ResourceType { return Types() }

// Global is true: a trail shows in every region, and is read once.
func (c *Collector) Global() bool { return true }

// Actions are the IAM actions that it needs.
func (c *Collector) Actions() []string {
	return []string{"cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"}
}

// Collect lists the trails of every region and reads each in its home region,
// whose own listing is the one that it rests on. A home that is none of the
// regions is listed as well: the trail applies to them, and the ledger can
// then tell what the listing of that region was worth.
func (c *Collector) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	if len(c.regions) == 0 {
		return errors.New("there is no region to list trails in; name one with --region")
	}
	s := &scan{Collector: c, scope: scope, sink: sink, listed: map[string]*listing{}, found: map[string]finding{}, elsewhere: map[string]shadow{}}
	s.pool.SetLimit(32)
	var wg sync.WaitGroup
	for _, region := range c.regions {
		s.list(ctx, &wg, region)
	}
	wg.Wait()
	s.readShadows(ctx)
	_ = s.pool.Wait() // its functions return nil
	for region, l := range s.listed {
		sink.Listed(c.scopeIn(scope, region), trailType, awsapi.ListingGap(l.err))
	}
	sink.Emit(s.account(ctx))
	sink.Listed(scope, accountType, nil)
	return nil
}

func (c *Collector) scopeIn(scope collectors.Scope, region string) collectors.Scope {
	scope.Region = region
	return scope
}

// scan is one reading of an account.
type scan struct {
	*Collector
	scope collectors.Scope // of the account, without region
	sink  collectors.Sink
	pool  errgroup.Group // of trails

	mu        sync.Mutex
	listed    map[string]*listing // by region, once it was begun
	found     map[string]finding  // trails read at home, by ARN
	elsewhere map[string]shadow   // trails seen outside of their home, by ARN
}

// listing is how DescribeTrails ended in a region.
type listing struct {
	calls []collectors.CallRef
	err   error
}

// shadow is a trail as a region shows it that is not its home.
type shadow struct {
	region string
	trail  types.Trail
	calls  []collectors.CallRef
}

// list lists a region's trails in the background, unless that was begun.
func (s *scan) list(ctx context.Context, wg *sync.WaitGroup, region string) {
	l := &listing{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listed[region] != nil {
		return
	}
	s.listed[region] = l
	wg.Go(func() {
		ctx, trace := awsapi.WithTrace(ctx)
		client := cloudtrail.NewFromConfig(s.session.Config(region))
		out, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)}) // not in pages
		l.calls, l.err = trace.Calls(), err
		if err != nil {
			return
		}
		for _, trail := range out.TrailList {
			home := homeOf(trail, region)
			if home != region {
				s.seenElsewhere(identify(trail, s.scopeIn(s.scope, home)), shadow{region, trail, l.calls})
				s.list(ctx, wg, home)
				continue
			}
			s.read(ctx, client, home, trail, l.calls)
		}
	})
}

// seenElsewhere keeps a shadow for the case that the trail's home can't be
// listed: the one of the first region by name, so that it isn't luck.
func (s *scan) seenElsewhere(id string, seen shadow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.elsewhere[id]; !ok || seen.region < old.region {
		s.elsewhere[id] = seen
	}
}

// readShadows reads the trails that their home didn't show.
func (s *scan) readShadows(ctx context.Context) {
	s.mu.Lock()
	var missing []shadow
	for id, seen := range s.elsewhere {
		if _, ok := s.found[id]; !ok {
			missing = append(missing, seen)
		}
	}
	s.mu.Unlock()
	for _, seen := range missing {
		home := homeOf(seen.trail, seen.region)
		s.read(ctx, cloudtrail.NewFromConfig(s.session.Config(home)), home, seen.trail, seen.calls)
	}
}

// read reads a trail in its home region, once.
func (s *scan) read(ctx context.Context, client *cloudtrail.Client, home string, trail types.Trail, calls []collectors.CallRef) {
	scope := s.scopeIn(s.scope, home)
	id := identify(trail, scope)
	s.mu.Lock()
	_, again := s.found[id]
	if !again {
		s.found[id] = finding{}
	}
	s.mu.Unlock()
	if again {
		return
	}
	s.sink.Progress(trailType, 1)
	s.pool.Go(func() error {
		resource, found := s.trail(ctx, client, scope, id, trail, calls)
		s.sink.Emit(resource)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.found[id] = found
		return nil
	})
}
