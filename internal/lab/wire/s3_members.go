package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// s3Headers are the members that S3's calls carry in headers, both ways, with
// the headers' names.
func s3Headers() map[string]string {
	headers := map[string]string{
		"ServerSideEncryption": "x-amz-server-side-encryption", "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
		"SSEKMSEncryptionContext": "x-amz-server-side-encryption-context", "BucketKeyEnabled": "x-amz-server-side-encryption-bucket-key-enabled",
		"SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm", "SSECustomerKey": "x-amz-server-side-encryption-customer-key",
		"SSECustomerKeyMD5":  "x-amz-server-side-encryption-customer-key-MD5",
		"StorageClass":       "x-amz-storage-class",
		"ChecksumAlgorithm":  "x-amz-checksum-algorithm",
		"ChecksumType":       "x-amz-checksum-type",
		"CacheControl":       "Cache-Control",
		"ContentDisposition": "Content-Disposition", "ContentEncoding": "Content-Encoding", "ContentLanguage": "Content-Language",
		"ContentType": "Content-Type", "Expires": "Expires", "WebsiteRedirectLocation": "x-amz-website-redirect-location",
	}
	for name, header := range Checksums() {
		headers[name] = header
	}
	return headers
}

// Checksums are the members of S3's checksums, with their headers.
func Checksums() map[string]string {
	return map[string]string{
		"ChecksumCRC32": "x-amz-checksum-crc32", "ChecksumCRC32C": "x-amz-checksum-crc32c", "ChecksumCRC64NVME": "x-amz-checksum-crc64nvme",
		"ChecksumSHA1": "x-amz-checksum-sha1", "ChecksumSHA256": "x-amz-checksum-sha256", "ChecksumSHA512": "x-amz-checksum-sha512",
		"ChecksumMD5": "x-amz-checksum-md5",
	}
}

// requestHeaders are members that only requests carry.
func requestHeaders() map[string]string {
	return map[string]string{
		"CopySource": "x-amz-copy-source", "CopySourceRange": "x-amz-copy-source-range",
		"CopySourceIfMatch": "x-amz-copy-source-if-match", "CopySourceIfNoneMatch": "x-amz-copy-source-if-none-match",
		"CopySourceIfModifiedSince": "x-amz-copy-source-if-modified-since", "CopySourceIfUnmodifiedSince": "x-amz-copy-source-if-unmodified-since",
		"CopySourceSSECustomerAlgorithm": "x-amz-copy-source-server-side-encryption-customer-algorithm",
		"CopySourceSSECustomerKey":       "x-amz-copy-source-server-side-encryption-customer-key",
		"CopySourceSSECustomerKeyMD5":    "x-amz-copy-source-server-side-encryption-customer-key-MD5",
		"MetadataDirective":              "x-amz-metadata-directive", "TaggingDirective": "x-amz-tagging-directive", "Tagging": "x-amz-tagging",
		"IfMatch": "If-Match", "IfNoneMatch": "If-None-Match", "IfModifiedSince": "If-Modified-Since", "IfUnmodifiedSince": "If-Unmodified-Since",
		"Range": "Range", "ContentMD5": "Content-MD5", "ChecksumMode": "x-amz-checksum-mode", "MpuObjectSize": "x-amz-mp-object-size",
		"SdkChecksumAlgorithm": "x-amz-sdk-checksum-algorithm", "ObjectAttributes": "x-amz-object-attributes",
		"ACL": "x-amz-acl", "ObjectLockEnabledForBucket": "x-amz-bucket-object-lock-enabled", "MaxParts": "x-amz-max-parts", "PartNumberMarker": "x-amz-part-number-marker",
		"ExpectedBucketOwner": "x-amz-expected-bucket-owner", "ExpectedSourceBucketOwner": "x-amz-source-expected-bucket-owner",
	}
}

// answerHeaders are members that only answers carry.
func answerHeaders() map[string]string {
	return map[string]string{
		"ETag": "ETag", "VersionId": "x-amz-version-id", "DeleteMarker": "x-amz-delete-marker", "LastModified": "Last-Modified",
		"AcceptRanges": "Accept-Ranges", "ContentRange": "Content-Range", "ContentLength": "Content-Length", "PartsCount": "x-amz-mp-parts-count",
		"TagCount": "x-amz-tagging-count", "CopySourceVersionId": "x-amz-copy-source-version-id", "Location": "Location",
		"BucketArn": "x-amz-bucket-arn", "BucketRegion": "x-amz-bucket-region", "AccessPointAlias": "x-amz-access-point-alias",
	}
}

// readS3Params reads the members that a request's query carries.
func (q *Request) readS3Params(params url.Values) {
	for param, member := range map[string]string{
		"versionId": "VersionId", "uploadId": "UploadId", "partNumber": "PartNumber", "prefix": "Prefix", "delimiter": "Delimiter",
		"max-keys": "MaxKeys", "marker": "Marker", "continuation-token": "ContinuationToken", "start-after": "StartAfter",
		"encoding-type": "EncodingType", "fetch-owner": "FetchOwner", "key-marker": "KeyMarker", "version-id-marker": "VersionIdMarker",
		"max-parts": "MaxParts", "part-number-marker": "PartNumberMarker", "max-uploads": "MaxUploads", "upload-id-marker": "UploadIdMarker",
		"response-content-type": "ResponseContentType", "response-content-language": "ResponseContentLanguage",
		"response-expires": "ResponseExpires", "response-cache-control": "ResponseCacheControl",
		"response-content-disposition": "ResponseContentDisposition", "response-content-encoding": "ResponseContentEncoding",
	} {
		if params.Has(param) {
			q.Input[member] = params.Get(param)
		}
	}
}

// readS3Headers reads those in its headers, which presigned requests may have
// in the query.
func (q *Request) readS3Headers(header http.Header, params url.Values) {
	take := func(names map[string]string) {
		for member, name := range names {
			v := strings.Join(header.Values(name), ",")
			if v == "" && strings.HasPrefix(name, "x-amz-") {
				v = params.Get(name)
			}
			if v != "" || member == "Tagging" && len(header.Values(name)) > 0 {
				q.Input[member] = v
			}
		}
	}
	take(requestHeaders())
	if q.Input["Key"] != nil || q.Operation == "CreateBucket" {
		take(s3Headers())
	}
	for name, values := range header {
		if meta, ok := strings.CutPrefix(strings.ToLower(name), metaPrefix); ok {
			if q.Metadata == nil {
				q.Metadata = map[string]string{}
			}
			q.Metadata[meta] = strings.Join(values, ",")
		}
	}
}

const metaPrefix = "x-amz-meta-"
