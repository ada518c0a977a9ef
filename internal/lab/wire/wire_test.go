package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"context"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

var created = time.Date(2024, 5, 6, 7, 8, 9, 120e6, time.UTC)

// answering serves one output, or one failure, and remembers the request.
func answering(t *testing.T, output map[string]any, failure *wire.Failure) (aws.Config, func() *wire.Request) {
	t.Helper()
	var last *wire.Request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := wire.Read(r)
		last = q
		var refused *wire.Failure
		switch {
		case errors.As(err, &refused):
			q.Fail(refused).Write(w)
		case failure != nil:
			q.Fail(failure).Write(w)
		default:
			q.Reply(output).Write(w)
		}
	}))
	t.Cleanup(srv.Close)
	cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(srv.URL), RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{awsapi.PlainBodies},
		Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", "")}
	return cfg, func() *wire.Request { return last }
}

func TestEveryProtocolIsReadAndAnswered(t *testing.T) {
	ctx := t.Context()
	for _, tc := range []struct {
		name   string
		output map[string]any
		call   func(aws.Config) (any, error)
		want   any // part of the output
		input  map[string]any
	}{
		{"kinesis:DescribeStreamSummary", map[string]any{"StreamDescriptionSummary": map[string]any{
			"StreamName": "a<b>\"\u202e\x1b", "StreamCreationTimestamp": created, "RetentionPeriodHours": json.Number("24"), "KeyId": nil}},
			func(cfg aws.Config) (any, error) {
				out, err := kinesis.NewFromConfig(cfg).DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("a")})
				if err != nil {
					return nil, err
				}
				d := out.StreamDescriptionSummary
				return []any{*d.StreamName, d.StreamCreationTimestamp.UTC(), *d.RetentionPeriodHours, d.KeyId == nil}, nil
			}, []any{"a<b>\"\u202e\x1b", created, int32(24), true}, map[string]any{"StreamName": "a"}},
		{"cloudwatch:GetMetricData", map[string]any{"MetricDataResults": []any{map[string]any{
			"Id": "m1", "StatusCode": "Complete", "Values": []any{json.Number("3"), json.Number("0.5")}, "Timestamps": []any{created, created.Truncate(time.Second)}}}},
			func(cfg aws.Config) (any, error) {
				out, err := cloudwatch.NewFromConfig(cfg).GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: &created, EndTime: &created,
					MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m1"), Period: aws.Int32(60)}}})
				if err != nil {
					return nil, err
				}
				m := out.MetricDataResults[0]
				return []any{*m.Id, m.Values[0], m.Values[1], m.Timestamps[0].UTC(), m.Timestamps[1].UTC()}, nil
			}, []any{"m1", 3.0, 0.5, created, created.Truncate(time.Second)}, nil},
		{"sts:GetCallerIdentity", map[string]any{"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/a&b"},
			func(cfg aws.Config) (any, error) {
				out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
				if err != nil {
					return nil, err
				}
				return *out.Arn, nil
			}, "arn:aws:iam::111122223333:user/a&b", map[string]any{}},
		{"account:ListRegions", map[string]any{"Regions": []any{map[string]any{"RegionName": "eu-west-1"}}},
			func(cfg aws.Config) (any, error) {
				out, err := account.NewFromConfig(cfg).ListRegions(ctx, &account.ListRegionsInput{MaxResults: aws.Int32(7)})
				if err != nil {
					return nil, err
				}
				return *out.Regions[0].RegionName, nil
			}, "eu-west-1", map[string]any{"MaxResults": json.Number("7")}},
		{"s3:GetBucketEncryption", map[string]any{"ServerSideEncryptionConfiguration": map[string]any{"Rules": []any{map[string]any{
			"BucketKeyEnabled": true, "ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "aws:kms"},
			"BlockedEncryptionTypes": map[string]any{"EncryptionType": []any{"SSE-C"}}}}}},
			func(cfg aws.Config) (any, error) {
				out, err := s3.NewFromConfig(cfg).GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: aws.String("bucket")})
				if err != nil {
					return nil, err
				}
				r := out.ServerSideEncryptionConfiguration.Rules[0]
				return []any{string(r.ApplyServerSideEncryptionByDefault.SSEAlgorithm), *r.BucketKeyEnabled, string(r.BlockedEncryptionTypes.EncryptionType[0])}, nil
			}, []any{"aws:kms", true, "SSE-C"}, map[string]any{"Bucket": "bucket"}},
		{"s3control:GetPublicAccessBlock", map[string]any{"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": true}},
			func(cfg aws.Config) (any, error) {
				out, err := s3control.NewFromConfig(withoutAccountHost(cfg)).GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String("111122223333")})
				if err != nil {
					return nil, err
				}
				return *out.PublicAccessBlockConfiguration.BlockPublicAcls, nil
			}, true, map[string]any{"AccountId": "111122223333"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg, last := answering(t, tc.output, nil)
			got, err := tc.call(cfg)
			if err != nil {
				t.Fatal(err)
			}
			q := last()
			if diff := cmp.Diff(tc.want, got); diff != "" || q.Name() != tc.name || q.Region != "eu-west-1" {
				t.Errorf("%s in %s (-want +got)\n%s", q.Name(), q.Region, diff)
			}
			if diff := cmp.Diff(tc.input, q.Input); tc.input != nil && diff != "" {
				t.Errorf("input (-want +got)\n%s", diff)
			}
			cfg, _ = answering(t, nil, &wire.Failure{Status: 403, Code: "AccessDeniedException", Message: "no <b>"})
			_, err = tc.call(cfg)
			var refused smithy.APIError
			var replied *smithyhttp.ResponseError
			if !errors.As(err, &refused) || refused.ErrorCode() != "AccessDeniedException" || refused.ErrorMessage() != "no <b>" {
				t.Errorf("the failure reads %v", err)
			}
			if !errors.As(err, &replied) || replied.HTTPStatusCode() != 403 || !strings.Contains(err.Error(), "RequestID: ") || strings.Contains(err.Error(), "RequestID: ,") {
				t.Errorf("the failure has no request id or another status: %v", err)
			}
		})
	}
}

// withoutAccountHost takes the account id, which S3 Control's endpoint rules
// put before the host, off again: 111122223333.127.0.0.1 would not resolve.
func withoutAccountHost(cfg aws.Config) aws.Config {
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("TestHost", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				r.URL.Host = strings.TrimPrefix(r.URL.Host, "111122223333.")
			}
			return next.HandleFinalize(ctx, in)
		}), "ResolveEndpointV2", middleware.After)
	})
	return cfg
}

// Older tools call CloudWatch with a query or with JSON.
func TestCloudWatchIsReadInItsOlderProtocols(t *testing.T) {
	const signature = "AWS4-HMAC-SHA256 Credential=AKIA/20250101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=00"
	form := "Action=GetMetricData&Version=2010-08-01&MetricDataQueries.member.2.Id=b&MetricDataQueries.member.1.Id=a&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=n"
	want := map[string]any{"MetricDataQueries": []any{
		map[string]any{"Id": "a", "MetricStat": map[string]any{"Metric": map[string]any{"Dimensions": []any{map[string]any{"Name": "n"}}}}},
		map[string]any{"Id": "b"}}}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Authorization", signature)
	q, err := wire.Read(r)
	if diff := cmp.Diff(want, q.Input); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	body := string(q.Reply(map[string]any{"Values": []any{1.5}, "At": created}).Body)
	if !strings.Contains(body, "<GetMetricDataResult><At>2024-05-06T07:08:09.120Z</At><Values><member>1.5</member></Values>") {
		t.Errorf("answered %s", body)
	}
	r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"AlarmTypes":["MetricAlarm"]}`))
	r.Header.Set("Authorization", signature)
	r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801.DescribeAlarms")
	if q, err = wire.Read(r); err != nil || q.Operation != "DescribeAlarms" || !cmp.Equal(q.Strings("AlarmTypes"), []string{"MetricAlarm"}) {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestRecordedRepliesKeepTimesAndErrors(t *testing.T) {
	r, err := wire.ReadRecorded([]byte(`{"status_code":200,"data":{"ResponseMetadata":{},"Table":{"CreationDateTime":{"__class__":"datetime","year":2024,"month":5,"day":6,"hour":7,"minute":8,"second":9,"microsecond":120000}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	cfg, _ := answering(t, r.Output, nil)
	out, err := dynamodb.NewFromConfig(cfg).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("t")})
	if err != nil || !out.Table.CreationDateTime.Equal(created) {
		t.Errorf("%+v, %v", out, err)
	}
	r, err = wire.ReadRecorded([]byte(`{"status_code":404,"data":{"Error":{"Code":"NoSuchBucketPolicy","Message":"m","BucketName":"b"}}}`))
	want := &wire.Failure{Status: 404, Code: "NoSuchBucketPolicy", Message: "m", Fields: map[string]string{"BucketName": "b"}}
	if diff := cmp.Diff(want, r.Failure); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if _, err := wire.ReadRecorded([]byte("[")); err == nil {
		t.Error("a broken recording was read")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("POST", "/", "kinesis", "Kinesis_20131202.ListStreams", `{"Limit":1}`)
	f.Add("POST", "/service/GraniteServiceVersion20100801/operation/GetMetricData", "monitoring", "", "\xa0")
	f.Add("POST", "/", "monitoring", "", "Action=A&a.member.1.b=c&a.member=d&a.member.x=e")
	f.Add("POST", "/", "kinesis", "Kinesis_20131202.", "")
	f.Add("GET", "/bucket?policy&policyStatus", "s3", "", "")
	f.Add("GET", "/v20180820/configuration/publicAccessBlock", "s3", "", "")
	f.Add("POST", "/listRegions", "account", "", "null")
	f.Add("GET", "/?%zz", "sts", ".", "")
	f.Fuzz(func(t *testing.T, method, uri, service, target, body string) {
		r, err := http.NewRequest(method, "http://localhost", strings.NewReader(body))
		if err != nil {
			return
		}
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(uri, "?")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20250101/us-east-1/"+service+"/aws4_request")
		r.Header.Set("X-Amz-Target", target)
		if strings.HasPrefix(uri, "/service/") {
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		}
		q, err := wire.Read(r)
		var refused *wire.Failure
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("not a failure of AWS: %v", err)
		}
		if err == nil && (q.Operation == "" || q.Service == "") {
			t.Fatalf("recognised nothing: %+v", q)
		}
		// Whatever came in can go out again, in the request's protocol.
		for _, p := range []wire.Response{q.Reply(map[string]any{"Echo": q.Input}), q.Fail(&wire.Failure{Status: 400, Code: "C", Message: body})} {
			w := httptest.NewRecorder()
			p.Write(w)
			if _, err := io.ReadAll(w.Body); err != nil || w.Code < 200 {
				t.Fatalf("answered %d: %v", w.Code, err)
			}
		}
	})
}
