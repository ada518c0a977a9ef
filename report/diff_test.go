package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// judgement is a Data of the sample's account, n days after it.
func judgement(days int, findings ...rego.Finding) Data {
	d := sample()
	d.Manifest.Ended = d.Manifest.Ended.AddDate(0, 0, days)
	d.Evidence = fmt.Sprintf("sha256:%064d", 10+days)
	d.Manifest.Coverage = nil
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		for _, kind := range []string{"AWS::Kinesis::Stream", "AWS::S3::Bucket"} {
			d.Manifest.Coverage = append(d.Manifest.Coverage, collectors.Coverage{Scope: collectors.Scope{Partition: "aws", Account: account, Region: region}, Type: kind})
		}
	}
	d.Findings = seq(findings)
	return d
}

// orders is a finding of one Kinesis stream.
func orders(status rego.Status, messages ...string) rego.Finding {
	f := finding("kinesis/stream_encrypted", status, "us-east-1", "orders")
	f.Messages = messages
	switch status {
	case rego.Undecided:
		f.Messages = nil
		f.Unknowns = []rego.Unknown{{Attribute: "facts.encryption", Reason: collectors.Denied, Detail: "No."}}
	case rego.Waived:
		f.Waiver = &rego.Waiver{Policy: f.Policy, Resource: "*", Owner: "ana", Reason: "public", Expires: "2027-01-01"}
	}
	return f
}

// unlisted is what a judgement is when the streams were not listed to the end.
func unlisted(d Data) Data {
	for i := range d.Manifest.Coverage {
		d.Manifest.Coverage[i].Gap = &collectors.Gap{Attributes: []string{"facts"}, Reason: collectors.Throttled, Detail: "Page 2 was refused."}
	}
	return d
}

// without is a judgement with one policy less.
func without(d Data, id string) Data {
	d.Policies = slices.DeleteFunc(slices.Clone(d.Policies), func(p rego.Policy) bool { return p.ID == id })
	return d
}

func TestCompareKinds(t *testing.T) {
	const none = rego.Status("")
	for _, test := range []struct {
		was, is rego.Status
		want    ChangeKind // "" for no change at all
	}{
		{none, none, ""}, {none, "pass", ""}, {none, "fail", New}, {none, "waived", Waived}, {none, "unknown", Unknown}, {none, "attested", ""}, {none, "not_applicable", ""},
		{"pass", none, ""}, {"pass", "pass", ""}, {"pass", "fail", New}, {"pass", "waived", Waived}, {"pass", "unknown", Unknown}, {"pass", "not_applicable", ""},
		{"not_applicable", "fail", New}, {"attested", "fail", New}, {"attested", "pass", ""},
		{"fail", none, Gone}, {"fail", "pass", Fixed}, {"fail", "fail", Unchanged}, {"fail", "waived", Waived}, {"fail", "unknown", Unread},
		{"fail", "not_applicable", Ended}, {"fail", "attested", Ended},
		{"waived", none, Gone}, {"waived", "pass", Fixed}, {"waived", "fail", Unwaived}, {"waived", "waived", Unchanged}, {"waived", "unknown", Unread}, {"waived", "not_applicable", Ended},
		{"unknown", none, Gone}, {"unknown", "pass", Decided}, {"unknown", "fail", New}, {"unknown", "waived", Waived}, {"unknown", "unknown", Unknown},
		{"unknown", "not_applicable", Decided}, {"unknown", "attested", Decided},
	} {
		var was, is []rego.Finding
		if test.was != none {
			was = append(was, orders(test.was, "no"))
		}
		if test.is != none {
			is = append(is, orders(test.is, "no"))
		}
		d, err := Compare(nil, judgement(0, was...), judgement(1, is...))
		if err != nil {
			t.Fatal(err)
		}
		if test.want == "" {
			if len(d.Changes) > 0 {
				t.Errorf("%q to %q: %+v", test.was, test.is, d.Changes)
			}
			continue
		}
		if len(d.Changes) != 1 || d.Changes[0].Kind != test.want || d.Changes[0].Old != test.was || d.Changes[0].New != test.is {
			t.Errorf("%q to %q: %+v, want %s", test.was, test.is, d.Changes, test.want)
		}
	}
}

// What is missing is gone only where somebody looked.
func TestCompareWhatIsMissing(t *testing.T) {
	elsewhere := judgement(1)
	elsewhere.Manifest.Coverage = elsewhere.Manifest.Coverage[:2] // eu-west-1 alone
	for what, test := range map[string]struct {
		new       Data
		want      ChangeKind
		undecided bool
	}{
		"listed":        {judgement(1), Gone, false},
		"listed partly": {unlisted(judgement(1)), Unread, true},
		"not looked at": {elsewhere, Unread, true},
		"not judged":    {without(judgement(1), "kinesis/stream_encrypted"), Unjudged, true},
	} {
		for _, was := range []rego.Status{"fail", "waived", "unknown"} {
			d, err := Compare(nil, judgement(0, orders(was)), test.new)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Changes) != 1 || d.Changes[0].Kind != test.want {
				t.Errorf("%s, %s: %+v, want %s", what, was, d.Changes, test.want)
			}
			if d.Undecided("high") != test.undecided || d.Opened("info") != 0 {
				t.Errorf("%s: undecided %t", what, d.Undecided("high"))
			}
		}
	}
}

// The stand-in for a listing that failed is not gone once all is listed.
func TestCompareStandIn(t *testing.T) {
	f := orders("unknown")
	f.Resource.ARN, f.Resource.Name = "arn:aws:sealaudit:eu-west-1:"+account+":unlisted/AWS::Kinesis::Stream", "(not listed)"
	d, err := Compare(nil, unlisted(judgement(0, f)), judgement(1))
	if err != nil || len(d.Changes) != 1 || d.Changes[0].Kind != Decided || d.Changes[0].Old != "unknown" {
		t.Errorf("%+v, %v", d.Changes, err)
	}
	d, err = Compare(nil, unlisted(judgement(0, f)), unlisted(judgement(1)))
	if err != nil || len(d.Changes) != 1 || d.Changes[0].Kind != Unread {
		t.Errorf("still not listed: %+v, %v", d.Changes, err)
	}
}

// History tells what was fixed before, and what an unknown hides.
func TestCompareHistory(t *testing.T) {
	const none = rego.Status("")
	for _, test := range []struct {
		statuses []rego.Status // the newest last
		want     ChangeKind
	}{
		{[]rego.Status{"fail", "pass", "fail"}, Reopened},
		{[]rego.Status{"waived", "pass", "fail"}, Reopened},
		{[]rego.Status{"fail", "not_applicable", "fail"}, Reopened},
		{[]rego.Status{"fail", none, "fail"}, Reopened},
		{[]rego.Status{"fail", "pass", "pass", "fail"}, Reopened},
		{[]rego.Status{"fail", "pass", "unknown", "fail"}, Reopened},
		{[]rego.Status{"pass", "pass", "fail"}, New},
		{[]rego.Status{"unknown", "pass", "fail"}, New},
		{[]rego.Status{"pass", "fail", "fail"}, Unchanged},
		{[]rego.Status{"fail", "unknown", "fail"}, Unchanged},
		{[]rego.Status{"fail", "unknown", "pass"}, Fixed},
		{[]rego.Status{"fail", "unknown", "unknown"}, Unread},
		{[]rego.Status{"fail", "unknown", none}, Gone},
		{[]rego.Status{"fail", "pass", "unknown"}, Unknown},
		{[]rego.Status{"fail", "pass", "pass"}, ""},
		{[]rego.Status{"fail", "pass", none}, ""},
		{[]rego.Status{"fail", none, none}, ""},
		{[]rego.Status{"unknown", none, none}, ""},
	} {
		var all []Data
		for i, s := range test.statuses {
			d := judgement(i)
			if s != none {
				d = judgement(i, orders(s, "no"))
			}
			all = append(all, d)
		}
		n := len(all)
		d, err := Compare(all[:n-2], all[n-2], all[n-1])
		if err != nil {
			t.Fatal(err)
		}
		var got ChangeKind
		if len(d.Changes) > 0 {
			got = d.Changes[0].Kind
		}
		if got != test.want || len(d.Changes) > 1 {
			t.Errorf("%q: %s, want %s", test.statuses, got, test.want)
		}
		if opened := d.Opened("high"); (opened == 1) != (test.want == New || test.want == Reopened || test.want == Unwaived) {
			t.Errorf("%q: %d opened", test.statuses, opened)
		}
	}
	// A finding that is there twice counts once.
	for _, was := range [][]rego.Finding{nil, {orders("fail")}, {orders("fail"), orders("fail")}} {
		d, err := Compare(nil, judgement(0, was...), judgement(1, orders("fail"), orders("fail")))
		if err != nil || len(d.Changes) != 1 {
			t.Errorf("twice: %+v, %v", d.Changes, err)
		}
	}
	// A judgement that could not look does not fix anything.
	d, err := Compare([]Data{judgement(0, orders("fail"))}, unlisted(judgement(1)), judgement(2, orders("fail")))
	if err != nil || len(d.Changes) != 1 || d.Changes[0].Kind != Unchanged {
		t.Errorf("unread in between: %+v, %v", d.Changes, err)
	}
}

func TestCompareWhatChanged(t *testing.T) {
	old := judgement(0, orders("fail", "encryption type is NONE"))
	new := judgement(1, orders("fail", "the key is disabled"))
	d, err := Compare(nil, old, new)
	if err != nil || d.Changes[0].Kind != Changed || !slices.Equal(d.Changes[0].OldMessages, []string{"encryption type is NONE"}) {
		t.Errorf("other messages: %+v, %v", d.Changes, err)
	}
	d, err = Compare(nil, judgement(0, orders("fail")), new)
	if err != nil || d.Changes[0].Kind != Changed {
		t.Errorf("messages where there were none: %+v, %v", d.Changes, err)
	}
	graver := orders("fail", "encryption type is NONE")
	graver.Severity = "critical"
	d, err = Compare(nil, old, judgement(1, graver))
	if err != nil || d.Changes[0].Kind != Changed || d.Changes[0].OldSeverity != "high" || d.Changes[0].OldMessages != nil {
		t.Errorf("another severity: %+v, %v", d.Changes, err)
	}
}

func TestComparePolicies(t *testing.T) {
	old, new := judgement(0, orders("pass")), without(judgement(1, orders("fail", "no")), "s3/tls_required")
	old.Policies = slices.Clone(old.Policies)
	for i := range old.Policies {
		old.Policies[i].Params = map[string]rego.Param{"required_level": {Default: "none"}}
	}
	old = without(old, "s3/versioning_enabled")
	for i := range new.Policies {
		p := &new.Policies[i]
		p.Params = map[string]rego.Param{"required_level": {Default: "none"}}
		switch p.ID {
		case "kms/key_not_pending_deletion":
			p.Digest = "sha256:" + strings.Repeat("f", 64)
		case "firehose/source_encrypted":
			p.Severity = "critical"
		}
	}
	old.Judged.Params = map[string]map[string]any{"*": {"required_level": "none"}}
	new.Judged.Params = map[string]map[string]any{"*": {"required_level": "none"}, "kinesis/stream_encrypted": {"required_level": "customer-managed"}}
	d, err := Compare(nil, old, new)
	if err != nil {
		t.Fatal(err)
	}
	want := []PolicyChange{
		{"firehose/source_encrypted", "critical", true, true, []string{"severity"}},
		{"kinesis/stream_encrypted", "high", true, true, []string{"parameters"}},
		{"kms/key_not_pending_deletion", "critical", true, true, []string{"text"}},
		{"s3/tls_required", "high", true, false, nil},
		{"s3/versioning_enabled", "low", false, true, nil},
	}
	if diff := cmp.Diff(want, d.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	if len(d.Changes) != 1 || !d.Changes[0].PolicyChanged {
		t.Errorf("the change does not say that its policy changed: %+v", d.Changes)
	}
	if !d.Undecided("high") || d.Undecided("critical") {
		t.Error("a policy of high severity that is judged no more leaves high undecided, and critical not")
	}
}

func TestOpenedBySeverity(t *testing.T) {
	d, err := Compare(nil, judgement(0), judgement(1, orders("fail")))
	if err != nil {
		t.Fatal(err)
	}
	for severity, want := range map[rego.Severity]int{"critical": 0, "high": 1, "medium": 1, "info": 1} {
		if got := d.Opened(severity); got != want {
			t.Errorf("at least %s: %d opened, want %d", severity, got, want)
		}
	}
	d, err = Compare(nil, judgement(0), judgement(1, orders("unknown")))
	if err != nil || !d.Undecided("high") || d.Undecided("critical") || d.Opened("info") != 0 {
		t.Errorf("an unknown: %t, %t, %v", d.Undecided("high"), d.Undecided("critical"), err)
	}
	// One that failed before can't be a new failure.
	d, err = Compare(nil, judgement(0, orders("fail")), judgement(1, orders("unknown")))
	if err != nil || d.Undecided("info") {
		t.Errorf("an unknown that failed: %v", err)
	}
}

func TestCompareRefuses(t *testing.T) {
	other, demo, bare := judgement(1), judgement(1), judgement(1)
	other.Manifest.Accounts = []string{"444455556666"}
	demo.Manifest.Demo = false
	bare.Findings = nil
	broken := judgement(1, rego.Finding{ID: "x", Policy: "s3/tls_required", Status: "maybe", Severity: "high"})
	for what, new := range map[string]Data{
		"same accounts": other, "(the demo)": demo, "has no findings": bare, "name the older first": judgement(-1), `status "maybe"`: broken,
	} {
		if _, err := Compare(nil, judgement(0), new); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Compare(nil, judgement(0), judgement(0)); err != nil {
		t.Errorf("with itself: %v", err)
	}
}

// diffSample has a change of most kinds, and every hostile name.
func diffSample(t *testing.T) Diff {
	t.Helper()
	var was, is []rego.Finding
	for i, name := range hostile {
		pair := [][2]rego.Status{{"pass", "fail"}, {"fail", "unknown"}, {"fail", "pass"}, {"fail", "waived"}, {"waived", "fail"}, {"unknown", "unknown"}, {"fail", "fail"}}[i%7]
		for j, list := range []*[]rego.Finding{&was, &is} {
			f := finding("s3/tls_required", pair[j], "eu-west-1", name)
			f.Messages = []string{fmt.Sprintf("message %d about %s", (i/7)*j, name)}
			if f.Status == "pass" {
				f.Messages = nil
			}
			if f.Status == "unknown" {
				f.Messages, f.Unknowns = nil, orders("unknown").Unknowns
			}
			if f.Status == "waived" {
				f.Waiver = orders("waived").Waiver
			}
			*list = append(*list, f)
		}
	}
	was = append(was, orders("fail", "encryption type is NONE"))
	old, new := judgement(0, was...), unlisted(judgement(1, is...))
	new.Policies = slices.Clone(new.Policies)
	new.Policies[3].Digest = "sha256:" + strings.Repeat("e", 64)
	d, err := Compare([]Data{judgement(-1, finding("s3/tls_required", "fail", "eu-west-1", hostile[0]))}, old, new)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDiffGolden(t *testing.T) {
	var text, doc bytes.Buffer
	if err := WriteDiff(&text, diffSample(t), Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff.txt", text.Bytes())
	if err := WriteDiffJSON(&doc, diffSample(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff.json", doc.Bytes())
	validate(t, "testdata/diff.schema.json", doc.Bytes())
	if schemaError(t, "testdata/diff.schema.json", bytes.Replace(doc.Bytes(), []byte(`"kind":"new"`), []byte(`"kind":"worse"`), 1)) == nil &&
		schemaError(t, "testdata/diff.schema.json", bytes.Replace(doc.Bytes(), []byte(`"kind":"reopened"`), []byte(`"kind":"worse"`), 1)) == nil {
		t.Error("the schema takes any kind")
	}
	if bytes.Contains(doc.Bytes(), []byte("null")) {
		t.Error("the document has a null")
	}
}

func TestDiffFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{60, 80, 140} {
		var b bytes.Buffer
		if err := WriteDiff(&b, diffSample(t), Options{Width: columns}); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if width(line) > columns || strings.ContainsFunc(line, hidden) {
				t.Errorf("width %d: %q", columns, line)
			}
		}
	}
}

func TestDiffCutsAloud(t *testing.T) {
	var is []rego.Finding
	for i := range 70 {
		is = append(is, finding("s3/tls_required", "fail", "eu-west-1", fmt.Sprintf("bucket-%02d", i)))
	}
	d, err := Compare(nil, judgement(0), judgement(1, is...))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteDiff(&b, d, Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "│ bucket-"); n != 50 || !strings.Contains(b.String(), "… and 20 more: --json has them all") {
		t.Errorf("%d listed:\n%s", n, b.String())
	}
	if err := WriteDiff(full{}, d, Options{}); err == nil {
		t.Error("a full disk is no error")
	}
	if err := WriteDiffJSON(full{}, d); err == nil {
		t.Error("a full disk is no error")
	}
}

// A report that is read back compares like what it was written from.
func TestReadJSON(t *testing.T) {
	doc := render(t, "json", waivedSample(), Options{})
	d, err := ReadJSON(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(doc)), nil })
	if err != nil {
		t.Fatal(err)
	}
	// A byte that is no UTF-8 was U+FFFD already, and is written as it is now.
	want := strings.ReplaceAll(string(doc), `\ufffd`, "\ufffd")
	for range 2 { // every pass starts again
		if again := string(render(t, "json", d, Options{})); again != want {
			t.Errorf("a report read and written again is another:\n%s", cmp.Diff(want, again))
		}
	}
	for what, broken := range map[string]string{
		"unexpected EOF":       string(doc[:len(doc)-3]),
		"after the end":        string(doc) + "{}",
		"is there twice":       strings.Replace(string(doc), `"evidence":`, `"format":1,"evidence":`, 1),
		"this version reads":   strings.Replace(string(doc), JSONFormat, "sealaudit-report/9", 1),
		"where { should be":    "[]",
		"its format is":        "{}",
		"invalid character":    "PK\x03\x04",
		"cannot unmarshal str": strings.Replace(string(doc), `"demo":true`, `"demo":"yes"`, 1),
	} {
		if _, err := ReadJSON(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(broken)), nil }); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// FuzzReadJSON reads anything as a report: it is refused, or goes through.
func FuzzReadJSON(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, "json", waivedSample(), Options{}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"findings":[{}],"format":"sealaudit-report/1"}`))
	f.Add([]byte(`{"findings":{"a":[1]},"format":"sealaudit-report/1","x":[[],{"y":null}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		d, err := ReadJSON(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(doc)), nil })
		if err != nil {
			return
		}
		diff, err := Compare(nil, d, d)
		if err != nil {
			return
		}
		for _, c := range diff.Changes {
			if c.Kind != Unchanged && c.Kind != Unknown {
				t.Errorf("compared with itself a finding is %s", c.Kind)
			}
		}
		_ = WriteDiff(io.Discard, diff, Options{})
	})
}

// What passes is not held, however many there are.
func TestCompareHoldsWhatIsOpen(t *testing.T) {
	p := past{}
	if err := p.add(large(7000)); err != nil {
		t.Fatal(err)
	}
	open := 0
	for f := range large(7000).Findings() {
		if f.Status == "fail" || f.Status == "unknown" {
			open++
		}
	}
	if len(p) != open || open == 0 || open > 7000/2 {
		t.Errorf("%d records for %d open findings of 7000", len(p), open)
	}
}

func BenchmarkCompare25k(b *testing.B) {
	old, new := large(25000), large(25000)
	new.Manifest.Ended = new.Manifest.Ended.Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compare(nil, old, new); err != nil {
			b.Fatal(err)
		}
	}
}
