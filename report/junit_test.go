package report

import (
	"bytes"
	"encoding/xml"
	"testing"

	"github.com/sealaudit/sealaudit/rego"
)

type junitDocument struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Class   string    `xml:"classname,attr"`
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func readJUnit(t *testing.T, doc []byte) (out junitDocument) {
	t.Helper()
	if err := xml.Unmarshal(doc, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// The schema itself is held by xmllint: see .ci/formats.
func TestJUnitGolden(t *testing.T) {
	got := render(t, "junit", machineSample(), Options{})
	golden(t, "report.junit.xml", got)
	if bytes.Contains(got, []byte("<script")) || bytes.Contains(got, []byte("<img")) {
		t.Error("a name is markup")
	}
	nothing := readJUnit(t, render(t, "junit", withoutEvidence(), Options{}))
	if nothing.Errors != 1 || nothing.Tests != 1 || len(nothing.Suites) != 1 || nothing.Suites[0].Cases[0].Error == nil {
		t.Errorf("a report of nothing reads like a pass: %+v", nothing)
	}
}

// Every finding is one case in its scope's suite, with its policy as class
// and the element of its status, and the counts are those of the cases.
func TestJUnitHasEveryFinding(t *testing.T) {
	for name, d := range map[string]Data{"sample": machineSample(), "beyond what is held": spread(3 * heldFindings)} {
		t.Run(name, func(t *testing.T) {
			want := map[string]int{}
			for f := range d.Findings() {
				want[f.Resource.Account+"/"+orGlobal(f.Resource.Region)+" "+f.Policy+" "+printable(f.Resource.ARN)+" "+junitElement[f.Status]]++
			}
			doc := readJUnit(t, render(t, "junit", d, Options{}))
			var sum [3]int
			for _, s := range doc.Suites {
				var n [4]int
				for _, c := range s.Cases {
					element := "pass"
					for i, e := range map[int]*struct{}{1: c.Failure, 2: c.Error, 3: c.Skipped} {
						if e != nil {
							element = []string{"", "failure", "error", "skipped"}[i]
							n[i]++
						}
					}
					n[0]++
					want[s.Name+" "+c.Class+" "+c.Name+" "+element]--
				}
				if n != [4]int{s.Tests, s.Failures, s.Errors, s.Skipped} {
					t.Errorf("suite %s says %d, %d, %d, %d and has %v", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped, n)
				}
				sum[0], sum[1], sum[2] = sum[0]+n[0], sum[1]+n[1], sum[2]+n[2]
			}
			if sum != [3]int{doc.Tests, doc.Failures, doc.Errors} {
				t.Errorf("the document says %d, %d, %d and has %v", doc.Tests, doc.Failures, doc.Errors, sum)
			}
			for key, n := range want {
				if n != 0 {
					t.Errorf("%.120s: %+d", key, -n)
				}
			}
		})
	}
}

var junitElement = map[rego.Status]string{"pass": "pass", "fail": "failure", "unknown": "error", "waived": "skipped", "attested": "skipped", "not_applicable": "skipped"}

func orGlobal(region string) string {
	if region == "" {
		return "global"
	}
	return region
}

// Text comes out of XML as it went in, made visible.
func TestJUnitText(t *testing.T) {
	for _, s := range append(hostile, "\x00\x0b\ufffe\U0010ffff", "a\r\nb", "]]>") {
		var back struct {
			Text string `xml:",chardata"`
		}
		if err := xml.Unmarshal([]byte("<a>"+junitText(s)+"</a>"), &back); err != nil || back.Text != printable(s) {
			t.Errorf("%q came back as %q: %v", s, back.Text, err)
		}
	}
	waiver := &rego.Waiver{Owner: "web", Reason: "why", Expires: "2027-01-31", Ticket: "T"}
	for want, f := range map[string]rego.Finding{
		"waived": {Status: rego.Waived},
		"waived by web until 2027-01-31: why (T)":                          {Status: rego.Waived, Waiver: waiver},
		"not waived any more; was waived by web until 2027-01-31: why (T)": {Status: rego.Fail, Waiver: waiver},
	} {
		if got := waiverText(f); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
