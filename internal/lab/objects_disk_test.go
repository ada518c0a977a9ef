package lab_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// mode is one way to protect an object.
type mode struct {
	name, body string
	with       func(*s3.PutObjectInput)
	headers    map[string]string // to read it with
}

func modes() []mode {
	context := "eyJwcm9qZWN0IjoiYSJ9"
	list := []mode{
		{name: "default"},
		{name: "sse-s3", with: func(in *s3.PutObjectInput) { in.ServerSideEncryption = "AES256" }},
		{name: "kms", with: sse("aws:kms", keyA)},
		{name: "kms, context", with: func(in *s3.PutObjectInput) { sse("aws:kms", keyA)(in); in.SSEKMSEncryptionContext = &context }},
		{name: "kms, bucket key", with: func(in *s3.PutObjectInput) { sse("aws:kms", keyB)(in); in.BucketKeyEnabled = aws.Bool(true) }},
		{name: "dsse", with: sse("aws:kms:dsse", keyA)},
		{name: "ssec", with: withKey(customerKey(5)), headers: customerKey(5).headers()},
	}
	for i := range list {
		list[i].body = "the plaintext of " + list[i].name + ", which no disk shows"
	}
	return list
}

// TestDisksHoldCiphertext searches everything that is on the account's disks
// for what was written.
func TestDisksHoldCiphertext(t *testing.T) {
	const open = "the plaintext of an object from before all encryption"
	b := newBench(t, []lab.Bucket{{Name: "bucket", Objects: []lab.Object{{Key: "old", Body: open, ServerSideEncryption: "none", LastModified: time.Date(2022, 1, 2, 3, 4, 5, 0, time.UTC)}}}})
	secret := "the plaintext of a part, which no disk shows"
	for _, m := range modes() {
		_, err := b.put("bucket", m.name, m.body, m.with)
		b.must(m.name, err)
	}
	_, _, err := b.parted(&s3.CreateMultipartUploadInput{Bucket: aws.String("bucket"), Key: aws.String("parts")}, append(filled(5<<20, 'x'), secret...), []byte(secret))
	b.must("parts", err)
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("copy of old"), CopySource: aws.String("bucket/old")})
	b.must("copy", err)
	has := func(s string) (places []string) {
		for place, blob := range b.lab.Dump() {
			if bytes.Contains(blob, []byte(s)) {
				places = append(places, place)
			}
		}
		return places
	}
	for _, m := range modes() {
		if places := has(m.body); len(places) > 0 {
			t.Errorf("%s: %q show its plaintext", m.name, places)
		}
		if places := has(m.body[:16]); len(places) > 1 { // the old one has the same beginning
			t.Errorf("%s: %q show its beginning", m.name, places)
		}
	}
	if places := has(secret); len(places) > 0 {
		t.Errorf("%q show a part's plaintext", places)
	}
	if places := has(open); len(places) != 1 || !strings.HasPrefix(places[0], "s3/bucket/old/") {
		t.Errorf("the object without encryption is at %q", places)
	}
	if places := append(has(string(customerKey(5))), has(*customerKey(5).text())...); len(places) > 0 {
		t.Errorf("%q have a customer's key", places)
	}
	b.reads("bucket", "copy of old", open)
	head, err := b.head("bucket", "old")
	if err != nil || head.ServerSideEncryption != "" || !head.LastModified.Equal(time.Date(2022, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("an object without encryption: %+v, %v", head, err)
	}
}

// TestDamageIsFound flips 1,000 bits anywhere on the disks, one after the
// other: what S3 then serves is right or refused.
func TestDamageIsFound(t *testing.T) {
	const open = "the plaintext of an object from before all encryption"
	b := newBench(t, []lab.Bucket{{Name: "bucket", Objects: []lab.Object{{Key: "old", Body: open, ServerSideEncryption: "none", LastModified: time.Date(2022, 1, 2, 3, 4, 5, 0, time.UTC)}}}})
	all := append(modes(), mode{name: "old", body: open})
	for _, m := range all[:len(all)-1] {
		_, err := b.put("bucket", m.name, m.body, func(in *s3.PutObjectInput) {
			in.Metadata = map[string]string{"note": m.name}
			if m.with != nil {
				m.with(in)
			}
		})
		b.must(m.name, err)
	}
	sound := map[string]reply{}
	for _, m := range all {
		sound[m.name] = b.raw("GET", "/bucket/"+strings.ReplaceAll(m.name, " ", "%20"), m.headers, nil)
		if string(sound[m.name].body) != m.body {
			t.Fatalf("%s: %d %s", m.name, sound[m.name].status, sound[m.name].body)
		}
	}
	places, random, found := b.lab.Stored(), rand.New(rand.NewPCG(1, 2)), 0
	dump := b.lab.Dump()
	for range 1000 {
		place := places[random.IntN(len(places))]
		bit := random.IntN(8 * len(dump[place]))
		if !b.lab.Flip(place, bit) {
			t.Fatalf("no bit %d of %s", bit, place)
		}
		for _, m := range all {
			if !strings.HasPrefix(place, "s3/bucket/"+m.name+"/") {
				continue
			}
			p := b.raw("GET", "/bucket/"+strings.ReplaceAll(m.name, " ", "%20"), m.headers, nil)
			switch {
			case p.status == 500 && p.fields()["Code"] == "InternalError":
				found++
			case p.status != 200 || !bytes.Equal(p.body, sound[m.name].body) || p.header.Get("X-Amz-Meta-Note") != sound[m.name].header.Get("X-Amz-Meta-Note"):
				t.Errorf("bit %d of %s: %d %s", bit, place, p.status, p.body)
			}
		}
		b.lab.Flip(place, bit)
	}
	if found != 1000 {
		t.Errorf("%d of 1000 flipped bits were found", found)
	}
}

// S3 User Guide, "Using server-side encryption with Amazon S3 managed keys": S3
// rotates its keys; what is under an old one stays readable.
func TestMasterKeysRotate(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket"}})
	for year := range 3 {
		_, err := b.put("bucket", "key", "body", func(in *s3.PutObjectInput) { in.Key = aws.String(string(rune('a' + year))) })
		b.must("put", err)
		b.lab.Skip(365 * 24 * time.Hour)
	}
	for _, key := range []string{"a", "b", "c"} {
		b.reads("bucket", key, "body")
	}
	if n := b.lab.MasterKeys(); n != 3 {
		t.Errorf("%d keys in three years of writing", n)
	}
}

// Deliveries of services take the way of every object.
func TestDeliveries(t *testing.T) {
	b := newBench(t, []lab.Bucket{{Name: "bucket", Encryption: sseRule("aws:kms", keyA, true)}, {Name: "denied", Errors: map[string]string{"PutObject": "denied"}}})
	b.must("default", b.lab.Deliver("bucket", "default", []byte("delivered"), "", ""))
	b.must("key", b.lab.Deliver("bucket", "key", []byte("delivered"), "aws:kms", keyB))
	for key, arn := range map[string]string{"default": keyARN + keyA, "key": keyARN + keyB} {
		b.reads("bucket", key, "delivered")
		if head, err := b.head("bucket", key); err != nil || *head.SSEKMSKeyId != arn {
			t.Errorf("%s: %+v, %v", key, head, err)
		}
	}
	for bucket, want := range map[string]string{"none": "NoSuchBucket", "denied": "AccessDenied"} {
		if err := b.lab.Deliver(bucket, "key", []byte("x"), "", ""); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", bucket, err, want)
		}
	}
}
