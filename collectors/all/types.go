package all

import (
	"slices"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/cloudtrail"
	"github.com/sealaudit/sealaudit/collectors/dynamodb"
	"github.com/sealaudit/sealaudit/collectors/firehose"
	"github.com/sealaudit/sealaudit/collectors/kinesis"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/collectors/s3"
)

// Types are the resource types of every collector.
func Types() []collectors.ResourceType {
	return slices.Concat(s3.Types(), kinesis.Types(), firehose.Types(), dynamodb.Types(), cloudtrail.Types(), kms.Types())
}
