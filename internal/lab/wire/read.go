package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Read recognises the operation of an HTTP request and decodes its input. The
// request is never nil: with an error, which is a [*Failure] that AWS would
// answer, it knows the protocol to fail in.
func Read(r *http.Request) (*Request, error) {
	q := &Request{ID: newID(), Now: time.Now(), Input: map[string]any{}, protocol: awsJSON11}
	return q, q.read(r)
}

func newID() string {
	a, b := rand.Uint64(), rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

func (q *Request) read(r *http.Request) error {
	name, region, ok := scope(r.Header.Get("Authorization"))
	if !ok {
		name, region, ok = presigned(r)
		q.Expires = expiry(r.URL.Query())
	}
	if !ok && isAnonymousS3(r) {
		q.Service, q.protocol, q.head = "s3", restXML, r.Method == http.MethodHead
		return &Failure{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Access Denied"}
	}
	if !ok {
		return &Failure{Status: http.StatusForbidden, Code: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
	}
	s, ok := signed(name)
	if !ok {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			q.protocol, q.Service = query, name // whose clients read XML alone
		}
		return unknownOperation("The embedded account does not offer the service " + name + ".")
	}
	q.Service, q.Region, q.protocol = s.name, region, s.protocol
	if s.protocol == restXML {
		return q.readS3(r)
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	switch target := r.Header.Get("X-Amz-Target"); {
	case target != "" && s.target != "":
		if s.protocol != awsJSON10 {
			q.protocol = awsJSON11
		}
		return q.readTarget(s, target, body)
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" && s.protocol == rpcCBOR:
		return q.readRPC(s, r.URL.Path, body)
	case s.name == "account":
		return q.readAccount(r.URL.Path, body)
	case s.xmlns != "":
		q.protocol = query
		return q.readQuery(r, body)
	}
	return unknownOperation("The request names no operation.")
}

// isAnonymousS3 says whether a request without a signature is one for S3: it
// has a path and is of none of the other protocols.
func isAnonymousS3(r *http.Request) bool {
	return r.URL.Path != "/" && r.Header.Get("Authorization") == "" && r.Header.Get("X-Amz-Target") == "" && r.Header.Get("Smithy-Protocol") == "" &&
		!strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// scope reads the credential scope of a Signature Version 4 header:
// Credential=KEY/DATE/REGION/SERVICE/aws4_request.
func scope(authorization string) (service, region string, ok bool) {
	_, rest, found := strings.Cut(authorization, "Credential=")
	if !found || !strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 ") {
		return "", "", false
	}
	credential, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) != 5 || parts[4] != "aws4_request" || parts[2] == "" || parts[3] == "" {
		return "", "", false
	}
	return parts[3], parts[2], true
}

// presigned reads the credential scope of a presigned request, which has its
// signature in the query.
func presigned(r *http.Request) (service, region string, ok bool) {
	params := r.URL.Query()
	if params.Has("AWSAccessKeyId") && params.Has("Signature") && params.Has("Expires") {
		return "s3", "", true // Signature Version 2, which names no region
	}
	if params.Get("X-Amz-Algorithm") == "" {
		return "", "", false
	}
	return scope(params.Get("X-Amz-Algorithm") + " Credential=" + params.Get("X-Amz-Credential"))
}

// expiry is when a presigned request expires: at a moment in Signature Version
// 2, so long after its date in Version 4 (S3 API reference, "Authenticating
// Requests: Using Query Parameters").
func expiry(params url.Values) time.Time {
	if seconds, err := strconv.ParseInt(params.Get("Expires"), 10, 64); err == nil && params.Has("Signature") {
		return time.Unix(seconds, 0)
	}
	signed, err := time.Parse("20060102T150405Z", params.Get("X-Amz-Date"))
	seconds, err2 := strconv.Atoi(params.Get("X-Amz-Expires"))
	if err != nil || err2 != nil {
		return time.Time{}
	}
	return signed.Add(time.Duration(seconds) * time.Second)
}

func readBody(r *http.Request) ([]byte, error) {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" { // as clients send PutMetricData
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, serialization("the body is not gzip: " + err.Error())
		}
		from = unzipped
	}
	body, err := io.ReadAll(io.LimitReader(from, bodyLimit+1))
	switch {
	case err != nil:
		return nil, serialization("the body could not be read: " + err.Error())
	case len(body) > bodyLimit:
		return nil, &Failure{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge", Message: "The request is larger than 16 MiB."}
	}
	return body, nil
}

func (q *Request) readTarget(s service, target string, body []byte) error {
	dot := strings.LastIndexByte(target, '.')
	if dot < 0 || dot == len(target)-1 || !strings.HasSuffix("."+target[:dot], "."+s.target) {
		return unknownOperation("No operation " + target + ".")
	}
	q.Operation = target[dot+1:]
	return q.readJSON(body)
}

func (q *Request) readRPC(s service, path string, body []byte) error {
	operation, ok := strings.CutPrefix(path, "/service/"+s.target+"/operation/")
	if !ok || operation == "" || strings.Contains(operation, "/") {
		return unknownOperation("No operation at " + path + ".")
	}
	q.Operation = operation
	if len(body) == 0 {
		return nil
	}
	mode, err := cbor.DecOptions{MaxNestedLevels: 32, DefaultMapType: reflect.TypeFor[map[string]any](), IntDec: cbor.IntDecConvertNone}.DecMode()
	if err == nil {
		err = mode.Unmarshal(body, &q.Input)
	}
	if err != nil {
		return serialization(err.Error())
	}
	if q.Input == nil {
		q.Input = map[string]any{}
	}
	return nil
}

func (q *Request) readAccount(path string, body []byte) error {
	if path != "/listRegions" {
		return unknownOperation("No operation at " + path + ".")
	}
	q.Operation = "ListRegions"
	return q.readJSON(body)
}

func (q *Request) readJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&q.Input); err != nil {
		return serialization(err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return serialization("text after the object")
	}
	if q.Input == nil {
		q.Input = map[string]any{}
	}
	return nil
}

func serialization(why string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "SerializationException", Message: why}
}
