package lab_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// parted uploads an object in parts and returns how it was completed.
func (b *bench) parted(in *s3.CreateMultipartUploadInput, parts ...[]byte) (*s3.CreateMultipartUploadOutput, *s3.CompleteMultipartUploadOutput, error) {
	b.Helper()
	begun, err := b.s3.CreateMultipartUpload(b.Context(), in)
	b.must("CreateMultipartUpload", err)
	var done []types.CompletedPart
	for i, part := range parts {
		n := int32(i + 1)
		out, err := b.s3.UploadPart(b.Context(), &s3.UploadPartInput{Bucket: in.Bucket, Key: in.Key, UploadId: begun.UploadId, PartNumber: &n, Body: bytes.NewReader(part),
			SSECustomerAlgorithm: in.SSECustomerAlgorithm, SSECustomerKey: in.SSECustomerKey, SSECustomerKeyMD5: in.SSECustomerKeyMD5, ChecksumAlgorithm: in.ChecksumAlgorithm})
		b.must("UploadPart", err)
		done = append(done, types.CompletedPart{PartNumber: &n, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
		if in.ChecksumAlgorithm == "" {
			done[i].ChecksumCRC32 = nil
		}
	}
	end, err := b.s3.CompleteMultipartUpload(b.Context(), &s3.CompleteMultipartUploadInput{Bucket: in.Bucket, Key: in.Key, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
	return begun, end, err
}

func filled(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

// S3 User Guide, "Uploading and copying objects using multipart upload": an
// object in parts under every kind of encryption.
func TestPartsUnderEveryEncryption(t *testing.T) {
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	big, small := filled(5<<20+16, 'a'), []byte("test content 123")
	for name, with := range map[string]func(*s3.CreateMultipartUploadInput){
		"s3": nil,
		"kms": func(in *s3.CreateMultipartUploadInput) {
			in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = "aws:kms", aws.String(keyA), aws.Bool(true)
		},
		"dsse": func(in *s3.CreateMultipartUploadInput) { in.ServerSideEncryption = "aws:kms:dsse" },
		"ssec": func(in *s3.CreateMultipartUploadInput) {
			key := customerKey(3)
			in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = aws.String("AES256"), key.text(), key.digest()
		},
	} {
		in := &s3.CreateMultipartUploadInput{Bucket: aws.String("bucket"), Key: &name, Metadata: map[string]string{"Note": "x"}}
		if with != nil {
			with(in)
		}
		begun, end, err := b.parted(in, big, small)
		b.must(name, err)
		if name == "kms" {
			r.play(t, "TestS3::test_s3_multipart_upload_sse", "multi-sse-create-multipart", begun, nil)
			if !*end.BucketKeyEnabled || *end.SSEKMSKeyId != keyARN+keyA {
				t.Errorf("%+v", end)
			}
		}
		get := func(with func(*s3.GetObjectInput)) (*s3.GetObjectOutput, error) {
			return b.get("bucket", name, func(g *s3.GetObjectInput) {
				g.SSECustomerAlgorithm, g.SSECustomerKey, g.SSECustomerKeyMD5 = in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5
				with(g)
			})
		}
		whole, err := get(func(*s3.GetObjectInput) {})
		b.must(name, err)
		body, err := io.ReadAll(whole.Body)
		if err != nil || !bytes.Equal(body, append(bytes.Clone(big), small...)) || whole.Metadata["note"] != "x" || *whole.ETag != *end.ETag {
			t.Errorf("%s: %d bytes, %v, %v", name, len(body), whole.Metadata, err)
		}
		const test = "TestS3::test_get_object_part"
		part, err := get(func(g *s3.GetObjectInput) { g.PartNumber = aws.Int32(2) })
		want := r.step(t, test, "get-object-part")
		delete(want, "ServerSideEncryption")
		delete(want, "ResponseMetadata")
		b.must(name, err)
		compare(t, name, want, asJSON(t, readable(t, part)))
		_, err = get(func(g *s3.GetObjectInput) { g.PartNumber = aws.Int32(10) })
		r.play(t, test, "part-doesnt-exist", nil, err)
		_, err = get(func(g *s3.GetObjectInput) { g.PartNumber, g.Range = aws.Int32(1), aws.String("bytes=0-1") })
		r.play(t, test, "part-with-range", nil, err)
	}
}

// Recorded: test_multipart_complete_multipart_too_small, …_wrong_part,
// test_multipart_and_list_parts, test_complete_multipart_parts_checksum_composite.
func TestRecordedParts(t *testing.T) {
	const listing, checked = "TestS3::test_multipart_and_list_parts", "TestS3MultipartUploadChecksum::test_complete_multipart_parts_checksum_composite[CRC32]"
	r, b := loadRecordings(t), newBench(t, []lab.Bucket{{Name: "bucket"}})
	ctx, bucket := t.Context(), aws.String("bucket")
	_, _, err := b.parted(&s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("small")}, []byte("data"), []byte("data"))
	r.play(t, "TestS3::test_multipart_complete_multipart_too_small", "complete-exc-too-small", nil, err)
	uploads, err := b.s3.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})
	b.must("ListMultipartUploads", err)
	id, key := uploads.Uploads[0].UploadId, uploads.Uploads[0].Key
	complete := func(parts ...types.CompletedPart) error {
		_, err := b.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	r.play(t, "TestS3::test_multipart_complete_multipart_wrong_part", "complete-exc-wrong-part-number", nil, complete(types.CompletedPart{PartNumber: aws.Int32(4), ETag: aws.String(`"8d777f385d3dfec8815d20f7496026dc"`)}))
	r.play(t, "TestS3::test_multipart_complete_multipart_wrong_part", "complete-exc-wrong-etag", nil, complete(types.CompletedPart{PartNumber: aws.Int32(1), ETag: aws.String(`"d41d8cd98f00b204e9800998ecf8427e"`)}))
	r.play(t, "TestS3::test_multipart_complete_multipart_too_small", "complete-exc-no-parts", nil, complete())
	parts, err := b.s3.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: id, MaxParts: aws.Int32(1)})
	if err != nil || len(parts.Parts) != 1 || !*parts.IsTruncated || *parts.NextPartNumberMarker != "1" || *parts.Parts[0].Size != 4 {
		t.Errorf("%+v, %v", parts, err)
	}
	_, err = b.s3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id})
	b.must("AbortMultipartUpload", err)
	_, err = b.s3.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: id})
	r.play(t, listing, "list-part-after-complete-exc", nil, err)
	if left := b.lab.Stored(); len(left) > 0 {
		t.Errorf("the disk still has %q", left)
	}
	begun, end, err := b.parted(&s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("checked"), ChecksumAlgorithm: "CRC32"}, filled(5<<20+1, 'a'), []byte("0123456789"))
	r.play(t, checked, "create-mpu-checksum", begun, nil)
	if err != nil || end.ChecksumType != "COMPOSITE" || len(*end.ChecksumCRC32) != len("5FRUiw==-2") {
		t.Errorf("%+v, %v", end, err)
	}
	attributes, err := b.s3.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: bucket, Key: aws.String("checked"),
		ObjectAttributes: []types.ObjectAttributes{"ETag", "Checksum", "ObjectParts", "ObjectSize"}})
	if err != nil || *attributes.ObjectParts.TotalPartsCount != 2 || *attributes.Checksum.ChecksumCRC32 != *end.ChecksumCRC32 || *attributes.ObjectSize != 5<<20+11 {
		t.Errorf("%+v, %v", attributes, err)
	}
}

// S3 API reference, UploadPartCopy; KMS must decrypt the upload's key for each
// part (S3 User Guide, "Multipart upload API and permissions").
func TestPartsOfCopiesAndUnderDisabledKeys(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}})
	ctx, bucket, key := t.Context(), aws.String("bucket"), aws.String("copy")
	_, err := b.put("bucket", "source", "0123456789", sse("aws:kms", keyA))
	b.must("put", err)
	begun, err := b.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ServerSideEncryption: "aws:kms", SSEKMSKeyId: aws.String(keyB)})
	b.must("CreateMultipartUpload", err)
	copied := func(asked string) (*s3.UploadPartCopyOutput, error) {
		return b.s3.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), CopySource: aws.String("bucket/source"), CopySourceRange: &asked})
	}
	for asked, want := range map[string]string{"0-8": "InvalidArgument", "bytes=1-": "InvalidArgument", "bytes=0-100": "InvalidArgument", "bytes=100-200": "InvalidRequest"} {
		_, err := copied(asked)
		if got, _ := code(err); got != want {
			t.Errorf("%s: %v", asked, err)
		}
	}
	part, err := copied("bytes=2-5")
	b.must("UploadPartCopy", err)
	_, err = b.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: begun.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.CopyPartResult.ETag}}}})
	b.must("CompleteMultipartUpload", err)
	b.reads("bucket", "copy", "2345")

	begun, err = b.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ServerSideEncryption: "aws:kms", SSEKMSKeyId: aws.String(keyB)})
	b.must("CreateMultipartUpload", err)
	_, err = kms.NewFromConfig(b.cfg).DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String(keyB)})
	b.must("DisableKey", err)
	_, err = b.s3.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader([]byte("x"))})
	if got, status := code(err); got != "KMS.DisabledException" || status != 400 {
		t.Error(err)
	}
}
