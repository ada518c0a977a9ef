package envelope_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/lab"
)

const (
	canaryContent = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-"
	canaryName    = "sealaudit-probe-616161616161616161616161616161"
	canaryNumber  = "505627904278967998712428568028209505" // of the same bytes
)

// probed is an account that is probed, and what that did.
type probed struct {
	lab     *lab.Lab
	session *awsapi.Session
	log     *callLog
	front   func(w http.ResponseWriter, r *http.Request) bool // answers instead of the account
	said    []string
	typed   envelope.Target
	mu      sync.Mutex
}

func newProbed(t *testing.T, a *lab.Account, options ...lab.Option) *probed {
	t.Helper()
	p := &probed{lab: lab.New(a, options...), log: &callLog{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.front == nil || !p.front(w, r) {
			p.lab.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	session, err := awsapi.Open(t.Context(), awsapi.Options{Region: region, EndpointURL: server.URL, Rates: map[string]float64{}, Log: &awsapi.CallLog{Add: p.log.add},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
	if err != nil {
		t.Fatal(err)
	}
	p.session = session
	return p
}

// probe probes the target. Nothing that it says, keeps or logs has the content.
func (p *probed) probe(ctx context.Context, t *testing.T, typed string) collectors.Resource {
	t.Helper()
	target, err := envelope.ParseTarget(typed)
	if err == nil {
		target, err = target.In(awsapitest.Scope(), []string{region})
	}
	if err != nil {
		t.Fatal(err)
	}
	p.typed = target
	row := runOf(p.session, envelope.Options{}).Probe(ctx, target, envelope.ProbeOptions{Regions: []string{region}, Say: p.say,
		Random: strings.NewReader(strings.Repeat("a", 15) + canaryContent)})
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	all := append(text, strings.Join(p.said, "\n")...)
	for _, call := range p.log.calls {
		all = append(append(all, call.Reply...), call.Error...)
	}
	for _, form := range []string{canaryContent, base64.StdEncoding.EncodeToString([]byte(canaryContent)), hex.EncodeToString([]byte(canaryContent))} {
		if bytes.Contains(all, []byte(form)) {
			t.Errorf("the canary's content is in %s", all)
		}
	}
	if bytes.Contains(text, []byte(":null")) || row.ARN != target.ARN("", "", "")+"/*#probe" {
		t.Errorf("%s", text)
	}
	for _, g := range row.Gaps {
		if g.Detail == "" || g.Remedy == "" || len(g.Attributes) == 0 {
			t.Errorf("a gap says too little: %+v", g)
		}
	}
	return row
}

func (p *probed) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, line)
}

// changes are the calls that changed the account, with what they changed.
func (p *probed) changes() string {
	var out []string
	for _, c := range p.lab.Mutations() {
		out = append(out, c.Operation+" "+c.Resource[strings.LastIndexAny(c.Resource, ":/")+1:])
	}
	return strings.Join(out, ", ")
}

// proofOf is the proof of a row with its steps as "name verdict".
func proofOf(t *testing.T, r collectors.Resource) (*envelope.Proof, string, *envelope.Sample) {
	t.Helper()
	var p *envelope.Proof
	var s *envelope.Sample
	switch f := r.Facts.(type) {
	case envelope.ObjectFacts:
		p, s = f.Proof, f.Sampling
	case envelope.RecordFacts:
		p, s = f.Proof, f.Sampling
	case envelope.ItemFacts:
		p, s = f.Proof, f.Sampling
	}
	if p == nil || len(p.Steps) != 1 || p.Verified+p.Refuted+p.Unknown != 1 || s == nil || s.Method != "canary written by --probe" {
		t.Fatalf("%s: proof %+v, sampling %+v", r.Name, p, s)
	}
	var steps []string
	for _, one := range p.Steps[0].Steps {
		steps = append(steps, one.Name+" "+one.Verdict)
		if one.Why == "" {
			t.Errorf("the step %s says no reason", one.Name)
		}
	}
	return p, strings.Join(steps, ", "), s
}

func whyOf(p *envelope.Proof, step string) string {
	for _, s := range p.Steps[0].Steps {
		if s.Name == step {
			return s.Why
		}
	}
	return ""
}

func bucketsOf(buckets ...lab.Bucket) *lab.Account {
	return labAccount(func(r *lab.Region) { r.S3.Buckets = buckets })
}

func sseKMS(key string, bucketKey bool) map[string]any {
	return map[string]any{"Rules": []any{map[string]any{"ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keyARN(key)}, "BucketKeyEnabled": bucketKey}}}
}

// versions are how many versions and delete markers the bucket has.
func (p *probed) versions(t *testing.T, bucket string) int {
	t.Helper()
	client := s3.NewFromConfig(p.session.Config(region), func(o *s3.Options) { o.UsePathStyle = true })
	out, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Versions) + len(out.DeleteMarkers)
}

func (p *probed) items(t *testing.T, table string) int {
	t.Helper()
	out, err := dynamodb.NewFromConfig(p.session.Config(region), func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true }).Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	return int(out.Count)
}

const sound = "put verified, setting verified, head verified, get verified, content verified, delete verified, gone verified"

// A canary is written, read and deleted, whatever the bucket's versioning, and
// nothing of it stays.
func TestProbeBucket(t *testing.T) {
	versioned := map[string]any{"Status": "Enabled"}
	for name, tt := range map[string]struct {
		bucket lab.Bucket
		side   envelope.ServerSide
		left   string // its deletion names
	}{
		"SSE-S3":         {lab.Bucket{}, envelope.ServerSide{Algorithm: "AES256"}, "s3://bucket/" + canaryName + "."},
		"SSE-KMS":        {lab.Bucket{Encryption: sseKMS(goodID, false)}, envelope.ServerSide{Algorithm: "aws:kms", BucketKey: aws.Bool(false)}, ""},
		"a bucket key":   {lab.Bucket{Encryption: sseKMS(goodID, true)}, envelope.ServerSide{Algorithm: "aws:kms", BucketKey: aws.Bool(true)}, ""},
		"versioned":      {lab.Bucket{Versioning: versioned}, envelope.ServerSide{Algorithm: "AES256"}, "(version "},
		"no more so":     {lab.Bucket{Versioning: map[string]any{"Status": "Suspended"}}, envelope.ServerSide{Algorithm: "AES256"}, "(version null)"},
		"with MFADelete": {lab.Bucket{Versioning: map[string]any{"Status": "Enabled", "MFADelete": "Disabled"}}, envelope.ServerSide{Algorithm: "AES256"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.bucket.Name = "bucket"
			p := newProbed(t, bucketsOf(tt.bucket))
			row := p.probe(t.Context(), t, "s3://bucket")
			proof, steps, sample := proofOf(t, row)
			f := row.Facts.(envelope.ObjectFacts)
			if steps != sound || proof.Verified != 1 || len(row.Gaps) > 0 {
				t.Errorf("%s: %+v, gaps %+v", steps, proof, row.Gaps)
			}
			if got := p.changes(); got != "s3:PutObject "+canaryName+", s3:DeleteObject "+canaryName {
				t.Errorf("changes: %s", got)
			}
			if p.versions(t, "bucket") != 0 || !strings.Contains(whyOf(proof, "delete"), tt.left) {
				t.Errorf("%d are left; %s", p.versions(t, "bucket"), whyOf(proof, "delete"))
			}
			got := *f.ServerSide
			if kms := got.Algorithm == "aws:kms"; kms && (got.Key == nil || got.Key.ARN != keyARN(goodID)) {
				t.Errorf("key %+v", got.Key)
			}
			if got.Algorithm != tt.side.Algorithm || (got.BucketKey == nil) != (tt.side.BucketKey == nil) || aws.ToBool(got.BucketKey) != aws.ToBool(tt.side.BucketKey) {
				t.Errorf("%+v", got)
			}
			if f.Count != 1 || *f.Bytes != 64 || f.Examples[0] != canaryName || f.LastModified == "" || *sample != (envelope.Sample{Population: 1, Complete: true, Sampled: 1, Method: sample.Method, Share: 1, ShareLow: 1, ShareHigh: 1}) {
				t.Errorf("%+v, %+v", f, sample)
			}
			if len(p.said) != 1 || !strings.Contains(p.said[0], "writing 64 random bytes as s3://bucket/"+canaryName) || row.Type != "AWS::S3::Object" || row.Scope.Region != region {
				t.Errorf("said %q, row %s in %+v", p.said, row.Type, row.Scope)
			}
		})
	}
}

// A record is read back and stays; one that Kinesis does not encrypt is refuted.
func TestProbeStream(t *testing.T) {
	for name, tt := range map[string]struct{ key, steps, kind string }{
		"encrypted": {keyARN(goodID), "put verified, setting verified, get verified, content verified, delete unknown", "KMS"},
		"plain":     {"", "put refuted, setting verified, get refuted, content verified, delete unknown", "NONE"},
	} {
		p := newProbed(t, streamsOf(stream("s", tt.key)))
		row := p.probe(t.Context(), t, "stream/s")
		proof, steps, _ := proofOf(t, row)
		f := row.Facts.(envelope.RecordFacts)
		if steps != tt.steps || len(row.Gaps) > 0 || f.ServerSide.Type != tt.kind || (proof.Verified == 1) != (tt.kind == "KMS") || f.LastArrival == "" {
			t.Errorf("%s: %s: %+v, gaps %+v", name, steps, f, row.Gaps)
		}
		if got := p.changes(); got != "kinesis:PutRecord s" {
			t.Errorf("%s: changes: %s", name, got)
		}
		if !strings.Contains(whyOf(proof, "delete"), "can't be deleted") || !strings.Contains(p.said[0], "it stays for 24 hours") || !strings.Contains(p.said[0], canaryName) {
			t.Errorf("%s: %s, said %q", name, whyOf(proof, "delete"), p.said)
		}
	}
}

// The item's key has the types of the table's.
func TestProbeTable(t *testing.T) {
	keyed := func(kinds ...string) lab.Resource {
		r := table("orders")
		var schema, definitions []any
		for i, kind := range kinds {
			name := []string{"id", "at"}[i]
			schema = append(schema, map[string]any{"AttributeName": name, "KeyType": []string{"HASH", "RANGE"}[i]})
			definitions = append(definitions, map[string]any{"AttributeName": name, "AttributeType": kind})
		}
		r.Output["KeySchema"], r.Output["AttributeDefinitions"] = schema, definitions
		return r
	}
	for name, tt := range map[string]struct {
		table  lab.Resource
		called string
	}{
		"a text":              {keyed("S"), "id = " + canaryName + ","},
		"a number":            {keyed("N"), "id = " + canaryNumber + ","},
		"bytes, then numbers": {keyed("B", "N"), "id = " + canaryName + ", at = " + canaryNumber},
		"a customer's key":    {underKey(keyed("S", "B"), goodID), "at = " + canaryName},
	} {
		p := newProbed(t, tablesOf(tt.table))
		row := p.probe(t.Context(), t, "table/orders")
		proof, steps, _ := proofOf(t, row)
		if steps != "put verified, get verified, content verified, delete verified, gone verified" || proof.Verified != 1 || len(row.Gaps) > 0 {
			t.Errorf("%s: %s: %+v, gaps %+v", name, steps, proof, row.Gaps)
		}
		if got := p.changes(); got != "dynamodb:PutItem orders, dynamodb:DeleteItem orders" || p.items(t, "orders") != 0 {
			t.Errorf("%s: changes: %s; %d items are left", name, got, p.items(t, "orders"))
		}
		if !strings.Contains(p.said[0], tt.called) || row.Facts.(envelope.ItemFacts).ClientSide.Format != "none" {
			t.Errorf("%s: said %q, %+v", name, p.said, row.Facts)
		}
	}
}

// A probe calls what its permissions say and nothing else, but for what the
// evidence of every row needs.
func TestProbeActions(t *testing.T) {
	account := labAccount(func(r *lab.Region) {
		r.S3.Buckets = []lab.Bucket{{Name: "bucket", Versioning: map[string]any{"Status": "Enabled"}}}
		r.Kinesis.Streams = []lab.Resource{stream("s", keyARN(goodID))}
		r.DynamoDB.Tables = []lab.Resource{table("orders")}
	})
	for _, typed := range []string{"s3://bucket", "stream/s", "table/orders"} {
		p := newProbed(t, account)
		row := p.probe(t.Context(), t, typed)
		got := map[string]bool{}
		for _, c := range row.Calls {
			got[awsapi.Action(c.Operation)] = true
		}
		// Versions need a permission of their own; only who may list the bucket
		// learns that the canary is gone.
		base := []string{"tag:GetResources", "kms:DescribeKey", "kms:ListAliases", "s3:DeleteObjectVersion", "s3:ListBucket"}
		wanted := p.typed.Actions()
		for action := range got {
			if !slices.Contains(wanted, action) && !slices.Contains(base, action) {
				t.Errorf("%s: %s is called and not said", typed, action)
			}
		}
		for _, action := range wanted {
			if !got[action] && !slices.Contains(base, action) {
				t.Errorf("%s: %s is said and not called", typed, action)
			}
		}
	}
}
