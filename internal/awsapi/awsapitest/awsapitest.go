// Package awsapitest serves answers to collectors over HTTP in their tests:
// each operation has one answer, and one that a test does not expect fails it.
//
// It is for tests only: no other package of the program imports it. It checks
// no signature and knows nothing of AWS beyond the names of requests.
package awsapitest

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// The identity and the regions of every test.
const (
	Account = "111122223333"
	Region  = "eu-west-1"
)

// Scope is the tests' account in the tests' region.
func Scope() collectors.Scope {
	return collectors.Scope{Partition: "aws", Account: Account, Region: Region}
}

// Request is one call of an operation.
type Request struct {
	Operation string // "kinesis:DescribeStreamSummary"
	Region    string
	Path      string
	Query     url.Values
	Body      []byte
}

// Text is a member of a JSON request, or "".
func (r Request) Text(name string) string {
	var members map[string]any
	_ = json.Unmarshal(r.Body, &members) // no JSON has no members
	text, _ := members[name].(string)
	return text
}

// Bucket is the bucket in a path-style S3 request.
func (r Request) Bucket() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	return name
}

// Reply is an answer as it goes over the wire.
type Reply struct {
	Status int // 0 is 200
	Type   string
	Body   string
}

// JSON is a reply with the value as JSON.
func JSON(v any) Reply {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a mistake in the test
	}
	return Reply{Type: "application/x-amz-json-1.1", Body: string(text)}
}

// JSONError is an AWS error of a JSON service.
func JSONError(status int, code, message string) Reply {
	r := JSON(map[string]string{"__type": code, "message": message})
	r.Status = status
	return r
}

// XML is a reply with the text as its body.
func XML(body string) Reply { return Reply{Type: "application/xml", Body: body} }

// XMLError is an AWS error of S3 and S3 Control.
func XMLError(status int, code, message string) Reply {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(message))
	return Reply{Status: status, Type: "application/xml", Body: "<Error><Code>" + code + "</Code><Message>" + b.String() + "</Message></Error>"}
}

// Answers are the answers of a test by operation.
type Answers map[string]func(Request) Reply

// Always answers every call of an operation alike.
func Always(r Reply) func(Request) Reply { return func(Request) Reply { return r } }

// Server serves answers and remembers what was asked.
type Server struct {
	URL     string
	answers Answers

	mu    sync.Mutex
	calls []Request
}

// Serve starts a server for the duration of the test. It answers STS, and the
// tags of a region with none unless the answers have "tagging:GetResources".
func Serve(t *testing.T, answers Answers) *Server {
	t.Helper()
	s := &Server{answers: answers}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a request: %v", err)
		}
		q := Request{Operation: operation(r, body), Region: regionOf(r), Path: r.URL.Path, Query: r.URL.Query(), Body: body}
		s.mu.Lock()
		s.calls = append(s.calls, q)
		s.mu.Unlock()
		reply := s.answer(t, q)
		w.Header().Set("Content-Type", reply.Type)
		if strings.Contains(reply.Type, "cbor") {
			w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		}
		w.Header().Set("X-Amzn-Requestid", fmt.Sprintf("request-%s", q.Operation))
		if reply.Status != 0 {
			w.WriteHeader(reply.Status)
		}
		_, _ = io.WriteString(w, reply.Body) // the client may have gone
	}))
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

func (s *Server) answer(t *testing.T, q Request) Reply {
	if f, ok := s.answers[q.Operation]; ok {
		return f(q)
	}
	switch q.Operation {
	case "sts:GetCallerIdentity":
		return XML("<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::" + Account + ":assumed-role/audit/test</Arn><Account>" + Account + "</Account><UserId>A</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>")
	case "tagging:GetResources":
		return JSON(map[string]any{"ResourceTagMappingList": []any{}})
	}
	t.Errorf("the test has no answer for %s %s?%s", q.Operation, q.Path, q.Query.Encode())
	return JSONError(400, "UnknownOperationException", "")
}

// Calls are the operations asked so far, sorted, STS and tags left out.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, q := range s.calls {
		if q.Operation != "sts:GetCallerIdentity" && q.Operation != "tagging:GetResources" {
			out = append(out, q.Operation)
		}
	}
	slices.Sort(out)
	return out
}

// Requests are the calls of an operation, in their order.
func (s *Server) Requests(operation string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Request
	for _, q := range s.calls {
		if q.Operation == operation {
			out = append(out, q)
		}
	}
	return out
}

// Session opens a session on the server, without rate limits.
func (s *Server) Session(t *testing.T) *awsapi.Session {
	t.Helper()
	session, err := awsapi.Open(t.Context(), awsapi.Options{Region: Region, EndpointURL: s.URL, Rates: map[string]float64{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// Sink keeps what a collector found.
type Sink struct {
	mu        sync.Mutex
	Resources []collectors.Resource      // by type and ARN, after Collect
	Gaps      map[string]*collectors.Gap // of listings, by "type region"; nil: complete
	Missing   map[string]string          // why a type is not offered, by "type region"
}

// Emit implements collectors.Sink.
func (s *Sink) Emit(r collectors.Resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Resources = append(s.Resources, r)
}

// Listed implements collectors.Sink.
func (s *Sink) Listed(scope collectors.Scope, resourceType string, gap *collectors.Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Gaps[strings.TrimSpace(resourceType+" "+scope.Region)] = gap
}

// NotOffered implements collectors.Sink.
func (s *Sink) NotOffered(scope collectors.Scope, resourceType, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Missing == nil {
		s.Missing = map[string]string{}
	}
	s.Missing[strings.TrimSpace(resourceType+" "+scope.Region)] = why
}

// Progress implements collectors.Sink.
func (s *Sink) Progress(string, int) {}

// Collect runs a collector in the scope and returns what it found.
func Collect(ctx context.Context, t *testing.T, c collectors.Collector, scope collectors.Scope) *Sink {
	t.Helper()
	s := &Sink{Gaps: map[string]*collectors.Gap{}}
	if err := c.Collect(ctx, scope, s); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(s.Resources, func(a, b collectors.Resource) int {
		return strings.Compare(a.Type+" "+a.ARN, b.Type+" "+b.ARN)
	})
	return s
}

// Find is the resource with the ARN or the name; the test ends without one.
func (s *Sink) Find(t *testing.T, name string) collectors.Resource {
	t.Helper()
	for _, r := range s.Resources {
		if r.ARN == name || r.Name == name {
			return r
		}
	}
	t.Fatalf("no resource %s among %d", name, len(s.Resources))
	return collectors.Resource{}
}
