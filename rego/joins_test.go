package rego_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

const (
	bucketARN = "arn:aws:s3:::logs"
	keyARN    = "arn:aws:kms:eu-west-1:111122223333:key/1"
)

func bucket(more string) string { return row("AWS::Test::Bucket", bucketARN, more) }

// call is a row's calls, one.
func call(operation string) string {
	return `"calls": [{"operation": "` + operation + `", "time": "2026-11-24T11:00:00Z"}]`
}

func TestRelated(t *testing.T) {
	set := things(t, "related:\n  bucket: {type: AWS::Test::Bucket, at: facts.bucket_arn}",
		"applies if input.facts.a == \"yes\"\nviolations contains \"public\" if not input.related.bucket.facts.private")
	named := `"facts": {"a": "yes", "bucket_arn": "` + bucketARN + `"}, ` + call("test:Thing")
	for name, c := range map[string]struct {
		rows   []string
		status rego.Status
		reason collectors.Reason
		detail string
	}{
		"joined":                      {[]string{thing(named), bucket(`"facts": {"private": true}`)}, rego.Pass, "", ""},
		"joined, before it":           {[]string{thing(named), bucket(`"facts": {"private": false}`)}, rego.Fail, "", ""},
		"its path is absent":          {[]string{thing(`"facts": {"a": "yes"}`), bucket(`"facts": {"private": true}`)}, rego.Fail, "", ""},
		"its path is a gap":           {[]string{thing(`"facts": {"a": "yes"}, ` + gapAt("facts.bucket_arn"))}, rego.Undecided, collectors.Denied, "denied"},
		"not in the snapshot":         {[]string{thing(named)}, rego.Undecided, collectors.OutOfScope, bucketARN},
		"of another type":             {[]string{thing(named), row("AWS::Test::Table", bucketARN, `"facts": {}`)}, rego.Undecided, collectors.OutOfScope, bucketARN},
		"a gap where it reads":        {[]string{thing(named), bucket(`"facts": {}, ` + gapAt("facts.private"))}, rego.Undecided, collectors.Denied, "denied"},
		"a gap where it doesn't read": {[]string{thing(named), bucket(`"facts": {"private": true}, ` + gapAt("facts.policy", "tags"))}, rego.Pass, "", ""},
		"does not apply":              {[]string{thing(strings.Replace(named, "yes", "no", 1))}, rego.NotApplicable, "", ""},
		"unread":                      {[]string{thing(named), bucket(`"facts": {}, ` + gapAt("facts"))}, rego.Undecided, collectors.Denied, "denied"},
		"its type could not be listed": {[]string{thing(named), row("AWS::Test::Bucket", "arn:aws:sealaudit:eu-west-1:111122223333:unlisted/AWS::Test::Bucket",
			`"facts": {}, "unlisted": true, `+gapAt("facts"))}, rego.Undecided, collectors.Denied, bucketARN + " is not in the evidence: It was denied."},
		"a stand-in is no resource": {[]string{thing(named), bucket(`"facts": {"private": true}, "unlisted": true, ` + gapAt("facts"))}, rego.Undecided, collectors.Denied, bucketARN},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, set, c.rows...)
			if f.Status != c.status {
				t.Fatalf("status %s (%+v), want %s", f.Status, f.Unknowns, c.status)
			}
			if c.reason != "" && (len(f.Unknowns) != 1 || f.Unknowns[0].Reason != c.reason || !strings.Contains(f.Unknowns[0].Detail, c.detail)) {
				t.Errorf("unknowns %+v, want one, %s %q", f.Unknowns, c.reason, c.detail)
			}
		})
	}
}

// The joined row may come first, and is judged itself.
func TestRelatedIsFoundWhereverItStands(t *testing.T) {
	set := load(t, map[string]string{
		"test/thing.rego": policy("test/thing", "AWS::Test::Thing", "related:\n  bucket: {type: AWS::Test::Bucket, at: facts.bucket_arn}",
			`violations contains input.related.bucket.name if input.related.bucket.facts.private == true`),
	})
	lines := rows{bucket(`"facts": {"private": true}, ` + call("test:Bucket"))}
	for i := range 300 {
		lines = append(lines, row("AWS::Test::Thing", fmt.Sprintf("arn:aws:test:::%d", i), `"facts": {"bucket_arn": "`+bucketARN+`"}, `+call("test:Thing")))
	}
	findings, _ := evaluate(t, engine(t, set, rego.Options{Workers: 4}), lines)
	if len(findings) != 300 {
		t.Fatalf("%d findings", len(findings))
	}
	for _, f := range findings {
		if f.Status != rego.Fail || f.Messages[0] != "n" {
			t.Fatalf("finding %+v", f)
		}
		if len(f.Evidence) != 2 || f.Evidence[0].Operation != "test:Thing" || f.Evidence[1].Operation != "test:Bucket" {
			t.Fatalf("the evidence is %+v, want the calls of both", f.Evidence)
		}
	}
}

func key(more string) string { return row("AWS::KMS::Key", keyARN, more) }

func table(n int, more string) string {
	return row("AWS::Test::Table", fmt.Sprintf("arn:aws:dynamodb:eu-west-1:111122223333:table/%d", n), more)
}

func TestReferencedBy(t *testing.T) {
	set := load(t, map[string]string{"kms/used.rego": policy("kms/used", "AWS::KMS::Key", "",
		"violations contains sprintf(\"used by %s\", [r.arn]) if {\n\tsome r in input.referenced_by\n}")})
	ours := `"facts": {"encryption": {"key": {"id": "1", "arn": "` + keyARN + `"}}}`
	theirs := `"facts": {"encryption": {"key": {"id": "2", "arn": "arn:aws:kms:eu-west-1:111122223333:key/2"}}}`
	unlisted := row("AWS::Test::Table", "arn:aws:sealaudit:eu-west-1:111122223333:unlisted/AWS::Test::Table", `"facts": {}, "unlisted": true, `+gapAt("facts"))
	for name, c := range map[string]struct {
		others []string
		status rego.Status
		why    string // part of the messages or details
	}{
		"by nobody":                         {[]string{table(1, theirs)}, rego.Pass, ""},
		"by one":                            {[]string{table(1, ours), table(2, theirs)}, rego.Fail, "used by arn:aws:dynamodb:eu-west-1:111122223333:table/1"},
		"in a list":                         {[]string{table(1, `"facts": {"replicas": [{"key": {"arn": "`+keyARN+`"}}]}`)}, rego.Fail, "table/1"},
		"outside of a key":                  {[]string{thing(`"facts": {"list": ["` + keyARN + `"]}`)}, rego.Fail, "thing"},
		"not by itself":                     {nil, rego.Pass, ""},
		"not by a tag":                      {[]string{thing(`"facts": {}, "tags": {"k": "` + keyARN + `"}`)}, rego.Pass, ""},
		"a table is unread":                 {[]string{table(1, `"facts": {}, `+gapAt("facts"))}, rego.Undecided, "table/1: It was denied."},
		"a table's encryption":              {[]string{table(1, `"facts": {}, `+gapAt("facts.encryption"))}, rego.Undecided, "table/1"},
		"a table's key":                     {[]string{table(1, `"facts": {}, `+gapAt("facts.encryption.key"))}, rego.Undecided, "table/1"},
		"an alias that was not resolved":    {[]string{table(1, `"facts": {"encryption": {"key": {"alias": "alias/x"}}}, `+gapAt("facts.encryption.key.arn"))}, rego.Undecided, "table/1"},
		"an alias of another account":       {[]string{table(1, `"facts": {"encryption": {"key": {"alias": "alias/x", "account": "999999999999"}}}, `+gapAt("facts.encryption.key.arn"))}, rego.Pass, ""},
		"an alias of another region":        {[]string{table(1, `"facts": {"encryption": {"key": {"alias": "alias/x", "region": "us-east-1"}}}, `+gapAt("facts.encryption.key.arn"))}, rego.Pass, ""},
		"a table's key's state":             {[]string{table(1, strings.Replace(theirs, `"id"`, `"alias": "a", "id"`, 1)+`, `+gapAt("facts.encryption.key.state"))}, rego.Pass, ""},
		"a table's status":                  {[]string{table(1, theirs+`, `+gapAt("facts.status"))}, rego.Pass, ""},
		"the key is known all the same":     {[]string{table(1, theirs+`, `+gapAt("facts.encryption.key"))}, rego.Pass, ""},
		"a table's replicas":                {[]string{table(1, theirs+`, `+gapAt("facts.replicas"))}, rego.Undecided, "table/1"},
		"the state of a replica's key":      {[]string{table(1, theirs+`, `+gapAt("facts.replicas[0].key.state"))}, rego.Pass, ""},
		"the ARN of a replica's key":        {[]string{table(1, theirs+`, `+gapAt("facts.replicas[0].key.arn"))}, rego.Undecided, "table/1"},
		"tables could not be listed":        {[]string{unlisted}, rego.Undecided, "unlisted/AWS::Test::Table: It was denied."},
		"a type whose facts hold no key":    {[]string{bucket(`"facts": {}, ` + gapAt("facts"))}, rego.Pass, ""},
		"a type that nobody knows":          {[]string{row("AWS::New::Thing", "arn:aws:new:::1", `"facts": {}, `+gapAt("facts.x"))}, rego.Undecided, "arn:aws:new:::1"},
		"of another partition":              {[]string{strings.Replace(table(1, `"facts": {}, `+gapAt("facts")), `"partition": "aws"`, `"partition": "aws-cn"`, 1)}, rego.Pass, ""},
		"a reference says enough":           {[]string{table(1, ours), table(2, `"facts": {}, `+gapAt("facts"))}, rego.Fail, "table/1"},
		"by a replica, which is a key":      {[]string{row("AWS::KMS::Key", keyARN+"2", `"facts": {"state": "`+keyARN+`"}`)}, rego.Pass, ""},
		"a gap of the key itself":           {[]string{table(1, theirs), row("AWS::KMS::Key", keyARN+"2", `"facts": {}, `+gapAt("facts"))}, rego.Pass, ""},
		"many tables are one, with a count": {[]string{table(1, `"facts": {}, `+gapAt("facts")), table(2, `"facts": {}, `+gapAt("facts")), table(3, `"facts": {}, `+gapAt("facts"))}, rego.Undecided, "table/1 and 2 more of AWS::Test::Table: It was denied."},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(t, set, append([]string{key(`"facts": {"state": "` + keyARN + `"}`)}, c.others...)...)
			why := strings.Join(f.Messages, ";")
			for _, u := range f.Unknowns {
				why += u.Attribute + ": " + u.Detail
			}
			if f.Status != c.status || !strings.Contains(why, c.why) {
				t.Errorf("%s %s, want %s %s", f.Status, why, c.status, c.why)
			}
			if len(f.Unknowns) > 1 {
				t.Errorf("%d unknowns", len(f.Unknowns))
			}
		})
	}
}

// A service that was left out may use any key.
func TestReferencedByOfATypeThatWasLeftOut(t *testing.T) {
	set := load(t, map[string]string{"kms/used.rego": policy("kms/used", "AWS::KMS::Key", "",
		`violations contains "used" if count(input.referenced_by) > 0`)})
	lines := rows{key(`"facts": {}`), table(1, `"facts": {"encryption": {"key": {"arn": "arn:aws:kms:eu-west-1:111122223333:key/2"}}}`)}
	for name, c := range map[string]struct {
		listed []string
		status rego.Status
	}{
		"nobody says":          {nil, rego.Pass},
		"all that hold keys":   {[]string{"AWS::KMS::Key", "AWS::Test::Table", "AWS::Test::Thing"}, rego.Pass},
		"a type is not listed": {[]string{"AWS::KMS::Key", "AWS::Test::Table"}, rego.Undecided},
	} {
		findings, _ := evaluate(t, engine(t, set, rego.Options{Listed: c.listed}), lines)
		f := findings[0]
		if f.Status != c.status {
			t.Errorf("%s: %s %+v", name, f.Status, f.Unknowns)
		}
		if c.status == rego.Undecided && (len(f.Unknowns) != 1 || f.Unknowns[0].Reason != collectors.OutOfScope || !strings.Contains(f.Unknowns[0].Detail, "of AWS::Test::Thing: ")) {
			t.Errorf("%s: %+v", name, f.Unknowns)
		}
	}
}

// What may name something that is no key is any fact.
func TestReferencedByOfOtherTypes(t *testing.T) {
	set := load(t, map[string]string{"test/used.rego": policy("test/used", "AWS::Test::Bucket", "",
		`violations contains "unused" if count(input.referenced_by) == 0`)})
	first := bucket(`"facts": {}`)
	if f := judge(t, set, first, thing(`"facts": {"bucket_arn": "`+bucketARN+`"}`)); f.Status != rego.Pass {
		t.Errorf("named: %+v", f)
	}
	if f := judge(t, set, first, thing(`"facts": {}`)); f.Status != rego.Fail {
		t.Errorf("not named: %+v", f)
	}
	if f := judge(t, set, first, thing(`"facts": {}, `+gapAt("facts.a"))); f.Status != rego.Undecided {
		t.Errorf("a gap anywhere: %+v", f)
	}
}

// A policy that does not read referenced_by has no gap there.
func TestHiddenEvidenceIsOnlyOfThoseWhoRead(t *testing.T) {
	set := load(t, map[string]string{
		"kms/used.rego":  policy("kms/used", "AWS::KMS::Key", "", `violations contains "unused" if count(input.referenced_by) == 0`),
		"kms/state.rego": policy("kms/state", "AWS::KMS::Key", "", `violations contains "off" if input.facts.state != "Enabled"`),
	})
	findings, _ := evaluate(t, engine(t, set, rego.Options{}), rows{key(`"facts": {"state": "Enabled"}`), table(1, `"facts": {}, `+gapAt("facts"))})
	var got []rego.Status
	for _, f := range findings {
		got = append(got, f.Status)
	}
	if diff := cmp.Diff([]rego.Status{rego.Pass, rego.Undecided}, got); diff != "" {
		t.Error(diff)
	}
}
