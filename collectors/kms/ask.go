package kms

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// aliasList is one region's aliases: target key ids by alias name, "" for a
// predefined AWS alias that has no key yet.
type aliasList struct {
	once   sync.Once
	target map[string]string
	calls  []collectors.CallRef
	err    error
}

// errNoMetadata is a DescribeKey reply with nothing in it.
var errNoMetadata = errors.New("kms:DescribeKey answered without key metadata")

// keyAnswer is what DescribeKey said of one key.
type keyAnswer struct {
	once  sync.Once
	key   *types.KeyMetadata
	calls []collectors.CallRef
	err   error
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

// aliasesOf lists a region's aliases once, and adds the calls to the trace.
func (k *Keys) aliasesOf(ctx context.Context, region string) *aliasList {
	k.mu.Lock()
	list := k.aliases[region]
	if list == nil {
		list = &aliasList{target: map[string]string{}}
		k.aliases[region] = list
	}
	k.mu.Unlock()
	list.once.Do(func() {
		client := k.client(region)
		own, trace := awsapi.WithTrace(ctx)
		list.err = awsapi.Pages(func(token *string) (*string, error) {
			out, err := client.ListAliases(own, &kms.ListAliasesInput{Limit: aws.Int32(100), Marker: token})
			if err != nil {
				return nil, err
			}
			for _, a := range out.Aliases {
				list.target[aws.ToString(a.AliasName)] = aws.ToString(a.TargetKeyId)
			}
			if !out.Truncated {
				return nil, nil
			}
			return out.NextMarker, nil
		})
		list.calls = trace.Calls()
	})
	awsapi.AddCalls(ctx, list.calls...)
	return list
}

// answerOf asks DescribeKey once a key, and adds the call to the trace.
func (k *Keys) answerOf(ctx context.Context, target, region string) *keyAnswer {
	k.mu.Lock()
	name := region + " " + asKeyARNOr(k.session, target, region)
	answer := k.keys[name]
	if answer == nil {
		answer = &keyAnswer{}
		k.keys[name] = answer
	}
	k.mu.Unlock()
	answer.once.Do(func() {
		client := k.client(region)
		own, trace := awsapi.WithTrace(ctx)
		var out *kms.DescribeKeyOutput
		out, answer.err = client.DescribeKey(own, &kms.DescribeKeyInput{KeyId: aws.String(target)})
		if answer.err == nil && out.KeyMetadata == nil {
			answer.err = errNoMetadata
		}
		if answer.err == nil {
			answer.key = out.KeyMetadata
		}
		answer.calls = trace.Calls()
	})
	awsapi.AddCalls(ctx, answer.calls...)
	return answer
}

// asKeyARNOr lets a key named by id and by ARN share one answer.
func asKeyARNOr(s *awsapi.Session, target, region string) string {
	if a := asKeyARN(s, target, region); a != "" {
		return a
	}
	return target
}

// fill joins the metadata; what AWS always sends and the reply lacks, or what
// it has in a newer spelling, is a gap.
func fill(key *collectors.Key, m *types.KeyMetadata, path string) []collectors.Gap {
	key.Exists = aws.Bool(true)
	key.ARN = aws.ToString(m.Arn)
	key.Account, key.Region = ownerOf(key.ARN)
	key.DeleteAt = awsapi.Stamp(m.DeletionDate)
	var all, gaps []collectors.Gap
	if key.Manager == "" {
		key.Manager, all = awsapi.Enum(m.KeyManager, "KeyManager", path+".manager")
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
