package envelope

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
)

const (
	scanUnits    = 2500 // read capacity units that are used of a table at most: 20 MB
	scanRate     = 500  // units a second of a table that is paid by request
	scanPart     = 4    // of provisioned capacity, a quarter is used
	scanSeconds  = 60   // for so long
	unitBytes    = 8192 // a unit reads, eventually consistent (Developer Guide, "Read capacity unit consumption")
	pageItems    = 1000
	leastPage    = 10
	pageSeconds  = 2    // of the rate, that a page uses
	usualItem    = 1024 // bytes, where no count tells
	segmentItems = 100  // of a page that begins at a segment
	segmentCalls = 1000
	maxSegments  = 1_000_000 // Scan, TotalSegments
)

// scanned is an item as a scan gave it.
type scanned struct {
	item  map[string]types.AttributeValue
	size  int
	calls []collectors.CallRef
}

// scan is the reading of one table, within its bounds.
type scan struct {
	*tableSample
	sampler     *Sampler[scanned]
	rate        float64 // units a second
	units, used float64
	size        int // items of a page
	segments    int // 1: the table is read from the start
	began       int // pages at the beginning of a segment
}

var errSpent = errors.New("as much was read as may be")

// scan reads items, samples them, and fills in how. Without an error it may
// still have been cut by its bounds.
func (t *tableSample) scan(ctx context.Context, d *types.TableDescription) ([]*Picked[scanned], error) {
	s := &scan{tableSample: t, sampler: NewSampler[scanned](t.options.Sampling, t.parent.ARN)}
	s.plan(d)
	var err error
	if s.segments == 1 {
		err = s.whole(ctx)
		t.parent.Complete = err == nil
	} else {
		err = s.parts(ctx)
	}
	t.parent.Population = s.sampler.Population()
	t.parent.Method = s.method()
	if errors.Is(err, errSpent) {
		err = nil
	}
	return s.sampler.Picked(), err
}

// plan sets the bounds: what capacity may be used, and in how many segments a
// table is divided that is larger than that. The counts of the description are
// up to six hours old.
func (s *scan) plan(d *types.TableDescription) {
	s.rate, s.units = scanRate, scanUnits
	if p := d.ProvisionedThroughput; p != nil && aws.ToInt64(p.ReadCapacityUnits) > 0 {
		s.rate = float64(*p.ReadCapacityUnits) / scanPart
		s.units = min(scanUnits, s.rate*scanSeconds)
	}
	items, bytes := max(0, aws.ToInt64(d.ItemCount)), max(0, aws.ToInt64(d.TableSizeBytes))
	average := float64(usualItem)
	if items > 0 && bytes > 0 {
		average = float64(bytes) / float64(items)
	}
	s.size = int(min(max(s.rate*pageSeconds*unitBytes/average, leastPage), pageItems))
	s.segments = 1
	if items > int64(s.options.Sampling.List) || float64(bytes) > s.units*unitBytes {
		s.segments = int(min(max(items/segmentItems, 2), maxSegments))
	}
}

// whole reads the table from its start.
func (s *scan) whole(ctx context.Context) error {
	var from map[string]types.AttributeValue
	for {
		next, err := s.page(ctx, &dynamodb.ScanInput{ExclusiveStartKey: from}, s.size)
		if err != nil || len(next) == 0 {
			return err
		}
		if sameKey(next, from) {
			return errSameKey
		}
		from = next
	}
}

var errSameKey = errors.New("dynamodb:Scan answered the same LastEvaluatedKey twice; the endpoint is faulty, nothing after that page was read")

func sameKey(a, b map[string]types.AttributeValue) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if valueText(a[name]) != valueText(b[name]) {
			return false
		}
	}
	return true
}

// parts reads a page at the beginning of one segment after another, in an order
// that the seed chooses.
func (s *scan) parts(ctx context.Context) error {
	text := binary.BigEndian.AppendUint64([]byte("segments"), uint64(s.options.Sampling.Seed))
	order := rand.New(rand.NewChaCha8(sha256.Sum256(appendText(text, s.parent.ARN)))) //nolint:gosec // a sample, repeatable
	done := map[int]bool{}
	for len(done) < min(s.segments, segmentCalls) {
		segment := order.IntN(s.segments)
		if done[segment] {
			continue
		}
		done[segment] = true
		in := &dynamodb.ScanInput{Segment: aws.Int32(int32(segment)), TotalSegments: aws.Int32(int32(s.segments))} //nolint:gosec // up to a million
		if _, err := s.page(ctx, in, min(segmentItems, s.size)); err != nil {
			return err
		}
		s.began++
	}
	return nil
}

// page reads a page and gives the key to go on after.
func (s *scan) page(ctx context.Context, in *dynamodb.ScanInput, most int) (next map[string]types.AttributeValue, err error) {
	room := s.options.Sampling.List - s.sampler.Population()
	if room <= 0 || s.used >= s.units {
		return nil, errSpent
	}
	in.TableName, in.Limit = &s.parent.Name, aws.Int32(int32(min(most, room))) //nolint:gosec // small
	in.ConsistentRead, in.ReturnConsumedCapacity = aws.Bool(false), types.ReturnConsumedCapacityTotal
	ctx, trace := awsapi.WithTrace(ctx)
	out, err := s.client.Scan(ctx, in)
	s.parent.Listing = trace.Last()
	if err != nil {
		return nil, err
	}
	bytes := 0
	for _, it := range out.Items[:min(len(out.Items), room)] {
		one := scanned{item: it, size: sizeOf(it), calls: trace.Last()}
		bytes += one.size
		if isSigned(it) {
			s.signed++
		}
		s.sampler.Offer(valueText(it[s.partition])+" "+valueText(it[s.sort]), "", one)
	}
	units := max(0.5, float64(bytes)/unitBytes)
	if c := out.ConsumedCapacity; c != nil {
		units = max(units, aws.ToFloat64(c.CapacityUnits))
	}
	s.used += units
	if len(out.LastEvaluatedKey) > 0 || s.segments > 1 {
		wait(ctx, time.Duration(units/s.rate*float64(time.Second)))
	}
	return out.LastEvaluatedKey, nil
}

// isSigned says whether an item carries the signature of a client-side library.
func isSigned(it map[string]types.AttributeValue) bool {
	for _, name := range []string{structured.FooterAttribute, legacy.SignatureAttribute} {
		if _, is := it[name].(*types.AttributeValueMemberB); is {
			return true
		}
	}
	return false
}

// method says how items were chosen.
func (s *scan) method() string {
	of, n := "all items", s.sampler.Population()
	limits := fmt.Sprintf("at most %d items and %.0f read capacity units", s.options.Sampling.List, s.units)
	switch {
	case s.parent.Complete:
	case s.segments == 1:
		of = fmt.Sprintf("the first %d items of a scan (%s); the table's others had no chance, so the sample is not uniform", n, limits)
	default:
		of = fmt.Sprintf("%d items that stand at the beginnings of %d of %d segments, chosen by the seed (%s); not uniform", n, s.began, s.segments, limits)
	}
	return fmt.Sprintf("the %d of lowest SHA-256(seed, table, key) of %s", s.options.Sampling.Size, of)
}
