package awsapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/collectors"
)

// objects serves GetObject beside STS.
func objects(t *testing.T, get http.HandlerFunc, o Options) (*s3.Client, *[]Call) {
	t.Helper()
	s, calls := serve(t, nil, o)
	srv := newServer(t, get)
	return s3.NewFromConfig(s.Streaming(""), func(o *s3.Options) {
		o.UsePathStyle = true
		o.BaseEndpoint = aws.String(srv)
	}), calls
}

func getObject(t *testing.T, c *s3.Client) (*s3.GetObjectOutput, error) {
	t.Helper()
	return c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
}

// A streamed body comes as it is sent, for longer than an attempt may last, and
// is in no log; that of a call that is not streamed would be.
func TestStreamingBody(t *testing.T) {
	more := make(chan struct{})
	c, calls := objects(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Request-Id", "req-3")
		for range 3 {
			fmt.Fprint(w, "secret ")
			w.(http.Flusher).Flush()
			<-more
		}
	}, Options{CallTimeout: 300 * time.Millisecond})
	out, err := getObject(t, c)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close() //nolint:errcheck // reading
	piece := make([]byte, 7)
	for range 3 { // each read before the next is sent
		if _, err := io.ReadFull(out.Body, piece); err != nil || string(piece) != "secret " {
			t.Fatalf("%q: %v", piece, err)
		}
		time.Sleep(200 * time.Millisecond) // longer than an attempt in all
		more <- struct{}{}
	}
	if n, err := out.Body.Read(piece); n != 0 || err != io.EOF {
		t.Errorf("the end is %d, %v", n, err)
	}
	last := (*calls)[len(*calls)-1]
	if last.Operation != "s3:GetObject" || last.Status != 200 || last.RequestID != "req-3" || last.Reply != nil || last.Digest != "" {
		t.Errorf("logged %+v", last)
	}
}

// A body that stops coming ends with an error, and not never.
func TestStreamingBodyThatStops(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	c, _ := objects(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "begin")
		w.(http.Flusher).Flush()
		<-release
	}, Options{CallTimeout: 100 * time.Millisecond})
	out, err := getObject(t, c)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close() //nolint:errcheck // reading
	if _, err := io.ReadAll(out.Body); err == nil {
		t.Error("no error")
	}
}

// Errors of streamed operations are named and classed like all others.
func TestStreamingErrors(t *testing.T) {
	c, calls := objects(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
	}, Options{})
	_, err := getObject(t, c)
	if g := GapOf(err, "facts"); g.Reason != collectors.Denied || g.Permission != "s3:GetObject" {
		t.Errorf("gap %+v", g)
	}
	if last := (*calls)[len(*calls)-1]; !strings.Contains(string(last.Reply), "AccessDenied") {
		t.Errorf("the error is not logged: %+v", last)
	}
}

func newServer(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
