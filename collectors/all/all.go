// Package all is the one list of collectors. A new service is one line in
// Collectors, and a test holds the list against the folders.
//
// It only lists: it reads nothing and keeps nothing.
package all

import (
	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	"github.com/sealaudit/sealaudit/collectors/dynamodb"
	"github.com/sealaudit/sealaudit/collectors/firehose"
	"github.com/sealaudit/sealaudit/collectors/kinesis"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/collectors/s3"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// Collectors are all collectors of a session and the regions to read. They
// share one key resolver, so that each key is asked for once. Without a
// session they can say what they would read, and can't read.
func Collectors(s *awsapi.Session, regions []string) []collectors.Collector {
	keys := kms.NewKeys(s)
	return []collectors.Collector{
		s3.New(s, keys, regions),
		kinesis.New(s, keys),
		firehose.New(s, keys),
		dynamodb.New(s, keys),
		cloudtrail.New(s, keys, regions),
		kms.New(s, keys),
	}
}

// Types are the resource types of every collector.
func Types() []collectors.ResourceType {
	var types []collectors.ResourceType
	for _, c := range Collectors(nil, nil) {
		types = append(types, c.Types()...)
	}
	return types
}

// Services are the names of all collectors, in their order.
func Services() []string {
	var names []string
	for _, c := range Collectors(nil, nil) {
		names = append(names, c.Service())
	}
	return names
}
