package lab_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

func (b *bench) version(bucket string, status types.BucketVersioningStatus) error {
	_, err := b.s3.PutBucketVersioning(b.Context(), &s3.PutBucketVersioningInput{Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status}})
	return err
}

func (b *bench) remove(bucket, key string, id *string) (*s3.DeleteObjectOutput, error) {
	return b.s3.DeleteObject(b.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: id})
}

func of(id *string) func(*s3.GetObjectInput) {
	return func(in *s3.GetObjectInput) { in.VersionId = id }
}

// Recorded: test_delete_object_versioned, test_delete_versioned_bucket_with_objects
// (S3 User Guide, "How S3 Versioning works", "Working with delete markers").
func TestRecordedVersions(t *testing.T) {
	const test, emptying = "TestS3ObjectCRUD::test_delete_object_versioned", "TestS3BucketCRUD::test_delete_versioned_bucket_with_objects"
	r, b := loadRecordings(t), newBench(t, nil)
	b.create("bucket")
	b.must("PutBucketVersioning", b.version("bucket", "Enabled"))
	put, err := b.put("bucket", "test-delete", "test-delete", nil)
	r.play(t, test, "put-object", put, err)
	gone, err := b.remove("bucket", "test-delete", nil)
	r.play(t, test, "delete-object", gone, err)
	_, err = b.get("bucket", "test-delete", nil)
	r.play(t, test, "get-deleted-object", nil, err)
	get, err := b.get("bucket", "test-delete", of(put.VersionId))
	r.play(t, test, "get-object-with-version", get, err)
	_, err = b.get("bucket", "test-delete", of(gone.VersionId))
	r.play(t, test, "get-delete-marker", nil, err)
	// The headers that tell a delete marker (S3 API reference, GetObject).
	for path, status := range map[string]int{"/bucket/test-delete": 404, "/bucket/test-delete?versionId=" + *gone.VersionId: 405} {
		if p := b.raw("HEAD", path, nil, nil); p.status != status || p.header.Get("X-Amz-Delete-Marker") != "true" || p.header.Get("X-Amz-Version-Id") != *gone.VersionId {
			t.Errorf("%s: %d %v", path, p.status, p.header)
		}
	}
	again, err := b.remove("bucket", "test-delete", nil)
	r.play(t, test, "delete-object-2", again, err)
	list, err := b.s3.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String("bucket"), Prefix: aws.String("test-delete")})
	r.play(t, test, "list-object-versions", list, err)
	drop := func() error {
		_, err := b.s3.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("bucket")})
		return err
	}
	r.play(t, emptying, "delete-with-obj-and-delete-marker", nil, drop())
	out, err := b.remove("bucket", "test-delete", gone.VersionId)
	r.play(t, test, "delete-delete-marker", out, err)
	out, err = b.remove("bucket", "test-delete", put.VersionId)
	r.play(t, test, "delete-object-version", out, err)
	_, err = b.get("bucket", "test-delete", of(put.VersionId))
	r.play(t, test, "get-deleted-object-with-version", nil, err)
	_, err = b.remove("bucket", "test-delete", aws.String("no version"))
	r.play(t, test, "delete-with-bad-version", nil, err)
	r.play(t, emptying, "delete-with-only-delete-marker", nil, drop())
	out, err = b.remove("bucket", "test-delete", again.VersionId)
	r.play(t, emptying, "delete-marker-by-version", out, err)
	b.must("DeleteBucket", drop())
	if left := b.lab.Stored(); len(left) > 0 {
		t.Errorf("the disk still has %q", left)
	}
}

// Recorded: test_delete_object_on_suspended_bucket, test_bucket_versioning_crud
// (S3 User Guide, "Adding objects to versioning-suspended buckets").
func TestRecordedSuspension(t *testing.T) {
	const crud = "TestS3BucketVersioning::test_bucket_versioning_crud"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	r.play(t, crud, "put-versioning-empty", nil, b.version("bucket", ""))
	r.play(t, crud, "put-versioning-enabled-lowercase", nil, b.version("bucket", "enabled"))
	_, err := b.put("bucket", "key", "null", nil)
	b.must("put", err)
	b.must("Enabled", b.version("bucket", "Enabled"))
	one, err := b.put("bucket", "key", "one", nil)
	b.must("put", err)
	b.must("Suspended", b.version("bucket", "Suspended"))
	ids := func() (ids []string) {
		out, err := b.s3.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String("bucket")})
		b.must("ListObjectVersions", err)
		for _, v := range out.Versions {
			ids = append(ids, *v.VersionId)
		}
		for _, v := range out.DeleteMarkers {
			ids = append(ids, "marker "+*v.VersionId)
		}
		return ids
	}
	want := func(what string, list ...string) {
		t.Helper()
		if got := ids(); strings.Join(got, " ") != strings.Join(list, " ") {
			t.Errorf("%s: %q, want %q", what, got, list)
		}
	}
	want("two versions", *one.VersionId, "null")
	put, err := b.put("bucket", "key", "two", nil)
	if err != nil || put.VersionId != nil {
		t.Errorf("%+v, %v", put, err)
	}
	want("the null version is replaced", "null", *one.VersionId)
	b.reads("bucket", "key", "two")
	out, err := b.remove("bucket", "key", nil)
	if err != nil || *out.VersionId != "null" || !*out.DeleteMarker {
		t.Errorf("%+v, %v", out, err)
	}
	want("a marker takes its place", *one.VersionId, "marker null")
	if n := len(b.lab.Stored()); n != 2 {
		t.Errorf("%d places on the disk, want the head and body of one version", n)
	}
	if _, err := b.get("bucket", "key", of(one.VersionId)); err != nil {
		t.Error(err)
	}
}

// Recorded: test_delete_objects_versioned.
func TestRecordedDeletionOfMany(t *testing.T) {
	const test = "TestS3ObjectCRUD::test_delete_objects_versioned"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket", Versioning: map[string]any{"Status": "Enabled"}}})
	put, err := b.put("bucket", "test-delete", "body", nil)
	b.must("put", err)
	remove := func(ids ...types.ObjectIdentifier) (*s3.DeleteObjectsOutput, error) {
		return b.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("bucket"), Delete: &types.Delete{Objects: ids}})
	}
	key := func(name string, id *string) types.ObjectIdentifier {
		return types.ObjectIdentifier{Key: &name, VersionId: id}
	}
	out, err := remove(key("test-delete", nil), key("wrongkey", nil), key("wrongkey-x", nil))
	r.play(t, test, "delete-objects-no-version-id", out, err)
	out, err = remove(key("test-delete", out.Deleted[0].DeleteMarkerVersionId))
	r.play(t, test, "delete-objects-marker", out, err)
	out, err = remove(key("test-delete", aws.String("HPniJFCxqTsMuIH9KX8K8w")), key("wrong-key-2", aws.String("HPniJFCxqTsMuIH9KX8K8w")))
	r.play(t, test, "delete-objects-wrong-version-id", out, err)
	out, err = remove(key("test-delete", put.VersionId))
	r.play(t, test, "delete-objects-version-id", out, err)
	if _, err := remove(); err == nil {
		t.Error("no object at all is taken")
	}
}
