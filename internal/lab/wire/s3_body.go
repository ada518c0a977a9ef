package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// objectLimit is the longest object or part that this endpoint takes, in
// bytes. S3 takes 5 GiB.
const objectLimit = 256 << 20

// readS3Body reads what a call carries: an object's bytes, or XML, whose
// members become the input's.
func (q *Request) readS3Body(r *http.Request) error {
	bytesOnly := q.Operation == "PutObject" || q.Operation == "UploadPart"
	limit := int64(bodyLimit)
	if bytesOnly {
		limit = objectLimit
	}
	if bytesOnly && r.ContentLength < 0 && r.Header.Get("X-Amz-Decoded-Content-Length") == "" {
		return &Failure{Status: http.StatusLengthRequired, Code: "MissingContentLength", Message: "You must provide the Content-Length HTTP header."}
	}
	body, err := readWhole(r, limit)
	if err != nil {
		return err
	}
	if isChunked(r.Header) {
		if body, err = q.unchunk(body, r.Header); err != nil {
			return err
		}
	} else if err := checkPayload(body, r.Header.Get("X-Amz-Content-Sha256")); err != nil {
		return err
	}
	q.Body = body
	switch {
	case bytesOnly || r.Method == http.MethodGet || r.Method == http.MethodHead:
		return nil
	case q.Operation == "PutBucketPolicy":
		q.Input["Policy"] = string(body)
		return nil
	}
	return q.readXML(body)
}

func readWhole(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(r.ContentLength, limit)
	}
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(int(min(r.ContentLength, 1<<20)) + bytes.MinRead)
	}
	n, err := io.Copy(&b, io.LimitReader(r.Body, limit+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || err == nil && r.ContentLength > 0 && n < r.ContentLength:
		return nil, incompleteBody()
	case err != nil:
		return nil, &Failure{Status: http.StatusBadRequest, Code: "RequestTimeout", Message: "Your socket connection to the server was not read from or written to within the timeout period."}
	case n > limit:
		return nil, tooLarge(n, limit)
	}
	return b.Bytes(), nil
}

func tooLarge(size, limit int64) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "EntityTooLarge", Message: "Your proposed upload exceeds the maximum allowed size",
		Fields: map[string]string{"ProposedSize": strconv.FormatInt(size, 10), "MaxSizeAllowed": strconv.FormatInt(limit, 10)}}
}

func incompleteBody() *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "IncompleteBody", Message: "The request body terminated unexpectedly"}
}

// checkPayload compares a body with the digest in its headers, where there is
// one.
func checkPayload(body []byte, claimed string) error {
	want, err := hex.DecodeString(claimed)
	if err != nil || len(want) != sha256.Size {
		return nil // UNSIGNED-PAYLOAD, or none
	}
	got := sha256.Sum256(body)
	if bytes.Equal(got[:], want) {
		return nil
	}
	return &Failure{Status: http.StatusBadRequest, Code: "XAmzContentSHA256Mismatch", Message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
		Fields: map[string]string{"ClientComputedContentSHA256": claimed, "S3ComputedContentSHA256": hex.EncodeToString(got[:])}}
}

func isChunked(header http.Header) bool {
	return strings.HasPrefix(header.Get("X-Amz-Content-Sha256"), "STREAMING-") || strings.Contains(header.Get("Content-Encoding"), awsChunked)
}

const awsChunked = "aws-chunked"
