package envelope

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

const canaryReads = 10 // GetRecords may give nothing on its way to the record

// recordProbe is a probe of a stream. Its canary can't be deleted.
type recordProbe struct {
	*probe
	client *kinesis.Client
	stream *types.StreamDescriptionSummary // nil where it could not be read
	put    *kinesis.PutRecordOutput
}

func (r *recordProbe) run(ctx context.Context) {
	r.client = kinesis.NewFromConfig(r.session.Config(r.target.Scope.Region))
	if out, err := r.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &r.target.Name}); err != nil {
		r.fail("place", err)
		return
	} else if r.stream = out.StreamDescriptionSummary; r.stream == nil {
		r.lack("place", awsapi.Missing("StreamDescriptionSummary"))
		return
	}
	if ctx.Err() != nil {
		r.fail("put", errInterrupted)
		return
	}
	r.say("probe: writing a record of %d random bytes to %s, partition key %s; a record can't be deleted: it stays for %d hours", canarySize, r.parent.ARN, r.name, r.hours())
	r.write(ctx)
	if r.written {
		r.seen.Bytes = canarySize
		r.readBack(ctx)
		r.aside("delete", envelope.Unknown, "A record can't be deleted: %s of shard %s stays until the stream's %d hours are over.",
			text(aws.ToString(r.put.SequenceNumber)), text(aws.ToString(r.put.ShardId)), r.hours())
	}
}

func (r *recordProbe) hours() int32 { return aws.ToInt32(r.stream.RetentionPeriodHours) }

func (r *recordProbe) write(ctx context.Context) {
	ctx, cancel := writing(ctx)
	defer cancel()
	var err error
	r.put, err = r.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &r.target.Name, PartitionKey: &r.name, Data: r.content},
		func(o *kinesis.Options) { o.Retryer = once() })
	if err != nil {
		r.fail("put", err)
		if !refused(err) {
			r.say("probe: there was no answer: a record with the partition key %s may be in %s until its retention ends", r.name, r.parent.ARN)
			r.aside("delete", envelope.Unknown, "A record with the partition key %s may have been written, and can't be deleted: it would stay for %d hours.", r.name, r.hours())
		}
		return
	}
	r.written = true
	r.seen.Server.Algorithm, r.seen.Gaps = awsapi.Enum(r.put.EncryptionType, "EncryptionType", serverPath)
	r.encrypted("put", r.put.EncryptionType)
	r.compareSetting()
}

// encrypted is the step that says whether an answer names an encryption.
func (r *recordProbe) encrypted(name string, t types.EncryptionType) {
	switch t {
	case types.EncryptionTypeKms:
		r.step(name, envelope.Verified, "EncryptionType is KMS.")
	case types.EncryptionTypeNone:
		r.step(name, envelope.Refuted, "EncryptionType is NONE: Kinesis stores the record as it came.")
	default:
		r.step(name, envelope.Unknown, "EncryptionType is not in the answer, or not one that this version of sealaudit knows.")
	}
}

// compareSetting is the step that says whether the record was encrypted as the
// stream's setting says. While that changes, both are right.
func (r *recordProbe) compareSetting() {
	switch {
	case r.stream.StreamStatus == types.StreamStatusUpdating:
		r.aside("setting", envelope.Unknown, "The stream's setting was changing.")
	case r.stream.EncryptionType != r.put.EncryptionType:
		r.step("setting", envelope.Refuted, "The stream's setting is %s, and the record was not written so.", text(string(r.stream.EncryptionType)))
	case r.stream.EncryptionType == types.EncryptionTypeKms:
		r.step("setting", envelope.Verified, "The record was written as the stream's setting says: KMS with the key %s.", text(aws.ToString(r.stream.KeyId)))
	default:
		r.step("setting", envelope.Verified, "The record was written as the stream's setting says: without encryption.")
	}
}

// readBack reads the record by its sequence number.
func (r *recordProbe) readBack(ctx context.Context) {
	ctx = awsapi.OfShard(ctx, r.target.Name+"/"+aws.ToString(r.put.ShardId))
	out, err := r.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: &r.target.Name, ShardId: r.put.ShardId,
		ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: r.put.SequenceNumber})
	if err != nil {
		r.fail("get", err)
		return
	}
	iterator := out.ShardIterator
	for range canaryReads {
		reply, err := r.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(1)})
		if err != nil {
			r.fail("get", err)
			return
		}
		for _, one := range reply.Records {
			defer clear(one.Data)
			if aws.ToString(one.SequenceNumber) == aws.ToString(r.put.SequenceNumber) {
				r.found(one)
				return
			}
		}
		if iterator = reply.NextShardIterator; iterator == nil {
			break
		}
	}
	r.lack("get", collectors.Gap{Reason: collectors.NoData, Detail: "GetRecords did not give the record that PutRecord took.", Remedy: "Look for it by its sequence number; probe again."})
}

func (r *recordProbe) found(one types.Record) {
	r.seen.Modified = aws.ToTime(one.ApproximateArrivalTimestamp)
	if one.EncryptionType != r.put.EncryptionType {
		r.step("get", envelope.Refuted, "EncryptionType is %s; that of the write was %s.", text(string(one.EncryptionType)), text(string(r.put.EncryptionType)))
	} else {
		r.encrypted("get", one.EncryptionType)
	}
	r.compare(one.Data)
}
