package envelope

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

const proofPath = "facts.proof"

// ProofGap says why a proof came to nothing, as a gap: nil where the verdict is
// not unknown. err is that of the engine's Verify.
func ProofGap(p envelope.Proof, err error) *collectors.Gap {
	if p.Verdict != envelope.Unknown {
		return nil
	}
	g := collectors.Gap{Attributes: []string{proofPath}, Reason: collectors.Unmodelled, Detail: sentence(unproved(p, err)),
		Remedy: "Open it yourself with the library that wrote it."}
	var asked *awsapi.Error
	switch {
	case errors.As(err, &asked):
		g = AskedGap(err, proofPath)
	case err == nil: // nothing authenticates it
		g.Remedy = "Encrypt it anew with a current client."
	case errors.Is(err, envelope.ErrNoKey):
		g.Reason = collectors.OutOfScope
		g.Remedy = "Give the key with --prove-keyring (objects under a customer-provided key: --prove-sse-c)."
	case errors.Is(err, envelope.ErrRefused):
		g.Reason = collectors.Denied
		g.Remedy = "Allow the use of the key, or give another one with --prove-keyring."
	case errors.Is(err, envelope.ErrUnsupported):
	default:
		g.Reason, g.Remedy = collectors.Failed, "Scan again with a longer --timeout; check the network."
	}
	return &g
}

// claimGaps are those of an artefact whose header could not be had: what it
// claims is as little known as its proof. A header that is none is a fact.
func claimGaps(s *Sighting) []collectors.Gap {
	if s.verdict() != envelope.Unknown || s.Client.Algorithm != "" || s.Client.Format == "none" {
		return nil
	}
	for _, g := range s.Gaps {
		if slices.Contains(g.Attributes, proofPath) {
			g.Attributes = nil
			for _, claim := range []string{"algorithm", "wrap", "keys", "context_keys", "committing", "signed"} {
				g.Attributes = append(g.Attributes, clientPath+"."+claim)
			}
			return []collectors.Gap{g}
		}
	}
	return nil
}

// unproved is why the verdict is unknown.
func unproved(p envelope.Proof, err error) string {
	if err != nil {
		return err.Error()
	}
	for _, s := range p.Steps {
		if s.Verdict == envelope.Unknown {
			return s.Name + ": " + s.Detail
		}
	}
	return "nothing was checked"
}

// AskedGap is awsapi.GapOf for calls that a KMS key has a say in: what refuses
// may be the key.
func AskedGap(err error, attributes ...string) collectors.Gap {
	g := awsapi.GapOf(err, attributes...)
	switch code := awsapi.Code(err); {
	case code == "InvalidObjectState":
		g.Reason, g.Remedy = collectors.OutOfScope, "The object is archived; restore it and scan again."
	case code == "PreconditionFailed":
		g.Reason, g.Remedy = collectors.Transition, "It was overwritten during the scan; scan again."
	case strings.HasSuffix(code, "DisabledException"), strings.HasSuffix(code, "KMSInvalidStateException"), strings.HasSuffix(code, "KeyUnavailableException"):
		g.Reason, g.Remedy = collectors.Denied, "Nobody can use the key as it is: enable it, or cancel its deletion, and scan again."
	case strings.HasSuffix(code, "NotFoundException"): // of KMS; that of an object is not called so
		g.Reason, g.Remedy = collectors.Denied, "Look for the key in the account and region that it was in; if it is gone, what it encrypted is lost."
	case g.Reason == collectors.Denied && strings.Contains(g.Detail, "kms:Decrypt"):
		g.Permission = "kms:Decrypt"
		g.Remedy = "Allow kms:Decrypt with the key to the scanning identity (sealaudit permissions --prove prints the whole statement)."
	case g.Reason == collectors.Denied && g.Permission != "":
		g.Remedy = strings.Replace(g.Remedy, "sealaudit permissions prints", "sealaudit permissions --prove prints", 1)
	}
	return g
}

// notGiven is the gap of what needs a key that only its owner has.
func notGiven(attributes ...string) collectors.Gap {
	return collectors.Gap{Attributes: attributes, Reason: collectors.OutOfScope,
		Detail: "The object is under a customer-provided key (SSE-C), and none was given for it.",
		Remedy: "Name its key in the file of --prove-sse-c."}
}

// tooLong is the gap of a ciphertext that is longer than may be opened.
func tooLong(most int64) collectors.Gap {
	return collectors.Gap{Attributes: []string{proofPath}, Reason: collectors.OutOfScope,
		Detail: fmt.Sprintf("It is longer than the %d bytes that are opened at most, so that only its header was read.", most),
		Remedy: "Allow more with --prove-max-bytes."}
}

func sentence(s string) string {
	s = why(s)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
