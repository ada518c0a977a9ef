package lab

import (
	"regexp"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// bucketChanges are S3's calls that make buckets, change their settings and
// delete them, and those that ask whether there are any.
func bucketChanges() map[string]operation {
	return map[string]operation{
		"s3:CreateBucket":            createBucket,
		"s3:DeleteBucket":            onBucket(writes, deleteBucket),
		"s3:HeadBucket":              onBucket(reads, headBucket),
		"s3:PutBucketEncryption":     onBucket(writes, putBucketEncryption),
		"s3:DeleteBucketEncryption":  onBucket(writes, deleteBucketEncryption),
		"s3:PutBucketPolicy":         onBucket(writes, putBucketPolicy),
		"s3:DeleteBucketPolicy":      onBucket(writes, deleteBucketPolicy),
		"s3:PutPublicAccessBlock":    onBucket(writes, putPublicAccessBlock),
		"s3:DeletePublicAccessBlock": onBucket(writes, deletePublicAccessBlock),
		"s3:PutBucketVersioning":     onBucket(writes, putBucketVersioning),
		"s3:PutBucketLogging":        onBucket(writes, putBucketLogging),
		"s3:GetBucketTagging":        onBucket(reads, getBucketTagging),
		"s3:PutBucketTagging":        onBucket(writes, putBucketTagging),
		"s3:DeleteBucketTagging":     onBucket(writes, deleteBucketTagging),
	}
}

// bucketName is the form of general purpose buckets' names (S3 User Guide,
// "General purpose bucket naming rules").
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func createBucket(l *Lab, q *wire.Request) answer {
	name := q.String("Bucket")
	a := answer{resource: "arn:aws:s3:::" + name, mutates: true}
	region, failure := l.placeOf(q)
	tags, bad := map[string]string(nil), (*wire.Failure)(nil)
	if q.Input["Tags"] != nil {
		tags, bad = tagsIn(q, 50)
	}
	old, owned := l.index.buckets[name]
	switch {
	case !bucketName.MatchString(name):
		a.failure = refuse(400, "InvalidBucketName", "The specified bucket is not valid.")
		a.failure.Fields = map[string]string{"BucketName": name}
	case q.Bool("ObjectLockEnabledForBucket", false):
		a.failure = refuse(501, "NotImplemented", "The embedded account has no Object Lock.")
	case failure != nil:
		a.failure = failure
	case bad != nil:
		a.failure = bad
	case owned && (old.region != "us-east-1" || q.Region != "us-east-1" || len(tags) > 0):
		a.failure = refuse(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		a.failure.Fields = map[string]string{"BucketName": name}
	}
	if a.failure != nil {
		return a
	}
	if !owned {
		l.addBucket(region, &Bucket{Name: name, CreationDate: l.now().UTC().Truncate(time.Second), Encryption: newEncryption(l.now()), untouched: true, Tags: tags,
			PublicAccessBlock: map[string]any{"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}})
		l.retag(region, a.resource, tags)
	}
	location := "/" + name
	if q.Region != "us-east-1" {
		location = "http://" + name + ".s3.amazonaws.com/"
	}
	a.output = map[string]any{"Location": location, "BucketArn": a.resource}
	return a
}

// placeOf is the region that a new bucket is to be in (recorded by
// test_different_location_constraint).
func (l *Lab) placeOf(q *wire.Request) (string, *wire.Failure) {
	asked := q.String("LocationConstraint")
	if asked == "EU" {
		asked = "eu-west-1"
	}
	illegal := func(what string) *wire.Failure {
		return refuse(400, "IllegalLocationConstraintException", "The "+what+" location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	known := l.index.regions[asked] != nil
	switch {
	case asked == "" && q.Region == "us-east-1":
		return q.Region, nil
	case asked == "":
		return "", illegal("unspecified")
	case q.Region == "us-east-1" && (asked == "us-east-1" || !known):
		f := refuse(400, "InvalidLocationConstraint", "The specified location-constraint is not valid")
		f.Fields = map[string]string{"LocationConstraint": asked}
		return "", f
	case q.Region != "us-east-1" && asked != q.Region:
		return "", illegal(asked)
	}
	return asked, nil
}

// addBucket puts a bucket into the index.
func (l *Lab) addBucket(region string, b *Bucket) {
	if _, known := l.index.buckets[b.Name]; !known {
		i, _ := slices.BinarySearch(l.index.names, b.Name)
		l.index.names = slices.Insert(slices.Clone(l.index.names), i, b.Name)
	}
	l.index.buckets[b.Name] = located{b, region}
}

func headBucket(_ *Lab, _ *wire.Request, b located) (map[string]any, *wire.Failure) {
	return map[string]any{"BucketRegion": b.region, "BucketArn": "arn:aws:s3:::" + b.Name, "AccessPointAlias": false}, nil
}

func deleteBucket(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	shelf := l.s3.shelf(b.Name)
	if len(shelf.names) > 0 {
		message := "The bucket you tried to delete is not empty"
		if text(b.Versioning, "Status") != "" {
			message += ". You must delete all versions in the bucket."
		}
		f := refuse(409, "BucketNotEmpty", message)
		f.Fields = map[string]string{"BucketName": b.Name}
		return nil, f
	}
	for _, u := range shelf.uploads {
		l.discard(&version{place: u.at.place, parts: u.numbers()})
	}
	delete(l.s3.shelves, b.Name)
	delete(l.index.buckets, b.Name)
	l.index.names = slices.DeleteFunc(slices.Clone(l.index.names), func(name string) bool { return name == b.Name })
	l.retag(q.Region, "arn:aws:s3:::"+b.Name, nil)
	return map[string]any{}, nil
}
