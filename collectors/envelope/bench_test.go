//go:build unix

package envelope_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	benchObjects = 10_000
	connections  = 64
	benchServer  = "SEALAUDIT_BENCH_STORE"
)

// TestMain makes the test binary serve the benchmark's bucket, too: in a
// process of its own, so that its work does not count as the client's.
func TestMain(m *testing.M) {
	if os.Getenv(benchServer) == "" {
		os.Exit(m.Run())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, http.HandlerFunc(serveBucket)) }() //nolint:gosec // of a benchmark, on loopback
	_, _ = io.Copy(io.Discard, os.Stdin)                             // until the benchmark ends
}

// serveBucket is one bucket of empty objects under SSE-S3.
func serveBucket(w http.ResponseWriter, r *http.Request) {
	s := store{}
	switch s.operation(r) {
	case "sts":
		fmt.Fprint(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::"+account+":user/u</Arn><Account>"+account+"</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")
	case "GetResources":
		fmt.Fprint(w, "{}")
	case "ListBuckets":
		fmt.Fprint(w, "<ListAllMyBucketsResult><Buckets><Bucket><Name>bench</Name><BucketRegion>"+region+"</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>")
	case "ListObjectsV2":
		from, _ := strconv.Atoi(r.URL.Query().Get("continuation-token"))
		bw := bufio.NewWriter(w)
		fmt.Fprint(bw, "<ListBucketResult><Name>bench</Name>")
		for i := from; i < min(from+1000, benchObjects); i++ {
			fmt.Fprintf(bw, "<Contents><Key>logs/2026/11/24/part-%06d</Key><LastModified>2026-11-24T08:00:00Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass></Contents>", i)
		}
		if from+1000 < benchObjects {
			fmt.Fprintf(bw, "<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>", from+1000)
		}
		fmt.Fprint(bw, "</ListBucketResult>")
		_ = bw.Flush()
	default:
		h := w.Header()
		h.Set("Content-Length", "0")
		h.Set("Content-Type", "binary/octet-stream")
		h.Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
		h.Set("Last-Modified", day)
		h.Set("X-Amz-Request-Id", "TX0123456789ABCDEF")
		h.Set("X-Amz-Server-Side-Encryption", "AES256")
	}
}

// startBucket serves it in another process.
func startBucket(b *testing.B) (url string) {
	b.Helper()
	c := exec.Command(os.Args[0]) //nolint:gosec // this very binary
	c.Env = append(os.Environ(), benchServer+"=1")
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return "http://" + strings.TrimSpace(line)
}

// cpu is the processor time of this process while f runs.
func cpu(b *testing.B, f func()) time.Duration {
	b.Helper()
	now := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	runtime.GC()
	start := now()
	f()
	return now() - start
}

func bareClient(url string) *s3.Client {
	keys := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
	return s3.NewFromConfig(aws.Config{Region: region, BaseEndpoint: aws.String(url), Credentials: aws.NewCredentialsCache(keys),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConns, t.MaxIdleConnsPerHost = 512, 256 }),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.RateLimiter = ratelimit.None })
		},
	}, func(o *s3.Options) { o.UsePathStyle, o.DisableS3ExpressSessionAuth = true, aws.Bool(true) })
}

// bareLoop lists the bucket and asks for the headers of every object.
func bareLoop(b *testing.B, client *s3.Client) {
	names := make(chan string, connections)
	var encrypted sync.Map
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			for name := range names {
				out, err := client.HeadObject(b.Context(), &s3.HeadObjectInput{Bucket: aws.String("bench"), Key: &name})
				if err != nil {
					b.Error(err)
					return
				}
				encrypted.LoadOrStore(out.ServerSideEncryption, true)
			}
		})
	}
	var token *string
	for {
		out, err := client.ListObjectsV2(b.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bench"), ContinuationToken: token})
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range out.Contents {
			names <- *o.Key
		}
		if token = out.NextContinuationToken; token == nil {
			break
		}
	}
	close(names)
	wg.Wait()
}

// BenchmarkSample compares the processor time of sampling 10,000 objects, with
// a call log on disk as a scan has it, with that of a bare loop over the SDK's
// client, tuned as the session's is, that makes the same requests. Rounds take
// turns; the bucket is served by another process.
func BenchmarkSample(b *testing.B) {
	url := startBucket(b)
	rec, err := collectors.NewRecorder(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer rec.Close()
	session, err := awsapi.Open(b.Context(), awsapi.Options{Region: region, EndpointURL: url, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Log: &awsapi.CallLog{Add: func(c awsapi.Call) { rec.Call(c.CallRef, c.Reply) }}})
	if err != nil {
		b.Fatal(err)
	}
	sample := func() {
		run := envelope.NewRun(session, kms.NewKeys(session), envelope.Options{Sampling: collectors.Sampling{Size: benchObjects, Seed: 1, List: benchObjects, MaxBytes: 1}})
		sink := &awsapitest.Sink{Gaps: map[string]*collectors.Gap{}}
		if err := envelope.NewObjects(run, []string{region}).Collect(context.Background(), awsapitest.Scope(), sink); err != nil {
			b.Fatal(err)
		}
		if f := sink.Resources[0].Facts.(envelope.ObjectFacts); len(sink.Resources) != 1 || f.Count != benchObjects || f.ServerSide.Algorithm != "AES256" {
			b.Fatalf("%d cohorts, the first of %d objects", len(sink.Resources), f.Count)
		}
	}
	client := bareClient(url)
	bareLoop(b, client) // connections and caches are there
	sample()
	var ours, bare, ratios []float64
	for b.Loop() {
		one := cpu(b, func() { bareLoop(b, client) })
		two := cpu(b, sample)
		bare, ours, ratios = append(bare, us(one)), append(ours, us(two)), append(ratios, float64(two)/float64(one))
	}
	b.ReportMetric(median(bare), "bare-µs/object")
	b.ReportMetric(median(ours), "sample-µs/object")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(0, "ns/op") // the clock says nothing on a shared machine
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / benchObjects }

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

// BenchmarkFold folds the headers of a million objects, in 40 shapes and then
// each in a shape of its own, and tells the live heap beyond what there was.
func BenchmarkFold(b *testing.B) {
	for name, shapes := range map[string]int{"40 shapes": 40, "a shape each": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			var most uint64
			for b.Loop() {
				most = max(most, foldMillion(shapes))
			}
			b.ReportMetric(float64(most)/(1<<20), "MB-heap")
		})
	}
}

// TestAMillionHeadersStaySmall is the bound that BenchmarkFold reports on.
func TestAMillionHeadersStaySmall(t *testing.T) {
	if grown := foldMillion(1_000_000); grown > 64<<20 {
		t.Errorf("a million headers take %d bytes", grown)
	}
}

// foldMillion returns the most by which the heap, garbage and all, was larger
// than before.
func foldMillion(shapes int) (most uint64) {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := envelope.NewCohorts(nil)
	for i := range 1_000_000 {
		c.Add(envelope.Sighting{Name: "logs/2026/11/24/part-" + strconv.Itoa(i), Rank: envelope.Rank{byte(i), byte(i >> 8), byte(i >> 16)}, Bytes: 1000,
			Modified: time.Unix(int64(i), 0), Server: envelope.Server{Algorithm: "aws:kms", KeyID: "arn:aws:kms:eu-west-1:111122223333:key/" + strconv.Itoa(i%shapes)},
			Client: envelope.Client{Format: "none"}, Calls: []collectors.CallRef{{Operation: "s3:HeadObject", RequestID: strconv.Itoa(i)}}})
		if i%50_000 == 0 {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
		}
	}
	runtime.KeepAlive(c)
	return most
}
