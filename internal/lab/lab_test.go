package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sealaudit/sealaudit/fixtures"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/lab"
)

const own = "111122223333"

func demo(t testing.TB) *lab.Account {
	t.Helper()
	account, err := lab.Load(fixtures.Demo())
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// serve starts an endpoint and returns the SDK's configuration for it, in
// eu-west-1, without retries.
func serve(t testing.TB, account *lab.Account, options ...lab.Option) (aws.Config, *lab.Lab) {
	t.Helper()
	l := lab.New(account, options...)
	url, stop, err := l.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(url), RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{awsapi.PlainBodies},
		Credentials: credentials.NewStaticCredentialsProvider("AKIADEMO", "demo", "")}, l
}

func in(cfg aws.Config, region string) aws.Config {
	cfg.Region = region
	return cfg
}

// code is AWS's error code and HTTP status of an error, "" for none.
func code(err error) (string, int) {
	var refused smithy.APIError
	var replied *smithyhttp.ResponseError
	if !errors.As(err, &refused) {
		return "", 0
	}
	if !errors.As(err, &replied) {
		return refused.ErrorCode(), 0
	}
	return refused.ErrorCode(), replied.HTTPStatusCode()
}

// withoutAccountHost takes the account id, which S3 Control's endpoint rules
// put before the host, off again.
func withoutAccountHost(cfg aws.Config) aws.Config {
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("TestHost", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				r.URL.Host = strings.TrimPrefix(r.URL.Host, own+".")
			}
			return next.HandleFinalize(ctx, in)
		}), "ResolveEndpointV2", middleware.After)
	})
	return cfg
}

// asJSON is a value as encoding/json sees it, to compare outputs of the SDK
// with data.
func asJSON(t testing.TB, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// within reports what of the data an SDK output lacks or has otherwise. Times
// that move, which are numbers in the data, must only be there.
func within(t *testing.T, path string, data, output any) {
	t.Helper()
	switch data := data.(type) {
	case map[string]any:
		got, ok := output.(map[string]any)
		if !ok && len(data) > 0 {
			t.Errorf("%s: the SDK reads %v", path, output)
			return
		}
		for name, v := range data {
			within(t, path+"."+name, v, member(got, name))
		}
	case []any:
		got, _ := output.([]any)
		if len(got) != len(data) {
			t.Errorf("%s: the SDK reads %d of %d", path, len(got), len(data))
			return
		}
		for i := range data {
			within(t, path, data[i], got[i])
		}
	case nil:
	default:
		if text, ok := output.(string); ok && strings.HasSuffix(text, "Z") && strings.Contains(text, "T") {
			return
		}
		if data != output {
			t.Errorf("%s: the SDK reads %v, the data has %v", path, output, data)
		}
	}
}

// member finds an output's member; the SDK's Go names differ in case only.
func member(output map[string]any, name string) any {
	for n, v := range output {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return nil
}
