package envelope

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

func sighting(i, shapes int) Sighting {
	s := Sighting{Name: fmt.Sprintf("k%06d", i), Rank: Rank{byte(i * 37), byte(i >> 8), byte(i)}, Bytes: int64(i),
		Modified: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC),
		Server:   Server{Algorithm: "aws:kms", KeyID: fmt.Sprintf("key/%d", i%shapes)},
		Client:   Client{Format: "esdk-v2"},
		Opened:   []string{fmt.Sprintf("arn:%d", i%20)}}
	if i%3 == 0 {
		s.Proof = &envelope.Proof{}
		s.Proof.Add("body", nil, "example "+s.Name)
		s.Proof.Weak("unsigned")
	}
	return s
}

type folded struct {
	ID, Label, Step string
	Count           int
	Bytes           int64
	First, Last     time.Time
	Examples        []string
	Opened, Weak    []string
}

func fold(order []int, shapes int) (out []folded, others folded) {
	c := NewCohorts(nil)
	for _, i := range order {
		c.Add(sighting(i, shapes))
	}
	show := func(c *cohort) folded {
		f := folded{ID: c.id.String(), Label: c.one.label(), Count: c.count, Bytes: c.bytes, First: c.first, Last: c.last, Opened: c.opened, Weak: c.weak}
		for _, e := range c.examples {
			f.Examples = append(f.Examples, e.name)
		}
		if p := c.one.Proof; p != nil {
			f.Step = p.Steps[0].Detail
		}
		return f
	}
	for _, one := range c.sorted() {
		out = append(out, show(one))
	}
	c.others.one = Sighting{}
	return out, show(&c.others)
}

// Requests end in any order; the evidence must not show it.
func TestCohortsDoNotDependOnTheOrder(t *testing.T) {
	for _, shapes := range []int{4, 300} { // below and above what is kept
		order := make([]int, 3000)
		for i := range order {
			order[i] = i
		}
		want, others := fold(order, shapes)
		total := others.Count
		for _, f := range want {
			total += f.Count
		}
		if total != len(order) || len(want) > maxShapes || (others.Count > 0) != (shapes > maxShapes) {
			t.Fatalf("%d shapes: %d of %d are counted in %d cohorts, %d of them among the others", shapes, total, len(order), len(want), others.Count)
		}
		for range 10 {
			rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			got, rest := fold(order, shapes)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(others, rest, cmpopts.IgnoreFields(folded{}, "Opened", "Weak", "ID", "Label", "Step")); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

// What people would want told apart is, and what they would not is not.
func TestShapes(t *testing.T) {
	yes, no := true, false
	proof := func(v envelope.Verdict) *envelope.Proof { return &envelope.Proof{Verdict: v} }
	one := Sighting{Server: Server{Algorithm: "aws:kms", KeyID: "k", BucketKey: &yes}, Client: Client{Format: "s3ec-v2", Keys: []string{"a", "b"}}, Proof: proof(envelope.Verified)}
	same := one
	same.Name, same.Bytes, same.Rank, same.Opened = "other", 9, Rank{1}, []string{"arn"}
	id, _ := one.shape(nil)
	if other, _ := same.shape(nil); other != id {
		t.Error("things that look alike have two shapes")
	}
	for what, change := range map[string]func(*Sighting){
		"algorithm":    func(s *Sighting) { s.Server.Algorithm = "aws:kms:dsse" },
		"key":          func(s *Sighting) { s.Server.KeyID = "l" },
		"bucket key":   func(s *Sighting) { s.Server.BucketKey = &no },
		"no answer":    func(s *Sighting) { s.Server.BucketKey = nil },
		"format":       func(s *Sighting) { s.Client.Format = "s3ec-v3" },
		"claimed keys": func(s *Sighting) { s.Client.Keys = []string{"ab"} },
		"verdict":      func(s *Sighting) { s.Proof = proof(envelope.Refuted) },
		"no proof":     func(s *Sighting) { s.Proof = nil },
		"gap": func(s *Sighting) {
			s.Gaps = []collectors.Gap{{Attributes: []string{"facts.proof"}, Reason: collectors.Denied}}
		},
		"moved text": func(s *Sighting) { s.Client.Keys, s.Client.Context = nil, []string{"a", "b"} },
	} {
		changed := one
		change(&changed)
		if other, _ := changed.shape(nil); other == id {
			t.Errorf("another %s is the same shape", what)
		}
	}
}

func TestRepeats(t *testing.T) {
	for range 20 {
		r := NewRepeats()
		marks := map[string]Marks{}
		add := map[string]func(){
			"first":   func() { marks["first"] = r.Mark([]byte("key"), []byte("iv"), []byte("tag1")) },
			"second":  func() { marks["second"] = r.Mark([]byte("key"), []byte("iv"), []byte("tag2")) },
			"shared":  func() { marks["shared"] = r.Mark([]byte("key"), []byte("another iv"), []byte("tag3")) },
			"alone":   func() { marks["alone"] = r.Mark([]byte("alone"), []byte("iv"), []byte("tag4")) },
			"copied":  func() { marks["copied"] = r.Mark([]byte("copied"), []byte("c"), []byte("tag5")) },
			"copy":    func() { marks["copy"] = r.Mark([]byte("copied"), []byte("c"), []byte("tag5")) },
			"no key":  func() { marks["no key"] = r.Mark(nil, []byte("iv")) },
			"no key2": func() { marks["no key2"] = r.Mark(nil, []byte("iv")) },
		}
		for _, f := range add { // in any order
			f()
		}
		for name, want := range map[string][2]bool{"first": {true, true}, "second": {true, true}, "shared": {true, false},
			"alone": {}, "copied": {}, "copy": {}, "no key": {}, "no key2": {}} {
			if key, vector := marks[name].Twice(); [2]bool{key, vector} != want {
				t.Fatalf("%s: key twice %t, vector twice %t", name, key, vector)
			}
		}
	}
}
