package envelope

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	itemType     = "AWS::DynamoDB::Item"
	tablesAtOnce = 8
)

// Items samples the items of DynamoDB tables: see tableSample. It verifies what
// is encrypted by AWS's client-side libraries, under the table's name and keys.
type Items struct{ *Run }

// NewItems returns the collector of items.
func NewItems(r *Run) *Items { return &Items{r} }

// Service is "dynamodb/items".
func (c *Items) Service() string { return "dynamodb/items" }

// Types are the resource types it lists.
func (c *Items) Types() []collectors.ResourceType {
	return []collectors.ResourceType{{Name: itemType, Facts: ItemFacts{}, Sampled: true}}
}

// Global is false: a table belongs to a region.
func (c *Items) Global() bool { return false }

// Actions are the IAM actions that it needs.
func (c *Items) Actions() []string {
	return []string{"dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:Scan", "kms:Decrypt"}
}

// regionItems is what the tables of a region share.
type regionItems struct {
	*Items
	scope   collectors.Scope
	sink    collectors.Sink
	repeats *Repeats
	client  *dynamodb.Client
}

// Collect samples the tables of the region. Rows are emitted when all of them
// are read, because a data key may occur in two tables.
func (c *Items) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	client := dynamodb.NewFromConfig(c.session.Config(scope.Region), func(o *dynamodb.Options) {
		o.DisableValidateResponseChecksum = true // its only effect is a line on stderr, also where no checksum was sent
	})
	r := &regionItems{Items: c, scope: scope, sink: sink, repeats: NewRepeats(), client: client}
	tables, err := r.list(ctx)
	sampleAll(tables, tablesAtOnce, func(p Parent) func() { return r.sample(ctx, p) })
	sink.Listed(scope, itemType, awsapi.ListingGap(err))
	return nil
}

func (r *regionItems) list(ctx context.Context) (tables []Parent, err error) {
	ctx, trace := awsapi.WithTrace(ctx)
	err = awsapi.Pages(func(token *string) (*string, error) {
		out, err := r.client.ListTables(ctx, &dynamodb.ListTablesInput{Limit: aws.Int32(100), ExclusiveStartTableName: token})
		if err != nil {
			return nil, err
		}
		for _, name := range out.TableNames {
			id := arn.ARN{Partition: r.scope.Partition, Service: "dynamodb", Region: r.scope.Region, AccountID: r.scope.Account, Resource: "table/" + name}
			tables = append(tables, Parent{ARN: id.String(), Name: name, Type: itemType, Scope: r.scope, Calls: trace.Last()})
		}
		return out.LastEvaluatedTableName, nil
	})
	return tables, err
}

var errNoTable = errors.New("dynamodb:DescribeTable answered without a table and its key; check the endpoint")

// sample reads a sample of one table and returns what emits it. An empty table
// has no row.
func (r *regionItems) sample(ctx context.Context, p Parent) (emit func()) {
	t := &tableSample{regionItems: r, parent: p}
	described, err := t.describe(ctx)
	if err == nil {
		if gap := closed(described.TableStatus); gap != nil {
			return func() { r.sink.Emit(r.NotSampled(ctx, t.parent, *gap)) }
		}
	}
	var picked []*Picked[scanned]
	if err == nil {
		picked, err = t.scan(ctx, described)
	}
	if err != nil {
		gap := itemGap(err, "facts")
		if t.parent.Population == 0 {
			return func() { r.sink.Emit(r.NotSampled(ctx, t.parent, gap)) }
		}
		t.parent.Gap = &gap
	}
	cohorts := NewCohorts(func() { r.sink.Progress(itemType, 1) })
	for _, s := range t.verified(ctx, picked) {
		cohorts.Add(s)
	}
	return func() { r.Emit(ctx, t.parent, cohorts, r.sink, t.facts) }
}

// tableSample is one table while it is read. A sample is of the items that a
// scan gives: of all, if they are few, else of pages that begin at segments of
// the table that the seed chooses.
type tableSample struct {
	*regionItems
	parent          Parent
	partition, sort string // names of the primary key's attributes
	signed          int    // of the items that were read
}

func (t *tableSample) describe(ctx context.Context) (*types.TableDescription, error) {
	ctx, trace := awsapi.WithTrace(ctx)
	out, err := t.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.parent.Name})
	t.parent.Calls = append(t.parent.Calls[:len(t.parent.Calls):len(t.parent.Calls)], trace.Last()...)
	if err != nil {
		return nil, err
	}
	if out.Table != nil {
		for _, k := range out.Table.KeySchema {
			switch k.KeyType {
			case types.KeyTypeHash:
				t.partition = aws.ToString(k.AttributeName)
			case types.KeyTypeRange:
				t.sort = aws.ToString(k.AttributeName)
			}
		}
	}
	if t.partition == "" {
		return nil, errNoTable
	}
	return out.Table, nil
}

// verified are the picked items as they are seen, in their order.
func (t *tableSample) verified(ctx context.Context, picked []*Picked[scanned]) []Sighting {
	seen := make([]sealedItem, len(picked))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(opensAtOnce, len(picked)) {
		workers.Go(func() {
			for i := range next {
				seen[i] = t.item(ctx, picked[i])
				picked[i].Value.item = nil
			}
		})
	}
	for i := range picked {
		next <- i
	}
	close(next)
	workers.Wait()
	return withoutDoubt(seen)
}
