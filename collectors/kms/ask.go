package kms

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// question is something that KMS is asked once a scan, however many want to
// know it at once. An answer that was cut short because the asker's context
// ended is not kept: it says nothing about the key, and others may have time.
type question[T any] struct {
	operation string
	turn      chan struct{} // holds a token while somebody asks
	asked     bool
	answer    answer[T]
}

// answer is what came of a question, with the calls that it took.
type answer[T any] struct {
	value T
	calls []collectors.CallRef
	err   error
}

func newQuestion[T any](operation string) *question[T] {
	return &question[T]{operation: operation, turn: make(chan struct{}, 1)}
}

// ask returns the answer, which the first to come gets by the function. The
// rest wait for it, each as long as its own context lasts.
func (q *question[T]) ask(ctx context.Context, get func(context.Context) (T, error)) answer[T] {
	select {
	case q.turn <- struct{}{}:
	default:
		select {
		case q.turn <- struct{}{}:
		case <-ctx.Done():
			return answer[T]{err: &awsapi.Error{Operation: q.operation, Reason: collectors.TimedOut, Err: ctx.Err()}}
		}
	}
	defer func() { <-q.turn }()
	if !q.asked {
		own, trace := awsapi.WithTrace(ctx)
		value, err := get(own)
		q.answer = answer[T]{value, trace.Calls(), err}
		q.asked = err == nil || ctx.Err() == nil
	}
	return q.answer
}

// aliasList is one region's aliases.
type aliasList struct {
	target map[string]aliasTarget // by alias name
	names  map[string][]string    // by target key id, sorted
}

// aliasTarget is the key behind an alias; keyID is "" for a predefined AWS
// alias that has no key yet.
type aliasTarget struct {
	keyID string
	page  []collectors.CallRef // where it is listed
}

// aliasesOf lists a region's aliases once. After an error the list has the
// pages before it. The calls are not in the context's trace: who takes one
// alias rests on its page, who misses one on all pages.
func (k *Keys) aliasesOf(ctx context.Context, region string) answer[aliasList] {
	k.mu.Lock()
	q := k.aliases[region]
	if q == nil {
		q = newQuestion[aliasList]("kms:ListAliases")
		k.aliases[region] = q
	}
	k.mu.Unlock()
	return q.ask(ctx, func(ctx context.Context) (aliasList, error) {
		return listAliases(ctx, k.client(region))
	})
}

func listAliases(ctx context.Context, client *kms.Client) (aliasList, error) {
	list := aliasList{target: map[string]aliasTarget{}, names: map[string][]string{}}
	ctx, trace := awsapi.WithTrace(ctx)
	err := awsapi.Pages(func(marker *string) (*string, error) {
		out, err := client.ListAliases(ctx, &kms.ListAliasesInput{Limit: aws.Int32(100), Marker: marker})
		if err != nil {
			return nil, err
		}
		page := trace.Last()
		for _, a := range out.Aliases {
			name, keyID := aws.ToString(a.AliasName), aws.ToString(a.TargetKeyId)
			list.target[name] = aliasTarget{keyID, page}
			list.names[keyID] = append(list.names[keyID], name)
		}
		return nextPage(out.Truncated, out.NextMarker)
	})
	for _, names := range list.names {
		slices.Sort(names)
	}
	return list, err
}

var errLostListing = errors.New("KMS says that the listing goes on and gives no marker to go on from; the endpoint is faulty, nothing after that page was read")

// nextPage is the marker of the page after one that KMS answered.
func nextPage(truncated bool, marker *string) (*string, error) {
	switch {
	case !truncated:
		return nil, nil
	case aws.ToString(marker) == "":
		return nil, errLostListing
	}
	return marker, nil
}

var errNoMetadata = errors.New("kms:DescribeKey answered without key metadata; check the endpoint")

// answerOf asks DescribeKey once a key, and adds the call to the trace.
func (k *Keys) answerOf(ctx context.Context, target, region string) answer[*types.KeyMetadata] {
	name := region + " " + target
	if keyARN := asKeyARN(k.session, target, region); keyARN != "" {
		name = region + " " + keyARN // named by id and by ARN it is one key
	}
	k.mu.Lock()
	q := k.keys[name]
	if q == nil {
		q = newQuestion[*types.KeyMetadata]("kms:DescribeKey")
		k.keys[name] = q
	}
	k.mu.Unlock()
	got := q.ask(ctx, func(ctx context.Context) (*types.KeyMetadata, error) {
		out, err := k.client(region).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(target)})
		switch {
		case err != nil:
			return nil, err
		case out.KeyMetadata == nil:
			return nil, errNoMetadata
		}
		return out.KeyMetadata, nil
	})
	awsapi.AddCalls(ctx, got.calls...)
	return got
}

func (k *Keys) client(region string) *kms.Client {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.clients[region]
	if c == nil {
		c = kms.NewFromConfig(k.session.Config(region))
		k.clients[region] = c
	}
	return c
}

// fill joins the metadata; what AWS always sends and the reply lacks, or what
// it has in a newer spelling, is a gap.
func fill(key *collectors.Key, m *types.KeyMetadata, path string) []collectors.Gap {
	key.Exists = aws.Bool(true)
	key.ARN = aws.ToString(m.Arn)
	key.Account, key.Region = ownerOf(key.ARN)
	key.DeleteAt = awsapi.Stamp(m.DeletionDate)
	var all, gaps []collectors.Gap
	if key.ARN == "" {
		all = append(all, awsapi.Missing("Arn", path+".arn", path+".account", path+".region"))
	}
	if key.Manager == "" {
		key.Manager, gaps = awsapi.Enum(m.KeyManager, "KeyManager", path+".manager")
		all = append(all, gaps...)
	}
	key.State, gaps = awsapi.Enum(m.KeyState, "KeyState", path+".state")
	all = append(all, gaps...)
	key.Spec, gaps = awsapi.Enum(m.KeySpec, "KeySpec", path+".spec")
	all = append(all, gaps...)
	key.Usage, gaps = awsapi.Enum(m.KeyUsage, "KeyUsage", path+".usage")
	all = append(all, gaps...)
	key.Origin, gaps = awsapi.Enum(m.Origin, "Origin", path+".origin")
	return append(all, gaps...)
}

func ownerOf(keyARN string) (account, region string) {
	a, err := arn.Parse(keyARN)
	if err != nil {
		return "", ""
	}
	return a.AccountID, a.Region
}
