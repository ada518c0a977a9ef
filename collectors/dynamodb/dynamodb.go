// Package dynamodb reads DynamoDB tables with the replicas that they name, and
// DAX clusters: under which keys they rest, and whether DynamoDB still reaches
// those keys. It never reads an item.
package dynamodb

import (
	"context"
	"sync"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	tableType   = "AWS::DynamoDB::Table"
	clusterType = "AWS::DAX::Cluster"
)

// Collector reads the tables and the DAX clusters of a region.
type Collector struct {
	session *awsapi.Session
	keys    *kms.Keys
}

// New returns a collector on the session, with the scan's key resolver.
func New(s *awsapi.Session, keys *kms.Keys) *Collector { return &Collector{s, keys} }

// Service is "dynamodb".
func (c *Collector) Service() string { return "dynamodb" }

// Types are the resource types it lists.
func (c *Collector) Types() []collectors.ResourceType { return Types() }

// Global is false: a table belongs to a region, also when it has replicas.
func (c *Collector) Global() bool { return false }

// Actions are the IAM actions that it needs.
func (c *Collector) Actions() []string {
	return []string{"dynamodb:ListTables", "dynamodb:DescribeTable", "dax:DescribeClusters"}
}

// Collect lists both types at once; neither listing touches the other. DAX is
// not offered in every region.
func (c *Collector) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	var both sync.WaitGroup
	var tables, clusters error
	both.Go(func() {
		tables = c.tables(ctx, scope, sink)
		sink.Listed(scope, tableType, awsapi.ListingGap(tables))
	})
	both.Go(func() { clusters = c.clusters(ctx, scope, sink) })
	both.Wait()
	if unaddressed(clusters) && answered(tables) {
		sink.NotOffered(scope, clusterType, "The name of DAX's endpoint in "+scope.Region+" has no address, and that of DynamoDB's has one.")
		return nil
	}
	sink.Listed(scope, clusterType, clustersGap(scope, clusters))
	return nil
}
