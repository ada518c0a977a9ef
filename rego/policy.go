package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Severity is how bad a failure is.
type Severity string

// Severities are all severities, worst first.
func Severities() []Severity { return []Severity{"critical", "high", "medium", "low", "info"} }

// Profiles are the names of the sets that policies can be in: what everybody
// should have, customer managed keys, and FIPS 140 endpoints and modules.
func Profiles() []string { return []string{"baseline", "cmk", "fips"} }

// Policy is what is known of a loaded policy.
type Policy struct {
	ID          string   `json:"id"` // "kinesis/stream_encrypted"
	Control     string   `json:"control,omitempty"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Severity    Severity `json:"severity"`
	Resource    string   `json:"resource"` // CloudFormation type
	Profiles    []string `json:"profiles"`
	// Frameworks are the requirements that it relates to, by framework key.
	Frameworks map[string][]string `json:"frameworks,omitempty"`
	// Mappings are the same, each with who says so.
	Mappings         []Mapping        `json:"mappings,omitempty"`
	Remediation      string           `json:"remediation"`
	RelatedResources []string         `json:"related_resources"` // URLs
	Params           map[string]Param `json:"params,omitempty"`
	Related          map[string]Join  `json:"related,omitempty"`
	// Reads are the attributes that its code reads, as dotted paths, sorted.
	// Parameters may leave some of them without a say in the verdict.
	Reads  []string `json:"reads"`
	Origin string   `json:"origin"` // name of the source
	File   string   `json:"file"`
	Line   int      `json:"line"`   // of the first violations rule
	Digest string   `json:"digest"` // "sha256:…" of the file

	code *code
}

// Mapping relates a policy to a requirement of a framework. It is a relation,
// never a proof.
type Mapping struct {
	Framework string `json:"framework"`
	ID        string `json:"id"`
	Source    string `json:"source"`
	Verified  bool   `json:"verified"`
}

// Param is a parameter that users may set.
type Param struct {
	Default     any    `json:"default"`
	Enum        []any  `json:"enum,omitempty"` // the values it may have; nil: any of the default's type
	Description string `json:"description"`
}

// Join is a resource that a policy reads beside the one that it judges.
type Join struct {
	Type string `json:"type"` // CloudFormation type
	At   string `json:"at"`   // path of the ARN: "facts.destination.bucket_arn"
}

// Service is the first part of the policy's ID.
func (p Policy) Service() string {
	service, _, _ := strings.Cut(p.ID, "/")
	return service
}

// ref is the package of the policy: data.policies.SERVICE.NAME.
func (p *Policy) ref() ast.Ref {
	service, name, _ := strings.Cut(p.ID, "/")
	return ast.Ref{ast.DefaultRootDocument, ast.StringTerm("policies"), ast.StringTerm(service), ast.StringTerm(name)}
}

// code is a policy compiled.
type code struct {
	compiler   *ast.Compiler
	hasApplies bool
	needs      needs // whatever its parameters
}

// needs are the reads that the parts of a verdict need.
type needs struct{ applies, violations []read }

// all are all of them, without what another one covers.
func (n needs) all() []read { return minimal(slices.Concat(n.applies, n.violations)) }
