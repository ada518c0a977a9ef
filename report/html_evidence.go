package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// evidence is what HTML keeps of the resources: the cohorts of what was
// sampled, the KMS keys, and who names which key. Nothing grows with the rest.
type evidence struct {
	cohorts []*cohort
	shown   []*cohort      // those that the file unfolds
	places  map[string]int // of those, by cohort.place
	keys    *keyring
	rows    map[string]int // by type
}

// readEvidence goes through the resources once.
func readEvidence(d Data) (*evidence, error) {
	e := &evidence{keys: newKeyring(), rows: map[string]int{}, places: map[string]int{}}
	if d.Resources == nil {
		return e, nil
	}
	for r, err := range d.Resources() {
		if err != nil {
			return nil, fmt.Errorf("reading the resources: %w", err)
		}
		if err := e.add(r); err != nil {
			return nil, fmt.Errorf("reading the resource %s: %w; the bundle is damaged or from a newer version", printable(r.ARN), err)
		}
	}
	e.keys.sort()
	e.shown = urgent(e.cohorts)
	for i, c := range e.shown {
		e.places[c.place()] = i
	}
	return e, nil
}

func (e *evidence) add(r collectors.Resource) error {
	e.rows[r.Type]++
	facts, _ := r.Facts.(json.RawMessage)
	if len(facts) == 0 {
		facts = json.RawMessage("{}")
	}
	if r.Type == "AWS::KMS::Key" {
		return e.keys.read(r, facts)
	}
	user := keyUser{Type: r.Type, Name: r.Name, ARN: r.ARN, Scope: r.Scope, Things: 1}
	if proves(r.Type) {
		c := &cohort{Name: r.Name, ARN: r.ARN, Type: r.Type, Scope: r.Scope, Gaps: r.Gaps, Calls: r.Calls}
		if err := json.Unmarshal(facts, &c.Facts); err != nil {
			return err
		}
		c.Probe = strings.HasSuffix(r.ARN, "/*#probe")
		e.cohorts = append(e.cohorts, c)
		user.Name, user.ARN, user.Things = c.parentName(), c.parentARN(), c.Facts.Count
	}
	if !namesKey(facts) {
		return nil
	}
	var tree map[string]any
	if err := json.Unmarshal(facts, &tree); err != nil {
		return err
	}
	for place, key := range keysIn(tree, "") {
		user.As = place
		e.keys.use(key, user)
	}
	return nil
}

// namesKey says, without decoding, whether there can be a key in the facts.
func namesKey(facts []byte) bool {
	return bytes.Contains(facts, []byte(`"key"`)) || bytes.Contains(facts, []byte(`"kms_keys"`)) || bytes.Contains(facts, []byte(`"replica_key_id"`))
}

// gapAt is the gap that covers an attribute, nil when it was read.
func gapAt(gaps []collectors.Gap, attribute string) *collectors.Gap {
	for i, g := range gaps {
		for _, a := range g.Attributes {
			if a == attribute || strings.HasPrefix(attribute, a+".") {
				return &gaps[i]
			}
		}
	}
	return nil
}
