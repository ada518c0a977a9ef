package envelope

// RecordFacts is what is read of an AWS::Kinesis::Record: sampled records of one
// stream that look alike. Those of an aggregate of the Kinesis Producer Library
// count one by one. Dates are Kinesis's ApproximateArrivalTimestamp.
//
// In sampling, population is how many records were read. Unless that are all
// (complete), they are no random sample of the stream, so that share_low is 0
// and share_high 1.
type RecordFacts struct {
	Stream       string            `json:"stream,omitempty"` // its ARN
	ServerSide   *RecordEncryption `json:"server_side,omitempty"`
	ClientSide   *ClientSide       `json:"client_side,omitempty"` // formats: none, esdk-v1, esdk-v2, das (Database Activity Stream), kms (a bare ciphertext of KMS)
	Count        int               `json:"count,omitempty"`       // of the sample
	Bytes        *int              `json:"bytes,omitempty"`       // of payload, of all in count
	FirstArrival string            `json:"first_arrival,omitempty"`
	LastArrival  string            `json:"last_arrival,omitempty"`
	Examples     []string          `json:"examples,omitempty"` // up to three: shard/sequence number, and #place in an aggregate
	Proof        *Proof            `json:"proof,omitempty"`
	Weaknesses   []string          `json:"weaknesses,omitempty"` // of any of them, sorted; ids of the crypto engine
	Duplicates   *Duplicates       `json:"duplicates,omitempty"`
	Sampling     *Sample           `json:"sampling,omitempty"`
}

// RecordEncryption is what Kinesis says of a record (GetRecords). It does not
// say the key: that is the one that the stream had when the record was put.
type RecordEncryption struct {
	Type string `json:"type"` // NONE, KMS
}

func recordFacts(p Parent, c Cohort) RecordFacts {
	f := RecordFacts{Stream: p.ARN, ClientSide: c.Client, Count: c.Count, Bytes: c.Bytes, FirstArrival: c.First, LastArrival: c.Last,
		Examples: c.Examples, Proof: c.Proof, Weaknesses: c.Weaknesses, Duplicates: c.Duplicates, Sampling: c.Sample}
	if c.Server.Algorithm != "" {
		f.ServerSide = &RecordEncryption{c.Server.Algorithm}
	}
	if s := c.Sample; s != nil && (!s.Complete || s.Sampled < s.Population) {
		s.ShareLow, s.ShareHigh = 0, 1
	}
	return f
}
