package lab

import (
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// multipart is an upload in parts that is under way. Its parts are on the disk,
// encrypted under the keys that the object will have.
type multipart struct {
	id, key   string
	begun     time.Time
	algorithm string // of the checksum; "" unless one was asked for
	kind      string // of the checksum
	head      objectHead
	at        spot
	parts     map[int]uploaded
}

// uploaded is one part, as listings show it.
type uploaded struct {
	size     int64
	etag     string
	modified time.Time
	checksum checksum
}

// maxPartNumber and minPart are S3's limits of parts: their number, and the
// bytes of all but the last.
const (
	maxPartNumber = 10_000
	minPart       = 5 << 20
)

// createMultipartUpload gets the object's data key, which KMS must decrypt
// again for each part (S3 User Guide, "Multipart upload API and permissions").
func createMultipartUpload(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	u := &multipart{id: hex.EncodeToString(randomBytes(32)), key: q.String("Key"), begun: l.now().UTC().Truncate(time.Second), parts: map[int]uploaded{}}
	if failure := checkNew(q); failure != nil {
		return nil, failure
	}
	if failure := u.checksumOf(q); failure != nil {
		return nil, failure
	}
	tags, failure := headerTags(q.String("Tagging"))
	if failure != nil {
		return nil, failure
	}
	p, failure := l.protectionOf(q, b)
	if failure != nil {
		return nil, failure
	}
	u.at = l.newSpot(b, u.key)
	u.head = objectHead{Headers: storedHeaders(q), Metadata: q.Metadata, Tags: tags, Parted: true}
	if _, u.head.SSE, failure = l.newDataKeys(u.at, p); failure != nil {
		return nil, failure
	}
	l.s3.shelf(b.Name).uploads[u.id] = u
	output := map[string]any{"Bucket": b.Name, "Key": u.key, "UploadId": u.id}
	if u.algorithm != "" {
		output["ChecksumAlgorithm"], output["ChecksumType"] = u.algorithm, u.kind
	}
	u.head.SSE.describe(output, p.customer)
	u.head.SSE.describeContext(output)
	return output, nil
}

// checksumOf reads the checksum that the upload is to have (recorded by
// test_multipart_checksum_type_compatibility).
func (u *multipart) checksumOf(q *wire.Request) *wire.Failure {
	u.algorithm, u.kind = strings.ToUpper(q.String("ChecksumAlgorithm")), q.String("ChecksumType")
	switch {
	case u.algorithm == "" && u.kind != "":
		return refuse(400, "InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case u.algorithm == "":
		return nil
	case newChecksum(u.algorithm) == nil:
		return unsupportedChecksum()
	}
	isCRC := strings.HasPrefix(u.algorithm, "CRC")
	if u.kind == "" {
		u.kind = composite
		if u.algorithm == "CRC64NVME" {
			u.kind = fullObject
		}
	}
	if u.kind == fullObject && !isCRC || u.kind == composite && u.algorithm == "CRC64NVME" {
		return refuse(400, "InvalidRequest", "The "+u.kind+" checksum type cannot be used with the "+strings.ToLower(u.algorithm)+" checksum algorithm.")
	}
	return nil
}

// upload finds the upload that a request is about.
func (l *Lab) underWay(q *wire.Request, b located) (*multipart, *wire.Failure) {
	u := l.s3.shelf(b.Name).uploads[q.String("UploadId")]
	if u == nil || u.key != q.String("Key") {
		f := refuse(404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
		f.Fields = map[string]string{"UploadId": q.String("UploadId")}
		return nil, f
	}
	return u, nil
}

func uploadPart(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	u, n, keys, customer, failure := l.partOf(q, b)
	if failure != nil {
		return nil, failure
	}
	c, failure := checkBody(q, u.algorithm)
	if failure != nil {
		return nil, failure
	}
	if u.algorithm != "" && c.Algorithm != u.algorithm {
		return nil, refuse(400, "InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: "+strings.ToLower(u.algorithm)+", actual checksum Type: "+strings.ToLower(c.Algorithm))
	}
	part := l.keepUploaded(u, n, q.Body, keys, c)
	output := map[string]any{"ETag": part.etag}
	u.head.SSE.describe(output, customer)
	c.describe(output)
	delete(output, "ChecksumType")
	return output, nil
}

// partOf makes the checks of a new part, and gets the keys to encrypt it with.
func (l *Lab) partOf(q *wire.Request, b located) (u *multipart, n int, keys [][]byte, customer []byte, failure *wire.Failure) {
	n, ok := q.Int("PartNumber")
	if !ok || n < 1 || n > maxPartNumber {
		return nil, 0, nil, nil, badPartNumber(q.String("PartNumber"))
	}
	if u, failure = l.underWay(q, b); failure != nil {
		return nil, 0, nil, nil, failure
	}
	if customer, failure = customerKey(q, ""); failure != nil {
		return nil, 0, nil, nil, failure
	}
	if failure := u.checkCustomer(customer); failure != nil {
		return nil, 0, nil, nil, failure
	}
	keys, failure = l.dataKeys(u.at, u.head.SSE, customer)
	return u, n, keys, customer, failure
}

// checkCustomer compares a part's key with the upload's (recorded by
// test_multipart_upload_sse_c_validation).
func (u *multipart) checkCustomer(customer []byte) *wire.Failure {
	switch failure := u.head.SSE.checkCustomer(customer); {
	case failure == nil:
		return nil
	case u.head.SSE.Algorithm == ssec && customer != nil:
		return refuse(400, "InvalidRequest", "The provided encryption parameters did not match the ones used originally.")
	}
	return refuse(400, "InvalidRequest", "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
}

func (l *Lab) keepUploaded(u *multipart, n int, body []byte, keys [][]byte, c checksum) uploaded {
	l.keepPart(u.at.place, n, body, keys)
	part := uploaded{int64(len(body)), etagOf(body, u.head.SSE.Algorithm), l.now().UTC().Truncate(time.Second), c}
	u.parts[n] = part
	return part
}

func badPartNumber(asked string) *wire.Failure {
	return badArgument("partNumber", asked, "Part number must be an integer between 1 and "+strconv.Itoa(maxPartNumber)+", inclusive")
}

// numbers are an upload's parts, in order.
func (u *multipart) numbers() []int { return slices.Sorted(maps.Keys(u.parts)) }

func abortMultipartUpload(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	u, failure := l.underWay(q, b)
	if failure != nil {
		return nil, failure
	}
	l.discard(&version{place: u.at.place, parts: u.numbers()})
	delete(l.s3.shelf(b.Name).uploads, u.id)
	return map[string]any{}, nil
}
