package wire

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

const s3xmlns = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`

// s3Shape is how S3 spells one operation's output: the root element, and the
// member that is the root's content, "" when the members are.
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
	}
	return operation + "Result", ""
}

// s3List is how S3 spells a list.
func s3List(member string) (wrapper, element string) {
	switch member {
	case "Buckets":
		return member, "Bucket"
	case "TargetGrants":
		return member, "Grant"
	case "Rules", "Tags":
		return "", strings.TrimSuffix(member, "s")
	}
	return "", member
}

func (q *Request) s3Reply(output map[string]any, header http.Header) []byte {
	w := &xmlWriter{now: q.Now, list: s3List}
	switch q.Operation {
	case "GetBucketPolicy": // the document itself
		policy, _ := output["Policy"].(string)
		header["Content-Type"] = []string{"application/json"}
		return []byte(policy)
	case "GetBucketLocation": // null is us-east-1
		location, _ := output["LocationConstraint"].(string)
		w.WriteString(xmlHead + "<LocationConstraint" + s3xmlns + ">")
		w.content(location)
		w.WriteString("</LocationConstraint>")
		return w.Bytes()
	}
	root, payload := s3Shape(q.Operation)
	if payload != "" {
		output, _ = output[payload].(map[string]any)
	}
	w.WriteString(xmlHead + "<" + root + s3xmlns + ">")
	for _, name := range slices.Sorted(maps.Keys(output)) {
		element := name
		if name == "MFADelete" {
			element = "MfaDelete" // as the XML has it
		}
		w.element(element, output[name])
	}
	w.WriteString("</" + root + ">")
	return w.Bytes()
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
