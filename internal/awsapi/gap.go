package awsapi

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// GapOf makes a gap on the attributes ("facts.encryption") of an API call's
// error: reason, the missing permission, and what the user can do.
func GapOf(err error, attributes ...string) collectors.Gap {
	var e *Error
	if !errors.As(err, &e) {
		return collectors.Gap{Attributes: attributes, Reason: collectors.Failed, Detail: shorten(err).Error(), Remedy: "Scan again; if it stays, report it with the call log of the bundle."}
	}
	g := collectors.Gap{Attributes: attributes, Reason: e.Reason, Detail: detail(e)}
	switch e.Reason {
	case collectors.Denied:
		g.Permission = Action(e.Operation)
		g.Remedy = deniedRemedy(e, g.Permission)
	case collectors.Throttled:
		g.Remedy = "Scan again with a longer --timeout, or when the account is quieter."
	case collectors.TimedOut:
		g.Remedy = "Scan again with a longer --timeout; check the network."
	case collectors.Vanished:
		g.Remedy = "It was probably deleted during the scan; the next scan tells."
	case collectors.Unsupported:
		g.Remedy = "The endpoint does not offer this operation; nothing can be said about it there."
	default:
		g.Remedy = "Scan again; if it stays, look at the call in the bundle's calls.jsonl."
	}
	return g
}

func detail(e *Error) string {
	if code := Code(e.Err); code != "" {
		return fmt.Sprintf("%s answered %s.", e.Operation, strings.TrimSuffix(shorten(e.Err).Error(), "."))
	}
	return fmt.Sprintf("%s got no usable answer: %s.", e.Operation, strings.TrimSuffix(shorten(e.Err).Error(), "."))
}

func deniedRemedy(e *Error, action string) string {
	text := shorten(e.Err).Error()
	switch code := Code(e.Err); {
	case strings.HasPrefix(code, "Expired"), code == "InvalidClientTokenId", code == "UnrecognizedClientException":
		return "Log in again: the credentials are expired or not valid in this region."
	case strings.Contains(text, "service control policy"):
		return "A service control policy denies " + action + "; ask the organisation's administrator, or leave the region out with --region."
	}
	return "Allow " + action + " to the scanning identity (sealaudit permissions prints the whole statement)."
}

// Operation is a call as IAM spells it: "kinesis:ListStreams". The service is
// the SDK's service id.
func Operation(serviceID, operation string) string {
	switch serviceID { // of every attempt
	case "Resource Groups Tagging API":
		return "tagging:" + operation
	case "S3":
		return "s3:" + operation
	}
	return strings.ToLower(strings.ReplaceAll(serviceID, " ", "")) + ":" + operation
}

// Action is the IAM action that a call needs, which is not always its name
// (Service Authorization Reference).
func Action(operation string) string {
	if a, ok := actions()[operation]; ok {
		return a
	}
	return operation
}

func actions() map[string]string {
	return map[string]string{
		"s3:ListBuckets":                 "s3:ListAllMyBuckets",
		"s3:GetBucketEncryption":         "s3:GetEncryptionConfiguration",
		"s3:GetBucketReplication":        "s3:GetReplicationConfiguration",
		"s3:GetPublicAccessBlock":        "s3:GetBucketPublicAccessBlock",
		"s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
		"tagging:GetResources":           "tag:GetResources",
		"s3:HeadObject":                  "s3:GetObject",
		"s3:ListObjectsV2":               "s3:ListBucket",
		"s3:GetObjectLockConfiguration":  "s3:GetBucketObjectLockConfiguration",
		"s3:ListObjectVersions":          "s3:ListBucketVersions",
	}
}
