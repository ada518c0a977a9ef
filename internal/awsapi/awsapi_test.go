package awsapi

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/sealaudit/sealaudit/collectors"
)

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws-us-gov:sts::111122223333:assumed-role/audit/x</Arn><UserId>A</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`

// serve opens a session on an endpoint that knows the caller and lets the
// test answer Kinesis.
func serve(t *testing.T, kinesis http.HandlerFunc, o Options) (*Session, *[]Call) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "Kinesis") {
			kinesis(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, identity)
	}))
	t.Cleanup(srv.Close)
	var mu sync.Mutex
	calls := &[]Call{}
	o.Region, o.EndpointURL = "us-gov-west-1", srv.URL
	o.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "x", "")
	o.Log = &CallLog{Add: func(c Call) { mu.Lock(); defer mu.Unlock(); *calls = append(*calls, c) }}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s, calls
}

func listStreams(ctx context.Context, s *Session) (*kinesis.ListStreamsOutput, error) {
	return kinesis.NewFromConfig(s.Config("")).ListStreams(ctx, &kinesis.ListStreamsInput{})
}

func fault(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-Requestid", "req-1")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":"User: arn:aws:iam::1:role/x is not authorized, with an explicit deny in a service control policy"}`, code)
	}
}

func TestSessionKnowsCallerAndPartition(t *testing.T) {
	s, calls := serve(t, nil, Options{})
	if s.Partition != "aws-us-gov" || s.Account != "111122223333" || s.Scope("r").Region != "r" {
		t.Errorf("session %+v", s)
	}
	if len(*calls) != 1 || (*calls)[0].Operation != "sts:GetCallerIdentity" || (*calls)[0].Digest != digest([]byte(identity)) {
		t.Errorf("call log %+v", *calls)
	}
}

// What an error means, end to end over HTTP: aws.md §2.5.
func TestErrorsBecomeGaps(t *testing.T) {
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"StreamNames":["a"`)
	}
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html>Please log in to the Wi-Fi</html>")
	}
	for _, tc := range []struct {
		name       string
		answer     http.HandlerFunc
		reason     collectors.Reason
		permission string
		says       string
	}{
		{"denied", fault(400, "AccessDeniedException"), collectors.Denied, "kinesis:ListStreams", "service control policy"},
		{"expired", fault(400, "ExpiredTokenException"), collectors.Denied, "kinesis:ListStreams", "Log in again"},
		{"vanished", fault(400, "ResourceNotFoundException"), collectors.Vanished, "", "next scan"},
		{"unsupported", fault(501, "NotImplemented"), collectors.Unsupported, "", "does not offer"},
		{"unknown operation", fault(400, "UnknownOperationException"), collectors.Unsupported, "", ""},
		{"server error", fault(500, "InternalFailure"), collectors.Failed, "", "InternalFailure"},
		{"cut off", cut, collectors.Failed, "", "cut off"},
		{"web page", page, collectors.Failed, "", "web page"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := serve(t, tc.answer, Options{})
			_, err := listStreams(t.Context(), s)
			if err == nil {
				t.Fatal("no error")
			}
			g := GapOf(err, "facts")
			if g.Reason != tc.reason || g.Permission != tc.permission || !strings.Contains(g.Detail+" "+g.Remedy, tc.says) {
				t.Errorf("gap %+v", g)
			}
			if g.Remedy == "" || !strings.HasPrefix(g.Detail, "kinesis:ListStreams ") {
				t.Errorf("a gap must say what was asked and what to do: %+v", g)
			}
		})
	}
}

func TestThrottlesAreRetriedUntilTheDeadlineAndStayThrottles(t *testing.T) {
	n := 0
	s, calls := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		if n < 8 { // more often than any fixed number of attempts would bear
			fault(400, "LimitExceededException")(w, r)
			return
		}
		fmt.Fprint(w, `{"StreamNames":["a"],"HasMoreStreams":false}`)
	}, Options{Rates: map[string]float64{}})
	out, err := listStreams(t.Context(), s)
	if err != nil || len(out.StreamNames) != 1 {
		t.Fatal(out, err)
	}
	if got := len(*calls); got != 9 {
		t.Errorf("%d calls logged, want STS's and 8 attempts", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	n = -1 << 30
	_, err = listStreams(ctx, s)
	if g := GapOf(err, "facts"); g.Reason != collectors.Throttled {
		t.Errorf("a throttle cut short by the deadline is %+v", g)
	}
}

func TestAHangingEndpointTimesOut(t *testing.T) {
	release := make(chan struct{})
	s, _ := serve(t, func(http.ResponseWriter, *http.Request) { <-release }, Options{CallTimeout: 30 * time.Millisecond})
	defer close(release)
	_, err := listStreams(t.Context(), s)
	if g := GapOf(err, "facts"); g.Reason != collectors.TimedOut {
		t.Errorf("gap %+v", g)
	}
}

func TestTraceKeepsTheReplyAResourceRestsOn(t *testing.T) {
	n := 0
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			fault(500, "InternalFailure")(w, r)
			return
		}
		w.Header().Set("X-Amzn-Requestid", "req-2")
		fmt.Fprint(w, `{"StreamNames":[]}`)
	}, Options{})
	ctx, trace := WithTrace(t.Context())
	if _, err := listStreams(ctx, s); err != nil {
		t.Fatal(err)
	}
	got := trace.Last()
	if len(got) != 1 || got[0].RequestID != "req-2" || got[0].Status != 200 || got[0].Error != "" || got[0].Digest != digest([]byte(`{"StreamNames":[]}`)) {
		t.Errorf("trace %+v", got)
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	answer := func(body string, status int) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	expired := `<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>`
	for name, tc := range map[string]struct{ url, says string }{
		"expired": {answer(expired, 403), "log in again"},
		"a page":  {answer("<html>hello</html>", 200), "--endpoint-url"},
		"nobody":  {"http://127.0.0.1:1", "--endpoint-url"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Options{Region: "us-east-1", EndpointURL: tc.url, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "x", "")})
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestPages(t *testing.T) {
	var got []string
	pages := []string{"a", "", "b", ""} // what each page answers as next token; an empty page goes on
	next := []*string{aws.String("1"), aws.String("2"), aws.String("3"), nil}
	i := 0
	err := Pages(func(*string) (*string, error) { got = append(got, pages[i]); i++; return next[i-1], nil })
	if err != nil || len(got) != 4 {
		t.Errorf("%v %v", got, err)
	}
	err = Pages(func(*string) (*string, error) { return aws.String("same"), nil })
	if !errors.Is(err, errRepeatedToken) {
		t.Errorf("a repeated token ends with %v", err)
	}
}

func TestRedact(t *testing.T) {
	body := `{"DeliveryStreamDescription":{"Destinations":[{"SplunkDestinationDescription":{"HECEndpoint":"https://h?token=s3cret","HECToken":"s3cret"},"HttpEndpointDestinationDescription":{"RequestConfiguration":{"CommonAttributes":[{"AttributeValue":"s3cret"}]}}}],"DeliveryStreamName":"keep"}}`
	got := string(redact("firehose:DescribeDeliveryStream", []byte(body)))
	if strings.Contains(got, "s3cret") || !strings.Contains(got, `"keep"`) {
		t.Error(got)
	}
	if got := string(redact("firehose:DescribeDeliveryStream", []byte(`{"HECToken":"s3cret"`))); strings.Contains(got, "s3cret") {
		t.Error("a broken reply keeps its secret: " + got)
	}
	if got := string(redact("kinesis:ListStreams", []byte(`{"a": 1}`))); got != `{"a": 1}` {
		t.Error("a reply without secrets is changed: " + got)
	}
}

func TestDigestOfNothing(t *testing.T) {
	sum := sha256.Sum256(nil)
	if got := digest(nil); got != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Error(got)
	}
}

// Of content nothing is kept; of its refusal what any refusal leaves.
func TestContentIsNotKept(t *testing.T) {
	s, calls := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "GetRecords") {
			fmt.Fprint(w, `{"Records":[{"Data":"c2VjcmV0","PartitionKey":"secret","SequenceNumber":"1"}]}`)
			return
		}
		fault(400, "AccessDeniedException")(w, r)
	}, Options{})
	client := kinesis.NewFromConfig(s.Config(""))
	out, err := client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: aws.String("i")})
	if err != nil || string(out.Records[0].Data) != "secret" {
		t.Fatal(out, err)
	}
	_, _ = client.ListStreams(t.Context(), &kinesis.ListStreamsInput{})
	kept, denied := (*calls)[1], (*calls)[2]
	if kept.Digest != "" || kept.Reply != nil || kept.Status != 200 || kept.Operation != "kinesis:GetRecords" {
		t.Errorf("of content there is %+v", kept)
	}
	if denied.Digest == "" || len(denied.Reply) == 0 {
		t.Errorf("of a refusal there is %+v", denied)
	}
}

// An endpoint with a certificate of its own is trusted where its root is given.
func TestRoots(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, identity) }))
	t.Cleanup(srv.Close)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are refused
	o := Options{EndpointURL: srv.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "x", "")}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := Open(ctx, o); err == nil {
		t.Error("an unknown certificate is trusted")
	}
	o.Roots = x509.NewCertPool()
	o.Roots.AddCert(srv.Certificate())
	if s, err := Open(ctx, o); err != nil || s.Account != "111122223333" {
		t.Error(err)
	}
}
