package lab_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// Recorded: test_get_object_range, test_invalid_range_error (RFC 9110 §14).
func TestRecordedRanges(t *testing.T) {
	const test = "TestS3ObjectCRUD::test_get_object_range"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	_, err := b.put("bucket", "key", "0123456789", sse("aws:kms", keyA))
	b.must("put", err)
	ranged := func(s string) (*s3.GetObjectOutput, error) {
		return b.get("bucket", "key", func(in *s3.GetObjectInput) { in.Range = &s })
	}
	for step, asked := range map[string]string{"get-0-8": "bytes=0-8", "get-1-1": "bytes=1-1", "get-1-0": "bytes=1-0", "get-1-": "bytes=1-", "get--1-": "bytes=-1-",
		"get--2": "bytes=-2", "get--9": "bytes=-9", "get--15": "bytes=-15"} {
		out, err := ranged(asked)
		want := r.step(t, test, step)
		delete(want, "ResponseMetadata")
		delete(want, "ServerSideEncryption")
		if err != nil {
			t.Errorf("%s: %v", asked, err)
			continue
		}
		compare(t, step, want, asJSON(t, readable(t, out)))
		if _, partial := want["ContentRange"]; !partial && out.ContentRange != nil {
			t.Errorf("%s: Content-Range %s", asked, *out.ContentRange)
		}
	}
	_, err = ranged("bytes=1024-4096")
	r.play(t, "TestS3::test_invalid_range_error", "exc", nil, err)
}

// Recorded: test_s3_get_object_preconditions (RFC 9110 §13).
func TestRecordedConditions(t *testing.T) {
	const test = "TestS3::test_s3_get_object_preconditions[get_object]"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	put, err := b.put("bucket", "key", "data", nil)
	b.must("put", err)
	b.lab.Advance(time.Hour)
	with := func(f func(*s3.GetObjectInput)) error {
		_, err := b.get("bucket", "key", f)
		return err
	}
	long, future := time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour)
	r.play(t, test, "precondition-if-match", nil, with(func(in *s3.GetObjectInput) { in.IfMatch = aws.String("d41d8cd98f00b204e9800998ecf8427e") }))
	r.play(t, test, "precondition-if-unmodified-since", nil, with(func(in *s3.GetObjectInput) { in.IfUnmodifiedSince = &long }))
	r.play(t, test, "precondition-if-none-match", nil, with(func(in *s3.GetObjectInput) { in.IfNoneMatch = put.ETag }))
	r.play(t, test, "etag-missing-quotes", nil, with(func(in *s3.GetObjectInput) { in.IfNoneMatch = aws.String(strings.Trim(*put.ETag, `"`)) }))
	b.must("a time to come", with(func(in *s3.GetObjectInput) { in.IfModifiedSince = &future }))
	b.must("its own tag", with(func(in *s3.GetObjectInput) { in.IfMatch = put.ETag }))

	// S3 User Guide, "Conditional writes".
	for _, tc := range []struct {
		key, match, none, code string
	}{{"key", "", "*", "PreconditionFailed"}, {"new", "", "*", ""}, {"key", "other", "", "PreconditionFailed"}, {"key", *put.ETag, "", ""}, {"none", *put.ETag, "", "NoSuchKey"}, {"key", "", "other", "NotImplemented"}} {
		_, err := b.put("bucket", tc.key, "data", func(in *s3.PutObjectInput) {
			if tc.match != "" {
				in.IfMatch = &tc.match
			}
			if tc.none != "" {
				in.IfNoneMatch = &tc.none
			}
		})
		if got, _ := code(err); got != tc.code {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}

// S3 API reference, ListObjectsV2, ListObjects: prefixes, delimiters, paging
// and encoded keys.
func TestListings(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket", Versioning: map[string]any{"Status": "Enabled"}}})
	keys := []string{"a", "b/1", "b/2", "b/3", "c d", "c/é", "c/1/2", "z"}
	for _, key := range append(keys, "deleted") {
		_, err := b.put("bucket", key, "body of "+key, nil)
		b.must(key, err)
	}
	_, err := b.remove("bucket", "deleted", nil)
	b.must("delete", err)
	for _, tc := range []struct{ prefix, delimiter, after, want string }{
		{"", "", "", "a b/1 b/2 b/3 c%20d c/1/2 c/%C3%A9 z"},
		{"", "/", "", "a [b/] c%20d [c/] z"},
		{"b/", "/", "", "b/1 b/2 b/3"},
		{"c/", "/", "", "[c/1/] c/%C3%A9"},
		{"", "", "b/2", "b/3 c%20d c/1/2 c/%C3%A9 z"},
		{"", "/", "b/2", "[b/] c%20d [c/] z"},
		{"b", "3", "", "b/1 b/2 [b/3]"},
		{"nothing", "/", "", ""},
	} {
		for size := int32(1); size <= 10; size += 3 {
			if got := b.pages(tc.prefix, tc.delimiter, tc.after, size); got != tc.want {
				t.Errorf("%+v in pages of %d: %s", tc, size, got)
			}
		}
		if tc.after == "" {
			if got := b.pagesV1(tc.prefix, tc.delimiter, 2); got != tc.want {
				t.Errorf("%+v by ListObjects: %s", tc, got)
			}
		}
	}
	for _, token := range []string{"x", "AAAA"} {
		_, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket"), ContinuationToken: &token})
		if got, _ := code(err); got != "InvalidArgument" {
			t.Errorf("token %s: %v", token, err)
		}
	}
	p := b.raw("GET", "/bucket?list-type=2&encoding-type=url&prefix=c%20d", nil, nil)
	if !strings.Contains(string(p.body), "<Key>c+d</Key>") || !strings.Contains(string(p.body), "<KeyCount>1</KeyCount>") {
		t.Errorf("%s", p.body)
	}
}

func (b *bench) pages(prefix, delimiter, after string, size int32) string {
	b.Helper()
	in := &s3.ListObjectsV2Input{Bucket: aws.String("bucket"), MaxKeys: &size, Prefix: &prefix}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	if after != "" {
		in.StartAfter = &after
	}
	var all []string
	for p := s3.NewListObjectsV2Paginator(b.s3, in); p.HasMorePages(); {
		out, err := p.NextPage(b.Context())
		b.must("ListObjectsV2", err)
		if int(*out.KeyCount) != len(out.Contents)+len(out.CommonPrefixes) || *out.KeyCount > size {
			b.Errorf("KeyCount %d of %d", *out.KeyCount, size)
		}
		all = append(all, together(out.Contents, out.CommonPrefixes)...)
		if len(all) > 100 {
			b.Fatalf("a listing without an end: %q", all)
		}
	}
	return strings.Join(all, " ")
}

func (b *bench) pagesV1(prefix, delimiter string, size int32) string {
	in := &s3.ListObjectsInput{Bucket: aws.String("bucket"), MaxKeys: &size, Prefix: &prefix}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	var all []string
	for {
		out, err := b.s3.ListObjects(b.Context(), in)
		b.must("ListObjects", err)
		all = append(all, together(out.Contents, out.CommonPrefixes)...)
		if !*out.IsTruncated || len(all) > 100 {
			return strings.Join(all, " ")
		}
		if in.Marker = out.NextMarker; in.Marker == nil {
			in.Marker = out.Contents[len(out.Contents)-1].Key
		}
	}
}

// together are a page's keys and prefixes in their common order, encoded.
func together(keys []types.Object, prefixes []types.CommonPrefix) (all []string) {
	for len(keys)+len(prefixes) > 0 {
		if len(prefixes) == 0 || len(keys) > 0 && *keys[0].Key < *prefixes[0].Prefix {
			all, keys = append(all, (&url.URL{Path: *keys[0].Key}).EscapedPath()), keys[1:]
			continue
		}
		all, prefixes = append(all, "["+*prefixes[0].Prefix+"]"), prefixes[1:]
	}
	return all
}

// S3 API reference, ListObjectVersions.
func TestListingOfVersionsInPages(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket", Versioning: map[string]any{"Status": "Enabled"}}})
	var want []string
	for _, key := range []string{"a", "b", "c"} {
		var ids []string
		for n := range 3 {
			out, err := b.put("bucket", key, fmt.Sprint(n), nil)
			b.must(key, err)
			ids = append([]string{key + " " + *out.VersionId}, ids...)
		}
		want = append(want, ids...)
	}
	for size := int32(1); size <= 10; size++ {
		in := &s3.ListObjectVersionsInput{Bucket: aws.String("bucket"), MaxKeys: &size}
		var got []string
		for {
			out, err := b.s3.ListObjectVersions(t.Context(), in)
			b.must("ListObjectVersions", err)
			for _, v := range out.Versions {
				got = append(got, *v.Key+" "+*v.VersionId)
			}
			if !*out.IsTruncated || len(got) > 100 {
				break
			}
			in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("pages of %d: %q, want %q", size, got, want)
		}
	}
}
