package envelope

// ItemFacts is what is read of an AWS::DynamoDB::Item: sampled items of one
// table that look alike. How DynamoDB itself encrypts is the table's and not an
// item's.
type ItemFacts struct {
	Table      string      `json:"table,omitempty"` // its ARN
	TableName  string      `json:"table_name,omitempty"`
	ClientSide *ClientSide `json:"client_side,omitempty"` // formats: none, ddbec, dbesdk, ddbec-metastore and key-store (items that hold keys)
	Count      int         `json:"count,omitempty"`       // of the sample
	Bytes      *int        `json:"bytes,omitempty"`       // of names and values, of all in count
	// Examples are up to three items: the name of the table's partition key, and
	// the first eight hex digits of the SHA-256 of its value (S and N as text, B
	// as bytes), which is not shown because it may be personal data.
	Examples   []string    `json:"examples,omitempty"`
	Proof      *Proof      `json:"proof,omitempty"`
	Weaknesses []string    `json:"weaknesses,omitempty"` // of any of them, sorted; ids of the crypto engine
	Duplicates *Duplicates `json:"duplicates,omitempty"`
	// SiblingsSigned is how many of all items that were read of the table carry
	// the signature of a client-side library, where those of the cohort carry
	// nothing of one: then somebody took it away, or wrote plaintext.
	SiblingsSigned *int    `json:"siblings_signed,omitempty"`
	Sampling       *Sample `json:"sampling,omitempty"` // population: items that were read
}

func (t *tableSample) facts(c Cohort) any {
	f := ItemFacts{Table: t.parent.ARN, TableName: t.parent.Name, ClientSide: c.Client, Count: c.Count, Bytes: c.Bytes,
		Examples: c.Examples, Proof: c.Proof, Weaknesses: c.Weaknesses, Duplicates: c.Duplicates, Sampling: c.Sample}
	if c.Client != nil && c.Client.Format == "none" {
		f.SiblingsSigned = &t.signed
	}
	return f
}
