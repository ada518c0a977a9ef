package envelope_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

const (
	day      = "Tue, 24 Nov 2026 08:00:00 GMT"
	account  = awsapitest.Account
	region   = awsapitest.Region
	bodyText = "CANARY-4711 what nobody may see"
)

// stored is an object of the store.
type stored struct {
	headers map[string]string // of answers, S3's own
	meta    map[string]string // user metadata
	body    []byte
	secret  []byte // of SSE-C
	fault   func(w http.ResponseWriter, r *http.Request) bool
}

// store is S3, KMS and what else a session asks, as far as a sample needs them.
type store struct {
	keys    *kms.Service
	buckets map[string]map[string]*stored
	regions map[string]string
	page    int // keys of a listing's page, at most
	fault   func(w http.ResponseWriter, r *http.Request, operation string) bool

	mu    sync.Mutex
	calls []string
	url   string
}

func newStore() *store {
	return &store{keys: kms.New(kms.Config{Region: region, Account: account}), buckets: map[string]map[string]*stored{}, regions: map[string]string{}, page: 1000}
}

func (s *store) put(bucket, key string, o *stored) {
	if s.buckets[bucket] == nil {
		s.buckets[bucket] = map[string]*stored{}
	}
	if o != nil {
		s.buckets[bucket][key] = o
	}
}

// session serves the store and opens a session on it.
func (s *store) session(t testing.TB, log *awsapi.CallLog) *awsapi.Session {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	session, err := awsapi.Open(t.Context(), awsapi.Options{Region: region, EndpointURL: srv.URL, Rates: map[string]float64{}, Log: log,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func (s *store) note(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, operation)
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := s.operation(r)
	s.note(operation)
	w.Header().Set("X-Amzn-Requestid", "id-"+operation)
	if s.fault != nil && s.fault(w, r, operation) {
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch operation {
	case "sts":
		fmt.Fprint(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::"+account+":assumed-role/audit/test</Arn><Account>"+account+"</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")
	case "GetResources":
		fmt.Fprintf(w, `{"ResourceTagMappingList":[{"ResourceARN":"arn:aws:s3:::records","Tags":[{"Key":"data","Value":"personal"}]}]}`)
	case "ListAliases":
		fmt.Fprint(w, `{"Aliases":[],"Truncated":false}`)
	case "DescribeKey":
		s.describe(w, r)
	case "Decrypt":
		s.decrypt(w, r)
	case "ListBuckets":
		s.listBuckets(w)
	case "GetBucketLocation":
		fmt.Fprintf(w, "<LocationConstraint>%s</LocationConstraint>", s.regions[bucket])
	case "ListObjectsV2":
		s.listObjects(w, r, bucket)
	default:
		s.object(w, r, s.buckets[bucket][key])
	}
}

func (s *store) operation(r *http.Request) string {
	target := r.Header.Get("X-Amz-Target")
	switch {
	case target != "":
		return target[strings.LastIndex(target, ".")+1:]
	case r.Method == http.MethodPost:
		return "sts"
	case r.URL.Path == "/":
		return "ListBuckets"
	case r.URL.Query().Has("location"):
		return "GetBucketLocation"
	case r.URL.Query().Has("list-type"):
		return "ListObjectsV2"
	case r.Method == http.MethodHead:
		return "HeadObject"
	}
	return "GetObject"
}

func (s *store) listBuckets(w http.ResponseWriter) {
	fmt.Fprint(w, "<ListAllMyBucketsResult><Buckets>")
	for name := range s.buckets {
		fmt.Fprintf(w, "<Bucket><Name>%s</Name>", name)
		if in := s.regions[name]; in != "-" {
			if in == "" {
				in = region
			}
			fmt.Fprintf(w, "<BucketRegion>%s</BucketRegion>", in)
		}
		fmt.Fprint(w, "</Bucket>")
	}
	fmt.Fprint(w, "</Buckets></ListAllMyBucketsResult>")
}

func (s *store) listObjects(w http.ResponseWriter, r *http.Request, bucket string) {
	var keys []string
	for key := range s.buckets[bucket] {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	from, _ := strconv.Atoi(r.URL.Query().Get("continuation-token"))
	most, _ := strconv.Atoi(r.URL.Query().Get("max-keys"))
	to := min(from+min(most, s.page), len(keys))
	fmt.Fprintf(w, "<ListBucketResult><Name>%s</Name><KeyCount>%d</KeyCount>", bucket, to-from)
	for _, key := range keys[from:to] {
		fmt.Fprint(w, "<Contents><Key>")
		_ = xml.EscapeText(w, []byte(key))
		fmt.Fprintf(w, "</Key><Size>%d</Size></Contents>", len(s.buckets[bucket][key].body))
	}
	if to < len(keys) {
		fmt.Fprintf(w, "<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>", to)
	}
	fmt.Fprint(w, "</ListBucketResult>")
}

func refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	}
}

func (s *store) object(w http.ResponseWriter, r *http.Request, o *stored) {
	switch {
	case o == nil:
		refuse(w, r, 404, "NoSuchKey", "The specified key does not exist.")
		return
	case o.fault != nil && o.fault(w, r):
		return
	}
	headers := map[string]string{}
	for name := range r.Header {
		headers[name] = r.Header.Get(name)
	}
	echo := ""
	if o.secret != nil {
		echo = ssec.Digest(o.secret)
	}
	if _, err := ssec.CheckRead(headers, echo); err != nil {
		var said *ssec.Error
		if errors.As(err, &said) {
			refuse(w, r, said.Status, said.Code, said.Message)
		}
		return
	}
	for name, value := range o.headers {
		w.Header().Set(name, value)
	}
	for name, value := range o.meta {
		w.Header().Set("X-Amz-Meta-"+name, value)
	}
	if o.secret != nil {
		w.Header().Set(ssec.Algorithm, "AES256")
		w.Header().Set(ssec.KeyMD5, echo)
	}
	w.Header().Set("Last-Modified", day)
	w.Header().Set("ETag", `"etag"`)
	body := o.body
	if _, last, ok := strings.Cut(r.Header.Get("Range"), "bytes=0-"); ok {
		n, _ := strconv.Atoi(last)
		body = body[:min(n+1, len(body))]
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func (s *store) decrypt(w http.ResponseWriter, r *http.Request) {
	var in struct {
		KeyId             string
		CiphertextBlob    []byte
		EncryptionContext map[string]string
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	key, used, err := s.keys.DecryptNaming(context.Background(), in.KeyId, in.CiphertextBlob, in.EncryptionContext)
	if err != nil {
		s.refuseKMS(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"Plaintext": key.Bytes(), "KeyId": used.ARN})
}

func (s *store) describe(w http.ResponseWriter, r *http.Request) {
	var in struct{ KeyId string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	key, err := s.keys.Describe(in.KeyId)
	if err != nil {
		s.refuseKMS(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"KeyMetadata": map[string]any{"Arn": key.ARN, "KeyId": key.ID(), "KeyState": key.State,
		"KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "Enabled": true, "AWSAccountId": account}})
}

func (s *store) refuseKMS(w http.ResponseWriter, err error) {
	var known *kms.Error
	code, message := "KMSInternalException", err.Error()
	if errors.As(err, &known) {
		code, message = known.Code(), known.Message()
	}
	w.WriteHeader(400)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}
