package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// maxCohorts is how many cohorts one HTML file unfolds. What was refuted comes
// first; the totals are of all.
const maxCohorts = 500

// cohort is sampled objects, records or items of one bucket, stream or table
// that look alike: the evidence's row, with its facts.
type cohort struct {
	Name, ARN, Type string
	Scope           collectors.Scope
	Gaps            []collectors.Gap
	Calls           []collectors.CallRef
	Probe           bool // a canary that the run wrote itself
	Facts           cohortFacts
}

// cohortFacts are the facts that AWS::S3::Object, AWS::Kinesis::Record and
// AWS::DynamoDB::Item have of them.
type cohortFacts struct {
	Bucket     string `json:"bucket"`
	Stream     string `json:"stream"`
	Table      string `json:"table"`
	ServerSide *struct {
		Algorithm string          `json:"algorithm"` // of objects
		Type      string          `json:"type"`      // of records
		Key       *collectors.Key `json:"key"`
		BucketKey *bool           `json:"bucket_key"`
	} `json:"server_side"`
	ClientSide *struct {
		Format     string           `json:"format"`
		Algorithm  string           `json:"algorithm"`
		Wrap       []string         `json:"wrap"`
		Keys       []string         `json:"keys"`
		Context    []string         `json:"context_keys"`
		Committing *bool            `json:"committing"`
		Signed     *bool            `json:"signed"`
		KMSKeys    []collectors.Key `json:"kms_keys"`
	} `json:"client_side"`
	Count         int      `json:"count"`
	Bytes         *int     `json:"bytes"`
	FirstModified string   `json:"first_modified"`
	LastModified  string   `json:"last_modified"`
	FirstArrival  string   `json:"first_arrival"`
	LastArrival   string   `json:"last_arrival"`
	Examples      []string `json:"examples"`
	Proof         *proof   `json:"proof"`
	Weaknesses    []string `json:"weaknesses"`
	Duplicates    *struct {
		DataKeys int `json:"data_keys"`
		IVs      int `json:"ivs"`
	} `json:"duplicates"`
	SiblingsSigned *int      `json:"siblings_signed"`
	Sampling       *sampling `json:"sampling"`
}

// proof is how many of a cohort were verified, refuted and unknown, and the
// steps of an example.
type proof struct {
	Verified int `json:"verified"`
	Refuted  int `json:"refuted"`
	Unknown  int `json:"unknown"`
	Steps    []struct {
		Example string      `json:"example"`
		Verdict string      `json:"verdict"`
		Steps   []proofStep `json:"steps"`
	} `json:"steps"`
}

type proofStep struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// sampling is how a cohort's parent was sampled and the cohort's share of it.
type sampling struct {
	Population int     `json:"population"`
	Complete   bool    `json:"complete"`
	Sampled    int     `json:"sampled"`
	Method     string  `json:"method"`
	Seed       int     `json:"seed"`
	Share      float64 `json:"share"`
	ShareLow   float64 `json:"share_low"`
	ShareHigh  float64 `json:"share_high"`
}

// proves says whether rows of the type are cohorts.
func proves(resourceType string) bool { return thingOf(resourceType) != "" }

// thingOf is what a cohort is made of.
func thingOf(resourceType string) string {
	switch resourceType {
	case "AWS::S3::Object":
		return "object"
	case "AWS::Kinesis::Record":
		return "record"
	case "AWS::DynamoDB::Item":
		return "item"
	}
	return ""
}

// parentWord is what the cohorts of a type are in.
func parentWord(resourceType string) string {
	switch resourceType {
	case "AWS::S3::Object":
		return "bucket"
	case "AWS::Kinesis::Record":
		return "stream"
	}
	return "table"
}

// parentARN is the ARN of the bucket, stream or table: the cohort's own begins
// with it.
func (c *cohort) parentARN() string {
	if arn := cmp.Or(c.Facts.Bucket, c.Facts.Stream, c.Facts.Table); arn != "" {
		return arn
	}
	arn, _, _ := strings.Cut(c.ARN, "/*")
	return arn
}

// parentName is what people call it; a cohort's name is "NAME · SHAPE".
func (c *cohort) parentName() string {
	name, _ := c.split()
	return name
}

// shape is the rest of the name: "SSE-KMS, S3EC V3, refuted".
func (c *cohort) shape() string {
	_, shape := c.split()
	return shape
}

func (c *cohort) split() (name, shape string) {
	i := strings.LastIndex(c.Name, " · ") // neither side of a shape has one, a hostile name may
	if i < 0 {
		return c.Name, c.Name
	}
	return c.Name[:i], c.Name[i+len(" · "):]
}

// verdicts count what the proofs of things came to.
type verdicts struct{ Verified, Refuted, Unknown, Plain, Sampled int }

func (v *verdicts) add(o verdicts) {
	v.Verified += o.Verified
	v.Refuted += o.Refuted
	v.Unknown += o.Unknown
	v.Plain += o.Plain
	v.Sampled += o.Sampled
}

// verdicts of a cohort. Things that could not be looked at are unknown, even
// where it isn't known that there is something to open; Plain have nothing.
func (c *cohort) verdicts() verdicts {
	v := verdicts{Sampled: c.Facts.Count}
	if p := c.Facts.Proof; p != nil {
		v.Verified, v.Refuted, v.Unknown = p.Verified, p.Refuted, p.Unknown
		v.Sampled = max(v.Sampled, p.Verified+p.Refuted+p.Unknown)
	} else if gapAt(c.Gaps, "facts.proof") != nil || gapAt(c.Gaps, "facts.client_side.format") != nil {
		v.Unknown = c.Facts.Count
	}
	v.Plain = v.Sampled - v.Verified - v.Refuted - v.Unknown
	return v
}

// rank puts what was refuted first, then what is unknown.
func (c *cohort) rank() int {
	v := c.verdicts()
	switch {
	case v.Refuted > 0:
		return 0
	case v.Unknown > 0 || c.Facts.Count == 0:
		return 1
	case len(c.Facts.Weaknesses) > 0:
		return 2
	case v.Verified > 0:
		return 3
	}
	return 4
}

func (c *cohort) place() string {
	return cohortPlace(c.Type, c.ARN, c.Scope.Account, c.Scope.Region)
}

// cohortPlace names a cohort, as a row of the evidence and as the resource of a
// finding.
func cohortPlace(resourceType, arn, account, region string) string {
	return resourceType + "\x00" + arn + "\x00" + account + "\x00" + region
}

// urgent are the cohorts that a file has room for, in the evidence's order by
// parent, and in each what was refuted first.
func urgent(all []*cohort) []*cohort {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b *cohort) int { return cmp.Compare(a.rank(), b.rank()) })
	out = out[:min(len(out), maxCohorts)]
	slices.SortStableFunc(out, func(a, b *cohort) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), compareScopes(a.Scope, b.Scope), cmp.Compare(a.parentARN(), b.parentARN()), cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func compareScopes(a, b collectors.Scope) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
}
