package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// clock is the one built-in function that is not a function of its arguments
// and that policies have: it is the snapshot's end, the same for every
// evaluation of the evidence.
const clock = "time.now_ns"

// unsealed are functions that OPA does not mark and whose answer depends on
// this machine, its clock or its certificates all the same, or that make
// secrets; a policy needs none of them.
var unsealed = [...]string{"io.jwt.", "crypto.x509.parse_and_verify_certificates", "providers.", "net.lookup", "rego.metadata."}

// capabilities is what policies may call.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return b.Nondeterministic && b.Name != clock || slices.ContainsFunc(unsealed[:], func(prefix string) bool { return strings.HasPrefix(b.Name, prefix) })
	})
	c.AllowNet = []string{}
	return c
}
