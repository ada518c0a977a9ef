package collectors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// PayloadType is the type of a Statement in a DSSE envelope (in-toto
// Attestation Framework, Envelope, v1).
const PayloadType = "application/vnd.in-toto+json"

// PredicateType names version 1 of Predicate.
const PredicateType = "https://github.com/sealaudit/sealaudit/evidence/v1"

const statementType = "https://in-toto.io/Statement/v1"

// Statement is what is signed of a bundle: an in-toto Statement v1. Its first
// subject is manifest.json, which has the digests of all evidence; the second
// is judgement.json, which has that of the findings, if the bundle is judged.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is an entry of the bundle with its digest (ResourceDescriptor, v1).
type Subject struct {
	Name   string `json:"name"`
	Digest struct {
		SHA256 string `json:"sha256"` // hex
	} `json:"digest"`
}

// Predicate is what a reader of a Statement wants to know of the run before
// opening its bundle. It repeats the manifest, and a Statement that says
// something else than the manifest is none of that bundle.
type Predicate struct {
	Bundle   string    `json:"bundle"` // the bundle's format
	Tool     string    `json:"tool"`   // that read, "sealaudit <version>"
	Demo     bool      `json:"demo,omitempty"`
	Caller   string    `json:"caller"` // ARN of the identity that read
	Accounts []string  `json:"accounts"`
	Regions  []string  `json:"regions"`
	Services []string  `json:"services"`
	Started  time.Time `json:"started"` // UTC
	Ended    time.Time `json:"ended"`   // UTC
	// Interrupted is why the reading ended early, if it did.
	Interrupted string `json:"interrupted,omitempty"`
	// Previous is the evidence digest of the run before, if one was named.
	Previous string `json:"previous,omitempty"`
	// JudgedWith is the tool that judged, if the judgement is a subject.
	JudgedWith string `json:"judgedWith,omitempty"`
}

// Statement is the statement over the bundle as it is, judged or not, in the
// one way in which it is written. The same bundle gives the same bytes.
func (b *Bundle) Statement() ([]byte, error) {
	if b.Judgement == nil {
		return b.statement("", "")
	}
	return b.statement(b.JudgementDigest, b.Judgement.Tool)
}

func (b *Bundle) statement(judgement, judgedWith string) ([]byte, error) {
	m := b.Manifest
	s := Statement{Type: statementType, PredicateType: PredicateType, Subject: []Subject{subject(manifestName, b.Evidence)}}
	if judgement != "" {
		s.Subject = append(s.Subject, subject(judgementName, judgement))
	}
	s.Predicate = Predicate{Bundle: m.Format, Tool: m.Tool, Demo: m.Demo, Caller: m.Caller, Accounts: m.Accounts, Regions: m.Regions, Services: m.Services,
		Started: m.Started.UTC(), Ended: m.Ended.UTC(), Interrupted: m.Interrupted, Previous: m.Previous, JudgedWith: judgedWith}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("stating what the bundle %s holds: %w", b.Path, err)
	}
	return text, nil
}

func subject(name, digest string) Subject {
	s := Subject{Name: name}
	s.Digest.SHA256 = strings.TrimPrefix(digest, "sha256:")
	return s
}

// ErrOtherJudgement is what a statement over this evidence and another
// judgement than the bundle's is told apart by.
var ErrOtherJudgement = errors.New("it covers other findings than the bundle's")

// Covers says what of the bundle a statement covers: its evidence, or else
// there is an error, and its judgement, if judged. A statement that names a
// judgement which is not the bundle's own gives ErrOtherJudgement. Whether the
// statement is signed is not asked here, nor whether the bundle is intact.
func (b *Bundle) Covers(statement []byte) (judged bool, err error) {
	s, err := readStatement(statement)
	if err != nil {
		return false, err
	}
	if s.Subject[0] != subject(manifestName, b.Evidence) {
		return false, errors.New("it is about other evidence")
	}
	digest, judgedWith := "", ""
	if len(s.Subject) == 2 {
		digest, judgedWith = s.Subject[1].Digest.SHA256, s.Predicate.JudgedWith
		judged = b.Judgement != nil && s.Subject[1] == subject(judgementName, b.JudgementDigest)
	}
	if judged {
		judgedWith = b.Judgement.Tool
	}
	want, err := b.statement(digest, judgedWith)
	switch {
	case err != nil:
		return false, err
	case !bytes.Equal(want, statement):
		return false, errors.New("it does not say what the manifest says, in the one way to write it")
	case len(s.Subject) == 2 && !judged:
		return false, ErrOtherJudgement
	}
	return judged, nil
}

// readStatement reads what Covers then compares, byte for byte, with what
// Statement would write: so no name is there twice, in another case or unknown,
// and nothing stands before or after. A reader must ignore what it does not know
// only where the predicate does not say otherwise (in-toto Attestation Framework
// v1, parsing rules), and this one does: a signature must not cover what nobody
// reads.
func readStatement(text []byte) (Statement, error) {
	var s Statement
	var head struct {
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return s, errors.New("it is no statement in JSON")
	}
	if head.Type != statementType {
		return s, fmt.Errorf("it is no %s", statementType)
	}
	if head.PredicateType != PredicateType {
		return s, fmt.Errorf("its predicate is no %s", PredicateType)
	}
	if err := strict(text, &s); err != nil {
		return s, errors.New("it has something that a statement of sealaudit has not")
	}
	if n := len(s.Subject); n != 1 && n != 2 {
		return s, fmt.Errorf("it has %d subjects; it can have %s and %s", n, manifestName, judgementName)
	}
	if len(s.Subject) == 2 && s.Subject[1].Name != judgementName {
		return s, fmt.Errorf("its second subject is not %s", judgementName)
	}
	return s, nil
}
