package envelope

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/sealaudit/sealaudit/collectors"
)

// Target is what a probe writes to: a bucket, a stream or a table.
type Target struct {
	Service string // s3, kinesis, dynamodb
	Name    string
	// Scope is where it is, as far as it was named. The ARN of a bucket has no
	// account and no region.
	Scope collectors.Scope
}

// Names are as the services give them (S3 User Guide, "General purpose
// bucket naming rules" and, for buckets of before 2018, up to 255 characters;
// Kinesis API, CreateStream; DynamoDB API, CreateTable).
var (
	bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$`)
	streamName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	tableName  = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)
)

func (t Target) named() bool {
	switch t.Service {
	case "s3":
		return bucketName.MatchString(t.Name)
	case "kinesis":
		return streamName.MatchString(t.Name)
	}
	return tableName.MatchString(t.Name)
}

var errNoTarget = errors.New("it is no bucket, stream or table; write an ARN, or s3://BUCKET, stream/NAME or table/NAME")

// ParseTarget reads a target as a user types it.
func ParseTarget(typed string) (Target, error) {
	t, err := parseTarget(typed)
	if err != nil {
		return Target{}, fmt.Errorf("%q can't be probed: %w", text(typed), err)
	}
	return t, nil
}

func parseTarget(typed string) (t Target, err error) {
	short := map[string]string{"s3://": "s3", "stream/": "kinesis", "table/": "dynamodb"}
	for prefix, service := range short {
		if name, is := strings.CutPrefix(typed, prefix); is {
			t.Service, t.Name = service, strings.TrimSuffix(name, "/")
		}
	}
	if t.Service == "" {
		if t, err = targetOf(typed); err != nil {
			return t, err
		}
	}
	switch rest := strings.Contains(t.Name, "/"); {
	case rest && t.Service == "s3":
		return t, errors.New("a probe chooses the object's name itself; name the bucket alone")
	case rest:
		return t, errors.New("a probe writes to a stream or table as a whole; leave out what follows its name")
	case !t.named():
		return t, errNoTarget
	}
	return t, nil
}

// targetOf reads an ARN (Service Authorization Reference, "Resource types").
func targetOf(typed string) (Target, error) {
	a, err := arn.Parse(typed)
	if err != nil {
		return Target{}, errNoTarget
	}
	kind := map[string]string{"s3": "", "kinesis": "stream/", "dynamodb": "table/"}
	prefix, known := kind[a.Service]
	name, is := strings.CutPrefix(a.Resource, prefix)
	switch bucket := a.Service == "s3"; {
	case !known || !is:
		return Target{}, errNoTarget
	case bucket && (a.Region != "" || a.AccountID != ""): // an access point's, or none
		return Target{}, errNoTarget
	case !bucket && (a.Region == "" || a.AccountID == ""):
		return Target{}, errors.New("its ARN has no region or no account")
	}
	return Target{a.Service, name, collectors.Scope{Partition: a.Partition, Account: a.AccountID, Region: a.Region}}, nil
}

// In is the target in an account, of which these regions are read. A target
// elsewhere is refused, and so is one that may be in several of them. A bucket
// stays without a region: only S3 can tell it.
func (t Target) In(account collectors.Scope, regions []string) (Target, error) {
	s, is := t.Scope, t.kind()
	switch {
	case s.Partition != "" && s.Partition != account.Partition:
		return t, fmt.Errorf("the %s %s is in the partition %s, and the scan reads %s; scan as an identity of its own account", is, t.Name, text(s.Partition), account.Partition)
	case s.Account != "" && s.Account != account.Account:
		return t, fmt.Errorf("the %s %s is of account %s, and the scan reads %s; scan as an identity of its own account", is, t.Name, text(s.Account), account.Account)
	case s.Region != "" && !slices.Contains(regions, s.Region):
		return t, fmt.Errorf("the %s %s is in the region %s, which is not read; read it with --region", is, t.Name, text(s.Region))
	case t.Service != "s3" && s.Region == "" && len(regions) != 1:
		return t, fmt.Errorf("the %s %s may be in any of %d regions; name it by its ARN, or read one with --region", is, t.Name, len(regions))
	case t.Service != "s3" && s.Region == "":
		s.Region = regions[0]
	}
	t.Scope = collectors.Scope{Partition: account.Partition, Account: account.Account, Region: s.Region}
	return t, nil
}

func (t Target) kind() string {
	return map[string]string{"s3": "bucket", "kinesis": "stream", "dynamodb": "table"}[t.Service]
}

// ARN is the target's. What was not named and is not known from a scan is as
// given: placeholders for an IAM policy.
func (t Target) ARN(partition, region, account string) string {
	s := t.Scope
	a := arn.ARN{Partition: first(s.Partition, partition), Service: t.Service, Resource: t.Name}
	if t.Service != "s3" {
		a.Region, a.AccountID, a.Resource = first(s.Region, region), first(s.Account, account), t.kind()+"/"+t.Name
	}
	return a.String()
}

func first(one, other string) string {
	if one != "" {
		return one
	}
	return other
}

// Actions are the IAM actions that a probe of the target needs.
func (t Target) Actions() []string {
	switch t.Service {
	case "s3":
		return []string{"s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:GetEncryptionConfiguration",
			"s3:ListBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}
	case "kinesis":
		return []string{"kinesis:DescribeStreamSummary", "kinesis:PutRecord", "kinesis:GetShardIterator", "kinesis:GetRecords"}
	}
	return []string{"dynamodb:DescribeTable", "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem"}
}

// KeyARN is that of the target's KMS key with a placeholder for its id, as ARN.
func (t Target) KeyARN(partition, region, account string) string {
	s := t.Scope
	return arn.ARN{Partition: first(s.Partition, partition), Service: "kms", Region: first(s.Region, region), AccountID: first(s.Account, account), Resource: "key/KEY"}.String()
}
