package envelope

import "github.com/sealaudit/sealaudit/collectors"

// ObjectFacts is what is read of an AWS::S3::Object: sampled objects of one
// bucket, current versions, that look alike. Dates are S3's LastModified.
type ObjectFacts struct {
	Bucket        string      `json:"bucket,omitempty"` // its ARN
	ServerSide    *ServerSide `json:"server_side,omitempty"`
	ClientSide    *ClientSide `json:"client_side,omitempty"`
	Count         int         `json:"count,omitempty"` // of the sample
	Bytes         *int        `json:"bytes,omitempty"` // as they are stored, of all in count
	FirstModified string      `json:"first_modified,omitempty"`
	LastModified  string      `json:"last_modified,omitempty"`
	Examples      []string    `json:"examples,omitempty"` // up to three keys; hostile input
	Proof         *Proof      `json:"proof,omitempty"`
	Weaknesses    []string    `json:"weaknesses,omitempty"` // of any of them, sorted; ids of the crypto engine
	Duplicates    *Duplicates `json:"duplicates,omitempty"`
	Sampling      *Sample     `json:"sampling,omitempty"`
}

// ServerSide is what S3 says of an object (HeadObject).
type ServerSide struct {
	Algorithm string          `json:"algorithm,omitempty"`  // none, AES256, aws:kms, aws:kms:dsse, aws:fsx, aws:backup, SSE-C
	Key       *collectors.Key `json:"key,omitempty"`        // for aws:kms and aws:kms:dsse
	BucketKey *bool           `json:"bucket_key,omitempty"` // for aws:kms: the bucket key was used
}

// ClientSide is what an artefact says of itself. It is a claim: whoever can
// write one can write any; the proof says whether it held.
type ClientSide struct {
	Format     string   `json:"format,omitempty"`    // none, s3ec-v1, s3ec-v2, s3ec-v3, s3ec-instruction, esdk-v1, esdk-v2, ddbec, dbesdk, …; s3ec and esdk where the version is not legible
	Algorithm  string   `json:"algorithm,omitempty"` // suite
	Wrap       []string `json:"wrap,omitempty"`      // how the data keys are wrapped, sorted
	Keys       []string `json:"keys,omitempty"`      // who can unwrap, as the artefact names them, sorted; hostile input
	Context    []string `json:"context_keys,omitempty"`
	Committing *bool    `json:"committing,omitempty"`
	Signed     *bool    `json:"signed,omitempty"`
	// KMSKeys are the KMS keys that the artefacts name by ARN and those that
	// KMS says it used, with what it says of them.
	KMSKeys []collectors.Key `json:"kms_keys,omitempty"`
}

// Proof is what verifying the artefacts of a cohort showed. It is absent where
// there is nothing to open. One of the counts is above zero.
type Proof struct {
	Verified int     `json:"verified"`
	Refuted  int     `json:"refuted"`
	Unknown  int     `json:"unknown"`
	Steps    []Shown `json:"steps"` // of one example
}

// Shown is a proof step by step.
type Shown struct {
	Example string `json:"example"` // hostile input
	Verdict string `json:"verdict"`
	Steps   []Step `json:"steps"`
}

// Step is one thing that was checked.
type Step struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"` // verified, refuted, unknown
	Why     string `json:"why,omitempty"`
}

// Duplicates are how many artefacts of the cohort share a data key, or an
// initialisation vector under it, with another one of the region's sample.
type Duplicates struct {
	DataKeys int `json:"data_keys"`
	IVs      int `json:"ivs"`
}

// Sample is how the cohort's parent was sampled, and the cohort's share of it.
type Sample struct {
	Population int     `json:"population"` // how many were listed
	Complete   bool    `json:"complete"`   // the listing came to its end
	Sampled    int     `json:"sampled"`
	Method     string  `json:"method"`
	Seed       int     `json:"seed"`
	Share      float64 `json:"share"`      // of the sample that is in this cohort
	ShareLow   float64 `json:"share_low"`  // bounds of the share in what was listed, 95 % (Clopper and Pearson);
	ShareHigh  float64 `json:"share_high"` // the share itself where everything listed was sampled
}
