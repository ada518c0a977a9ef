package iampolicy

import (
	"slices"
	"strings"
)

// An S3Bucket is the bucket that a policy belongs to.
type S3Bucket struct {
	Partition string // aws, aws-cn, aws-us-gov, …
	Name      string
	// ARN is needed for a directory bucket, whose ARN holds its region; for
	// others it may be empty.
	ARN string
	// Account owns the bucket. It may be empty; then conditions on
	// aws:ResourceAccount are unknown.
	Account string
	// DefaultKeyARN is the full key ARN of the bucket's default KMS key, ""
	// when it has none or the ARN isn't known.
	DefaultKeyARN string
}

// An S3Analysis says what a bucket policy denies. Conditions that the
// requester or the network decides narrow a Deny, so a Deny under one of them
// doesn't count; aws:PrincipalIsAWSService "false" does not narrow, because
// AWS redacts the TLS keys in requests of its services.
type S3Analysis struct {
	InsecureTransport InsecureTransport `json:"insecure_transport"`
	MinimumTLS        MinimumTLS        `json:"minimum_tls"`
	Uploads           Uploads           `json:"uploads"`
}

// InsecureTransport says whether every S3 action without TLS is denied to
// everybody: on the bucket itself (listing, configuration) and on its objects.
type InsecureTransport struct {
	BucketDenied  Answer `json:"bucket_denied"`
	ObjectsDenied Answer `json:"objects_denied"`
}

// MinimumTLS is the lowest TLS version with which the policy lets some
// request through: "1.0" when it sets no minimum, "none" when it denies every
// TLS request, absent when it can't be told.
type MinimumTLS struct {
	Version    string         `json:"version,omitempty"`
	Statements []StatementRef `json:"statements,omitempty"`
	Reason     string         `json:"reason"`
}

// AnalyzeS3 asks a bucket policy the questions of the S3 collector. A nil
// policy is a bucket known to have none.
func AnalyzeS3(p *Policy, b S3Bucket) S3Analysis {
	a := bucketAnalysis{policy: p, bucket: b}
	return S3Analysis{
		InsecureTransport: a.insecureTransport(),
		MinimumTLS:        a.minimumTLS(),
		Uploads:           a.uploads(),
	}
}

// SSECDenied says whether the policy denies every upload with SSE-C.
func (a S3Analysis) SSECDenied() Answer { return a.Uploads.SSEC }

// Undecided lists what the policy alone doesn't decide, in a stable order.
func (a S3Analysis) Undecided() []Undecided {
	var list []Undecided
	add := func(path string, an Answer) {
		if an.Value == nil {
			list = append(list, Undecided{path + ".value", an.Reason})
		}
	}
	add("insecure_transport.bucket_denied", a.InsecureTransport.BucketDenied)
	add("insecure_transport.objects_denied", a.InsecureTransport.ObjectsDenied)
	if a.MinimumTLS.Version == "" {
		list = append(list, Undecided{"minimum_tls.version", a.MinimumTLS.Reason})
	}
	for _, u := range a.Uploads.list() {
		add("uploads."+u.name, *u.answer)
	}
	return list
}

type bucketAnalysis struct {
	policy *Policy
	bucket S3Bucket
}

// directory tells whether it is a directory bucket (S3 Express): its policy
// speaks of s3express actions and its ARN has region and account.
func (a *bucketAnalysis) directory() bool { return strings.HasSuffix(a.bucket.Name, "--x-s3") }

// A target is a kind of resource with the actions that apply to it.
type target struct {
	resource string
	service  string // every action: "s3:*"
	actions  []string
	outside  string // what a statement that misses it covers
}

func (a *bucketAnalysis) targets() (bucket, objects target) {
	if a.directory() {
		arn := a.bucket.ARN
		if arn == "" {
			arn = "arn:" + a.bucket.Partition + ":s3express:*:*:bucket/" + a.bucket.Name
		}
		t := target{arn, "s3express:*", s3DirectoryActions(), "does not cover the bucket"}
		return t, t
	}
	arn := a.bucket.ARN
	if arn == "" {
		arn = "arn:" + a.bucket.Partition + ":s3:::" + a.bucket.Name
	}
	return target{arn, "s3:*", s3BucketActions(), "does not cover the bucket itself"},
		target{arn + "/*", "s3:*", s3ObjectActions(), "does not cover the objects"}
}

// base is the context that every request to the bucket has: nobody asks in
// the name of an AWS service, and the bucket's owner is known or not.
func (a *bucketAnalysis) base() Context {
	c := Context{
		"aws:principalisawsservice":     {"false"},
		"aws:principalservicename":      nil,
		"aws:principalservicenameslist": nil,
	}
	if a.bucket.Account != "" {
		c["aws:resourceaccount"] = []string{a.bucket.Account}
		c["s3:resourceaccount"] = []string{a.bucket.Account}
	}
	return c
}

// anyRequester fills the keys that the requester decides. What the bucket and
// its owner decide stays unknown; who asks is a dimension of its own.
func anyRequester(key string, d derivedValues) ([][]string, bool) {
	ownersKeys := []string{
		"aws:resourceaccount", "s3:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths",
		"aws:requestedregion", "aws:principalarn", "aws:principalaccount",
	}
	if slices.Contains(ownersKeys, key) || strings.HasPrefix(key, "aws:resourcetag/") ||
		strings.HasPrefix(key, "s3:buckettag/") {
		return nil, false
	}
	options := d.options()
	if key == "aws:currenttime" || key == "aws:epochtime" {
		options = options[1:] // never absent
	}
	return options, d.complete
}
