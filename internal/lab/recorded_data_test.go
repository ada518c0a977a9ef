package lab_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestKinesisAnswersAsRecorded plays AWS Kinesis's own answers.
func TestKinesisAnswersAsRecorded(t *testing.T) {
	const name = "recorded"
	arn := "arn:aws:kinesis:eu-west-1:" + own + ":stream/" + name
	made := func(p *player, in document) {
		in["StreamName"] = name
		if out := p.call("kinesis:CreateStream", in); out["Error"] != nil {
			p.Fatal(out)
		}
		p.lab.Advance(time.Minute)
	}
	play(t, "kinesis", map[string]func(*player){
		"test_create_stream_without_shard_count": func(p *player) {
			made(p, document{"StreamModeDetails": document{"StreamMode": "ON_DEMAND"}})
			p.step("Shards", part(p.call("kinesis:DescribeStream", document{"StreamName": name}), "StreamDescription", "Shards"))
		},
		"test_add_tags_to_stream": func(p *player) {
			made(p, document{"ShardCount": 1})
			p.call("kinesis:AddTagsToStream", document{"StreamName": name, "Tags": document{"foo": "bar"}})
			tags, _ := p.call("kinesis:ListTagsForStream", document{"StreamName": name})["Tags"].([]any)
			p.step("Tags", tags[0])
		},
		"test_record_lifecycle_data_integrity": func(p *player) {
			made(p, document{"ShardCount": 1})
			recorded := p.replies["Records"].([]any)
			for _, r := range recorded {
				r := r.(document)
				data := strings.TrimSuffix(strings.TrimPrefix(r["Data"].(string), "b'"), "'") // as Python prints bytes
				if strings.HasPrefix(data, `\xc3\xbc`) {
					data = "ünicödé 统一码 💣💻🔥"
				}
				r["Data"] = b64([]byte(data))
				p.call("kinesis:PutRecord", document{"StreamName": name, "Data": r["Data"], "PartitionKey": r["PartitionKey"]})
			}
			it := p.call("kinesis:GetShardIterator", document{"StreamName": name, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"})
			p.step("Records", p.call("kinesis:GetRecords", document{"ShardIterator": it["ShardIterator"]})["Records"])
		},
		"test_stream_consumers": func(p *player) {
			made(p, document{"ShardCount": 1})
			c := p.call("kinesis:RegisterStreamConsumer", document{"StreamARN": arn, "ConsumerName": "consumer"})
			p.lab.Advance(time.Minute)
			p.step("One_consumer_by_list_stream", p.call("kinesis:ListStreamConsumers", document{"StreamARN": arn})["Consumers"])
			p.step("One_consumer_by_describe_stream", p.call("kinesis:DescribeStreamConsumer", document{"ConsumerARN": part(c, "Consumer", "ConsumerARN")})["ConsumerDescription"])
		},
		"test_cbor_exceptions": func(p *player) { // the error is the same in JSON
			p.step("cbor-error", p.call("kinesis:DescribeStream", document{"StreamName": "wrong-stream-name"}))
		},
		"test_resource_policy_crud": func(p *player) {
			made(p, document{"ShardCount": 1})
			get := func(step string) {
				out := p.call("kinesis:GetResourcePolicy", document{"ResourceARN": arn})
				var policy document
				p.must("Policy", json.Unmarshal([]byte(p.textAt(out, "Policy")), &policy))
				out["Policy"] = policy
				p.step(step, out)
			}
			put := func(step, of string) {
				text, err := json.Marshal(part(p.replies, of, "Policy"))
				p.must("Policy", err)
				policy := strings.NewReplacer("<partition>", "aws", "<region>", "eu-west-1", ":<stream-name>", ":stream/"+name, "111111111111", own).Replace(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(text)))
				p.replies[of].(document)["Policy"] = decodedJSON(p, policy)
				p.step(step, p.call("kinesis:PutResourcePolicy", document{"ResourceARN": arn, "Policy": policy}))
			}
			get("default_policy_if_not_set")
			put("put_resource_policy_if_not_set", "get_resource_policy_after_set")
			get("get_resource_policy_after_set")
			put("update_resource_policy", "get_resource_policy_after_update")
			get("get_resource_policy_after_update")
			p.step("delete_resource_policy", p.call("kinesis:DeleteResourcePolicy", document{"ResourceARN": arn}))
			get("get_resource_policy_after_delete")
		},
	})
}

func decodedJSON(p *player, text string) (v document) {
	p.must("decoding", json.Unmarshal([]byte(text), &v))
	return v
}

// TestFirehoseAnswersAsRecorded plays AWS Firehose's own answers.
func TestFirehoseAnswersAsRecorded(t *testing.T) {
	role := "arn:aws:iam::" + own + ":role/delivery"
	destination := func(bucket string) document {
		return document{"RoleARN": role, "BucketARN": "arn:aws:s3:::" + bucket, "BufferingHints": document{"SizeInMBs": 1, "IntervalInSeconds": 60}}
	}
	play(t, "firehose", map[string]func(*player){
		"TestFirehoseIntegration::test_kinesis_firehose_kinesis_as_source_multiple_delivery_streams": func(p *player) {
			p.call("kinesis:CreateStream", document{"StreamName": "source", "ShardCount": 1})
			p.lab.Advance(time.Minute)
			for _, bucket := range []string{"one", "two"} {
				out := p.call("firehose:CreateDeliveryStream", document{"DeliveryStreamName": "to-" + bucket, "DeliveryStreamType": "KinesisStreamAsSource", "ExtendedS3DestinationConfiguration": destination(bucket),
					"KinesisStreamSourceConfiguration": document{"KinesisStreamARN": "arn:aws:kinesis:eu-west-1:" + own + ":stream/source", "RoleARN": role}})
				if out["Error"] != nil {
					p.Fatal(out)
				}
			}
			p.lab.Advance(time.Minute)
			p.call("kinesis:PutRecord", document{"StreamName": "source", "PartitionKey": "p", "Data": b64([]byte(`{"folder-name":"Test-message-2948294kdlsie"}`))})
			p.lab.Advance(5 * time.Minute)
			p.step("kinesis-event-stream-multiple-delivery-streams", document{"<bucket-a>": p.delivered("one"), "<bucket-b>": p.delivered("two")})
		},
		"TestFirehoseResourceTagging::test_resource_tagging": func(p *player) {
			name := document{"DeliveryStreamName": "tagged"}
			p.call("firehose:CreateDeliveryStream", document{"DeliveryStreamName": "tagged", "ExtendedS3DestinationConfiguration": destination("one"), "Tags": list(document{"Key": "subject", "Value": "taboo"})})
			p.step("list-tags-1", p.call("firehose:ListTagsForDeliveryStream", name))
			p.step("remove-tags", p.call("firehose:UntagDeliveryStream", document{"DeliveryStreamName": "tagged", "TagKeys": list("subject")}))
			p.step("list-tags-2", p.call("firehose:ListTagsForDeliveryStream", name))
			p.step("add-tags", p.call("firehose:TagDeliveryStream", document{"DeliveryStreamName": "tagged", "Tags": list(document{"Key": "feeling", "Value": "uncomfortable"})}))
			p.step("list-tags-3", p.call("firehose:ListTagsForDeliveryStream", name))
		},
	})
}

// delivered is the JSON of a bucket's only object.
func (p *player) delivered(bucket string) any {
	p.Helper()
	out, err := p.s3.ListObjectsV2(p.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	p.must("ListObjectsV2", err)
	if len(out.Contents) != 1 {
		p.Fatalf("%s has %d objects", bucket, len(out.Contents))
	}
	got, err := p.s3.GetObject(p.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String(*out.Contents[0].Key)})
	p.must("GetObject", err)
	defer got.Body.Close()
	var v any
	p.must("decoding", json.NewDecoder(got.Body).Decode(&v))
	return v
}
