package kms

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// Keys resolves how resources name their keys, each key and each region's
// aliases once a scan, and joins what KMS says of the key. It is safe for
// concurrent use.
//
// It never passes an alias/aws/… to DescribeKey: KMS would create the key
// (API reference, DescribeKey). Those are looked up in ListAliases.
type Keys struct {
	session *awsapi.Session

	mu      sync.Mutex
	aliases map[string]*question[aliasList]          // by region
	keys    map[string]*question[*types.KeyMetadata] // by what is passed to DescribeKey, with region
	clients map[string]*kms.Client                   // by region
}

// NewKeys returns a resolver for one scan.
func NewKeys(s *awsapi.Session) *Keys {
	return &Keys{session: s, aliases: map[string]*question[aliasList]{}, keys: map[string]*question[*types.KeyMetadata]{}, clients: map[string]*kms.Client{}}
}

// fromKMS are the attributes of a key that only KMS can tell.
func fromKMS(path string) []string {
	var out []string
	for _, a := range []string{"exists", "state", "spec", "usage", "origin", "delete_at"} {
		out = append(out, path+"."+a)
	}
	return out
}

// Resolve says what a resource in the scope means by a key id, key ARN, alias
// name or alias ARN, as the service returned it. With id "" it is the
// service's AWS managed key, awsAlias ("alias/aws/s3"). path is where the key
// will be in the resource ("facts.encryption.key"), for the gaps. The calls
// it rests on are added to the context's trace.
func (k *Keys) Resolve(ctx context.Context, scope collectors.Scope, id, awsAlias, path string) (*collectors.Key, []collectors.Gap) {
	key := &collectors.Key{ID: id}
	target, region, account := id, scope.Region, scope.Account
	if id == "" {
		target = awsAlias
	}
	if a, err := arn.Parse(target); err == nil {
		region, account = a.Region, a.AccountID
		if strings.HasPrefix(a.Resource, "alias/") {
			key.Alias = a.Resource
		}
	} else if strings.HasPrefix(target, "alias/") {
		key.Alias = target
	}
	if strings.HasPrefix(key.Alias, "alias/aws/") {
		key.Manager = string(types.KeyManagerTypeAws)
	}
	if key.Alias != "" && account == scope.Account {
		found, gaps := k.byAlias(ctx, key, region, path)
		if !found {
			return key, gaps
		}
		target = key.ARN
	} else if strings.HasPrefix(key.Alias, "alias/aws/") {
		key.Account, key.Region = account, region
		return key, []collectors.Gap{{Attributes: append(fromKMS(path), path+".arn"), Reason: collectors.OutOfScope,
			Detail: "The key is named by an AWS alias of account " + account + ", which only that account can resolve.", Remedy: "Name the key by its ARN, or scan account " + account + "."}}
	}
	return key, k.describe(ctx, key, target, region, account == scope.Account && region == scope.Region, path)
}

// byAlias finds the key behind an alias of the session's account.
func (k *Keys) byAlias(ctx context.Context, key *collectors.Key, region, path string) (found bool, gaps []collectors.Gap) {
	list := k.aliasesOf(ctx, region)
	target, known := list.value.target[key.Alias]
	if known {
		awsapi.AddCalls(ctx, target.page...)
	} else {
		awsapi.AddCalls(ctx, list.calls...)
	}
	attributes := append(fromKMS(path), path+".arn")
	if key.Manager == "" {
		attributes = append(attributes, path+".manager")
	}
	switch {
	case !known && list.err != nil:
		return false, []collectors.Gap{awsapi.GapOf(list.err, attributes...)}
	case !known && key.Manager == "":
		key.Exists = aws.Bool(false)
		return false, nil
	case target.keyID == "" && key.Manager == "":
		return false, []collectors.Gap{awsapi.Missing("TargetKeyId", attributes...)}
	case target.keyID == "":
		return false, nil // an AWS alias whose key is made at first use
	}
	key.ARN = arn.ARN{Partition: k.session.Partition, Service: "kms", Region: region, AccountID: k.session.Account, Resource: "key/" + target.keyID}.String()
	return true, nil
}

// describe joins DescribeKey's answer. own says that the key should be in the
// scope's own account and region, where "not found" is a fact; elsewhere it
// may as well be hidden.
func (k *Keys) describe(ctx context.Context, key *collectors.Key, target, region string, own bool, path string) []collectors.Gap {
	answer := k.answerOf(ctx, target, region)
	if answer.err == nil {
		return fill(key, answer.value, path)
	}
	key.ARN = asKeyARN(k.session, target, region)
	if key.Account, key.Region = ownerOf(key.ARN); key.ARN == "" {
		key.Account, key.Region = ownerOf(target) // an alias is of its key's account and region
	}
	var missing *types.NotFoundException
	notFound := errors.As(answer.err, &missing)
	if notFound && own {
		key.Exists = aws.Bool(false)
		return nil
	}
	attributes := fromKMS(path)
	if key.ARN == "" {
		attributes = append(attributes, path+".arn")
	}
	if key.Manager == "" {
		attributes = append(attributes, path+".manager")
	}
	gap := awsapi.GapOf(answer.err, attributes...)
	if notFound {
		gap.Reason = collectors.OutOfScope
		gap.Remedy = "Look for the key in account " + key.Account + " and region " + key.Region + "; if it is gone, what it encrypted is lost."
	}
	return []collectors.Gap{gap}
}

// asKeyARN is the ARN of a key named by ARN or id, or "" for an alias ARN and
// for what begins as an ARN and is none, as S3-compatible servers have it
// ("arn:aws:kms:NAME").
func asKeyARN(s *awsapi.Session, target, region string) string {
	if a, err := arn.Parse(target); err == nil {
		if strings.HasPrefix(a.Resource, "key/") {
			return target
		}
		return ""
	}
	if strings.HasPrefix(target, "arn:") {
		return ""
	}
	return arn.ARN{Partition: s.Partition, Service: "kms", Region: region, AccountID: s.Account, Resource: "key/" + target}.String()
}
