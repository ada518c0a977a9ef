package lab

import (
	"encoding/base64"
	"encoding/json"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// The algorithms of server-side encryption, as headers name them; ssec is ours,
// for keys that the customer provides.
const (
	sseS3   = "AES256"
	sseKMS  = "aws:kms"
	sseDSSE = "aws:kms:dsse"
	ssec    = "SSE-C"
)

// protection is the encryption that a request asks for, or that the bucket
// gives it. No algorithm is none, which S3 has not written since January 2023.
type protection struct {
	algorithm string
	key       string // of KMS, as it was given; "" is aws/s3
	bucketKey bool
	context   map[string]string // that the request adds
	customer  []byte            // the key of SSE-C
}

// protectionOf reads a writing request's headers: what they ask for, else the
// bucket's default (S3 User Guide, "Setting default server-side encryption
// behavior for Amazon S3 buckets").
func (l *Lab) protectionOf(q *wire.Request, b located) (protection, *wire.Failure) {
	customer, failure := customerKey(q, "")
	if failure != nil {
		return protection{}, failure
	}
	if customer != nil {
		if blocksCustomerKeys(b.Bucket) {
			return protection{}, refuse(403, "AccessDenied", "User: "+l.account.Caller+" is not authorized to perform: s3:PutObject on resource: \""+objectARN(q)+
				"\" because this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). Please specify a different server-side encryption type")
		}
		return protection{algorithm: ssec, customer: customer}, nil
	}
	usual := defaultProtection(b.Bucket)
	p := protection{algorithm: q.String("ServerSideEncryption"), key: q.String("SSEKMSKeyId"), bucketKey: q.Bool("BucketKeyEnabled", usual.bucketKey)}
	switch p.algorithm {
	case "":
		if p.key != "" || q.String("SSEKMSEncryptionContext") != "" {
			return p, needsKMS()
		}
		usual.bucketKey = q.Bool("BucketKeyEnabled", usual.bucketKey)
		return usual, nil
	case sseS3:
		if p.key != "" || q.String("SSEKMSEncryptionContext") != "" {
			return p, needsKMS()
		}
		p.bucketKey = false
	case sseDSSE: // no bucket keys; the header "causes S3 to use one with SSE-KMS" (PutObject), and no error is documented or recorded
		p.bucketKey = false
	case sseKMS:
	default:
		return p, badArgument("x-amz-server-side-encryption", p.algorithm, "The encryption method specified is not supported")
	}
	p.context, failure = encryptionContext(q.String("SSEKMSEncryptionContext"))
	return p, failure
}

func needsKMS() *wire.Failure {
	return badArgument("x-amz-server-side-encryption", "", "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
}

// encryptionContext decodes the context that a request adds: base64 of a JSON
// object of texts (S3 API reference, PutObject).
func encryptionContext(header string) (map[string]string, *wire.Failure) {
	if header == "" {
		return nil, nil
	}
	var pairs map[string]string
	b, err := base64.StdEncoding.DecodeString(header)
	if err == nil {
		err = json.Unmarshal(b, &pairs)
	}
	if err != nil || len(pairs) == 0 {
		return nil, badArgument("x-amz-server-side-encryption-context", "", "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map")
	}
	return pairs, nil
}

// defaultProtection is a bucket's default.
func defaultProtection(b *Bucket) protection {
	rule := encryptionRule(b)
	apply, _ := rule["ApplyServerSideEncryptionByDefault"].(map[string]any)
	p := protection{algorithm: firstOf(text(apply, "SSEAlgorithm"), sseS3), key: text(apply, "KMSMasterKeyID")}
	p.bucketKey = rule["BucketKeyEnabled"] == true && p.algorithm == sseKMS
	return p
}

// encryptionRule is the one rule of a bucket's encryption, nil without any.
func encryptionRule(b *Bucket) map[string]any {
	rules, _ := b.Encryption["Rules"].([]any)
	if len(rules) == 0 {
		return nil
	}
	rule, _ := rules[0].(map[string]any)
	return rule
}

// describe puts a version's encryption into an answer, as S3's headers tell it.
func (p protected) describe(output map[string]any, customer []byte) {
	switch p.Algorithm {
	case "":
	case ssec:
		output["SSECustomerAlgorithm"], output["SSECustomerKeyMD5"] = sseS3, digestOf(customer)
	default:
		output["ServerSideEncryption"] = p.Algorithm
		if p.Key != "" {
			output["SSEKMSKeyId"] = p.Key
		}
		if p.BucketKey != nil {
			output["BucketKeyEnabled"] = true
		}
	}
}

// describeContext adds the context that a request gave, which S3 tells to
// those who write.
func (p protected) describeContext(output map[string]any) {
	if len(p.Context) == 0 {
		return
	}
	b, err := json.Marshal(p.Context)
	if err == nil {
		output["SSEKMSEncryptionContext"] = base64.StdEncoding.EncodeToString(b)
	}
}
