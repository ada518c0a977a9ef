package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// account is AWS as the envelope commands ask it: objects, tables and KMS over
// HTTP, with the answers of AWS.
type account struct {
	t   *testing.T
	url string
	kms *kms.Service
	key string // ARN of its first KMS key

	mu      sync.Mutex
	objects map[string]storedObject           // by "bucket/key"
	tables  map[string]storedTable            // by name
	faults  map[string]string                 // error code by operation, or by operation and bucket/key
	asked   []string                          // operations, with what they were asked of
	keyIDs  []string                          // of calls to KMS
	before  func(*http.Request)               // called first
	echo    bool                              // refusals repeat the request
	secrets secrets                           // takes the data keys that KMS gives
	body    func(http.ResponseWriter, []byte) // writes an object's body
}

type storedObject struct {
	body     []byte
	metadata map[string]string
	sse      string // digest of the customer's key
}

type storedTable struct {
	partition, sort string
	types           map[string]string
	items           []ddb.Item
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, kms: kms.New(kms.Config{Account: "111122223333", Region: "eu-west-1"}), objects: map[string]storedObject{}, tables: map[string]storedTable{}, faults: map[string]string{}}
	k, err := a.kms.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	a.key = k.ARN
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	a.url = srv.URL
	t.Setenv("AWS_ENDPOINT_URL", srv.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secretexample")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_REGION", "eu-west-1")
	return a
}

func (a *account) fail(operation, code string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults[operation] = code
}

func (a *account) calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.asked
	a.asked = nil
	return out
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.before != nil {
		a.before(r)
	}
	body, _ := io.ReadAll(r.Body)
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasPrefix(target, "TrentService."):
		a.serveKMS(w, r, strings.TrimPrefix(target, "TrentService."), body)
	case strings.HasPrefix(target, "DynamoDB_20120810."):
		a.serveTable(w, strings.TrimPrefix(target, "DynamoDB_20120810."), body)
	case r.Method == http.MethodGet:
		a.serveObject(w, r)
	default:
		fmt.Fprint(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/audit/test</Arn><Account>111122223333</Account><UserId>A</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>")
	}
}

func jsonError(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}

func xmlError(w http.ResponseWriter, status int, code, message string) {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(message))
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, b.String())
}

func (a *account) serveKMS(w http.ResponseWriter, r *http.Request, operation string, body []byte) {
	var in struct {
		KeyID         string `json:"KeyId"`
		Blob          []byte `json:"CiphertextBlob"`
		Plaintext     []byte
		NumberOfBytes int
		Context       map[string]string `json:"EncryptionContext"`
		Algorithm     string            `json:"EncryptionAlgorithm"`
		PublicKey     []byte
	}
	if err := json.Unmarshal(body, &in); err != nil {
		a.t.Error(err)
	}
	a.asked, a.keyIDs = append(a.asked, "kms:"+operation), append(a.keyIDs, in.KeyID)
	if code := a.faults["kms:"+operation]; code != "" {
		jsonError(w, code, "it was told to")
		return
	}
	out := map[string]any{"KeyId": in.KeyID}
	if other := a.faults["kms:KeyId"]; other != "" {
		out["KeyId"] = other
	}
	var key envelope.DataKey
	var blob []byte
	var err error
	switch operation {
	case "GetPublicKey":
		blob, err = a.kms.GetPublicKey(r.Context(), in.KeyID)
		out["PublicKey"] = blob
	case "DeriveSharedSecret":
		key, err = a.kms.DeriveSharedSecret(r.Context(), in.KeyID, in.PublicKey)
		out["SharedSecret"] = key.Bytes()
	case "Decrypt":
		if in.Algorithm != "" {
			key, err = a.kms.DecryptRSA(r.Context(), in.KeyID, in.Algorithm, in.Blob)
			out["Plaintext"] = key.Bytes()
			break
		}
		key, err = a.kms.Decrypt(r.Context(), in.KeyID, in.Blob, in.Context)
		out["Plaintext"] = key.Bytes()
	case "GenerateDataKey":
		key, blob, err = a.kms.GenerateDataKey(r.Context(), in.KeyID, in.NumberOfBytes, in.Context)
		out["Plaintext"], out["CiphertextBlob"] = key.Bytes(), blob
	case "Encrypt":
		blob, err = a.kms.Encrypt(r.Context(), in.KeyID, envelope.NewDataKey(in.Plaintext), in.Context)
		out["CiphertextBlob"] = blob
	}
	var known *kms.Error
	if errors.As(err, &known) {
		jsonError(w, known.Code(), "no")
		return
	}
	if key.Len() > 0 && a.secrets != nil {
		a.secrets.add("a data key of KMS", bytes.Clone(key.Bytes()))
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func (a *account) serveTable(w http.ResponseWriter, operation string, body []byte) {
	var in struct {
		TableName string
		Key       json.RawMessage
	}
	if err := json.Unmarshal(body, &in); err != nil {
		a.t.Error(err)
	}
	a.asked = append(a.asked, "dynamodb:"+operation)
	table, ok := a.tables[tableName(in.TableName)]
	switch code := a.faults["dynamodb:"+operation]; {
	case code != "":
		jsonError(w, code, "it was told to")
		return
	case !ok:
		jsonError(w, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "Requested resource not found")
		return
	}
	out := map[string]any{}
	if operation == "DescribeTable" {
		keys := []map[string]string{{"AttributeName": table.partition, "KeyType": "HASH"}}
		if table.sort != "" {
			keys = append(keys, map[string]string{"AttributeName": table.sort, "KeyType": "RANGE"})
		}
		var types []map[string]string
		for name, kind := range table.types {
			types = append(types, map[string]string{"AttributeName": name, "AttributeType": kind})
		}
		out["Table"] = map[string]any{"TableName": in.TableName, "KeySchema": keys, "AttributeDefinitions": types}
	} else {
		key, err := ddb.Parse(in.Key)
		if err != nil {
			a.t.Error(err)
		}
		for _, it := range table.items {
			same := true
			for name, v := range key {
				same = same && it[name].Equal(v)
			}
			if same {
				out["Item"] = it
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(out)
}

func (a *account) serveObject(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if v := r.URL.Query().Get("versionId"); v != "" {
		name += "@" + v
	}
	a.asked = append(a.asked, "s3:GetObject "+name)
	code := a.faults["s3:GetObject"]
	if code == "" {
		code = a.faults["s3:GetObject "+name]
	}
	switch code {
	case "":
	case "SlowDown":
		xmlError(w, http.StatusServiceUnavailable, code, "Please reduce your request rate.")
		return
	case "PermanentRedirect":
		if !strings.Contains(r.Header.Get("Authorization"), "/us-west-2/s3/") {
			w.Header().Set("X-Amz-Bucket-Region", "us-west-2")
			xmlError(w, http.StatusMovedPermanently, code, "Use the endpoint.")
			return
		}
	default:
		xmlError(w, http.StatusForbidden, code, "User: arn:aws:iam::111122223333:user/x is not authorized")
		return
	}
	if a.echo {
		xmlError(w, http.StatusForbidden, "SignatureDoesNotMatch", "You sent "+r.Header.Get(ssec.Key))
		return
	}
	o, ok := a.objects[name]
	if !ok {
		xmlError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	headers := map[string]string{}
	for _, h := range []string{ssec.Algorithm, ssec.Key, ssec.KeyMD5} {
		if v := r.Header.Get(h); v != "" {
			headers[h] = v
		}
	}
	key, err := ssec.CheckRead(headers, o.sse)
	var refusal *ssec.Error
	if errors.As(err, &refusal) {
		xmlError(w, refusal.Status, refusal.Code, refusal.Message)
		return
	}
	if key.Len() > 0 {
		w.Header().Set(ssec.Algorithm, "AES256")
		w.Header().Set(ssec.KeyMD5, o.sse)
	} else {
		w.Header().Set(ssec.Encryption, "AES256")
	}
	for n, v := range o.metadata {
		w.Header().Set("x-amz-meta-"+n, v)
	}
	body := o.body
	sum := sha256.Sum256(body)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	w.Header().Set("Content-Type", "binary/octet-stream")
	if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		at, _ := strconv.Atoi(strings.TrimSuffix(from, "-"))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(body)-1, len(body)))
		body = body[at:]
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	if a.body != nil {
		a.body(w, body)
		return
	}
	_, _ = w.Write(body)
}

// put stores what a trial sealed as an object.
func (a *account) put(name string, t *trial, sse []byte) {
	o := storedObject{body: bytes.Clone(t.parts[0].bytes), metadata: map[string]string{}}
	for _, p := range t.parts[1:] {
		o.metadata[p.name] = string(p.bytes)
	}
	if sse != nil {
		o.sse = ssec.Digest(sse)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.objects[name] = o
}

// sealTrial seals a sample in a format under the given keyrings.
func sealTrial(t *testing.T, format string, sample []byte, e *envelopes, keyrings ...string) *trial {
	t.Helper()
	k, err := (&keyFlags{keyrings: keyrings}).load()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.settle(); err != nil {
		t.Fatal(err)
	}
	f := &trialFlags{format: format, suite: "0578"}
	var args []string
	if sample != nil {
		args = append(args, e.put("sample", sample))
	}
	out, err := f.trial(context.Background(), k, args)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// file saves the account's KMS keys for a kms-file.
func (a *account) file(e *envelopes) string {
	path := e.dir + "/kms.json"
	if err := a.kms.Save(path); err != nil {
		a.t.Fatal(err)
	}
	return "kms-file:" + path
}
