// Package all is the one list of collectors. A new service is one line in
// configurations, a new kind of ciphertext one in proofs, and a test holds the list against the folders.
//
// It only lists: it reads nothing and keeps nothing.
package all

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	"github.com/sealaudit/sealaudit/collectors/dynamodb"
	"github.com/sealaudit/sealaudit/collectors/envelope"
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
	return configurations(s, kms.NewKeys(s), regions)
}

// WithProofs are all collectors and then those that sample ciphertexts.
func WithProofs(s *awsapi.Session, regions []string, o envelope.Options) []collectors.Collector {
	keys := kms.NewKeys(s)
	return append(configurations(s, keys, regions), proofs(s, keys, regions, o)...)
}

// Proofs are the collectors that sample ciphertexts. Without a session they
// can say what they would read.
func Proofs(s *awsapi.Session, regions []string, o envelope.Options) []collectors.Collector {
	return proofs(s, kms.NewKeys(s), regions, o)
}

// Prober is what probes run on, of which a scan has none unless it is told to.
func Prober(s *awsapi.Session) *envelope.Run {
	return envelope.NewRun(s, kms.NewKeys(s), envelope.Options{})
}

func proofs(s *awsapi.Session, keys *kms.Keys, regions []string, o envelope.Options) []collectors.Collector {
	run := envelope.NewRun(s, keys, o)
	return []collectors.Collector{
		envelope.NewObjects(run, regions),
		envelope.NewRecords(run),
		envelope.NewItems(run),
		cloudtrail.NewEvents(s, o.Sampling),
	}
}

func configurations(s *awsapi.Session, keys *kms.Keys, regions []string) []collectors.Collector {
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
	for _, c := range WithProofs(nil, nil, envelope.Options{}) {
		types = append(types, c.Types()...)
	}
	return types
}

// Services are the names of the collectors of Collectors, in their order.
func Services() []string { return names(Collectors(nil, nil)) }

// ProofServices are the names of the collectors of Proofs, in their order.
func ProofServices() []string { return names(Proofs(nil, nil, envelope.Options{})) }

func names(list []collectors.Collector) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.Service())
	}
	return out
}

// Serves says whether a collector is of one of the services. "s3" are all of
// them that read S3, "s3/objects" is the one; no services are all.
func Serves(c collectors.Collector, services []string) bool {
	prefix, _, _ := strings.Cut(c.Service(), "/")
	return len(services) == 0 || slices.Contains(services, c.Service()) || slices.Contains(services, prefix)
}
