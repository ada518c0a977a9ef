package firehose_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/firehose"
	"github.com/sealaudit/sealaudit/collectors/kms"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	listing = "AWS::KinesisFirehose::DeliveryStream eu-west-1"
	keyARN  = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	awsARN  = "arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab"
	landing = "arn:aws:s3:::landing"
	list    = "firehose:ListDeliveryStreams"
	desc    = "firehose:DescribeDeliveryStream"
)

type object = map[string]any

// with is an object with some fields changed; a nil field is left out.
func with(o, change object) object {
	out := object{}
	for _, part := range []object{o, change} {
		for k, v := range part {
			if out[k] = v; v == nil {
				delete(out, k)
			}
		}
	}
	return out
}

// place is a description of a place in S3.
func place(encryption object) object {
	return object{"BucketARN": landing, "RoleARN": "arn:aws:iam::111122223333:role/delivery", "BufferingHints": object{"SizeInMBs": 5, "IntervalInSeconds": 300},
		"CompressionFormat": "UNCOMPRESSED", "EncryptionConfiguration": encryption}
}

func plain() object { return object{"NoEncryptionConfig": "NoEncryption"} }

func keyed(id string) object {
	return object{"KMSEncryptionConfig": object{"AWSKMSKeyARN": id}}
}

func customer() object {
	return object{"Status": "ENABLED", "KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": keyARN}
}

// stream is what AWS says of a stream with a customer managed key into S3,
// changed.
func stream(name string, change object) object {
	return with(object{"DeliveryStreamName": name, "DeliveryStreamARN": "arn:aws:firehose:eu-west-1:111122223333:deliverystream/" + name,
		"DeliveryStreamStatus": "ACTIVE", "DeliveryStreamType": "DirectPut", "VersionId": "1", "CreateTimestamp": 1500000000.5, "HasMoreDestinations": false,
		"DeliveryStreamEncryptionConfiguration": customer(),
		"Destinations": []object{{"DestinationId": "destinationId-000000000001", "S3DestinationDescription": place(plain()),
			"ExtendedS3DestinationDescription": with(place(plain()), object{"S3BackupMode": "Disabled"})}}}, change)
}

func to(destination object) object {
	return object{"Destinations": []object{with(object{"DestinationId": "destinationId-000000000001"}, destination)}}
}

func describing(streams ...object) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		for _, s := range streams {
			if s["DeliveryStreamName"] == q.Text("DeliveryStreamName") {
				return api.JSON(object{"DeliveryStreamDescription": s})
			}
		}
		return api.JSONError(400, "ResourceNotFoundException", "Firehose "+q.Text("DeliveryStreamName")+" under account 111122223333 not found.")
	}
}

func describedKey(q api.Request) api.Reply {
	manager := "CUSTOMER"
	if strings.HasSuffix(awsARN, q.Text("KeyId")) {
		manager = "AWS"
	}
	return api.JSON(object{"KeyMetadata": object{"Arn": q.Text("KeyId"), "KeyId": "k", "KeyManager": manager, "KeyState": "Enabled",
		"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}})
}

// answers are those of an account with the streams, whose records come in
// without an error, and without alarms.
func answers(streams ...object) api.Answers {
	var names []string
	for _, s := range streams {
		names = append(names, s["DeliveryStreamName"].(string))
	}
	a := api.Answers{
		list:              api.Always(api.JSON(object{"DeliveryStreamNames": names, "HasMoreDeliveryStreams": false})),
		desc:              describing(streams...),
		"kms:DescribeKey": describedKey,
		"kms:ListAliases": api.Always(api.JSON(object{"Aliases": []object{{"AliasName": "alias/aws/s3", "TargetKeyId": awsARN[len(awsARN)-36:]}, {"AliasName": "alias/records", "TargetKeyId": keyARN[len(keyARN)-36:]}}})),
	}
	watching(a, "GetMetricData", api.Always(metricData("", counted(nil)...)))
	watching(a, "DescribeAlarms", api.Always(alarms("")))
	return a
}

// watching answers a CloudWatch operation, by the name that it is signed with.
func watching(a api.Answers, operation string, answer func(api.Request) api.Reply) {
	a["monitoring:"+operation], a["cloudwatch:"+operation] = answer, answer
}

func collect(ctx context.Context, t *testing.T, a api.Answers) (*api.Sink, *api.Server) {
	t.Helper()
	server := api.Serve(t, a)
	session := server.Session(t)
	sink := api.Collect(ctx, t, firehose.New(session, kms.NewKeys(session)), api.Scope())
	for _, r := range sink.Resources {
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text), "null") {
			t.Errorf("a resource has a null or can't be encoded: %s %v", text, err)
		}
		for _, g := range r.Gaps {
			if g.Detail == "" || g.Remedy == "" || len(g.Attributes) == 0 {
				t.Errorf("a gap says too little: %+v", g)
			}
		}
	}
	return sink, server
}

func describedGaps(gaps []collectors.Gap) []string {
	var out []string
	for _, g := range gaps {
		for _, a := range g.Attributes {
			out = append(out, a+" "+string(g.Reason))
		}
	}
	slices.Sort(out)
	return out
}

func customerKey(id string) *collectors.Key {
	return &collectors.Key{ID: id, ARN: keyARN, Exists: aws.Bool(true), Manager: "CUSTOMER", State: "Enabled", Spec: "SYMMETRIC_DEFAULT",
		Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Account: "111122223333", Region: "eu-west-1"}
}

// facts are those of stream, changed.
func facts(change func(*firehose.Facts)) firehose.Facts {
	f := firehose.Facts{Status: "ACTIVE", CreatedAt: "2017-07-14T02:40:00Z", Source: &firehose.Source{Type: "DirectPut"},
		Encryption:  &firehose.Encryption{Status: "ENABLED", KeyType: "CUSTOMER_MANAGED_CMK", Key: customerKey(keyARN)},
		Destination: &firehose.Destination{Type: "extended_s3", S3: &firehose.S3{BucketARN: landing, Inherits: landing}},
		KeyErrors:   &firehose.KeyErrors{WindowDays: 14, IncomingRecords: aws.Float64(1200)},
		KeyAlarms:   &firehose.KeyAlarms{Covered: []string{}, Missing: keyMetrics()},
	}
	if change != nil {
		change(&f)
	}
	return f
}

func keyMetrics() []string {
	return []string{"KMSKeyAccessDenied", "KMSKeyDisabled", "KMSKeyInvalidState", "KMSKeyNotFound"}
}

// check collects one changed stream and compares it.
func check(t *testing.T, change object, want func(*firehose.Facts), gaps []string) {
	t.Helper()
	sink, _ := collect(t.Context(), t, answers(stream("clicks", change)))
	r := sink.Find(t, "arn:aws:firehose:eu-west-1:111122223333:deliverystream/clicks")
	if diff := cmp.Diff(facts(want), r.Facts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(gaps, describedGaps(r.Gaps)); diff != "" {
		t.Error(diff)
	}
	if gap, ok := sink.Gaps[listing]; gap != nil || !ok {
		t.Errorf("listing: %+v %v", gap, ok)
	}
}

func TestStatusAndSource(t *testing.T) {
	kinesis := object{"KinesisStreamSourceDescription": object{"KinesisStreamARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks", "RoleARN": "r"}}
	source := func(s *firehose.Source) func(*firehose.Facts) { return func(f *firehose.Facts) { f.Source = s } }
	for name, tc := range map[string]struct {
		change object
		want   func(*firehose.Facts)
		gaps   []string
	}{
		"direct puts": {},
		"a Kinesis stream": {object{"DeliveryStreamType": "KinesisStreamAsSource", "Source": kinesis},
			source(&firehose.Source{Type: "KinesisStreamAsSource", StreamARN: "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"}), nil},
		"a Kinesis stream without its name": {object{"DeliveryStreamType": "KinesisStreamAsSource"}, source(&firehose.Source{Type: "KinesisStreamAsSource"}), []string{"facts.source.stream_arn no_data"}},
		"MSK":                               {object{"DeliveryStreamType": "MSKAsSource", "Source": object{"MSKSourceDescription": object{"TopicName": "t"}}}, source(&firehose.Source{Type: "MSKAsSource"}), nil},
		"a database":                        {object{"DeliveryStreamType": "DatabaseAsSource"}, source(&firehose.Source{Type: "DatabaseAsSource"}), nil},
		"a newer source":                    {object{"DeliveryStreamType": "PigeonAsSource"}, source(nil), []string{"facts.source unknown_value"}},
		// Recorded in 2016.
		"no source":      {object{"DeliveryStreamType": nil}, source(nil), []string{"facts.source no_data"}},
		"created still":  {object{"DeliveryStreamStatus": "CREATING", "CreateTimestamp": nil}, func(f *firehose.Facts) { f.Status, f.CreatedAt = "CREATING", "" }, nil},
		"a newer status": {object{"DeliveryStreamStatus": "PAUSED"}, func(f *firehose.Facts) { f.Status = "" }, []string{"facts.status unknown_value"}},
	} {
		t.Run(name, func(t *testing.T) { check(t, tc.change, tc.want, tc.gaps) })
	}
}

func TestEncryption(t *testing.T) {
	unwatched := func(e *firehose.Encryption) func(*firehose.Facts) {
		return func(f *firehose.Facts) { f.Encryption, f.KeyErrors, f.KeyAlarms = e, nil, nil }
	}
	watched := func(e *firehose.Encryption) func(*firehose.Facts) {
		return func(f *firehose.Facts) { f.Encryption = e }
	}
	cmk := "CUSTOMER_MANAGED_CMK"
	for name, tc := range map[string]struct {
		configuration object
		want          func(*firehose.Facts)
		gaps          []string
	}{
		"a customer managed key":   {customer(), nil, nil},
		"no configuration":         {nil, unwatched(&firehose.Encryption{Status: "DISABLED"}), nil},
		"disabled":                 {object{"Status": "DISABLED"}, unwatched(&firehose.Encryption{Status: "DISABLED"}), nil},
		"an AWS owned key":         {object{"Status": "ENABLED", "KeyType": "AWS_OWNED_CMK"}, unwatched(&firehose.Encryption{Status: "ENABLED", KeyType: "AWS_OWNED_CMK"}), nil},
		"enabling":                 {object{"Status": "ENABLING", "KeyType": "AWS_OWNED_CMK"}, unwatched(&firehose.Encryption{Status: "ENABLING", KeyType: "AWS_OWNED_CMK"}), nil},
		"disabling":                {with(customer(), object{"Status": "DISABLING"}), watched(&firehose.Encryption{Status: "DISABLING", KeyType: cmk, Key: customerKey(keyARN)}), nil},
		"disabled with its key":    {with(customer(), object{"Status": "DISABLED"}), unwatched(&firehose.Encryption{Status: "DISABLED", KeyType: cmk, Key: customerKey(keyARN)}), nil},
		"a change of key failed":   {with(customer(), object{"Status": "ENABLING_FAILED", "FailureDescription": object{"Type": "DISABLED_KMS_KEY", "Details": "secret-details"}}), watched(&firehose.Encryption{Status: "ENABLING_FAILED", KeyType: cmk, Key: customerKey(keyARN), Failure: "DISABLED_KMS_KEY"}), nil},
		"the first attempt failed": {object{"Status": "ENABLING_FAILED", "FailureDescription": object{"Type": "KMS_ACCESS_DENIED", "Details": "d"}}, unwatched(&firehose.Encryption{Status: "ENABLING_FAILED", Failure: "KMS_ACCESS_DENIED"}), nil},
		"disabling failed":         {object{"Status": "DISABLING_FAILED", "KeyType": "AWS_OWNED_CMK", "FailureDescription": object{"Type": "RETIRE_KMS_GRANT_FAILED", "Details": "d"}}, unwatched(&firehose.Encryption{Status: "DISABLING_FAILED", KeyType: "AWS_OWNED_CMK", Failure: "RETIRE_KMS_GRANT_FAILED"}), nil},
		"a newer failure":          {with(customer(), object{"Status": "ENABLING_FAILED", "FailureDescription": object{"Type": "TOO_TIRED", "Details": "d"}}), watched(&firehose.Encryption{Status: "ENABLING_FAILED", KeyType: cmk, Key: customerKey(keyARN)}), []string{"facts.encryption.failure unknown_value"}},
		"a newer status":           {with(customer(), object{"Status": "ROTATING"}), unwatched(nil), []string{"facts.encryption unknown_value", "facts.key_alarms unknown_value", "facts.key_errors unknown_value"}},
		"no status":                {with(customer(), object{"Status": nil}), unwatched(nil), []string{"facts.encryption no_data", "facts.key_alarms no_data", "facts.key_errors no_data"}},
		"a newer key type":         {with(customer(), object{"KeyType": "PARTNER_CMK"}), unwatched(&firehose.Encryption{Status: "ENABLED"}), []string{"facts.encryption.key unknown_value", "facts.encryption.key_type unknown_value", "facts.key_alarms unknown_value", "facts.key_errors unknown_value"}},
		"enabled, no key type":     {object{"Status": "ENABLED"}, unwatched(&firehose.Encryption{Status: "ENABLED"}), []string{"facts.encryption.key no_data", "facts.encryption.key_type no_data", "facts.key_alarms no_data", "facts.key_errors no_data"}},
		"no key":                   {with(customer(), object{"KeyARN": nil}), watched(&firehose.Encryption{Status: "ENABLED", KeyType: cmk}), []string{"facts.encryption.key no_data"}},
	} {
		t.Run(name, func(t *testing.T) {
			var configuration any
			if tc.configuration != nil {
				configuration = tc.configuration
			}
			check(t, object{"DeliveryStreamEncryptionConfiguration": configuration}, tc.want, tc.gaps)
		})
	}
}

func TestListsEveryPage(t *testing.T) {
	a := answers()
	a[desc] = func(q api.Request) api.Reply { return describing(stream(q.Text("DeliveryStreamName"), nil))(q) }
	next := map[string]int{"": 0, "s-0-99": 1, "s-1-99": 2}
	a[list] = func(q api.Request) api.Reply {
		page := next[q.Text("ExclusiveStartDeliveryStreamName")]
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprintf("s-%d-%02d", page, i))
		}
		return api.JSON(object{"DeliveryStreamNames": names, "HasMoreDeliveryStreams": page < 2})
	}
	sink, server := collect(t.Context(), t, a)
	if len(sink.Resources) != 300 || sink.Gaps[listing] != nil {
		t.Errorf("%d streams, gap %+v", len(sink.Resources), sink.Gaps[listing])
	}
	var operations []string
	for _, c := range sink.Find(t, "s-1-07").Calls {
		operations = append(operations, c.Operation)
	}
	if diff := cmp.Diff([]string{"cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", desc, list, "kms:DescribeKey"}, operations); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(strings.Join(server.Calls(), " "), ":DescribeAlarms"); n != 1 {
		t.Errorf("the region's alarms were read %d times", n)
	}
	if text := string(server.Requests(list)[0].Body); !strings.Contains(text, `"Limit":10000`) {
		t.Errorf("asked for %s", text)
	}
}

func TestListingsThatCantGoOn(t *testing.T) {
	for name, pages := range map[string][][]string{
		"the same page":        {{"clicks"}},
		"back to an old page":  {{"clicks"}, {"orders"}},
		"an empty page":        {{}},
		"an empty second page": {{"clicks"}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			a, n := answers(stream("clicks", nil), stream("orders", nil)), 0
			a[list] = func(api.Request) api.Reply {
				n++
				return api.JSON(object{"DeliveryStreamNames": pages[(n-1)%len(pages)], "HasMoreDeliveryStreams": true})
			}
			sink, _ := collect(t.Context(), t, a)
			if gap := sink.Gaps[listing]; gap == nil || gap.Reason != collectors.Failed || n > 3 {
				t.Errorf("gap %+v after %d pages", gap, n)
			}
		})
	}
}
