package envelope

// Verdict is what a step of a verification showed.
type Verdict string

// The verdicts. Unknown is neither of the others: the step could not be made.
const (
	Verified Verdict = "verified"
	Refuted  Verdict = "refuted"
	Unknown  Verdict = "unknown"
)

// Proof is what reading, unwrapping and authenticating a ciphertext showed. It
// holds no key, no plaintext and no value of the encryption context, unless
// the caller asked for values.
type Proof struct {
	Format  string `json:"format"`            // "AWS Encryption SDK", "S3 Encryption Client", "DynamoDB Encryption Client", "AWS Database Encryption SDK for DynamoDB"
	Version string `json:"version"`           // of the format: "1", "2", "V3"
	Suite   string `json:"suite"`             // "0578 AES-256-GCM HKDF-SHA512 commit ECDSA-P384"
	Keys    []Key  `json:"keys"`              // wrapped data keys, in the artefact's order
	Context []Pair `json:"context,omitempty"` // encryption context, by key
	// What the suite claims; the steps say whether it held.
	Committing    bool       `json:"committing"`    // the ciphertext commits to one data key
	Signed        bool       `json:"signed"`        // by an asymmetric key
	Authenticated bool       `json:"authenticated"` // every byte of plaintext is under a tag or signature
	Bytes         int64      `json:"bytes"`         // of plaintext, when it was opened; else of what the header claims, or -1
	Steps         []Step     `json:"steps"`         // in the order in which they were made
	Weaknesses    []Weakness `json:"weaknesses,omitempty"`
	Verdict       Verdict    `json:"verdict"` // refuted if a step is, else unknown if a step is, else verified
}

// Key names who can unwrap a data key.
type Key struct {
	Provider string `json:"provider"`
	ID       string `json:"id"`             // key ARN, key name or branch key id; hostile input
	Used     bool   `json:"used"`           // this one gave the data key
	Wrap     string `json:"wrap,omitempty"` // wrapping algorithm, where the artefact says it
}

// Pair is one pair of an encryption context. Value is "" unless asked for.
type Pair struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// Step is one thing that was checked.
type Step struct {
	Name    string  `json:"name"` // "header", "data key", "commitment", "header tag", "body", "signature", …
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail,omitempty"` // why, in one sentence without secrets
}

// Weakness is a property of the artefact that weakens what it proves, and that
// no key is needed to see.
type Weakness struct {
	ID     string `json:"id"`     // "unauthenticated-cbc", "not-committing", …: see Weaknesses
	Detail string `json:"detail"` // one sentence
}

// Weaknesses are the ids of all weaknesses and what they mean.
func Weaknesses() map[string]string {
	all := make(map[string]string, len(weaknesses))
	for _, w := range weaknesses {
		all[w.ID] = w.Detail
	}
	return all
}

var weaknesses = [...]Weakness{
	{"unauthenticated-cbc", "AES-CBC without authentication: anyone who can write the object and see errors can decrypt it (CVE-2020-8911)."},
	{"unauthenticated-ecb-wrap", "The data key is wrapped with AES-ECB, which does not authenticate it (CVE-2020-8912)."},
	{"not-committing", "The ciphertext does not commit to its data key: it can be made to open to two plaintexts."},
	{"unsigned", "No signature: whoever can unwrap the data key can write such a message."},
	{"context-unbound", "The wrap is not bound to the content algorithm by the encryption context."},
	{"pkcs1-wrap", "The data key is wrapped with RSA PKCS #1 v1.5, which has padding oracles."},
	{"sha1-wrap", "The data key is wrapped with OAEP over SHA-1."},
	{"no-key-derivation", "The data key is used without derivation, so one key may encrypt two messages."},
	{"plaintext-md5", "The MD5 of the plaintext stands in the metadata (CVE-2022-2582)."},
	{"length-claim", "The metadata claims another length of plaintext than there is."},
	{"duplicate-iv", "Two ciphertexts of this run share an initialisation vector under one key."},
	{"duplicate-data-key", "Two ciphertexts of this run share a wrapped data key."},
	{"frame-sequence", "The frames' initialisation vectors are not their sequence numbers."},
	{"repeated-iv", "Two frames of the message share an initialisation vector: AES-GCM then reveals both, and anyone can forge."},
	{"many-data-keys", "There are unusually many wrapped data keys, each of which costs a call to unwrap."},
	{"net-4.0.0", "Written by ESDK-NET 4.0.0, whose header authentication is not the specification's."},
	{"unsigned-attributes", "Attributes of the item are outside of its signature."},
	{"unsigned-description", "The material description is outside of the item's signature."},
}

// Add appends a step and lowers the verdict accordingly.
func (p *Proof) Add(name string, err error, detail string) {
	v := Says(err)
	if err != nil {
		detail = err.Error()
	}
	p.Steps = append(p.Steps, Step{name, v, detail})
	switch {
	case p.Verdict == Refuted:
	case v == Refuted:
		p.Verdict = Refuted
	case v == Unknown || p.Verdict == Unknown:
		p.Verdict = Unknown
	default:
		p.Verdict = Verified
	}
}

// Weak notes a weakness once.
func (p *Proof) Weak(id string) {
	for _, w := range p.Weaknesses {
		if w.ID == id {
			return
		}
	}
	detail := ""
	for _, w := range weaknesses {
		if w.ID == id {
			detail = w.Detail
		}
	}
	p.Weaknesses = append(p.Weaknesses, Weakness{id, detail})
}
