package lab

import (
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// The words for errors in an account's data.
const (
	denied    = "denied"
	throttled = "throttled"
	vanished  = "vanished"
	expired   = "expired"
)

func refuse(status int, code, message string) *wire.Failure {
	return &wire.Failure{Status: status, Code: code, Message: message}
}

// failure is what AWS answers for a word of the data.
func (l *Lab) failure(q *wire.Request, word, resource string) *wire.Failure {
	switch word {
	case denied:
		return l.denial(q, resource)
	case throttled:
		return throttle(q, l.account.ID)
	case vanished:
		if q.Service == "s3" && q.String("Key") != "" { // it is the object that is gone
			f := refuse(404, "NoSuchKey", "The specified key does not exist.")
			f.Fields = map[string]string{"Key": q.String("Key")}
			return f
		}
		return l.missing(q, resource)
	case expired:
		return expiry(q)
	}
	status := 400
	if strings.HasPrefix(word, "Internal") || strings.HasPrefix(word, "ServiceUnavailable") {
		status = 500
	}
	return refuse(status, word, "The request was refused: "+word+".")
}

// denial is what a caller without the permission sees.
func (l *Lab) denial(q *wire.Request, resource string) *wire.Failure {
	action := action(q)
	message := "User: " + l.account.Caller + " is not authorized to perform: " + action
	if resource != "" {
		message += " on resource: " + resource
	}
	message += " because no identity-based policy allows the " + action + " action"
	switch q.Service {
	case "s3", "s3control", "sts", "cloudwatch":
		return refuse(403, "AccessDenied", message)
	case "account":
		return refuse(403, "AccessDeniedException", message)
	}
	return refuse(400, "AccessDeniedException", message)
}

// action is the IAM action of an operation (Service Authorization Reference).
func action(q *wire.Request) string {
	switch q.Name() {
	case "s3:ListBuckets":
		return "s3:ListAllMyBuckets"
	case "s3:GetBucketEncryption":
		return "s3:GetEncryptionConfiguration"
	case "s3:GetBucketReplication":
		return "s3:GetReplicationConfiguration"
	case "s3:GetPublicAccessBlock":
		return "s3:GetBucketPublicAccessBlock"
	case "s3control:GetPublicAccessBlock":
		return "s3:GetAccountPublicAccessBlock"
	case "tagging:GetResources":
		return "tag:GetResources"
	}
	return q.Name()
}

// expiry is each service's way to say that the credentials have expired.
func expiry(q *wire.Request) *wire.Failure {
	switch q.Service {
	case "s3", "s3control":
		return refuse(400, "ExpiredToken", "The provided token has expired.")
	case "sts", "cloudwatch":
		return refuse(403, "ExpiredToken", "The security token included in the request is expired")
	}
	return refuse(400, "ExpiredTokenException", "The security token included in the request is expired")
}

// throttle is each service's way to say "later".
func throttle(q *wire.Request, account string) *wire.Failure {
	switch q.Service {
	case "kinesis":
		if isDataEvent(q) { // of a shard (Kinesis API, GetRecords and PutRecord)
			return refuse(400, "ProvisionedThroughputExceededException", "Rate exceeded for shard in stream "+q.String("StreamName")+" under account "+account+".")
		}
		return refuse(400, "LimitExceededException", "Rate exceeded for account "+account+".")
	case "firehose":
		return refuse(400, "LimitExceededException", "Rate exceeded")
	case "s3", "s3control":
		return refuse(503, "SlowDown", "Please reduce your request rate.")
	case "cloudwatch", "sts":
		return refuse(400, "Throttling", "Rate exceeded")
	case "tagging":
		return refuse(400, "ThrottledException", "Rate exceeded")
	case "account":
		return refuse(429, "TooManyRequestsException", "Rate exceeded")
	}
	return refuse(400, "ThrottlingException", "Rate exceeded")
}

// missing is each service's way to say that there is no such resource.
func (l *Lab) missing(q *wire.Request, resource string) *wire.Failure {
	switch q.Service {
	case "s3":
		f := refuse(404, "NoSuchBucket", "The specified bucket does not exist")
		f.Fields = map[string]string{"BucketName": q.String("Bucket")}
		return f
	case "kinesis":
		return refuse(400, "ResourceNotFoundException", fmt.Sprintf("Stream %s under account %s not found.", last(resource), l.account.ID))
	case "firehose":
		return refuse(400, "ResourceNotFoundException", fmt.Sprintf("Firehose %s under account %s not found.", last(resource), l.account.ID))
	case "dynamodb":
		return refuse(400, "ResourceNotFoundException", fmt.Sprintf("Requested resource not found: Table: %s not found", last(resource)))
	case "dax":
		return refuse(400, "ClusterNotFoundFault", "Cluster not found.")
	case "cloudtrail":
		return refuse(400, "TrailNotFoundException", fmt.Sprintf("Unknown trail: %s for the user: %s", resource, l.account.ID))
	case "kms":
		return refuse(400, "NotFoundException", fmt.Sprintf("Key '%s' does not exist", resource))
	}
	return refuse(400, "ResourceNotFoundException", "There is no "+resource+".")
}

// last is the name at the end of an ARN.
func last(resource string) string { return resource[strings.LastIndexByte(resource, '/')+1:] }
