package report

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/sealaudit/sealaudit/collectors"
)

// spaced is the text of an element with a space between any two parts.
func spaced(n *html.Node) string {
	var parts []string
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			parts = append(parts, strings.Fields(c.Data)...)
		}
	}
	return strings.NewReplacer(" :", ":", " ,", ",").Replace(strings.Join(parts, " "))
}

// head is the beginning of a long text, for messages.
func head(s string) string { return s[:min(len(s), 1500)] }

// within is the text of the elements with an id or a class.
func within(t *testing.T, doc []byte, name, value string) (texts []string) {
	t.Helper()
	walk(t, doc, func(n *html.Node) {
		if slices.Contains(strings.Fields(attribute(n, name)), value) {
			texts = append(texts, spaced(n))
		}
	})
	return texts
}

// Each cohort is there with its shape, numbers, verdict as a word and every
// step of its proof.
func TestHTMLProofs(t *testing.T) {
	doc := render(t, "html", htmlSample(), Options{})
	cohorts := within(t, doc, "class", "cohort")
	if len(cohorts) != 6 {
		t.Fatalf("%d cohorts: %q", len(cohorts), cohorts)
	}
	for _, want := range []string{
		"SSE-KMS, S3EC V3, unknown 2 objects · 6 % of the sample; 1.2 % to 16.6 % of what was listed (95 %) 2 unknown unknown v3/locked, step by step: header verified data key unknown kms:Decrypt was denied " +
			"facts.proof not known (denied). kms:Decrypt was denied. Allow kms:Decrypt.",
		"SSE-KMS, S3EC V3, verified 3 objects · 6 % of the sample; 1.2 % to 16.6 % of what was listed (95 %) · weak: unsigned 3 verified verified v3/1, step by step: header verified body verified " +
			"Weakness: unsigned No signature: whoever can unwrap",
		"SSE-S3 45 objects", "45 nothing to open",
		"canary, verified 1 object 1 verified verified sealaudit-probe-1, step by step: write verified",
		"not sampled s3:ListBucket was denied. not sampled",
	} {
		if !slices.ContainsFunc(cohorts, func(c string) bool { return strings.Contains(c, want) }) {
			t.Errorf("no cohort says %q", want)
		}
	}
	if t.Failed() {
		for _, c := range cohorts {
			t.Log(head(c))
		}
	}
	section := within(t, doc, "id", "proofs")[0]
	if want := "bucket vault 123456789012, eu-west-1 · 50 of 400 objects sampled · listing complete · seed 7 · method: lowest SHA-256"; !strings.Contains(section, want) {
		t.Errorf("no bucket is introduced with %q", want)
	}
	summary := within(t, doc, "id", "summary")[0]
	for _, want := range []string{"of 52 sampled objects", "1 refuted", "2 unknown", "4 verified", "45 nothing to open"} {
		if !strings.Contains(summary, want) {
			t.Errorf("the overview does not say %q: %s", want, summary)
		}
	}
}

// A finding about a cohort leads to its proof, with the script and without.
func TestHTMLFindingsLinkToProofs(t *testing.T) {
	doc := render(t, "html", htmlSample(), Options{})
	title := map[string]string{} // of a cohort, by its place
	links := map[string]int{}
	walk(t, doc, func(n *html.Node) {
		if slices.Contains(strings.Fields(attribute(n, "class")), "cohort") {
			title[attribute(n, "id")] = textOf(n)
		}
		if id, ok := strings.CutPrefix(attribute(n, "href"), "#c-"); ok {
			links[id]++
		}
	})
	if len(links) == 0 {
		t.Error("no link leads to a proof")
	}
	d := readPage(t, doc)
	linked := 0
	for _, r := range d.Resources {
		at := int(r[5].(float64))
		if at < 0 {
			continue
		}
		linked++
		_, shape, _ := strings.Cut(r[1].(string), " · ")
		if !strings.Contains(title[fmt.Sprint("c-", at)], shape) {
			t.Errorf("%v leads to %q", r[1], title[fmt.Sprint("c-", at)])
		}
	}
	if linked != 6 {
		t.Errorf("%d of 6 cohorts are linked in the data", linked)
	}
}

// What does not fit is the least urgent, and it is said.
func TestHTMLCutsProofsAloud(t *testing.T) {
	d := sample()
	var rows []collectors.Resource
	for i := range maxCohorts + 20 {
		facts := `{'count':1,'client_side':{'format':'none'}}`
		if i == maxCohorts+10 {
			facts = `{'count':1,'proof':{'refuted':1,'steps':[{'example':'needle','verdict':'refuted','steps':[]}]}}`
		}
		rows = append(rows, object(fmt.Sprintf("b%04d", i/7), fmt.Sprint(i), "SSE-S3", facts))
	}
	d.Resources = stream(rows...)
	doc := render(t, "html", d, Options{})
	if n := len(within(t, doc, "class", "cohort")); n != maxCohorts {
		t.Errorf("%d cohorts are unfolded", n)
	}
	text := string(doc)
	for _, want := range []string{"needle", "20 of 520 cohorts are not in this file", "unfolds the first 500 of 520 cohorts", "of 520 sampled objects"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestShare(t *testing.T) {
	for _, test := range []struct {
		s    sampling
		want string
	}{
		{sampling{Population: 9, Sampled: 9, Complete: true, Share: 1.0 / 3, ShareLow: 1.0 / 3, ShareHigh: 1.0 / 3}, "33.3 %, exactly: everything there was sampled"},
		{sampling{Population: 900, Sampled: 50, Complete: true, Share: 0.04, ShareLow: 0.0048, ShareHigh: 0.1372}, "4 % of the sample; 0.5 % to 13.7 % of what was listed (95 %)"},
		{sampling{Population: 900, Sampled: 50, Share: 0.5, ShareHigh: 1}, "50 % of what was read; that is no random sample, so nothing follows for the rest"},
		{sampling{Population: 1e6, Sampled: 1e5, Complete: true, Share: 0.0001, ShareLow: 0.00001, ShareHigh: 0.9999}, "< 0.1 % of the sample; < 0.1 % to > 99.9 % of what was listed (95 %)"},
	} {
		if got := share(&test.s); got != test.want {
			t.Errorf("%+v: %q, want %q", test.s, got, test.want)
		}
	}
}

// Things that nobody could look at are unknown, though there is no proof.
func TestVerdictsOfTheUnread(t *testing.T) {
	c := cohort{Facts: cohortFacts{Count: 4}, Gaps: []collectors.Gap{{Attributes: []string{"facts.client_side", "facts.proof"}}}}
	if v := c.verdicts(); v != (verdicts{Unknown: 4, Sampled: 4}) {
		t.Errorf("%+v", v)
	}
}

// Resources without a key leave nothing behind, however many there are.
func TestEvidenceStaysSmall(t *testing.T) {
	d := Data{Resources: func() iter.Seq2[collectors.Resource, error] {
		return func(yield func(collectors.Resource, error) bool) {
			for i := range 20000 {
				r := resource("AWS::S3::Bucket", fmt.Sprint("arn:aws:s3:::b", i), fmt.Sprint("b", i), `{'created_at':'`+strings.Repeat("x", 2000)+`'}`)
				if !yield(r, nil) {
					return
				}
			}
		}
	}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	e, err := readEvidence(d)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 1<<20 {
		t.Errorf("%d bytes are kept of 40 MB of resources that name no key", kept)
	}
	if e.rows["AWS::S3::Bucket"] != 20000 {
		t.Errorf("%v", e.rows)
	}
}

func TestEvidenceThatCannotBeRead(t *testing.T) {
	d := sample()
	d.Resources = func() iter.Seq2[collectors.Resource, error] {
		return func(yield func(collectors.Resource, error) bool) {
			yield(collectors.Resource{}, errors.New("line 7 is cut off"))
		}
	}
	if err := Write(new(strings.Builder), "html", d, Options{}); err == nil || !strings.Contains(err.Error(), "reading the resources: line 7 is cut off") {
		t.Errorf("%v", err)
	}
	for _, facts := range []string{`{'proof':7}`, `{'proof'`} {
		d.Resources = stream(object("b", "1", "SSE-S3", facts))
		if err := Write(new(strings.Builder), "html", d, Options{}); err == nil || !strings.Contains(err.Error(), "the bundle is damaged") {
			t.Errorf("%s: %v", facts, err)
		}
	}
}
