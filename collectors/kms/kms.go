// Package kms reads KMS: keys with their rotation, policy and grants, and
// custom key stores. It also resolves, for the other collectors, how a
// resource names its key (Keys).
//
// It never uses a key: no call that it makes encrypts, decrypts or signs. Nor
// does it make one, which DescribeKey does for an AWS alias without a key.
package kms

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"golang.org/x/sync/errgroup"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const (
	keyType   = "AWS::KMS::Key"
	storeType = "AWS::KMS::CustomKeyStore"
)

// Collector reads the keys and custom key stores of a region.
type Collector struct {
	session *awsapi.Session
	keys    *Keys
}

// New returns a collector on the session, with the scan's key resolver: a key
// that a resource has named already isn't described again.
func New(s *awsapi.Session, keys *Keys) *Collector { return &Collector{s, keys} }

// Service is "kms".
func (c *Collector) Service() string { return "kms" }

// Types are the resource types it lists.
func (c *Collector) Types() []collectors.ResourceType { return Types() }

// Global is false: keys are regional.
func (c *Collector) Global() bool { return false }

// Actions are the IAM actions that it needs.
func (c *Collector) Actions() []string {
	return []string{"kms:ListKeys", "kms:ListAliases", "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetKeyPolicy",
		"kms:ListGrants", "kms:DescribeCustomKeyStores"}
}

// Collect lists the keys and describes each as it comes, and beside that the
// custom key stores.
func (c *Collector) Collect(ctx context.Context, scope collectors.Scope, sink collectors.Sink) error {
	client := c.keys.client(scope.Region)
	var g errgroup.Group
	g.SetLimit(32)
	g.Go(func() error {
		c.stores(ctx, client, scope, sink)
		return nil
	})
	err := listKeys(ctx, client, func(keys []types.KeyListEntry, page []collectors.CallRef) {
		sink.Progress(keyType, len(keys))
		for _, key := range keys {
			g.Go(func() error {
				sink.Emit(c.key(ctx, client, scope, key, page))
				return nil
			})
		}
	})
	_ = g.Wait() // its functions return nil
	sink.Listed(scope, keyType, awsapi.ListingGap(err))
	return nil
}

// listKeys gives each page of keys to take, AWS managed ones included.
func listKeys(ctx context.Context, client *kms.Client, take func(keys []types.KeyListEntry, page []collectors.CallRef)) error {
	ctx, trace := awsapi.WithTrace(ctx)
	return awsapi.Pages(func(marker *string) (*string, error) {
		out, err := client.ListKeys(ctx, &kms.ListKeysInput{Limit: aws.Int32(1000), Marker: marker})
		if err != nil {
			return nil, err
		}
		take(out.Keys, trace.Last())
		return nextPage(out.Truncated, out.NextMarker)
	})
}

// key reads one key, as it was in one page of the listing. Its name is its
// first alias, as the console shows it, or else its id.
func (c *Collector) key(ctx context.Context, client *kms.Client, scope collectors.Scope, entry types.KeyListEntry, page []collectors.CallRef) collectors.Resource {
	id, keyARN := aws.ToString(entry.KeyId), aws.ToString(entry.KeyArn)
	if keyARN == "" {
		keyARN = arn.ARN{Partition: scope.Partition, Service: "kms", Region: scope.Region, AccountID: scope.Account, Resource: "key/" + id}.String()
	}
	list := c.keys.aliasesOf(ctx, scope.Region)
	name, aliases, pages := id, list.value.names[id], list.calls // no alias rests on every page
	if len(aliases) > 0 {
		name, pages = strings.TrimPrefix(aliases[0], "alias/"), nil
	}
	for _, alias := range aliases {
		pages = append(pages, list.value.target[alias].page...)
	}
	ctx, r := c.session.Read(ctx, collectors.Resource{ARN: keyARN, Type: keyType, Name: name, Scope: scope})
	r.Rest(page...)
	r.Rest(pages...)
	metadata := c.keys.answerOf(ctx, keyARN, scope.Region)
	if r.Failed(metadata.err, "facts") {
		return r.Done(KeyFacts{})
	}
	f := keyFacts(r, metadata.value)
	if !r.Failed(list.err, "facts.aliases") {
		f.Aliases = aliases
	}
	switch f.Manager {
	case string(types.KeyManagerTypeCustomer):
		f.Rotation = rotation(ctx, r, client, keyARN, f)
		f.Policy = policy(ctx, r, client, scope, keyARN)
		f.Grants = grants(ctx, r, client, keyARN)
	case "":
		r.Gap(collectors.Gap{Attributes: []string{"facts.rotation", "facts.policy", "facts.grants"}, Reason: collectors.UnknownValue,
			Detail: "KMS does not say in words known to this version whether the key is customer managed, so nothing more was asked about it.",
			Remedy: "Update sealaudit; until then look at the key yourself."})
	}
	return r.Done(f)
}
