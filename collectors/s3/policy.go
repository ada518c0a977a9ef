package s3

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/iampolicy"
)

const (
	policyPath = "facts.policy"
	noPolicy   = "NoSuchBucketPolicy"
)

// policy reads the bucket policy, and S3's word on whether it is public. The
// text is "" without a policy.
func (b *bucket) policy(ctx context.Context) (*Policy, string, []collectors.Gap) {
	out, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &b.name})
	switch {
	case awsapi.Code(err) == noPolicy:
		return &Policy{Public: aws.Bool(false)}, "", nil
	case err != nil:
		return nil, "", failed(err, policyPath)
	case aws.ToString(out.Policy) == "":
		return nil, "", missing("Policy", policyPath)
	}
	p := &Policy{Exists: true}
	var gaps []collectors.Gap
	p.Public, gaps = b.publicPolicy(ctx)
	return p, *out.Policy, gaps
}

func (b *bucket) publicPolicy(ctx context.Context) (*bool, []collectors.Gap) {
	const at = policyPath + ".public"
	out, err := b.client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: &b.name})
	switch {
	case awsapi.Code(err) == noPolicy:
		return nil, []collectors.Gap{{Attributes: []string{at}, Reason: collectors.Transition,
			Detail: "The bucket policy was there, and when S3 was asked for its status it was not.",
			Remedy: "It was probably deleted during the scan; scan again."}}
	case err != nil:
		return nil, failed(err, at)
	case out.PolicyStatus == nil || out.PolicyStatus.IsPublic == nil:
		return nil, missing("PolicyStatus.IsPublic", at)
	}
	return out.PolicyStatus.IsPublic, nil
}

// analyse works out what the policy denies. What it can't decide, for the
// policy's wording or for a key that isn't known, is a gap on that attribute.
func (b *bucket) analyse(p *Policy, text string, e *Encryption) []collectors.Gap {
	if p == nil {
		return nil
	}
	var parsed *iampolicy.Policy
	if p.Exists {
		var err error
		if parsed, err = iampolicy.Parse([]byte(text)); err != nil {
			return []collectors.Gap{undecided(err.Error(), under(policyPath, "insecure_transport", "uploads")...)}
		}
	}
	about := iampolicy.S3Bucket{Partition: b.scope.Partition, Name: b.name, Account: b.scope.Account}
	if e != nil && e.Key != nil {
		about.DefaultKeyARN = e.Key.ARN
	}
	a := iampolicy.AnalyzeS3(parsed, about)
	p.InsecureTransport = insecureTransport(a.InsecureTransport)
	p.Uploads = uploads(a.Uploads)
	var gaps []collectors.Gap
	for _, u := range a.Undecided() {
		if !strings.HasPrefix(u.Path, "minimum_tls.") { // no fact
			gaps = append(gaps, undecided(u.Reason, policyPath+"."+strings.TrimSuffix(u.Path, ".value")))
		}
	}
	return gaps
}

func undecided(why string, attributes ...string) collectors.Gap {
	return collectors.Gap{Attributes: attributes, Reason: collectors.Unmodelled,
		Detail: fmt.Sprintf("What the bucket policy denies can't be decided: %s.", strings.TrimSuffix(why, ".")),
		Remedy: "Read the policy yourself (aws s3api get-bucket-policy)."}
}

func insecureTransport(t iampolicy.InsecureTransport) *InsecureTransport {
	out := &InsecureTransport{BucketDenied: t.BucketDenied.Value, ObjectsDenied: t.ObjectsDenied.Value, Detail: t.BucketDenied.Reason}
	if t.ObjectsDenied.Reason != t.BucketDenied.Reason {
		out.Detail = "on the bucket, " + t.BucketDenied.Reason + "; on its objects, " + t.ObjectsDenied.Reason
	}
	return out
}

func uploads(u iampolicy.Uploads) *Uploads {
	return &Uploads{
		NoHeader:      upload(u.NoHeader),
		AES256:        upload(u.AES256),
		KMSWithoutKey: upload(u.KMSWithoutKey),
		KMSRightKey:   upload(u.KMSRightKey),
		KMSWrongKey:   upload(u.KMSWrongKey),
		DSSERightKey:  upload(u.DSSERightKey),
		SSEC:          upload(u.SSEC),
	}
}

// upload is nil for an answer that is a gap.
func upload(a iampolicy.Answer) *Upload {
	if a.Value == nil {
		return nil
	}
	out := &Upload{Denied: *a.Value, Detail: a.Reason}
	if a.Caveat != "" {
		out.Detail += "; " + a.Caveat
	}
	return out
}
