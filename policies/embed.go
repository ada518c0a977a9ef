// Package policies is the built-in policies: Rego files, one folder a
// service, with the library that they share (lib), the JSON schemas of the
// facts that they read (schemas) and the frameworks that they map to
// (frameworks). Package rego says what a policy looks like.
//
// It holds data and never code: it imports nothing of this program, reads no
// file when it runs, and judges nothing itself.
package policies

import "embed"

// FS has SERVICE/NAME.rego with NAME_test.rego and NAME_cases.json,
// lib/*.rego, schemas/*.json and frameworks/*.yaml.
//
//go:embed */*.rego */*.json frameworks/*.yaml
var FS embed.FS
