package iampolicy

import (
	"fmt"
	"strings"
	"testing"
)

const (
	keyK     = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	otherKey = "arn:aws:kms:us-east-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab"
)

func mustParse(t testing.TB, doc string) *Policy {
	t.Helper()
	p, err := Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// denyPut is a bucket policy with one Deny of s3:PutObject for each condition.
func denyPut(conditions ...string) string {
	var list []string
	for i, c := range conditions {
		list = append(list, fmt.Sprintf(`{"Sid":"S%d","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":%s}`, i, c))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// vector writes the seven answers as D (denied), - (not) and ? (unknown).
func vector(u Uploads) string {
	var b strings.Builder
	for _, n := range u.list() {
		b.WriteString(map[Tri]string{True: "D", False: "-", Unknown: "?"}[n.answer.Tri()])
	}
	return b.String()
}

// TestUploadVectors is the truth table of AWS's missing-key rules applied to
// the published patterns P1 to P14, in the order no_header, aes256,
// kms_without_key, kms_right_key, kms_wrong_key, dsse_right_key, sse_c.
func TestUploadVectors(t *testing.T) {
	const (
		sse      = `"s3:x-amz-server-side-encryption"`
		keyID    = `"s3:x-amz-server-side-encryption-aws-kms-key-id"`
		customer = `"s3:x-amz-server-side-encryption-customer-algorithm"`
		p10      = `{"Null":{` + keyID + `:"false"},"StringNotEquals":{` + keyID + `:"` + keyK + `"}}`
		p12      = `{"Null":{` + customer + `:false}}`
	)
	tests := []struct {
		name       string
		conditions []string
		want       string
		caveats    string // answers with a caveat
	}{
		{"P1 not AES256", []string{`{"StringNotEquals":{` + sse + `:"AES256"}}`}, "D-DDDDD", ""},
		{"P2 not aws:kms", []string{`{"StringNotEquals":{` + sse + `:"aws:kms"}}`}, "DD---DD", ""},
		{"P3 not aws:kms IfExists", []string{`{"StringNotEqualsIfExists":{` + sse + `:"aws:kms"}}`}, "DD---DD", ""},
		{"P4 no header", []string{`{"Null":{` + sse + `:"true"}}`}, "D-----D", ""},
		{"P5 header and not aws:kms", []string{`{"Null":{` + sse + `:"false"},"StringNotEquals":{` + sse + `:"aws:kms"}}`}, "-D---D-", ""},
		{"P6 neither kms algorithm", []string{`{"StringNotEquals":{` + sse + `:["aws:kms","aws:kms:dsse"]}}`}, "DD----D", ""},
		{"P7 is AES256", []string{`{"StringEquals":{` + sse + `:"AES256"}}`}, "-D-----", ""},
		{"P8 not key", []string{`{"StringNotEquals":{` + keyID + `:"` + keyK + `"}}`}, "DDD-D-D", "no_header"},
		{"P9 not key IfExists", []string{`{"StringNotEqualsIfExists":{` + keyID + `:"` + keyK + `"}}`}, "DDD-D-D", "no_header"},
		{"P10 key header and not key", []string{p10}, "----D--", "kms_without_key"},
		{"the union of P5 and P10", []string{`{"Null":{` + sse + `:"false"},"StringNotEquals":{` + sse + `:"aws:kms"}}`, p10}, "-D--DD-", "kms_without_key"},
		{"P12 SSE-C", []string{p12}, "------D", ""},
		{"like kms", []string{`{"StringNotLike":{` + sse + `:"aws:kms*"}}`}, "DD----D", ""},
		{"P14 the full fix", []string{
			`{"Null":{` + sse + `:"false"},"StringNotEquals":{` + sse + `:["aws:kms","aws:kms:dsse"]}}`, p10, p12,
			`{"StringEquals":{` + sse + `:"aws:kms"},"Null":{` + keyID + `:"true"}}`}, "-DD-D-D", ""},
		{"another key of the account", []string{`{"StringNotLikeIfExists":{` + keyID + `:"arn:aws:kms:us-east-1:111122223333:key/*"}}`}, "DDD---D", "no_header"},
		{"a key that isn't the default", []string{`{"StringNotEquals":{` + keyID + `:"` + otherKey + `"}}`}, "DDDD-DD", ""},
		{"Arn operator", []string{`{"ArnNotEquals":{` + keyID + `:"` + keyK + `"}}`}, "DDD-D-D", "no_header"},
		{"headers in any case", []string{`{"stringequals":{"S3:X-Amz-Server-Side-Encryption":"AES256"}}`}, "-D-----", ""},
		{"narrowed by an address", []string{`{"StringEquals":{` + sse + `:"AES256"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`}, "-------", ""},
		{"unknown operator", []string{`{"StringMatches":{` + sse + `:"AES256"}}`}, "???????", ""},
		{"unknown operator that can't matter", []string{`{"StringEquals":{` + sse + `:"AES256"},"StringMatches":{"aws:x":"y"}}`}, "-?-----", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, denyPut(tt.conditions...))
			u := AnalyzeS3(p, S3Bucket{Partition: "aws", Name: "b", Account: "111122223333", DefaultKeyARN: keyK}).Uploads
			if got := vector(u); got != tt.want {
				t.Errorf("vector %s, want %s", got, tt.want)
			}
			var caveats []string
			for _, n := range u.list() {
				if n.answer.Reason == "" {
					t.Errorf("%s has no reason", n.name)
				}
				if n.answer.Tri() == True && len(n.answer.Statements) == 0 {
					t.Errorf("%s is denied by no statement", n.name)
				}
				if n.answer.Caveat != "" {
					caveats = append(caveats, n.name)
				}
			}
			if got := strings.Join(caveats, " "); got != tt.caveats {
				t.Errorf("caveats on %q, want %q", got, tt.caveats)
			}
		})
	}
}

func TestUploadsWithoutDefaultKey(t *testing.T) {
	pinned := mustParse(t, denyPut(`{"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"`+keyK+`"}}`))
	for _, key := range []string{"", "alias/data", "1234abcd-12ab-34cd-56ef-1234567890ab"} {
		u := AnalyzeS3(pinned, S3Bucket{Partition: "aws", Name: "b", DefaultKeyARN: key}).Uploads
		if got, want := vector(u), "DDD???D"; got != want {
			t.Errorf("default key %q: vector %s, want %s", key, got, want)
		}
	}
	all := mustParse(t, denyPut(`{}`))
	if got := vector(AnalyzeS3(all, S3Bucket{Partition: "aws", Name: "b"}).Uploads); got != "DDDDDDD" {
		t.Errorf("unconditional Deny: vector %s", got)
	}
}

func TestUploadScopes(t *testing.T) {
	const sse = `"Condition":{"StringEquals":{"s3:x-amz-server-side-encryption":"AES256"}}`
	tests := []struct {
		name, statement, want, reason string
	}{
		{"prefix only", `"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/in/*",` + sse, "-------", "covers only some of the resources"},
		{"bucket instead of objects", `"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b",` + sse, "-------", "does not cover the objects"},
		{"one account", `"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:PutObject","Resource":"*",` + sse, "-------", "names only some principals"},
		{"other action", `"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"*",` + sse, "-------", "does not cover s3:PutObject"},
		{"allow", `"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"*",` + sse, "-------", "only Allow statements have the condition"},
		{"wildcard action", `"Effect":"Deny","Principal":{"AWS":["*"]},"Action":"S3:put*","Resource":"arn:aws:s3:::b*",` + sse, "-D-----", "denied by statement 0"},
		{"own account", `"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-server-side-encryption":"AES256","aws:ResourceAccount":"111122223333"}}`, "-D-----", "denied by statement 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, `{"Version":"2012-10-17","Statement":{`+tt.statement+`}}`)
			a := AnalyzeS3(p, S3Bucket{Partition: "aws", Name: "b", Account: "111122223333", DefaultKeyARN: keyK})
			if got := vector(a.Uploads); got != tt.want {
				t.Errorf("vector %s, want %s", got, tt.want)
			}
			if !strings.Contains(a.Uploads.AES256.Reason, tt.reason) {
				t.Errorf("reason %q lacks %q", a.Uploads.AES256.Reason, tt.reason)
			}
		})
	}
}
