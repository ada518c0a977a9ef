package lab

import (
	"maps"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// protected is how a version's bytes are protected: what S3 keeps to be able
// to decrypt them. No key is in it in plaintext.
type protected struct {
	Algorithm string            // "" is none
	Key       string            // ARN of the KMS key
	Context   map[string]string // that the request added
	Master    int               // of S3's own keys
	Wrapped   [][]byte          // the data keys, one a layer
	BucketKey []byte            // encrypted by KMS; nil without one
	Salt, MAC []byte            // of a customer's key, which is not kept itself
	Checksum  []byte            // of the object, encrypted like it
}

// spot is where an object is, or will be.
type spot struct {
	region, bucket, key string
	place               string // on the disk
}

func (s spot) arn() string { return "arn:aws:s3:::" + s.bucket + "/" + s.key }

func (s spot) bucketARN() string { return "arn:aws:s3:::" + s.bucket }

// newDataKeys makes the keys to encrypt one object with, by layer.
//
// SSE-S3 wraps them under a key of S3's own; SSE-KMS gets them from KMS under
// the object's ARN as context, or wraps them under the bucket key; DSSE-KMS has
// two, for two layers (S3 User Guide, "Using dual-layer server-side encryption
// with AWS KMS keys"); SSE-C takes the customer's.
func (l *Lab) newDataKeys(at spot, p protection) (keys [][]byte, s protected, failure *wire.Failure) {
	s = protected{Algorithm: p.algorithm, Context: p.context}
	switch p.algorithm {
	case "":
		return nil, s, nil
	case ssec:
		s.Salt = randomBytes(16)
		s.MAC = customerMAC(s.Salt, p.customer)
		return [][]byte{p.customer}, s, nil
	case sseS3:
		key := randomBytes(32)
		s.Master = l.s3.master(l.now())
		s.Wrapped = [][]byte{lock(l.s3.masters[s.Master].key, key, at.place)}
		return [][]byte{key}, s, nil
	}
	u, failure := l.useOf(at, p)
	if failure != nil {
		return nil, s, failure
	}
	if p.bucketKey && p.algorithm == sseKMS {
		master, failure := l.bucketKeyFor(at, u)
		if failure != nil {
			return nil, s, failure
		}
		key := randomBytes(32)
		s.Key, s.BucketKey, s.Wrapped = master.arn, master.blob, [][]byte{lock(master.plain, key, at.place)}
		return [][]byte{key}, s, nil
	}
	layers := 1
	if p.algorithm == sseDSSE {
		layers = 2
	}
	for range layers {
		key, blob, arn, failure := l.generate(u, 32)
		if failure != nil {
			return nil, s, l.kmsRefusal(u.key, failure)
		}
		keys, s.Key, s.Wrapped = append(keys, key), arn, append(s.Wrapped, blob)
	}
	return keys, s, nil
}

// dataKeys gets the keys of an object that is there.
func (l *Lab) dataKeys(at spot, s protected, customer []byte) (keys [][]byte, failure *wire.Failure) {
	switch {
	case s.Algorithm == "":
		return nil, nil
	case s.Algorithm == ssec:
		return [][]byte{customer}, nil
	case s.Algorithm == sseS3:
		return l.openWrapped(s, l.s3.masters[min(s.Master, len(l.s3.masters)-1)].key, at.place)
	case s.BucketKey != nil:
		master, failure := l.openBucketKey(at, s)
		if failure != nil {
			return nil, failure
		}
		return l.openWrapped(s, master, at.place)
	}
	u := use{region: at.region, invokedBy: "s3.amazonaws.com", key: s.Key, context: contextOf(at.arn(), s.Context), resource: at.arn()}
	for _, blob := range s.Wrapped {
		key, _, failure := l.unwrap(u, blob)
		if failure != nil {
			return nil, l.kmsRefusal(s.Key, failure)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (l *Lab) openWrapped(s protected, master []byte, about string) ([][]byte, *wire.Failure) {
	var keys [][]byte
	for _, wrapped := range s.Wrapped {
		key, ok := unlock(master, wrapped, about)
		if !ok {
			return nil, internalError()
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// contextOf is S3's encryption context: the ARN of the object, or of the bucket
// with a bucket key, and what the request added, which may name another ARN (S3
// User Guide, "Using server-side encryption with AWS KMS keys", "Encryption
// context").
func contextOf(arn string, added map[string]string) map[string]string {
	context := map[string]string{"aws:s3:arn": arn}
	maps.Copy(context, added)
	return context
}
