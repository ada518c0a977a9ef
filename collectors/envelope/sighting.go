package envelope

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Sighting is what was seen of one thing in a sample. What was not is a gap.
type Sighting struct {
	Name     string // as it becomes an example: never a value of an item or a partition key
	Rank     Rank
	Label    string // short name of the shape, for people; "" has it made of server, client and proof
	Bytes    int64
	Modified time.Time // zero where the service tells none

	Server Server
	Client Client
	Proof  *envelope.Proof // nil: there is nothing to open
	Opened []string        // ARNs of the keys that KMS says it used
	Marks  Marks

	Gaps  []collectors.Gap
	Calls []collectors.CallRef // kept for the examples
}

// Server is what the service says of its own encryption. The zero value is not
// known.
type Server struct {
	Algorithm string // as facts have it: "aws:kms", "KMS", "none"
	KeyID     string // as the service names the key
	BucketKey *bool
}

// Client is what an artefact claims. The zero value is not known.
type Client struct {
	Format, Algorithm   string
	Wrap, Keys, Context []string // sorted
	Committing, Signed  *bool    // nil without an artefact
}

// verdict is that of the proof, or "".
func (s *Sighting) verdict() envelope.Verdict {
	if s.Proof == nil {
		return ""
	}
	return s.Proof.Verdict
}

// shape is what the things of a cohort have alike.
type shape [16]byte

func (s shape) String() string { return hex.EncodeToString(s[:]) }

// shape is the same for things of the same encryption, verdict and gaps.
func (s *Sighting) shape(text []byte) (shape, []byte) {
	text = text[:0]
	for _, t := range [...]string{s.Server.Algorithm, s.Server.KeyID, flag(s.Server.BucketKey), s.Client.Format, s.Client.Algorithm,
		flag(s.Client.Committing), flag(s.Client.Signed), string(s.verdict())} {
		text = appendText(text, t)
	}
	for _, list := range [...][]string{s.Client.Wrap, s.Client.Keys, s.Client.Context} {
		text = append(text, byte(len(list)))
		for _, t := range list {
			text = appendText(text, t)
		}
	}
	for _, g := range s.Gaps {
		text = appendText(appendText(text, string(g.Reason)), g.Permission)
		for _, a := range g.Attributes {
			text = appendText(text, a)
		}
	}
	sum := sha256.Sum256(text)
	return shape(sum[:16]), text
}

func flag(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

// lowestFew keeps the n lowest texts of a sorted set, so that it does not
// matter in which order they come.
func lowestFew(set []string, n int, text string) []string {
	at, found := slices.BinarySearch(set, text)
	if found || at == n {
		return set
	}
	set = slices.Insert(set, at, text)
	return set[:min(len(set), n)]
}
