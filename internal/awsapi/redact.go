package awsapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

const redacted = "[redacted]"

// secretFields are the fields of replies that can hold a secret, by
// operation (API references of the services).
func secretFields(operation string) []string {
	switch operation {
	case "firehose:DescribeDeliveryStream":
		// Splunk's token, HTTP endpoint headers, and names and keys of other
		// destinations; URLs may carry tokens in their query.
		return []string{"HECToken", "CommonAttributes", "AccessKey", "Password", "PrivateKey", "KeyPassphrase",
			"Url", "HECEndpoint", "CopyOptions", "AccountUrl", "ClusterJDBCURL", "Username", "User"}
	case "cloudtrail:LookupEvents":
		// Who called, and the record with its encryption context, which is
		// customers' data. An event's id and time stay, to find it again.
		return []string{"CloudTrailEvent", "Username", "AccessKeyId", "Resources"}
	}
	return nil
}

// holdsContent says that an operation's reply is what people store, or a key to
// it. Of such a reply nothing is kept, not even a digest: it would tell who has
// the same content. A refusal is a reply like others.
func holdsContent(operation string) bool {
	switch operation {
	case "s3:GetObject", "kinesis:GetRecords",
		"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Scan", "dynamodb:Query",
		"kms:Decrypt", "kms:GenerateDataKey", "kms:DeriveSharedSecret":
		return true
	}
	return false
}

// redact drops secrets from a reply. A reply that should be redacted and can't
// be parsed is dropped whole.
func redact(operation string, body []byte) []byte {
	fields := secretFields(operation)
	if fields == nil || len(bytes.TrimSpace(body)) == 0 {
		return body
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return []byte(redacted)
	}
	out, err := json.Marshal(withoutFields(v, fields))
	if err != nil {
		return []byte(redacted)
	}
	return out
}

func withoutFields(v any, fields []string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if slices.Contains(fields, k) {
				v[k] = redacted
				continue
			}
			v[k] = withoutFields(v[k], fields)
		}
	case []any:
		for i := range v {
			v[i] = withoutFields(v[i], fields)
		}
	}
	return v
}

// nothing is the digest of no bytes, which a scan of many objects needs often.
const nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func digest(b []byte) string {
	if len(b) == 0 {
		return nothing
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
