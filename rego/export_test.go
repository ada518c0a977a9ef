package rego

import (
	"slices"
	"strings"
)

// ReadsOf are the paths that the verdicts of a policy depend on under the
// engine's parameters.
func (e *Engine) ReadsOf(id string) string {
	var out []string
	for _, programs := range e.byType {
		for _, p := range programs {
			for _, r := range p.reads {
				if p.ID == id {
					out = append(out, r.at.String())
				}
			}
		}
	}
	return strings.Join(slices.Compact(out), " ")
}
