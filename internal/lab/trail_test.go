package lab_test

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// trails is a client of an account with a bucket, a key and no trail yet.
type trails struct {
	*testing.T
	*cloudtrail.Client
	cfg aws.Config
	s3  *s3.Client
	lab *lab.Lab
}

const trailBucket = "logs-of-the-trail"

// trailPolicy is the policy that CloudTrail asks of a trail's bucket (CloudTrail
// User Guide, "Amazon S3 bucket policy for CloudTrail").
func trailPolicy(bucket string) string {
	return strings.NewReplacer("BUCKET", bucket, "ACCOUNT", own).Replace(`{"Version":"2012-10-17","Statement":[
		{"Sid":"AWSCloudTrailAclCheck","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::BUCKET"},
		{"Sid":"AWSCloudTrailWrite","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/*AWSLogs/ACCOUNT/*",
		 "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`)
}

func newTrails(t *testing.T) trails {
	t.Helper()
	account := tablesAccount()
	r := account.Regions["eu-west-1"]
	r.S3.Buckets = []lab.Bucket{{Name: trailBucket, Policy: trailPolicy(trailBucket)}}
	account.Regions["us-east-1"] = &lab.Region{}
	cfg, l := serve(t, account)
	return trails{t, cloudtrail.NewFromConfig(cfg), cfg, s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), l}
}

func (c trails) create(in cloudtrail.CreateTrailInput) {
	c.Helper()
	in.Name, in.S3BucketName = aws.String("mine"), aws.String(trailBucket)
	if _, err := c.CreateTrail(c.Context(), &in); err != nil {
		c.Fatal(err)
	}
	if _, err := c.StartLogging(c.Context(), &cloudtrail.StartLoggingInput{Name: in.Name}); err != nil {
		c.Fatal(err)
	}
}

// keys are the trail's files whose keys have a part, in order.
func (c trails) keys(part string) (out []string) {
	c.Helper()
	p := s3.NewListObjectsV2Paginator(c.s3, &s3.ListObjectsV2Input{Bucket: aws.String(trailBucket)})
	for p.HasMorePages() {
		page, err := p.NextPage(c.Context())
		if err != nil {
			c.Fatal(err)
		}
		for _, o := range page.Contents {
			if strings.Contains(*o.Key, part) {
				out = append(out, *o.Key)
			}
		}
	}
	return out
}

// file is one of the trail's files, unpacked, with its metadata.
func (c trails) file(key string) ([]byte, map[string]string, error) {
	out, err := c.s3.GetObject(c.Context(), &s3.GetObjectInput{Bucket: aws.String(trailBucket), Key: &key})
	if err != nil {
		return nil, nil, err
	}
	defer out.Body.Close()
	r, err := gzip.NewReader(out.Body)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r)
	return body, out.Metadata, err
}

// records are the names of the events in all log files.
func (c trails) records() (names []string) {
	c.Helper()
	for _, key := range c.keys("/CloudTrail/") {
		body, _, err := c.file(key)
		if err != nil {
			c.Fatal(err)
		}
		var log struct{ Records []struct{ EventName string } }
		if err := json.Unmarshal(body, &log); err != nil {
			c.Fatal(err)
		}
		for _, r := range log.Records {
			names = append(names, r.EventName)
		}
	}
	return names
}

func (c trails) status() *cloudtrail.GetTrailStatusOutput {
	c.Helper()
	out, err := c.GetTrailStatus(c.Context(), &cloudtrail.GetTrailStatusInput{Name: aws.String("mine")})
	if err != nil {
		c.Fatal(err)
	}
	return out
}

// digest is what a verifier reads of a digest file.
type digest struct {
	DigestStartTime, DigestEndTime, DigestS3Bucket, DigestS3Object, DigestPublicKeyFingerprint string
	PreviousDigestSignature, PreviousDigestS3Object, PreviousDigestHashValue                   *string
	LogFiles                                                                                   []struct{ S3Object, HashValue, HashAlgorithm string }
}

// verifyChain walks a chain of digests from its newest back to its start, as
// the CloudTrail User Guide says under "Custom implementations of CloudTrail
// log file integrity validation". It returns how many digests and log files
// are good.
func (c trails) verifyChain(newest string) (digests, logs int, err error) {
	keys := map[string]*rsa.PublicKey{}
	out, err := c.ListPublicKeys(c.Context(), &cloudtrail.ListPublicKeysInput{StartTime: aws.Time(c.lab.Now().Add(-48 * time.Hour)), EndTime: aws.Time(c.lab.Now())})
	if err != nil {
		return 0, 0, err
	}
	for _, k := range out.PublicKeyList {
		sum := md5.Sum(k.Value)
		public, err := x509.ParsePKCS1PublicKey(k.Value)
		if err != nil || hex.EncodeToString(sum[:]) != *k.Fingerprint {
			return 0, 0, fmt.Errorf("the key %s: %w", *k.Fingerprint, err)
		}
		keys[*k.Fingerprint] = public
	}
	wantSignature, wantHash, wantEnd := "", "", ""
	for at := newest; ; {
		body, metadata, err := c.file(at)
		if err != nil {
			return digests, logs, fmt.Errorf("digest %s: %w", at, err)
		}
		var d digest
		if err := json.Unmarshal(body, &d); err != nil {
			return digests, logs, err
		}
		sum := sha256.Sum256(body)
		previous := "null"
		if d.PreviousDigestSignature != nil {
			previous = *d.PreviousDigestSignature
		}
		signed := sha256.Sum256([]byte(d.DigestEndTime + "\n" + d.DigestS3Bucket + "/" + d.DigestS3Object + "\n" + hex.EncodeToString(sum[:]) + "\n" + previous))
		signature, err := hex.DecodeString(metadata["signature"])
		public := keys[d.DigestPublicKeyFingerprint]
		switch {
		case err != nil || public == nil || metadata["signature-algorithm"] != "SHA256withRSA":
			return digests, logs, fmt.Errorf("%s: no signature or no key", at)
		case d.DigestS3Bucket != trailBucket || d.DigestS3Object != at:
			return digests, logs, fmt.Errorf("%s was moved", at)
		case wantSignature != "" && (metadata["signature"] != wantSignature || hex.EncodeToString(sum[:]) != wantHash || d.DigestEndTime != wantEnd):
			return digests, logs, fmt.Errorf("%s is not the one before", at)
		case rsa.VerifyPKCS1v15(public, crypto.SHA256, signed[:], signature) != nil:
			return digests, logs, fmt.Errorf("%s: the signature is wrong", at)
		}
		for _, f := range d.LogFiles {
			log, _, err := c.file(f.S3Object)
			sum := sha256.Sum256(log)
			if err != nil || f.HashAlgorithm != "SHA-256" || hex.EncodeToString(sum[:]) != f.HashValue {
				return digests, logs, fmt.Errorf("%s is not what was delivered: %w", f.S3Object, err)
			}
			logs++
		}
		digests++
		if d.PreviousDigestS3Object == nil {
			return digests, logs, nil
		}
		at, wantSignature, wantHash, wantEnd = *d.PreviousDigestS3Object, *d.PreviousDigestSignature, *d.PreviousDigestHashValue, d.DigestStartTime
	}
}

// CloudTrail User Guide, "CloudTrail digest file structure" and "Validating
// CloudTrail log file integrity": a digest an hour, also of an empty one, each
// signed over the one before; the last one when logging stops.
func TestDigestsAreAChain(t *testing.T) {
	c := newTrails(t)
	c.create(cloudtrail.CreateTrailInput{EnableLogFileValidation: aws.Bool(true)})
	for range 3 {
		if _, err := dynamodb.NewFromConfig(c.cfg).ListTables(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		c.lab.Advance(2 * time.Hour)
	}
	c.lab.Advance(20 * time.Minute)
	before := c.lab.Now().UTC().Truncate(time.Second)
	if _, err := c.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: aws.String("mine")}); err != nil {
		t.Fatal(err)
	}
	after := c.lab.Now().UTC()
	digests := c.keys("/CloudTrail-Digest/eu-west-1/")
	newest := digests[len(digests)-1]
	n, logs, err := c.verifyChain(newest)
	if err != nil || n != 7 || n != len(digests) || logs < 3 {
		t.Fatalf("%d of %d digests and %d logs verify: %v", n, len(digests), logs, err)
	}
	named := func(when time.Time) string {
		return "AWSLogs/" + own + "/CloudTrail-Digest/eu-west-1/" + when.Format("2006/01/02") + "/" + own + "_CloudTrail-Digest_eu-west-1_mine_eu-west-1_" + when.Format("20060102T150405Z") + ".json.gz"
	}
	when := before // the clock goes on while the trail is stopped
	for named(when) != newest && when.Before(after) {
		when = when.Add(time.Second)
	}
	if newest != named(when) {
		t.Errorf("the newest digest is %s, not one from %s to %s", newest, named(before), named(after))
	}
	names := c.records()
	for _, want := range []string{"StartLogging", "ListTables"} {
		if !slices.Contains(names, want) {
			t.Errorf("no log has %s: %v", want, names)
		}
	}
	// A changed log, a deleted one and a missing digest are found.
	log := c.keys("/CloudTrail/")[1]
	body, _, err := c.file(log)
	if err != nil {
		t.Fatal(err)
	}
	c.replace(log, bytes.Replace(body, []byte("ListTables"), []byte("HideTables"), 1))
	if _, _, err := c.verifyChain(newest); err == nil || !strings.Contains(err.Error(), log) {
		t.Errorf("a changed log verifies: %v", err)
	}
	c.replace(log, body)
	if _, _, err := c.verifyChain(newest); err != nil {
		t.Errorf("restored, the log is %v", err)
	}
	if _, err := c.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(trailBucket), Key: &digests[2]}); err != nil {
		t.Fatal(err)
	}
	if n, _, err := c.verifyChain(newest); err == nil || n != 4 {
		t.Errorf("without a digest %d verify: %v", n, err)
	}
}

// replace puts another file into the place of one.
func (c trails) replace(key string, body []byte) {
	c.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	if _, err := c.s3.PutObject(c.Context(), &s3.PutObjectInput{Bucket: aws.String(trailBucket), Key: &key, Body: bytes.NewReader(b.Bytes())}); err != nil {
		c.Fatal(err)
	}
}

// CloudTrail User Guide, "Validating CloudTrail log file integrity": a chain is
// broken when logging or validation stops, and a new one begins without a
// previous digest.
func TestStoppedLoggingBeginsANewChain(t *testing.T) {
	c := newTrails(t)
	c.create(cloudtrail.CreateTrailInput{EnableLogFileValidation: aws.Bool(true)})
	c.lab.Advance(90 * time.Minute)
	name := aws.String("mine")
	_, err1 := c.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: name})
	c.lab.Advance(3 * time.Hour)
	during := len(c.keys("CloudTrail"))
	_, err2 := c.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: name})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	c.lab.Advance(2 * time.Hour)
	digests := c.keys("/CloudTrail-Digest/")
	if n, _, err := c.verifyChain(digests[len(digests)-1]); n != 2 || err != nil || len(digests) != 4 {
		t.Errorf("%d of %d digests are in the new chain: %v", n, len(digests), err)
	}
	if n, _, err := c.verifyChain(digests[1]); n != 2 || err != nil {
		t.Errorf("%d digests are in the old chain: %v", n, err)
	}
	if after := len(c.keys("CloudTrail")); during >= after {
		t.Errorf("%d files while stopped, %d after", during, after)
	}
	if s := c.status(); !*s.IsLogging || s.StopLoggingTime == nil || s.LatestDigestDeliveryTime == nil {
		t.Errorf("%+v", s)
	}
}

// CloudTrail API reference, GetTrailStatus: LatestDeliveryError is S3's error.
// User Guide, "Encrypting CloudTrail log files … with AWS KMS keys": under a
// key that can't be used nothing is delivered, and it is tried again.
func TestTrailWithAnUnusableKeyDeliversLater(t *testing.T) {
	c := newTrails(t)
	arn := "arn:aws:kms:eu-west-1:" + own + ":key/" + tableKeyID
	c.create(cloudtrail.CreateTrailInput{EnableLogFileValidation: aws.Bool(true), KmsKeyId: aws.String("alias/tables")})
	c.lab.Advance(10 * time.Minute)
	log := c.keys("/CloudTrail/")
	head, err := c.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(trailBucket), Key: &log[0]})
	if err != nil || head.ServerSideEncryption != "aws:kms" || *head.SSEKMSKeyId != arn {
		t.Fatalf("%+v, %v", head, err)
	}
	k := kms.NewFromConfig(c.cfg)
	if _, err := k.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	c.lab.Advance(2 * time.Hour)
	s := c.status()
	if s.LatestDeliveryError == nil || *s.LatestDeliveryError != "KMS.DisabledException" || len(c.keys("/CloudTrail/")) != len(log) {
		t.Fatalf("with its key disabled: %+v", s)
	}
	if _, err := k.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	c.lab.Advance(time.Hour)
	if s := c.status(); s.LatestDeliveryError != nil || !slices.Contains(c.records(), "DisableKey") {
		t.Errorf("with its key enabled: %+v, %v", s, c.records())
	}
	digests := c.keys("/CloudTrail-Digest/")
	if _, _, err := c.verifyChain(digests[len(digests)-1]); err != nil {
		t.Error(err)
	}
}

// CloudTrail User Guide, "Logging management events", "Logging data events":
// a trail without selectors gets no data events; selectors choose.
func TestSelectorsChooseEvents(t *testing.T) {
	for name, tc := range map[string]struct {
		in      cloudtrail.PutEventSelectorsInput
		has, no []string
	}{
		"none": {has: []string{"CreateTable", "ListTables", "GenerateDataKey"}, no: []string{"PutItem", "GetItem"}},
		"data of the table": {cloudtrail.PutEventSelectorsInput{EventSelectors: []types.EventSelector{{ReadWriteType: "All", IncludeManagementEvents: aws.Bool(false),
			DataResources: []types.DataResource{{Type: aws.String("AWS::DynamoDB::Table"), Values: []string{"arn:aws:dynamodb:eu-west-1:" + own + ":table/orders"}}}}}},
			[]string{"PutItem", "GetItem"}, []string{"CreateTable", "ListTables"}},
		"without KMS, writes only": {cloudtrail.PutEventSelectorsInput{EventSelectors: []types.EventSelector{{ReadWriteType: "WriteOnly", IncludeManagementEvents: aws.Bool(true),
			ExcludeManagementEventSources: []string{"kms.amazonaws.com"}}}}, []string{"CreateTable"}, []string{"ListTables", "GenerateDataKey", "PutItem"}},
		"advanced": {cloudtrail.PutEventSelectorsInput{AdvancedEventSelectors: []types.AdvancedEventSelector{{FieldSelectors: []types.AdvancedFieldSelector{
			{Field: aws.String("eventCategory"), Equals: []string{"Data"}}, {Field: aws.String("resources.type"), Equals: []string{"AWS::DynamoDB::Table"}},
			{Field: aws.String("eventName"), NotEquals: []string{"GetItem"}}}}}}, []string{"PutItem"}, []string{"GetItem", "CreateTable"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTrails(t)
			c.create(cloudtrail.CreateTrailInput{})
			if tc.in.EventSelectors != nil || tc.in.AdvancedEventSelectors != nil {
				tc.in.TrailName = aws.String("mine")
				if _, err := c.PutEventSelectors(t.Context(), &tc.in); err != nil {
					t.Fatal(err)
				}
			}
			d := tables{t, dynamodb.NewFromConfig(c.cfg), c.lab, nil, nil, ""}
			d.create("orders", d.customer())
			_, err := d.ListTables(t.Context(), nil)
			_, err2 := d.value("orders", "a", 1)
			if err := errors.Join(err, err2, d.put("orders", "a", 1, "v")); err != nil {
				t.Fatal(err)
			}
			c.lab.Advance(10 * time.Minute)
			names := c.records()
			for _, want := range tc.has {
				if !slices.Contains(names, want) {
					t.Errorf("%s is missing: %v", want, names)
				}
			}
			for _, none := range tc.no {
				if slices.Contains(names, none) {
					t.Errorf("%s is there: %v", none, names)
				}
			}
		})
	}
}

// CloudTrail API reference, LookupEvents: management events of the region in
// the last 90 days, the newest first, 50 a page, by one attribute.
func TestEventsAreLookedUp(t *testing.T) {
	c := newTrails(t)
	d := dynamodb.NewFromConfig(c.cfg)
	for range 60 {
		if _, err := d.ListTables(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		c.lab.Advance(time.Second)
	}
	var times []time.Time
	pages := 0
	in := &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: "EventName", AttributeValue: aws.String("ListTables")}}}
	for p := cloudtrail.NewLookupEventsPaginator(c, in); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Events {
			times = append(times, *e.EventTime)
		}
	}
	if pages != 2 || len(times) != 60 || !slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) }) {
		t.Errorf("%d events on %d pages", len(times), pages)
	}
	count := func(cfg aws.Config, in cloudtrail.LookupEventsInput) int {
		t.Helper()
		in.LookupAttributes = []types.LookupAttribute{{AttributeKey: "EventSource", AttributeValue: aws.String("dynamodb.amazonaws.com")}}
		out, err := cloudtrail.NewFromConfig(cfg).LookupEvents(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Events)
	}
	now, elsewhere := c.lab.Now(), inUSEast(c.cfg)
	got := []int{count(elsewhere, cloudtrail.LookupEventsInput{}), count(c.cfg, cloudtrail.LookupEventsInput{MaxResults: aws.Int32(7)}),
		count(c.cfg, cloudtrail.LookupEventsInput{StartTime: &times[9], EndTime: aws.Time(now)})}
	c.lab.Advance(91 * 24 * time.Hour)
	got = append(got, count(c.cfg, cloudtrail.LookupEventsInput{}))
	if diff := cmp.Diff([]int{0, 7, 10, 0}, got); diff != "" {
		t.Errorf("in another region, seven at most, the ten newest, after 91 days (-want +got)\n%s", diff)
	}
	for want, in := range map[string]cloudtrail.LookupEventsInput{
		"InvalidMaxResultsException":       {MaxResults: aws.Int32(51)},
		"InvalidTimeRangeException":        {StartTime: aws.Time(now), EndTime: aws.Time(now.Add(-time.Hour))},
		"InvalidLookupAttributesException": {LookupAttributes: []types.LookupAttribute{{AttributeKey: "Colour", AttributeValue: aws.String("red")}}},
		"InvalidNextTokenException":        {NextToken: aws.String("none")},
	} {
		_, err := c.LookupEvents(t.Context(), &in)
		if got, _ := code(err); got != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

// CloudTrail API reference, CreateTrail and UpdateTrail.
func TestTrailsThatCantBe(t *testing.T) {
	c := newTrails(t)
	c.create(cloudtrail.CreateTrailInput{})
	name, bucket := aws.String("other"), aws.String(trailBucket)
	for want, in := range map[string]cloudtrail.CreateTrailInput{
		"TrailAlreadyExistsException":          {Name: aws.String("mine"), S3BucketName: bucket},
		"InvalidTrailNameException":            {Name: aws.String("-"), S3BucketName: bucket},
		"S3BucketDoesNotExistException":        {Name: name, S3BucketName: aws.String("none")},
		"KmsKeyNotFoundException":              {Name: name, S3BucketName: bucket, KmsKeyId: aws.String("alias/none")},
		"InvalidParameterCombinationException": {Name: name, S3BucketName: bucket, IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(false)},
	} {
		_, err := c.CreateTrail(t.Context(), &in)
		if got, _ := code(err); got != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	out, err := c.UpdateTrail(t.Context(), &cloudtrail.UpdateTrailInput{Name: aws.String("mine"), IsMultiRegionTrail: aws.Bool(true), KmsKeyId: aws.String("alias/tables")})
	if err != nil || !strings.HasSuffix(*out.KmsKeyId, tableKeyID) {
		t.Fatalf("%+v, %v", out, err)
	}
	there := cloudtrail.NewFromConfig(in(c.cfg, "us-east-1"))
	_, err = there.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: out.TrailARN})
	if got, _ := code(err); got != "InvalidHomeRegionException" {
		t.Errorf("a shadow trail is stopped with %v", err)
	}
	if _, err := c.DeleteTrail(t.Context(), &cloudtrail.DeleteTrailInput{Name: aws.String("mine")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: aws.String("mine")}); err == nil {
		t.Error("a deleted trail has a status")
	}
}

func inUSEast(cfg aws.Config) aws.Config { return in(cfg, "us-east-1") }
