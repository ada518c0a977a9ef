package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// walk calls f for every element of a document.
func walk(t *testing.T, doc []byte, f func(n *html.Node)) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			f(n)
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func TestHTMLGolden(t *testing.T) {
	golden(t, "report.html", render(t, "html", htmlSample(), Options{}))
}

// The file is inert and asks nobody: no element, attribute or address comes
// from an account, and the policy allows the file's own style and script only.
func TestHTMLIsInert(t *testing.T) {
	elements := strings.Fields("html head meta link title style body a header p strong h1 dl div dt dd nav ul li main section h2 svg rect span table caption thead tbody tr th td " +
		"form label input select option button details summary footer script h3 ol pre code figure figcaption path text title")
	attributes := strings.Fields("lang charset http-equiv content name rel href class id tabindex role aria-label aria-labelledby aria-hidden focusable viewbox viewBox preserveAspectRatio " +
		"x y width height scope for type autocomplete spellcheck placeholder value hidden d rx rowspan open")
	var csp string
	ids := map[string]bool{}
	code := map[string]string{}
	walk(t, render(t, "html", htmlSample(), Options{}), func(n *html.Node) {
		if !slices.Contains(elements, n.Data) {
			t.Errorf("element <%s>: %s", n.Data, textOf(n))
		}
		for _, a := range n.Attr {
			if !slices.Contains(attributes, a.Key) {
				t.Errorf("<%s> has the attribute %s=%q", n.Data, a.Key, a.Val)
			}
			if a.Key == "href" && a.Val != "data:," && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://docs.aws.amazon.com/") {
				t.Errorf("<%s> points to %q", n.Data, a.Val)
			}
		}
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("id %q is there twice", id)
			}
			ids[id] = true
		}
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			csp = attribute(n, "content")
		}
		if n.Data == "style" || n.Data == "script" && attribute(n, "type") == "" {
			code[n.Data] = cspHash([]byte(textOf(n)))
		}
	})
	want := "default-src 'none'; img-src data:; style-src '" + code["style"] + "'; script-src '" + code["script"] + "'; base-uri 'none'; form-action 'none'"
	if csp != want {
		t.Errorf("policy %s, want %s", csp, want)
	}
	walk(t, render(t, "html", htmlSample(), Options{}), func(n *html.Node) {
		for _, name := range []string{"for", "aria-labelledby", "href"} {
			id, local := strings.CutPrefix(attribute(n, name), "#")
			if id != "" && (local || name != "href") && !ids[id] {
				t.Errorf("<%s %s=%q> names nothing", n.Data, name, id)
			}
		}
	})
}

var address = regexp.MustCompile(`(?i)https?:|//[a-z]|@import|url\(|fetch\(|innerHTML|insertAdjacent|document\.write|eval\(`)

// The style and the script name no address and make no markup from text.
func TestHTMLCode(t *testing.T) {
	for _, name := range []string{"html/report.css", "html/report.js"} {
		b, err := htmlFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := address.FindAll(b, -1); len(found) > 0 {
			t.Errorf("%s has %q", name, found)
		}
	}
}

// page data as the script reads it.
type pageData struct {
	Policies, Resources, Calls, Findings  [][]any
	Types, Places, Prefixes, Texts, Words []string
}

func readPage(t *testing.T, doc []byte) (d pageData) {
	t.Helper()
	walk(t, doc, func(n *html.Node) {
		if attribute(n, "id") == "data" {
			if err := json.Unmarshal([]byte(textOf(n)), &d); err != nil {
				t.Fatal(err)
			}
		}
	})
	return d
}

// The page's data has every finding with its text and evidence.
func TestHTMLDataLosesNothing(t *testing.T) {
	want := map[string]int{}
	for _, f := range sampleFindings() {
		texts := append([]string{}, f.Messages...)
		for _, u := range f.Unknowns {
			texts = append(texts, unknownText(u))
		}
		want[fmt.Sprint(f.Policy, f.Status, f.Severity, printable(f.Resource.ARN), f.Resource.Region, printable(fmt.Sprint(texts)),
			f.Evidence[0].Operation, f.Evidence[0].RequestID, f.Evidence[0].Digest)]++
	}
	d := readPage(t, render(t, "html", sample(), Options{}))
	at := func(v any) int { return int(v.(float64)) }
	for _, f := range d.Findings {
		r := d.Resources[at(f[atResource])]
		arn := fmt.Sprint(r[4])
		if at(r[0]) >= 0 {
			arn = d.Prefixes[at(r[0])] + r[1].(string)
		}
		var texts []string
		for _, i := range f[atTexts].([]any) {
			texts = append(texts, d.Texts[at(i)])
		}
		call := d.Calls[at(f[atCalls].([]any)[0])]
		_, region, _ := strings.Cut(d.Places[at(r[3])], ", ")
		want[fmt.Sprint(d.Policies[at(f[atPolicy])][0], statuses[at(f[atStatus])], severities[at(f[atSeverity])], arn, region, fmt.Sprint(texts),
			d.Words[at(call[0])], call[2], "sha256:"+call[6].(string))]--
	}
	for f, n := range want {
		if n != 0 {
			t.Errorf("%+d × %s", -n, f)
		}
	}
}

var largeFile = flag.String("large-html", "", "keep the report of 25,000 findings in this file, to look at in a browser")

// A large account stays small enough for a browser, and the rows that are
// HTML few enough to print.
func TestHTMLOfManyFindings(t *testing.T) {
	doc := render(t, "html", largeHTML(25000), Options{})
	if *largeFile != "" {
		if err := os.WriteFile(*largeFile, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(doc) > 8e6 {
		t.Errorf("25,000 findings take %d bytes, want at most 8 MB", len(doc))
	}
	if n := len(readPage(t, doc).Findings); n != 25000 {
		t.Errorf("the page has %d findings", n)
	}
	rows, resources := 0, 0
	walk(t, doc, func(n *html.Node) {
		switch {
		case n.Data == "tr":
			rows++
		case attribute(n, "class") == "resource":
			resources++
		}
	})
	if resources != staticResources || rows > staticRows+2*staticResourceRows*staticResources+staticCalls+3*maxKeys+500 {
		t.Errorf("%d rows and %d resources are HTML", rows, resources)
	}
}

// What does not fit is announced: findings beyond maxRows, the least urgent
// first, and evidence calls beyond maxCalls.
func TestHTMLCutsAloud(t *testing.T) {
	var findings []rego.Finding
	for i := range maxRows + 10 {
		f := finding("kinesis/stream_encrypted", "pass", "us-east-1", fmt.Sprint("s", i%100))
		if i >= maxRows {
			f.Status = "fail"
		}
		if i < maxCalls {
			f.Evidence = []collectors.CallRef{{Operation: "kinesis:Describe", RequestID: fmt.Sprint(i)}}
		}
		findings = append(findings, f)
	}
	d := sample()
	d.Findings = seq(findings)
	doc := render(t, "html", d, Options{})
	for _, want := range []string{"This file has the first 50000 of 50010 findings", "the evidence calls are not in this file, which has room for 20000 calls"} {
		if !bytes.Contains(doc, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	got := readPage(t, doc)
	for _, f := range got.Findings[:10] {
		if f[atStatus].(float64) != 0 {
			t.Errorf("a failure was cut: %v", f)
		}
	}
	if len(got.Findings) != maxRows || len(got.Calls) > maxCalls {
		t.Errorf("%d findings and %d calls", len(got.Findings), len(got.Calls))
	}
}

func TestHTMLOfNothing(t *testing.T) {
	d := Data{Findings: seq(nil)}
	doc := string(render(t, "html", d, Options{}))
	for _, want := range []string{"Nothing was listed.", "No policy was run.", "Encryption audit of none"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
