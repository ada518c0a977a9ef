package dynamodb

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// tables lists the tables and describes each as it comes.
func (c *Collector) tables(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	client := dynamodb.NewFromConfig(c.session.Config(scope.Region), func(o *dynamodb.Options) {
		o.DisableValidateResponseChecksum = true // its only effect is a line on stderr, also where no checksum was sent
	})
	var g errgroup.Group
	g.SetLimit(32)
	listing, trace := awsapi.WithTrace(ctx)
	err := awsapi.Pages(func(token *string) (*string, error) {
		out, err := client.ListTables(listing, &dynamodb.ListTablesInput{Limit: aws.Int32(100), ExclusiveStartTableName: token})
		if err != nil {
			return nil, err
		}
		page := trace.Last()
		sink.Progress(tableType, len(out.TableNames))
		for _, name := range out.TableNames {
			g.Go(func() error {
				sink.Emit(c.table(ctx, client, scope, name, page))
				return nil
			})
		}
		return out.LastEvaluatedTableName, nil
	})
	_ = g.Wait() // its functions return nil
	return err
}

// table reads one table, as it was in one page of the listing.
func (c *Collector) table(ctx context.Context, client *dynamodb.Client, scope collectors.Scope, name string, page []collectors.CallRef) collectors.Resource {
	id := arn.ARN{Partition: scope.Partition, Service: "dynamodb", Region: scope.Region, AccountID: scope.Account, Resource: "table/" + name}
	ctx, r := c.session.Read(ctx, collectors.Resource{ARN: id.String(), Type: tableType, Name: name, Scope: scope})
	r.Rest(page...)
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
	if err == nil && out.Table == nil {
		err = errors.New("dynamodb:DescribeTable answered without a table")
	}
	if r.Failed(err, "facts") {
		return r.Done(TableFacts{})
	}
	d := out.Table
	f := TableFacts{
		CreatedAt:          awsapi.Stamp(d.CreationDateTime),
		GlobalTableVersion: aws.ToString(d.GlobalTableVersion),
		Encryption:         c.encryption(ctx, r, scope, d.SSEDescription),
		Replicas:           c.replicas(ctx, r, scope, d.Replicas),
	}
	var gaps []collectors.Gap
	f.Status, gaps = awsapi.Enum(d.TableStatus, "TableStatus", "facts.status")
	r.Gap(gaps...)
	return r.Done(f)
}

// encryption is the table's own. Without a description, and where it says that
// a KMS key is no longer used, AWS's own key encrypts (DynamoDB API reference,
// SSEDescription). While the key is being changed the reply may name the old
// one or the new one.
func (c *Collector) encryption(ctx context.Context, r *awsapi.Reading, scope collectors.Scope, d *types.SSEDescription) *Encryption {
	const path = "facts.encryption"
	if d == nil {
		return &Encryption{AWSOwnedKey: aws.Bool(true)}
	}
	status, gaps := awsapi.Enum(d.Status, "SSEDescription.Status", path)
	r.Gap(gaps...)
	if status == "" {
		return nil
	}
	e := &Encryption{Status: status, InaccessibleSince: awsapi.Stamp(d.InaccessibleEncryptionDateTime)}
	if changing(d.Status) {
		r.Gap(collectors.Gap{Attributes: []string{path + ".aws_owned_key", path + ".key", path + ".type"}, Reason: collectors.Transition,
			Detail: "Encryption at rest is " + status + ", so that the reply may name the old key or the new one.",
			Remedy: "Scan again when it is ENABLED."})
		return e
	}
	if d.Status == types.SSEStatusDisabled {
		e.AWSOwnedKey = aws.Bool(true)
		return e
	}
	e.Type, gaps = awsapi.Enum(d.SSEType, "SSEType", path)
	r.Gap(gaps...)
	switch d.SSEType {
	case types.SSETypeKms:
		e.AWSOwnedKey = aws.Bool(false)
		e.Key = c.key(ctx, r, scope, aws.ToString(d.KMSMasterKeyArn))
	case types.SSETypeAes256:
		e.AWSOwnedKey = aws.Bool(true) // no key of the account
	default:
		return nil
	}
	return e
}

func changing(s types.SSEStatus) bool {
	return s == types.SSEStatusEnabling || s == types.SSEStatusUpdating || s == types.SSEStatusDisabling
}

func (c *Collector) key(ctx context.Context, r *awsapi.Reading, scope collectors.Scope, id string) *collectors.Key {
	const path = "facts.encryption.key"
	if id == "" {
		r.Gap(awsapi.Missing("KMSMasterKeyArn", path))
		return nil
	}
	key, gaps := c.keys.Resolve(ctx, scope, id, "", path)
	r.Gap(gaps...)
	return key
}

// replicas are the table's in other regions, by region. What is not known of
// one is a gap on all, because a path can't point into a list.
func (c *Collector) replicas(ctx context.Context, r *awsapi.Reading, scope collectors.Scope, described []types.ReplicaDescription) []Replica {
	const path = "facts.replicas"
	var out []Replica
	for _, d := range described {
		there := scope
		there.Region = aws.ToString(d.RegionName)
		if there.Region == "" {
			r.Gap(awsapi.Missing("RegionName of a replica", path))
			continue
		}
		if there.Region == scope.Region {
			continue // the table itself
		}
		f := Replica{Region: there.Region, InaccessibleSince: awsapi.Stamp(d.ReplicaInaccessibleDateTime)}
		var gaps []collectors.Gap
		f.Status, gaps = awsapi.Enum(d.ReplicaStatus, "ReplicaStatus", path)
		r.Gap(gaps...)
		if id := aws.ToString(d.KMSMasterKeyId); id != "" {
			f.Key, gaps = c.keys.Resolve(ctx, there, id, "", path)
			for _, g := range gaps {
				g.Attributes = []string{path}
				r.Gap(g)
			}
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Replica) int { return cmp.Compare(a.Region, b.Region) })
	return out
}
