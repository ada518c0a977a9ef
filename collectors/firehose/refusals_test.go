package firehose_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/firehose"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const secret = "S3CRET-t0k3n"

func denied(action string) api.Reply {
	return api.JSONError(400, "AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/audit/test is not authorized to perform: "+action)
}

// queryError is an AWS error of the query protocol.
func queryError(status int, code string) api.Reply {
	return api.Reply{Status: status, Type: "text/xml", Body: "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>"}
}

// only answers one stream of several in another way.
func only(name string, reply api.Reply, others func(api.Request) api.Reply) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		if q.Text("DeliveryStreamName") == name {
			return reply
		}
		return others(q)
	}
}

// Every refusal costs what the call would have told, and nothing else.
func TestRefusals(t *testing.T) {
	streams := []object{stream("clicks", to(object{"ExtendedS3DestinationDescription": with(place(keyed(keyARN)), object{"S3BackupMode": "Disabled"})})), stream("orders", nil)}
	cut := api.Reply{Type: "application/x-amz-json-1.1", Body: `{"DeliveryStreamDescription":{"Destinations":[{"SplunkDestinationDescription":{"HECToken":"` + secret}
	whole := func(change func(*firehose.Facts)) firehose.Facts {
		return facts(func(f *firehose.Facts) {
			f.Destination.S3 = &firehose.S3{BucketARN: landing, Key: customerKey(keyARN)}
			if change != nil {
				change(f)
			}
		})
	}
	none := []string{"delete_at", "exists", "manager", "origin", "spec", "state", "usage"}
	named := func(f *firehose.Facts) {
		f.Encryption.Key = &collectors.Key{ID: keyARN, ARN: keyARN, Account: "111122223333", Region: "eu-west-1"}
		f.Destination.S3.Key = f.Encryption.Key
	}
	errorless := func(f *firehose.Facts) { f.KeyErrors = nil }
	unalarmed := func(f *firehose.Facts) { f.KeyAlarms = nil }
	page := api.Reply{Type: "text/html", Body: "<html>404</html>", Status: 404}
	for name, tc := range map[string]struct {
		operation string
		answer    func(api.Request) api.Reply
		listing   collectors.Reason
		clicks    firehose.Facts
		gaps      []string
	}{
		"listing denied":       {list, api.Always(denied(list)), collectors.Denied, firehose.Facts{}, nil},
		"listing fails":        {list, api.Always(api.JSONError(500, "InternalFailure", "")), collectors.Failed, firehose.Facts{}, nil},
		"listing cut off":      {list, api.Always(cut), collectors.Failed, firehose.Facts{}, nil},
		"listing not known":    {list, api.Always(api.JSONError(501, "NotImplemented", "")), collectors.Unsupported, firehose.Facts{}, nil},
		"description denied":   {desc, only("clicks", denied(desc), describing(streams...)), "", firehose.Facts{}, []string{"facts denied"}},
		"description cut off":  {desc, only("clicks", cut, describing(streams...)), "", firehose.Facts{}, []string{"facts failed"}},
		"description fails":    {desc, only("clicks", api.JSONError(503, "ServiceUnavailableException", ""), describing(streams...)), "", firehose.Facts{}, []string{"facts failed"}},
		"description empty":    {desc, only("clicks", api.JSON(object{}), describing(streams...)), "", firehose.Facts{}, []string{"facts failed"}},
		"deleted in between":   {desc, describing(streams[1]), "", firehose.Facts{}, []string{"facts vanished"}},
		"keys denied":          {"kms:DescribeKey", api.Always(denied("kms:DescribeKey")), "", whole(named), append(keyGaps("facts.destination.s3.key", "denied", none...), keyGaps("facts.encryption.key", "denied", none...)...)},
		"metrics denied":       {"GetMetricData", api.Always(queryError(403, "AccessDenied")), "", whole(errorless), []string{"facts.key_errors denied"}},
		"metrics not known":    {"GetMetricData", api.Always(queryError(400, "InvalidAction")), "", whole(errorless), []string{"facts.key_errors unsupported"}},
		"metrics fail":         {"GetMetricData", api.Always(page), "", whole(errorless), []string{"facts.key_errors failed"}},
		"metrics go in a ring": {"GetMetricData", api.Always(metricData("again", counted(nil)...)), "", whole(errorless), []string{"facts.key_errors failed"}},
		"alarms denied":        {"DescribeAlarms", api.Always(queryError(403, "AccessDenied")), "", whole(unalarmed), []string{"facts.key_alarms denied"}},
		"alarms fail":          {"DescribeAlarms", api.Always(queryError(500, "InternalFailure")), "", whole(unalarmed), []string{"facts.key_alarms failed"}},
		"alarms go in a ring":  {"DescribeAlarms", api.Always(alarms("again")), "", whole(unalarmed), []string{"facts.key_alarms failed"}},
		"the tags are refused": {"tagging:GetResources", api.Always(denied("tag:GetResources")), "", whole(nil), []string{"tags denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(streams...)
			complete, _ := collect(t.Context(), t, a)
			if tc.operation == "GetMetricData" || tc.operation == "DescribeAlarms" {
				watching(a, tc.operation, tc.answer)
			} else {
				a[tc.operation] = tc.answer
			}
			sink, _ := collect(t.Context(), t, a)
			if gap := sink.Gaps[listing]; (gap == nil) != (tc.listing == "") || gap != nil && gap.Reason != tc.listing {
				t.Fatalf("listing: %+v", gap)
			}
			if tc.listing != "" {
				return
			}
			r := sink.Find(t, "clicks")
			if diff := cmp.Diff(tc.clicks, r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			if tc.operation == desc {
				if diff := cmp.Diff(complete.Find(t, "orders").Facts, sink.Find(t, "orders").Facts); diff != "" {
					t.Errorf("the other stream changes too\n%s", diff)
				}
			}
		})
	}
}

func TestADeniedMetricNamesItsPermission(t *testing.T) {
	a := answers(stream("clicks", nil))
	watching(a, "GetMetricData", api.Always(queryError(403, "AccessDenied")))
	sink, _ := collect(t.Context(), t, a)
	if gaps := sink.Find(t, "clicks").Gaps; len(gaps) != 1 || gaps[0].Permission != "cloudwatch:GetMetricData" {
		t.Errorf("gaps %+v", gaps)
	}
}

// Without a customer managed key nobody needs the rights of CloudWatch.
func TestAsksCloudWatchOnlyWhereAKeyCanFail(t *testing.T) {
	a := answers(stream("clicks", object{"DeliveryStreamEncryptionConfiguration": object{"Status": "ENABLED", "KeyType": "AWS_OWNED_CMK"}}))
	_, server := collect(t.Context(), t, a)
	if diff := cmp.Diff([]string{desc, list}, server.Calls()); diff != "" {
		t.Error(diff)
	}
}

func TestThrottledUntilTheEnd(t *testing.T) {
	throttle := api.JSONError(400, "LimitExceededException", "Rate exceeded")
	a := answers(stream("clicks", nil), stream("orders", nil))
	a[desc] = only("clicks", throttle, a[desc])
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	sink, _ := collect(ctx, t, a)
	if got := describedGaps(sink.Find(t, "clicks").Gaps); !slices.Contains(got, "facts throttled") {
		t.Errorf("gaps %v", got)
	}
	if r := sink.Find(t, "orders"); len(r.Gaps) > 0 || sink.Gaps[listing] != nil {
		t.Errorf("gaps %+v, listing %+v", r.Gaps, sink.Gaps[listing])
	}
	a[list] = api.Always(throttle)
	late, cancelLate := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancelLate()
	sink, _ = collect(late, t, a)
	if gap := sink.Gaps[listing]; gap == nil || gap.Reason != collectors.Throttled {
		t.Errorf("listing %+v", gap)
	}
}

// Names are what somebody chose: they stay text, and nothing else is asked.
func TestHostileNames(t *testing.T) {
	names := []string{`"><script>alert(1)</script>`, "../../etc/passwd", "a&Action=DeleteAlarms\n\x1b[31m", "клики"}
	var streams []object
	for _, name := range names {
		streams = append(streams, stream(name, nil))
	}
	sink, server := collect(t.Context(), t, answers(streams...))
	for _, name := range names {
		if diff := cmp.Diff(facts(nil), sink.Find(t, name).Facts); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
	if got := slices.Compact(server.Calls()); len(got) != 5 {
		t.Errorf("asked %v", got)
	}
}

// No secret of a destination is emitted or logged, whatever becomes of the
// reply.
func TestSecretsGoNowhere(t *testing.T) {
	splunk := stream("clicks", to(object{"SplunkDestinationDescription": object{"HECEndpoint": "https://" + secret + ":" + secret + "@hec.example.com/" + secret + "?t=" + secret, "HECToken": secret, "S3DestinationDescription": place(keyed(keyARN))}}))
	http := stream("orders", to(object{"HttpEndpointDestinationDescription": object{"EndpointConfiguration": object{"Url": secret + "=" + secret, "AccessKey": secret},
		"RequestConfiguration": object{"CommonAttributes": []object{{"AttributeName": secret, "AttributeValue": secret}}}}}))
	snow := stream("snow", to(object{"SnowflakeDestinationDescription": object{"AccountUrl": "https://a.example.com/" + secret, "User": secret, "PrivateKey": secret, "KeyPassphrase": secret}}))
	redshift := stream("red", to(object{"RedshiftDestinationDescription": object{"ClusterJDBCURL": "jdbc:redshift://c:5439/db?pwd=" + secret, "Username": secret, "Password": secret}}))
	broken := fmt.Sprintf(`{"DeliveryStreamDescription":{"Destinations":[{"SplunkDestinationDescription":{"HECToken":%q,"HECEndpoint":%q`, secret, secret)
	for name, answer := range map[string]func(api.Request) api.Reply{
		"read":      describing(splunk, http, snow, redshift),
		"cut off":   api.Always(api.Reply{Type: "application/x-amz-json-1.1", Body: broken}),
		"misshapen": api.Always(api.Reply{Type: "application/x-amz-json-1.1", Body: strings.Replace(broken, `{"SplunkDestination`, `"x",{"SplunkDestination`, 1) + `}}]}}`}),
		"refused":   api.Always(api.Reply{Status: 500, Type: "application/x-amz-json-1.1", Body: broken + `}}]}}`}),
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(splunk, http, snow, redshift)
			a[desc] = answer
			var mu sync.Mutex
			var log []awsapi.Call
			session, err := awsapi.Open(t.Context(), awsapi.Options{Region: api.Region, EndpointURL: api.Serve(t, a).URL, Rates: map[string]float64{},
				Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "x", ""),
				Log:         &awsapi.CallLog{Add: func(c awsapi.Call) { mu.Lock(); defer mu.Unlock(); log = append(log, c) }}})
			if err != nil {
				t.Fatal(err)
			}
			sink := api.Collect(t.Context(), t, firehose.New(session, kms.NewKeys(session)), api.Scope())
			everything, err := json.Marshal([]any{sink.Resources, sink.Gaps})
			if err != nil || len(sink.Resources) != 4 {
				t.Fatal(err, len(sink.Resources))
			}
			for _, c := range log {
				everything = append(everything, c.Reply...)
				everything = append(everything, fmt.Sprintf("%+v", c.CallRef)...)
			}
			if at := strings.Index(string(everything), secret); at >= 0 {
				t.Errorf("a secret is in …%s", everything[max(0, at-200):at])
			}
		})
	}
}

func TestCanBeAskedWithoutASession(t *testing.T) {
	c := firehose.New(nil, nil)
	if c.Service() != "firehose" || c.Global() || len(c.Types()) != 1 || len(c.Actions()) != 4 {
		t.Errorf("collector %+v", c)
	}
}
