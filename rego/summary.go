package rego

// Summary counts the findings of an evaluation. Every policy has one for every
// resource of its type, so that a count of zero can't mean "saw nothing".
type Summary struct {
	// Counts are the numbers of findings by status; a status that no finding
	// has is not in it.
	Counts map[Status]int `json:"counts"`
	// Severities are the same, by the severity of the policy.
	Severities map[Severity]map[Status]int `json:"severities,omitempty"`
	// Resources is how many resources were judged by at least one policy.
	// Stand-ins for a listing that failed are among them.
	Resources int `json:"resources,omitempty"`
	// Waivers are all that were given, in their order, with what they met.
	Waivers []WaiverUse `json:"waivers,omitempty"`
}

// Count is the number of findings with a status, of one severity, or of all
// when severity is "".
func (s Summary) Count(severity string, status Status) int {
	if severity == "" {
		return s.Counts[status]
	}
	return s.Severities[Severity(severity)][status]
}

// Total is the number of findings.
func (s Summary) Total() int {
	n := 0
	for _, of := range s.Counts {
		n += of
	}
	return n
}

func newSummary() Summary {
	return Summary{Counts: map[Status]int{}, Severities: map[Severity]map[Status]int{}}
}

func (s *Summary) add(f *Finding) {
	s.Counts[f.Status]++
	if s.Severities[f.Severity] == nil {
		s.Severities[f.Severity] = map[Status]int{}
	}
	s.Severities[f.Severity][f.Status]++
}
