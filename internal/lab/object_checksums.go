package lab

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// checksum is one of S3's additional checksums of an object (S3 User Guide,
// "Checking object integrity in Amazon S3").
type checksum struct {
	Algorithm string // "CRC32"
	Value     string // base64; of a composite one with "-" and the number of parts
	Type      string // "FULL_OBJECT" or "COMPOSITE"
}

// The types of checksums.
const (
	fullObject = "FULL_OBJECT"
	composite  = "COMPOSITE"
)

// usualChecksum is what S3 computes where a request brings none.
const usualChecksum = "CRC64NVME"

// crcNVME is the polynomial of CRC-64/NVME, reversed.
var crcNVME = crc64.MakeTable(0x9a6c9329ac4bc9b5)

func newChecksum(algorithm string) hash.Hash {
	switch algorithm {
	case "CRC32":
		return crc32.NewIEEE()
	case "CRC32C":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "CRC64NVME":
		return crc64.New(crcNVME)
	case "SHA1":
		return sha1.New()
	case "SHA256":
		return sha256.New()
	case "SHA512":
		return sha512.New()
	case "MD5":
		return md5.New()
	}
	return nil
}

func sum(algorithm string, body []byte) string {
	h := newChecksum(algorithm)
	h.Write(body) // a hash takes all
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// claimedChecksum is the one that a request brings.
func claimedChecksum(q *wire.Request) (c checksum, failure *wire.Failure) {
	for _, member := range slices.Sorted(maps.Keys(wire.Checksums())) {
		value := q.String(member)
		if value == "" {
			continue
		}
		if c.Algorithm != "" {
			return c, refuse(400, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		c = checksum{strings.TrimPrefix(member, "Checksum"), value, fullObject}
	}
	return c, nil
}

// checkBody makes S3's checks of a body: Content-MD5, and the additional
// checksum. Where there is none, it computes the usual one, "" for none (recorded by
// test_put_object_checksum and test_s3_invalid_content_md5).
func checkBody(q *wire.Request, usual string) (checksum, *wire.Failure) {
	if failure := checkMD5(q); failure != nil {
		return checksum{}, failure
	}
	c, failure := claimedChecksum(q)
	if failure != nil {
		return c, failure
	}
	asked := firstOf(q.String("SdkChecksumAlgorithm"), q.String("ChecksumAlgorithm"))
	if c.Algorithm == "" {
		if c = (checksum{strings.ToUpper(firstOf(asked, usual)), "", fullObject}); c.Algorithm == "" {
			return c, nil
		}
		if newChecksum(c.Algorithm) == nil {
			return c, unsupportedChecksum()
		}
		c.Value = sum(c.Algorithm, q.Body)
		return c, nil
	}
	h := newChecksum(c.Algorithm)
	if b, err := base64.StdEncoding.DecodeString(c.Value); err != nil || len(b) != h.Size() {
		return c, refuse(400, "InvalidRequest", "Value for x-amz-checksum-"+strings.ToLower(c.Algorithm)+" header is invalid.")
	}
	if sum(c.Algorithm, q.Body) != c.Value {
		return c, refuse(400, "BadDigest", "The "+c.Algorithm+" you specified did not match the calculated checksum.")
	}
	return c, nil
}

func unsupportedChecksum() *wire.Failure {
	return refuse(400, "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
}

func checkMD5(q *wire.Request) *wire.Failure {
	claimed := q.String("ContentMD5")
	if claimed == "" {
		return nil
	}
	want, err := base64.StdEncoding.DecodeString(claimed)
	if err != nil || len(want) != md5.Size {
		f := refuse(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
		f.Fields = map[string]string{"Content-MD5": claimed}
		return f
	}
	got := md5.Sum(q.Body)
	if bytes.Equal(got[:], want) {
		return nil
	}
	f := refuse(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	f.Fields = map[string]string{"ExpectedDigest": claimed, "CalculatedDigest": base64.StdEncoding.EncodeToString(got[:])}
	return f
}

// describe puts a checksum into an answer.
func (c checksum) describe(output map[string]any) {
	if c.Value != "" {
		output["Checksum"+c.Algorithm], output["ChecksumType"] = c.Value, c.Type
	}
}

// etagOf is the entity tag of bytes that were written at once: their MD5,
// unless a key that is not S3's protects them (S3 API reference, "Object").
func etagOf(body []byte, algorithm string) string {
	if algorithm != "" && algorithm != sseS3 {
		return `"` + hex.EncodeToString(randomBytes(16)) + `"`
	}
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// sealChecksum encrypts a checksum like its object: with KMS, reading it needs
// the key (S3 API reference, HeadObject, "x-amz-checksum-mode").
func sealChecksum(place string, c checksum, keys [][]byte) []byte {
	if c.Value == "" {
		return nil
	}
	b, err := json.Marshal(c)
	if err != nil { // three texts always marshal
		return nil
	}
	for _, key := range keys {
		b = lock(key, b, place+" checksum")
	}
	return b
}

func openChecksum(place string, sealed []byte, keys [][]byte) (c checksum, failure *wire.Failure) {
	if len(sealed) == 0 {
		return c, nil
	}
	for _, key := range slices.Backward(keys) {
		var ok bool
		if sealed, ok = unlock(key, sealed, place+" checksum"); !ok {
			return c, internalError()
		}
	}
	if json.Unmarshal(sealed, &c) != nil {
		return c, internalError()
	}
	return c, nil
}
