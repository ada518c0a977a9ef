package lab

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// trailOperations are CloudTrail's on trails and events (API reference).
func trailOperations() map[string]operation {
	return map[string]operation{
		"cloudtrail:CreateTrail":       createTrail,
		"cloudtrail:UpdateTrail":       onTrail("Name", updateTrail),
		"cloudtrail:DeleteTrail":       onTrail("Name", deleteTrail),
		"cloudtrail:StartLogging":      onTrail("Name", startLogging),
		"cloudtrail:StopLogging":       onTrail("Name", stopLogging),
		"cloudtrail:PutEventSelectors": onTrail("TrailName", putEventSelectors),
		"cloudtrail:AddTags":           onTrail("ResourceId", addTrailTags),
		"cloudtrail:RemoveTags":        onTrail("ResourceId", removeTrailTags),
		"cloudtrail:GetTrail":          ofTrail("Name", func(l *Lab, t *homed) map[string]any { return map[string]any{"Trail": l.trail(t)} }),
		"cloudtrail:ListTrails":        listTrails,
		"cloudtrail:ListTags":          listTrailTags,
		"cloudtrail:ListPublicKeys":    listPublicKeys,
		"cloudtrail:LookupEvents":      lookupEvents,
	}
}

// onTrail makes an operation that changes one trail, in its home region.
func onTrail(idMember string, change func(*Lab, *wire.Request, *homed) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		a := answer{resource: q.String(idMember), mutates: true}
		t := l.findTrail(q, a.resource)
		if t == nil {
			a.failure = l.missing(q, a.resource)
			return a
		}
		arn := text(l.trail(t), "TrailARN")
		a.resource = arn
		if t.home != q.Region {
			a.failure = refuse(400, "InvalidHomeRegionException", "Trail "+arn+" can only be changed in its home region "+t.home+".")
			return a
		}
		if a.failure = l.barred(q, t.Errors, arn); a.failure != nil {
			return a
		}
		if a.output, a.failure = change(l, q, t); a.failure == nil {
			l.cloudTrail().touched[arn] = true
		}
		if a.output == nil {
			a.output = map[string]any{}
		}
		return a
	}
}

var trailName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$`)

// mostTrails is how many trails a region may have (CloudTrail User Guide,
// "Quotas").
const mostTrails = 5

func createTrail(l *Lab, q *wire.Request) answer {
	name := q.String("Name")
	a := answer{resource: arnOf("cloudtrail", q.Region, l.account.ID, "trail/"+name), mutates: true}
	n := -len(l.account.Regions[q.Region].CloudTrail.Trails) // those of the data count for nothing
	for _, t := range l.index.trails {
		if t.home == q.Region {
			n++
		}
		if t.home == q.Region && text(t.Output, "Name") == name {
			a.failure = refuse(400, "TrailAlreadyExistsException", "Trail "+name+" already exists for customer: "+l.account.ID)
			return a
		}
	}
	switch {
	case !trailName.MatchString(name):
		a.failure = refuse(400, "InvalidTrailNameException", "Trail name or ARN can only be 3 to 128 letters, digits, periods, underscores and dashes, and must start and end with a letter or digit: "+name)
	case n >= mostTrails:
		a.failure = refuse(400, "MaximumNumberOfTrailsExceededException", "User: "+l.account.ID+" already has "+itoa(n)+" trails in "+q.Region+".")
	case q.Bool("IsMultiRegionTrail", false) && !q.Bool("IncludeGlobalServiceEvents", true):
		a.failure = refuse(400, "InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
	case q.Bool("IsOrganizationTrail", false):
		a.failure = refuse(400, "OrganizationsNotInUseException", "The embedded account is in no organization.")
	}
	output := map[string]any{"Name": name, "TrailARN": a.resource, "IncludeGlobalServiceEvents": q.Bool("IncludeGlobalServiceEvents", true),
		"IsMultiRegionTrail": q.Bool("IsMultiRegionTrail", false), "LogFileValidationEnabled": q.Bool("EnableLogFileValidation", false), "IsOrganizationTrail": false}
	if a.failure == nil {
		a.failure = l.setTrail(q, output)
	}
	tags, failure := trailTags(q.Input["TagsList"])
	if a.failure == nil {
		a.failure = failure
	}
	if a.failure != nil {
		return a
	}
	l.cloudTrail().touched[a.resource] = true
	l.index.trails = append(l.index.trails, &homed{&Trail{Output: output, Tags: tags, Status: map[string]any{"IsLogging": false}}, q.Region})
	l.retag(q.Region, a.resource, tags)
	a.output = output
	return a
}

// setTrail takes over the bucket, the prefix and the key of a request.
func (l *Lab) setTrail(q *wire.Request, output map[string]any) *wire.Failure {
	bucket := firstOf(q.String("S3BucketName"), text(output, "S3BucketName"))
	prefix, given := q.Input["S3KeyPrefix"].(string)
	if _, known := l.index.buckets[bucket]; !known {
		return refuse(400, "S3BucketDoesNotExistException", "S3 bucket "+bucket+" does not exist!")
	}
	if len(prefix) > 200 || strings.HasPrefix(prefix, "/") {
		return refuse(400, "InvalidS3PrefixException", "Invalid S3 prefix: "+prefix)
	}
	if q.String("S3BucketName") != "" || given {
		if !given {
			prefix = text(output, "S3KeyPrefix")
		}
		if !l.letsTrail(bucket, prefix, text(output, "TrailARN")) {
			return refuse(400, "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: "+bucket)
		}
	}
	output["S3BucketName"] = bucket
	if given {
		output["S3KeyPrefix"] = prefix
		if prefix == "" {
			delete(output, "S3KeyPrefix")
		}
	}
	id, given := q.Input["KmsKeyId"].(string)
	if !given {
		return nil
	}
	if id == "" {
		delete(output, "KmsKeyId")
		return nil
	}
	k, err := l.keys.Describe(l.keyName(q.Region, id))
	switch {
	case err != nil:
		return refuse(400, "KmsKeyNotFoundException", "KMS key not found: "+id)
	case k.State != kms.Enabled:
		return refuse(400, "KmsException", "The KMS key "+k.ARN+" is not enabled.")
	}
	output["KmsKeyId"] = k.ARN
	return nil
}

func updateTrail(l *Lab, q *wire.Request, t *homed) (out map[string]any, failure *wire.Failure) {
	next := l.trail(t)
	for member, of := range map[string]string{"IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents", "IsMultiRegionTrail": "IsMultiRegionTrail", "EnableLogFileValidation": "LogFileValidationEnabled"} {
		if _, given := q.Input[member]; given {
			next[of] = q.Bool(member, false)
		}
	}
	if next["IsMultiRegionTrail"] == true && next["IncludeGlobalServiceEvents"] == false {
		return nil, refuse(400, "InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
	}
	if failure := l.setTrail(q, next); failure != nil {
		return nil, failure
	}
	wasValidating := validates(t)
	h := l.changeTrail(t, func(c *Trail) { c.Output = next })
	if validates(h) != wasValidating {
		l.newChains(text(next, "TrailARN"))
	}
	out = filled(next, nil)
	for _, member := range []string{"HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors"} {
		delete(out, member)
	}
	return out, nil
}

func deleteTrail(l *Lab, q *wire.Request, t *homed) (map[string]any, *wire.Failure) {
	arn := text(l.trail(t), "TrailARN")
	if isLogging(t) {
		l.lastDelivery(t)
	}
	l.index.trails = slices.DeleteFunc(slices.Clone(l.index.trails), func(h *homed) bool { return text(l.trail(h), "TrailARN") == arn })
	l.breakChain(arn)
	l.retag(q.Region, arn, nil)
	return nil, nil
}
