package rego

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// Status is what a policy says of a resource.
type Status string

// The statuses. Waived is a failure with an accepted waiver; Attested is for
// what only AWS can know, and is reported as its word.
const (
	Pass          Status = "pass"
	Fail          Status = "fail"
	Undecided     Status = "unknown"
	NotApplicable Status = "not_applicable"
	Waived        Status = "waived"
	Attested      Status = "attested"
)

// PolicyError is the reason of an unknown whose policy could not be evaluated
// on the resource.
const PolicyError collectors.Reason = "policy_error"

// Finding is the status of one resource under one policy.
type Finding struct {
	// ID is the same in every run: it depends on the policy and on the
	// resource's identity only. 32 hex digits.
	ID       string   `json:"id"`
	Policy   string   `json:"policy"`
	Status   Status   `json:"status"`
	Severity Severity `json:"severity"`
	Resource Resource `json:"resource"`
	// Messages are the violations, sorted, when Status is fail.
	Messages []string `json:"messages,omitempty"`
	// Unknowns say what is missing, sorted, when Status is unknown.
	Unknowns []Unknown `json:"unknowns,omitempty"`
	// Waiver is the one that accepts the failure, when Status is waived; when it
	// is fail, the expired one that did.
	Waiver *Waiver `json:"waiver,omitempty"`
	// Evidence is the API replies that the resource, and the resources joined
	// to it, rest on.
	Evidence []collectors.CallRef `json:"evidence,omitempty"`
}

// Resource names the resource of a finding.
type Resource struct {
	ARN       string `json:"arn"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	Partition string `json:"partition"`
	Account   string `json:"account"`
	Region    string `json:"region,omitempty"` // "" for an account-wide resource
}

// Unknown is one attribute that a policy reads and that could not be read.
type Unknown struct {
	// Attribute is its dotted path in the policy's input, "facts.encryption"
	// or "related.bucket.facts.policy"; "" for a policy error.
	Attribute  string            `json:"attribute,omitempty"`
	Reason     collectors.Reason `json:"reason"`
	Detail     string            `json:"detail"`
	Permission string            `json:"permission,omitempty"`
	Remedy     string            `json:"remedy,omitempty"`
}

// findingID is the first half of a SHA-256 over what identifies a finding.
func findingID(policy string, r *Resource) string {
	var buf [512]byte
	text := append(buf[:0], "sealaudit/1"...)
	for _, part := range [...]string{policy, r.Partition, r.Account, r.Region, r.Type, r.ARN} {
		text = append(append(text, 0), part...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

func compareUnknowns(a, b Unknown) int {
	for _, pair := range [...][2]string{{a.Attribute, b.Attribute}, {string(a.Reason), string(b.Reason)}, {a.Detail, b.Detail}, {a.Permission, b.Permission}, {a.Remedy, b.Remedy}} {
		if c := strings.Compare(pair[0], pair[1]); c != 0 {
			return c
		}
	}
	return 0
}
