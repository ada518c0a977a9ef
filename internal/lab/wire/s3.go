package wire

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

const s3xmlns = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`

// s3Shape is how S3 spells one operation's output: the root element, and the
// member that is the root's content, "" when the members are. No root is no
// document.
func s3Shape(operation string) (root, payload string) {
	switch operation {
	case "ListBuckets":
		return "ListAllMyBucketsResult", ""
	case "GetBucketVersioning":
		return "VersioningConfiguration", ""
	case "GetBucketLogging":
		return "BucketLoggingStatus", ""
	case "GetBucketEncryption":
		return "ServerSideEncryptionConfiguration", "ServerSideEncryptionConfiguration"
	case "GetBucketPolicyStatus":
		return "PolicyStatus", "PolicyStatus"
	case "GetPublicAccessBlock":
		return "PublicAccessBlockConfiguration", "PublicAccessBlockConfiguration"
	case "GetBucketReplication":
		return "ReplicationConfiguration", "ReplicationConfiguration"
	case "GetBucketOwnershipControls":
		return "OwnershipControls", "OwnershipControls"
	case "GetBucketAcl", "GetObjectAcl":
		return "AccessControlPolicy", ""
	case "GetBucketRequestPayment":
		return "RequestPaymentConfiguration", ""
	case "GetBucketNotificationConfiguration":
		return "NotificationConfiguration", ""
	case "GetBucketAccelerateConfiguration":
		return "AccelerateConfiguration", ""
	case "GetBucketTagging", "GetObjectTagging":
		return "Tagging", ""
	case "ListObjects", "ListObjectsV2":
		return "ListBucketResult", ""
	case "ListObjectVersions":
		return "ListVersionsResult", ""
	case "DeleteObjects":
		return "DeleteResult", ""
	case "CopyObject":
		return "CopyObjectResult", "CopyObjectResult"
	case "UploadPartCopy":
		return "CopyPartResult", "CopyPartResult"
	case "CreateMultipartUpload":
		return "InitiateMultipartUploadResult", ""
	case "GetObjectAttributes":
		return "GetObjectAttributesResponse", ""
	case "CompleteMultipartUpload", "ListParts", "ListMultipartUploads":
		return operation + "Result", ""
	}
	if !strings.HasPrefix(operation, "Get") || operation == "GetObject" {
		return "", ""
	}
	return operation + "Result", ""
}

// inHeader says whether an operation's answer carries a member in a header, if
// there is one for it.
func inHeader(operation, member string) bool {
	switch operation {
	case "PutObject", "GetObject", "HeadObject", "DeleteObject", "UploadPart", "CopyObject", "UploadPartCopy", "CreateBucket", "HeadBucket",
		"PutObjectTagging", "DeleteObjectTagging":
		return true
	case "CreateMultipartUpload":
		return !slices.Contains([]string{"Bucket", "Key", "UploadId"}, member)
	case "CompleteMultipartUpload":
		return !strings.HasPrefix(member, "Checksum") && !slices.Contains([]string{"Location", "Bucket", "Key", "ETag"}, member)
	case "GetObjectAttributes":
		return slices.Contains([]string{"VersionId", "LastModified", "DeleteMarker"}, member)
	case "GetObjectTagging":
		return member == "VersionId"
	}
	return false
}

// s3List is how S3 spells a list.
func s3List(member string) (wrapper, element string) {
	switch member {
	case "Buckets":
		return member, "Bucket"
	case "TargetGrants":
		return member, "Grant"
	case "Grants":
		return "AccessControlList", "Grant"
	case "TagSet":
		return member, "Tag"
	case "Rules", "Tags", "Versions", "DeleteMarkers", "Uploads", "Parts", "Errors":
		return "", strings.TrimSuffix(member, "s")
	}
	return "", member
}

// s3Element is the element of a member that S3 calls otherwise.
func s3Element(member string) string {
	switch member {
	case "MFADelete":
		return "MfaDelete"
	case "TotalPartsCount":
		return "PartsCount"
	}
	return member
}

// s3Reply is an answer's status and body; what goes into headers, it sets.
func (q *Request) s3Reply(output map[string]any, header http.Header) (int, []byte) {
	w := &xmlWriter{now: q.Now, list: s3List, spell: s3Element}
	switch q.Operation {
	case "GetBucketPolicy": // the document itself
		policy, _ := output["Policy"].(string)
		header["Content-Type"] = []string{"application/json"}
		return http.StatusOK, []byte(policy)
	case "GetBucketLocation": // null is us-east-1
		location, _ := output["LocationConstraint"].(string)
		w.WriteString(xmlHead + "<LocationConstraint" + s3xmlns + ">")
		w.content(location)
		w.WriteString("</LocationConstraint>")
		return http.StatusOK, w.Bytes()
	}
	output = q.setHeaders(output, header)
	root, payload := s3Shape(q.Operation)
	if root == "" {
		return q.bare(output, header)
	}
	if payload != "" {
		output, _ = output[payload].(map[string]any)
	}
	w.WriteString(xmlHead + "<" + root + s3xmlns + ">")
	for _, name := range slices.Sorted(maps.Keys(output)) {
		w.element(name, output[name])
	}
	w.WriteString("</" + root + ">")
	return http.StatusOK, w.Bytes()
}

// bare is an answer without a document: an object's bytes, or nothing.
func (q *Request) bare(output map[string]any, header http.Header) (int, []byte) {
	body, _ := output["Body"].([]byte)
	status := http.StatusOK
	switch {
	case strings.HasPrefix(q.Operation, "Delete"), q.Operation == "AbortMultipartUpload", q.Operation == "PutBucketPolicy", q.Operation == "PutBucketTagging":
		status = http.StatusNoContent
	case header.Get("Content-Range") != "":
		status = http.StatusPartialContent
	}
	if q.Operation != "GetObject" && !q.head {
		header.Del("Content-Type")
	}
	return status, body
}

// s3Error is an error of S3; S3 Control's is wrapped.
func (q *Request) s3Error(f *Failure) []byte {
	w := &xmlWriter{now: q.Now}
	w.WriteString(xmlHead)
	content := func() {
		w.element("Code", f.Code)
		w.element("Message", f.Message)
		for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
			w.element(name, f.Fields[name])
		}
		w.element("RequestId", q.ID)
		w.element("HostId", q.ID+"/lab")
	}
	if q.Service != "s3control" {
		w.tagged("Error", content)
		return w.Bytes()
	}
	w.tagged("ErrorResponse", func() {
		w.tagged("Error", content)
		w.element("RequestId", q.ID)
	})
	return w.Bytes()
}
