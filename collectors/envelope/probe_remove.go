package envelope

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// remove deletes the canary by its exact version, so that neither it nor a
// delete marker stays, and looks whether it is gone.
func (o *objectProbe) remove(ctx context.Context) {
	if !o.written && !o.doubtful {
		return
	}
	ctx, cancel := o.removing(ctx, o.uri())
	defer cancel()
	if o.doubtful && !o.find(ctx) {
		return
	}
	in := &s3.DeleteObjectInput{Bucket: o.bucket, Key: &o.name, ExpectedBucketOwner: o.owner}
	if o.version != "" {
		in.VersionId = &o.version
	}
	out, err := o.client.DeleteObject(ctx, in)
	switch {
	case err != nil && refused(err):
		o.left(envelope.Refuted, o.undeleted(err))
	case err != nil:
		o.left(envelope.Unknown, o.undeleted(err))
	case o.version == "" && aws.ToBool(out.DeleteMarker): // versioning began meanwhile
		o.left(envelope.Refuted, fmt.Sprintf("versioning was turned on meanwhile, and there is a delete marker (version %s) as well", text(aws.ToString(out.VersionId))))
	default:
		o.aside("delete", envelope.Verified, "DeleteObject deleted %s.", o.leftover())
		o.gone(ctx)
	}
}

// undeleted is why, with the permission that the deletion needs.
func (o *objectProbe) undeleted(err error) string {
	g := probeGap("s3", err)
	if g.Permission == "s3:DeleteObject" && o.version != "" {
		return g.Detail + " It needs s3:DeleteObjectVersion."
	}
	return g.Detail
}

// left says, to people and in the evidence, what may have stayed, by its exact
// name.
func (o *objectProbe) left(v envelope.Verdict, why string) {
	may := "was left behind"
	if v == envelope.Unknown {
		may = "may have been left behind"
	}
	o.say("probe: %s %s; delete it yourself: %s", o.leftover(), may, why)
	o.aside("delete", v, "%s %s; delete it yourself: %s", o.leftover(), may, why)
}

// leftover is the exact name.
func (o *objectProbe) leftover() string {
	if o.version != "" {
		return o.uri() + " (version " + text(o.version) + ")"
	}
	return o.uri()
}

// find says whether a write that got no answer was done, and as which version.
func (o *objectProbe) find(ctx context.Context) bool {
	out, err := o.client.HeadObject(ctx, o.canary())
	switch {
	case status(err) == 404:
		o.aside("delete", envelope.Verified, "There is no %s to delete.", o.uri())
		return false
	case err != nil:
		o.left(envelope.Unknown, probeGap("s3", err).Detail)
		return false
	}
	o.version = aws.ToString(out.VersionId)
	return true
}

func (o *objectProbe) canary() *s3.HeadObjectInput {
	return &s3.HeadObjectInput{Bucket: o.bucket, Key: &o.name, ExpectedBucketOwner: o.owner}
}

// gone looks whether there is still an object of the name. Without the right to
// list the bucket S3 does not tell (S3 API reference, HeadObject).
func (o *objectProbe) gone(ctx context.Context) {
	switch _, err := o.client.HeadObject(ctx, o.canary()); {
	case err == nil:
		o.say("probe: %s is still there after its deletion; delete it yourself", o.uri())
		o.aside("gone", envelope.Refuted, "There is still an object %s.", o.uri())
	case status(err) == 404:
		o.aside("gone", envelope.Verified, "There is no object of the canary's name any more.")
	default:
		o.aside("gone", envelope.Unknown, "%s", probeGap("s3", err).Detail)
	}
}
