package report

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// The sections stand in the order of the list of contents, each with its
// number, and none of them needs the script.
func TestHTMLSections(t *testing.T) {
	var heads, contents []string
	walk(t, render(t, "html", htmlSample(), Options{}), func(n *html.Node) {
		switch {
		case n.Data == "h2":
			heads = append(heads, strings.TrimSuffix(attribute(n, "id"), "-h")+" "+textOf(n))
		case n.Data == "a" && n.Parent.Data == "li" && n.Parent.Parent.Parent.Data == "nav":
			contents = append(contents, strings.TrimPrefix(attribute(n, "href"), "#")+" "+textOf(n))
		}
	})
	if !slices.Equal(heads, contents) {
		t.Errorf("headings %q, contents %q", heads, contents)
	}
	if len(heads) != 17 || heads[0] != "summary Overview" || heads[1] != "criteria 1 Objective and criteria" || heads[16] != "sign-off 16 Sign-off" {
		t.Errorf("%q", heads)
	}
}

// From the page alone an auditor can say who read what and when, what was not
// looked at, why something failed, on which evidence, and how to check that.
func TestHTMLAnswersAuditors(t *testing.T) {
	doc := render(t, "html", htmlSample(), Options{})
	for id, wants := range map[string][]string{
		"criteria": {"profiles baseline; without dynamodb/*; kinesis/stream_encrypted.required_level = aws-managed", "nist-800-53-r5: 3 requirements supported", "SC-28(1)",
			"s3/client_encryption_authentic at_most 0 default how many may be refuted"},
		"scope": {"eu-west-1, us-east-1", "Policies that were left out: dynamodb/*.", "What 1 incomplete listing left out", "1 listed resource that could not be read, and parts of 1 other",
			"AWS::DAX::Cluster in us-east-1, where AWS does not offer it.", "beyond the samples"},
		"who":      {"arn:aws:sts::123456789012:assumed-role/auditor/session", "2026-11-24 10:00:00 UTC", "+12 ms against AWS's", "wrote one canary to each of these", "arn:aws:s3:::vault", "kms:DescribeKey eu-west-1 1 0"},
		"coverage": {"AWS::S3::Bucket 14 12 1 1 14 2 complete", "Page 2 was refused for rate.", "Listed is the sum of read, partly and unread in every row.", "Of AWS::S3::Object the counts are of cohorts"},
		"method":   {"up to 50 of each bucket, shard and table", "Seed 7", "bucket vault 123456789012, eu-west-1 50 of 400 complete 4 0 2 45"},
		"results":  {"KDS-01 kinesis/stream_encrypted high 3 1 0 1 0 1 0"},
		"policies": {"Every AWS::Kinesis::Stream that was listed is examined: 3 were. API operations: kinesis:Describe.", "Attributes that decide: facts.proof.refuted.", "sha256:" + strings.Repeat("2", 64), "waived by Data platform until 2027-01-31: public data (SEC-7)"},
		"waivers":  {"active accepts failures kinesis/* *public-ticker Data platform public data SEC-7 2027-01-31 1", "expired what it matches fails again", "unmatched no failure is one that it accepts"},
		"limits":   {"PCI DSS 3.5.1.2", "only an auditor concludes"},
		"integrity": {"sha256:" + strings.Repeat("ab", 32), "sealaudit evidence verify BUNDLE.zip", "resources.jsonl 4,096 sha256:" + strings.Repeat("7", 64), "E1 ",
			"nothing is kept, not even a digest", `sed 's/.*"reply":"//; s/".*//' | base64 -d | sha256sum`, "s3:GetObject eu-west-1 2026-11-24 10:01:00 UTC 200 OK req-0006 not kept"},
		"sign-off":  {"Prepared by", "Reviewed by", "Date", "Signature", "Diverging opinions"},
		"resources": {"not waived any more; was waived by <script>alert(1)</script>"},
	} {
		text := within(t, doc, "id", id)[0]
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("section %s does not say %q:\n%s", id, want, head(text))
			}
		}
	}
}

// The evidence of a row is named by number, and the register has that number
// with the request's id and the digest.
func TestHTMLRegister(t *testing.T) {
	doc := render(t, "html", htmlSample(), Options{})
	register := map[string]string{}
	var refs []string
	walk(t, doc, func(n *html.Node) {
		if id := attribute(n, "id"); strings.HasPrefix(id, "e-") {
			register[id] = textOf(n)
		}
		if id, ok := strings.CutPrefix(attribute(n, "href"), "#e-"); ok {
			refs = append(refs, "e-"+id)
		}
	})
	if len(refs) < 10 {
		t.Errorf("only %d references", len(refs))
	}
	for _, id := range refs {
		if !strings.Contains(register[id], "-") {
			t.Errorf("%s names %q", id, register[id])
		}
	}
	got := refsText([]int{0, 1, 2, 6, 8, 9})
	if got != "E1–E3 E7 E9–E10" {
		t.Errorf("references are %q", got)
	}
}

func refsText(ids []int) string {
	var out []string
	for _, r := range refs(ids) {
		out = append(out, r.Text)
	}
	return strings.Join(out, " ")
}
