package envelope

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
)

// sealedItem is an item that was seen, with what is needed to judge its proof
// beside those of the table's others.
type sealedItem struct {
	Sighting
	doubtful bool // refuted by what may be no more than another name of the table
}

// item reads one item.
func (t *tableSample) item(ctx context.Context, picked *Picked[scanned]) sealedItem {
	s := sealedItem{Sighting: Sighting{Name: t.exampleOf(picked.Value.item), Rank: picked.Rank, Bytes: int64(picked.Value.size), Calls: picked.Value.calls}}
	it, err := parsed(picked.Value.item)
	if err != nil {
		s.Gaps = append(s.Gaps, unreadable(err))
		return s
	}
	switch ddb.Recognise(it) {
	case ddb.Plain:
		s.Client.Format = "none"
	case ddb.KeyStore: // it holds a key: it is not opened
		s.Client = Client{Format: "key-store", Wrap: []string{"KMS"}, Keys: claim(nil, it["kms-arn"].Data)}
	default:
		t.Open(func() { t.open(ctx, &s, it) })
	}
	return s
}

// open verifies an item that a client encrypted.
func (t *tableSample) open(ctx context.Context, s *sealedItem, it ddb.Item) {
	c := ddb.Config{Table: t.parent.Name, Partition: t.partition, Sort: t.sort}
	kms := t.KMS(t.scope.Region)
	p, err := t.verify(ctx, it, kms, c)
	s.Client, s.Proof, s.Opened = Claims(p), &p, kms.Used()
	if ddb.Recognise(it) == ddb.MetaStore {
		s.Client.Format = "ddbec-metastore"
	}
	if g := ProofGap(p, err); g != nil {
		s.Gaps = append(s.Gaps, *g)
	}
	s.doubtful = doubtful(p, err)
	s.Marks = t.marks(it)
}

// verify tries the given keys of the DynamoDB Encryption Client and then KMS;
// the keyring of the other library has both.
func (t *tableSample) verify(ctx context.Context, it ddb.Item, kms *KMS, c ddb.Config) (envelope.Proof, error) {
	keys := ddb.Keys{Keyring: kms.Ring(), Legacy: legacy.KMSDirect{Client: kms}}
	if given := t.options.Keys.Legacy; given != nil && ddb.Recognise(it) != ddb.Structured {
		if own := given(it).Legacy; own != nil {
			p, err := ddb.Verify(ctx, it, ddb.Keys{Legacy: own}, c)
			if !errors.Is(err, envelope.ErrNoKey) {
				return p, err
			}
		}
	}
	return ddb.Verify(ctx, it, keys, c)
}

// doubtful says whether a proof is refuted by a step in which the table's name
// takes part and nothing else told that it is the right one. Neither library
// says in the item under which name of the table it was written: most often its
// name, but not where the table was restored from another (AWS Database
// Encryption SDK for DynamoDB, "Logical table name").
func doubtful(p envelope.Proof, err error) bool {
	if p.Verdict != envelope.Refuted || !errors.Is(err, envelope.ErrTampered) && !errors.Is(err, envelope.ErrWrongKey) {
		return false
	}
	switch last := p.Steps[len(p.Steps)-1]; last.Name {
	case "data key":
		return true
	case "signature": // of the older client, whose raw keys are bound to no table
		return formatOf(p) == "ddbec" && (len(p.Keys) == 0 || p.Keys[0].Provider != "aws-kms")
	}
	return false
}

// withoutDoubt takes doubtful refutations back to unknown where no item of the
// table, of the same format, was verified under its name.
func withoutDoubt(seen []sealedItem) []Sighting {
	verified := map[string]bool{}
	for i := range seen {
		if seen[i].verdict() == envelope.Verified {
			verified[seen[i].Client.Format] = true
		}
	}
	out := make([]Sighting, len(seen))
	for i := range seen {
		s := &seen[i]
		if s.doubtful && !verified[s.Client.Format] {
			p := *s.Proof
			p.Steps = slices.Clone(p.Steps)
			p.Steps[len(p.Steps)-1].Verdict, p.Verdict = envelope.Unknown, envelope.Unknown
			s.Proof = &p
			s.Gaps = append(s.Gaps, otherName())
		}
		s.Label = itemLabel(&s.Sighting)
		out[i] = s.Sighting
	}
	return out
}

func otherName() collectors.Gap {
	return collectors.Gap{Attributes: []string{proofPath}, Reason: collectors.Unmodelled,
		Detail: "It does not open under the table's name, and neither does another item of the sample; whoever wrote them may have used another name of the table (as one has that was restored), or another key.",
		Remedy: "Verify one with sealaudit envelope verify --table NAME; if it opens under no name, it was changed or moved."}
}

// marks are the item's data keys and initialisation vectors; those of one item
// are compared as one.
func (t *tableSample) marks(it ddb.Item) Marks {
	var wrapped, vectors [][]byte
	var same []string
	switch ddb.Recognise(it) {
	case ddb.Structured:
		wrapped, vectors = structured.Uses(it)
		same = []string{structured.HeaderAttribute, structured.FooterAttribute}
	default:
		wrapped, vectors = legacy.Uses(it)
		same = []string{legacy.DescriptionAttribute, legacy.SignatureAttribute}
	}
	slices.SortFunc(vectors, bytes.Compare) // attributes have no order
	return t.repeats.Mark(joined(wrapped), joined(vectors), []byte(it[same[0]].Data), []byte(it[same[1]].Data))
}

func joined(texts [][]byte) (out []byte) {
	for _, text := range texts {
		out = appendText(out, string(text))
	}
	return out
}

// itemLabel is a short name of an item's shape, for people.
func itemLabel(s *Sighting) string {
	switch s.Client.Format {
	case "":
		return "not read"
	case "none":
		return "not encrypted by a client"
	case "key-store":
		return "key store"
	}
	return s.Client.Format + ", " + string(s.verdict())
}
