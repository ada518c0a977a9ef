package lab

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// consumer is a registered consumer of a stream (Kinesis API,
// RegisterStreamConsumer). That it reads over HTTP/2 is not offered.
type consumer struct {
	name, arn string
	born      time.Time
	ready     bool
}

// The most consumers of a stream, and how long one is made.
const (
	maxConsumers   = 20
	consumerMaking = 5 * time.Second
)

func (c *consumer) describe() map[string]any {
	status := "CREATING"
	if c.ready {
		status = "ACTIVE"
	}
	return map[string]any{"ConsumerName": c.name, "ConsumerARN": c.arn, "ConsumerStatus": status, "ConsumerCreationTimestamp": c.born}
}

func consumerOperations() map[string]operation {
	return map[string]operation{
		"kinesis:RegisterStreamConsumer":   changingStream(registerConsumer),
		"kinesis:ListStreamConsumers":      onStream(listConsumers),
		"kinesis:DescribeStreamConsumer":   ofConsumer(onStream(describeConsumer)),
		"kinesis:DeregisterStreamConsumer": ofConsumer(changingStream(deregisterConsumer)),
		"kinesis:DescribeLimits":           describeLimits,
	}
}

// ofConsumer lets a consumer's ARN name its stream.
func ofConsumer(do operation) operation {
	return func(l *Lab, q *wire.Request) answer {
		if arn := q.String("ConsumerARN"); arn != "" && q.String("StreamARN") == "" {
			stream, _, _ := strings.Cut(arn, "/consumer/")
			q.Input["StreamARN"] = stream
		}
		return do(l, q)
	}
}

func registerConsumer(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	name := q.String("ConsumerName")
	var w wrongs
	w.name("consumerName", name, 128)
	if failure := w.failure(); failure != nil {
		return nil, failure
	}
	switch {
	case l.streamStatus(s) == "CREATING" || l.streamStatus(s) == "DELETING":
		return nil, refuse(400, "ResourceInUseException", "Stream "+s.name+" under account "+l.account.ID+" is not ACTIVE.")
	case s.consumer(name, "") != nil:
		return nil, refuse(400, "ResourceInUseException", "Consumer "+name+" under stream "+s.arn+" already exists for account "+l.account.ID+".")
	case len(s.consumers) >= maxConsumers:
		return nil, refuse(400, "LimitExceededException", "The stream "+s.arn+" has "+strconv.Itoa(maxConsumers)+" consumers.")
	}
	born := l.now().UTC().Truncate(time.Second)
	c := &consumer{name: name, born: born, arn: s.arn + "/consumer/" + name + ":" + strconv.FormatInt(born.Unix(), 10)}
	s.consumers = append(s.consumers, c)
	l.describe(s, map[string]any{"ConsumerCount": len(s.consumers)})
	l.later(s, consumerMaking, func() { c.ready = true })
	return map[string]any{"Consumer": c.describe()}, nil
}

// consumer finds a consumer by name or ARN.
func (s *stream) consumer(name, arn string) *consumer {
	for _, c := range s.consumers {
		if name != "" && c.name == name || arn != "" && c.arn == arn {
			return c
		}
	}
	return nil
}

func (l *Lab) askedConsumer(q *wire.Request, s *stream) (*consumer, *wire.Failure) {
	if c := s.consumer(q.String("ConsumerName"), q.String("ConsumerARN")); c != nil {
		return c, nil
	}
	return nil, refuse(400, "ResourceNotFoundException", "Consumer "+firstOf(q.String("ConsumerARN"), q.String("ConsumerName"))+" for account "+l.account.ID+" not found.")
}

func describeConsumer(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	c, failure := l.askedConsumer(q, s)
	if failure != nil {
		return nil, failure
	}
	return map[string]any{"ConsumerDescription": filled(map[string]any{"StreamARN": s.arn}, c.describe())}, nil
}

func deregisterConsumer(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	c, failure := l.askedConsumer(q, s)
	if failure != nil {
		return nil, failure
	}
	s.consumers = slices.DeleteFunc(slices.Clone(s.consumers), func(o *consumer) bool { return o == c })
	l.describe(s, map[string]any{"ConsumerCount": len(s.consumers)})
	return nil, nil
}

func listConsumers(l *Lab, q *wire.Request, s *stream) (map[string]any, *wire.Failure) {
	how := listing{token: "NextToken", size: "MaxResults", usual: 100, most: 10000, badCode: "InvalidArgumentException"}
	first, end, next, failure := l.page(q, how, len(s.consumers))
	if failure != nil {
		return nil, failure
	}
	list := []any{}
	for _, c := range s.consumers[first:end] {
		list = append(list, c.describe())
	}
	output := map[string]any{"Consumers": list}
	if next != "" {
		output["NextToken"] = next
	}
	return output, nil
}

// describeLimits tells an account's quotas, which are not enforced here.
func describeLimits(l *Lab, q *wire.Request) answer {
	l.settleStreams()
	shards, streams := 0, l.index.regions[q.Region].streams
	onDemand := 0
	for _, name := range streams.names {
		d := l.streamSummary(q.Region, streams.by[name])
		if mode, _ := d["StreamModeDetails"].(map[string]any); text(mode, "StreamMode") == "ON_DEMAND" {
			onDemand++
		}
		n, _ := d["OpenShardCount"].(int)
		shards += n
	}
	return answer{output: map[string]any{"ShardLimit": 500, "OpenShardCount": shards, "OnDemandStreamCount": onDemand, "OnDemandStreamCountLimit": 50}}
}
