package wire

import (
	"net/http"
	"net/url"
)

// bucketCalls are S3's calls on a bucket, by subresource and method; "" is the
// bucket itself.
func bucketCalls() map[string]map[string]string {
	get, put, remove := http.MethodGet, http.MethodPut, http.MethodDelete
	return map[string]map[string]string{
		"":                  {put: "CreateBucket", remove: "DeleteBucket", http.MethodHead: "HeadBucket", get: "ListObjects"},
		"encryption":        {get: "GetBucketEncryption", put: "PutBucketEncryption", remove: "DeleteBucketEncryption"},
		"policy":            {get: "GetBucketPolicy", put: "PutBucketPolicy", remove: "DeleteBucketPolicy"},
		"policyStatus":      {get: "GetBucketPolicyStatus"},
		"publicAccessBlock": {get: "GetPublicAccessBlock", put: "PutPublicAccessBlock", remove: "DeletePublicAccessBlock"},
		"versioning":        {get: "GetBucketVersioning", put: "PutBucketVersioning"},
		"replication":       {get: "GetBucketReplication"},
		"logging":           {get: "GetBucketLogging", put: "PutBucketLogging"},
		"location":          {get: "GetBucketLocation"},
		"acl":               {get: "GetBucketAcl"},
		"ownershipControls": {get: "GetBucketOwnershipControls"},
		"cors":              {get: "GetBucketCors"},
		"lifecycle":         {get: "GetBucketLifecycleConfiguration"},
		"website":           {get: "GetBucketWebsite"},
		"object-lock":       {get: "GetObjectLockConfiguration"},
		"notification":      {get: "GetBucketNotificationConfiguration"},
		"accelerate":        {get: "GetBucketAccelerateConfiguration"},
		"requestPayment":    {get: "GetBucketRequestPayment"},
		"tagging":           {get: "GetBucketTagging", put: "PutBucketTagging", remove: "DeleteBucketTagging"},
		"versions":          {get: "ListObjectVersions"},
		"uploads":           {get: "ListMultipartUploads"},
		"delete":            {http.MethodPost: "DeleteObjects"},
	}
}

// objectCalls are those on an object.
func objectCalls() map[string]map[string]string {
	get, put, post, remove := http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
	return map[string]map[string]string{
		"":           {put: "PutObject", get: "GetObject", http.MethodHead: "HeadObject", remove: "DeleteObject"},
		"tagging":    {get: "GetObjectTagging", put: "PutObjectTagging", remove: "DeleteObjectTagging"},
		"attributes": {get: "GetObjectAttributes"},
		"acl":        {get: "GetObjectAcl"},
		"uploads":    {post: "CreateMultipartUpload"},
		"uploadId":   {put: "UploadPart", post: "CompleteMultipartUpload", remove: "AbortMultipartUpload", get: "ListParts"},
	}
}

// elsewhere are subresources that S3 has and this endpoint does not: they must
// not be taken for calls on the bucket or object itself.
func elsewhere() []string {
	return []string{"acl", "accelerate", "analytics", "cors", "intelligent-tiering", "inventory", "lifecycle", "metrics", "notification",
		"object-lock", "ownershipControls", "requestPayment", "website", "legal-hold", "retention", "restore", "select", "torrent",
		"metadataConfiguration", "metadataTable", "session", "abac", "encryption", "renameObject", "annotation"}
}

// s3Operation finds the operation of a request, "" for none that is known.
func s3Operation(method string, object bool, params url.Values, header http.Header) string {
	calls := bucketCalls()
	if object {
		calls = objectCalls()
	}
	sub := ""
	for name := range calls {
		if name != "" && params.Has(name) {
			sub = name
		}
	}
	if sub == "" {
		for _, name := range elsewhere() {
			if params.Has(name) {
				return ""
			}
		}
	}
	operation, copies := calls[sub][method], header.Get("X-Amz-Copy-Source") != ""
	switch {
	case operation == "ListObjects" && params.Get("list-type") == "2":
		return "ListObjectsV2"
	case operation == "PutObject" && copies:
		return "CopyObject"
	case operation == "UploadPart" && copies:
		return "UploadPartCopy"
	}
	return operation
}
