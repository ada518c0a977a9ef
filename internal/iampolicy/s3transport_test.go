package iampolicy

import (
	"strings"
	"testing"
)

// deny is a Deny statement for everybody on bucket b and its objects, with
// some elements replaced.
func deny(replace map[string]string) string {
	elements := [][2]string{
		{"Sid", `"tls"`}, {"Effect", `"Deny"`}, {"Principal", `"*"`}, {"Action", `"s3:*"`},
		{"Resource", `["arn:aws:s3:::b","arn:aws:s3:::b/*"]`},
		{"Condition", `{"Bool":{"aws:SecureTransport":"false"}}`},
	}
	var parts []string
	for _, e := range elements {
		name, value := e[0], e[1]
		if r, ok := replace[name]; ok {
			value = r
		}
		if r, ok := replace["Not"+name]; ok {
			name, value = "Not"+name, r
		}
		if value != "" {
			parts = append(parts, `"`+name+`":`+value)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

type with = map[string]string

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// TestInsecureTransport holds the accepted forms and the traps of a TLS-only
// policy. want is bucket, then objects: D denied, - not, ? unknown.
func TestInsecureTransport(t *testing.T) {
	const service = `{"Bool":{"aws:SecureTransport":"false","aws:PrincipalIsAWSService":"false"}}`
	all := func(actions string) string { return deny(with{"Action": actions}) }
	tests := []struct {
		name   string
		policy string
		want   string
		reason string // of the objects' answer, then of the bucket's
	}{
		{"the plain form", policyOf(deny(nil)), "DD", `requests without TLS are denied by statement 0 ("tls")`},
		{"single statement object", `{"Version":"2008-10-17","Statement":` + deny(nil) + `}`, "DD", ""},
		{"principal AWS *", policyOf(deny(with{"Principal": `{"AWS":"*"}`})), "DD", ""},
		{"principal AWS [*]", policyOf(deny(with{"Principal": `{"AWS":["*"]}`})), "DD", ""},
		{"action *", policyOf(deny(with{"Action": `"*"`})), "DD", ""},
		{"action list in any case", policyOf(deny(with{"Action": `["S3:*"]`})), "DD", ""},
		{"resource b*", policyOf(deny(with{"Resource": `"arn:aws:s3:::b*"`})), "DD", ""},
		{"resource *", policyOf(deny(with{"Resource": `"*"`})), "DD", ""},
		{"BoolIfExists", policyOf(deny(with{"Condition": `{"BoolIfExists":{"aws:SecureTransport":"false"}}`})), "DD", ""},
		{"AWS services excepted", policyOf(deny(with{"Condition": service})), "DD", ""},
		{"AWS services excepted, IfExists", policyOf(deny(with{"Condition": strings.Replace(service, `"Bool"`, `"BoolIfExists"`, 1)})), "DD", ""},
		{"b: bool value", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":false}}`})), "DD", ""},
		{"b: list value", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":["false"]}}`})), "DD", ""},
		{"b: key in any case", policyOf(deny(with{"Condition": `{"Bool":{"AWS:securetransport":"False"}}`})), "DD", ""},
		{"unconditional", policyOf(deny(with{"Condition": ""})), "DD", ""},
		{"string operator", policyOf(deny(with{"Condition": `{"StringEquals":{"aws:SecureTransport":"false"}}`})), "DD", ""},
		{"negated string operator", policyOf(deny(with{"Condition": `{"StringNotEquals":{"aws:SecureTransport":"true"}}`})), "DD", ""},

		{"a: also an address", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`})), "--",
			`statement 0 ("tls") applies only under the condition "NotIpAddress" on "aws:SourceIp"`},
		{"a: also an organisation", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"StringNotEquals":{"aws:PrincipalOrgID":"o-abc"}}`})), "--", `"aws:PrincipalOrgID"`},
		{"a: also a principal", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/legacy-*"}}`})), "--", `"aws:PrincipalArn"`},
		{"a: via another service", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false","aws:ViaAWSService":"false"}}`})), "--", `"aws:ViaAWSService"`},
		{"a: until a date", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"DateLessThan":{"aws:CurrentTime":"2030-01-01"}}`})), "--", `"aws:CurrentTime"`},
		{"c: Null true", policyOf(deny(with{"Condition": `{"Null":{"aws:SecureTransport":"true"}}`})), "--", "which does not hold for such a request"},
		{"c: Null false", policyOf(deny(with{"Condition": `{"Null":{"aws:SecureTransport":"false"}}`})), "DD", ""},
		{"c: Null false and Bool", policyOf(deny(with{"Condition": `{"Null":{"aws:SecureTransport":"false"},"Bool":{"aws:SecureTransport":"false"}}`})), "DD", ""},
		{"d: allow with TLS", policyOf(deny(with{"Effect": `"Allow"`, "Condition": `{"Bool":{"aws:SecureTransport":"true"}}`})), "--", "an Allow denies nothing"},
		{"e: objects only", policyOf(deny(with{"Resource": `"arn:aws:s3:::b/*"`})), "-D", ""},
		{"e: bucket only", policyOf(deny(with{"Resource": `"arn:aws:s3:::b"`})), "D-", "does not cover the objects"},
		{"e: a prefix", policyOf(deny(with{"Resource": `["arn:aws:s3:::b","arn:aws:s3:::b/private/*"]`})), "D-", "covers only some of the resources"},
		{"f: TlsVersion only", policyOf(deny(with{"Condition": `{"NumericLessThan":{"s3:TlsVersion":1.2}}`})), "--", "s3:TlsVersion alone does not catch plain HTTP"},
		{"f: TlsVersion in the same condition", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"NumericLessThan":{"s3:TlsVersion":"1.2"}}`})), "--", `"s3:TlsVersion", which does not hold`},
		{"f: TlsVersion beside", policyOf(deny(nil), deny(with{"Condition": `{"NumericLessThan":{"s3:TlsVersion":["1.2"]}}`})), "DD", ""},
		{"inverted value", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"true"}}`})), "--", "which does not hold for such a request"},
		{"other bucket", policyOf(deny(with{"Resource": `["arn:aws:s3:::c","arn:aws:s3:::c/*"]`})), "--", "does not cover the objects"},
		{"other partition", policyOf(deny(with{"Resource": `["arn:aws-cn:s3:::b","arn:aws-cn:s3:::b/*"]`})), "--", "does not cover the objects"},
		{"one principal", policyOf(deny(with{"Principal": `{"AWS":"arn:aws:iam::111122223333:root"}`})), "--", "names only some principals"},
		{"NotPrincipal", policyOf(deny(with{"NotPrincipal": `{"AWS":"arn:aws:iam::111122223333:role/legacy"}`})), "--", "exempts the principals in its NotPrincipal"},
		{"NotPrincipal and the exempted one", policyOf(deny(with{"NotPrincipal": `{"AWS":"arn:aws:iam::111122223333:root"}`}), deny(with{"Principal": `{"AWS":"111122223333"}`})), "??", "each deny a part"},
		{"NotAction hole", policyOf(deny(with{"NotAction": `"s3:GetObject"`})), "D-", "leaves out s3:GetObject by its NotAction"},
		{"NotAction of another service", policyOf(deny(with{"NotAction": `"iam:*"`})), "DD", ""},
		{"NotResource hole", policyOf(deny(with{"NotResource": `"arn:aws:s3:::b/public/*"`})), "D-", "covers only some of the resources"},
		{"NotResource elsewhere", policyOf(deny(with{"NotResource": `"arn:aws:s3:::c/*"`})), "DD", ""},
		{"some actions", policyOf(all(`["s3:GetObject","s3:PutObject"]`)), "--", "does not cover s3:DeleteObject"},

		{"union of resources", policyOf(deny(with{"Resource": `"arn:aws:s3:::b"`}), deny(with{"Resource": `"arn:aws:s3:::b/*"`})), "DD", ""},
		{"union of actions", policyOf(all(`["s3:G*","s3:P*","s3:L*","s3:D*","s3:C*"]`), all(`["s3:A*","s3:B*","s3:I*","s3:O*","s3:R*","s3:U*"]`)), "DD", "actions known to this program"},
		{"union of NotAction and Action", policyOf(deny(with{"NotAction": `"s3:Get*"`}), all(`"s3:Get*"`)), "DD", "actions known to this program"},
		{"union with a hole", policyOf(all(`["s3:Get*","s3:Put*"]`), all(`"s3:L*"`)), "--", "does not cover s3:DeleteObject"},
		{"union of opposite conditions", policyOf(
			deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"aws:PrincipalType":"User"}}`}),
			deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"StringNotEquals":{"aws:PrincipalType":"User"}}`})), "DD", "actions known to this program"},

		{"unknown operator", policyOf(deny(with{"Condition": `{"BoolMaybe":{"aws:SecureTransport":"false"}}`})), "??", `uses the condition operator "BoolMaybe", which is not modelled`},
		{"unknown operator beside a full deny", policyOf(deny(with{"Condition": `{"BoolMaybe":{"aws:SecureTransport":"false"}}`}), deny(nil)), "DD", `denied by statement 1`},
		{"policy variable", policyOf(deny(with{"Resource": `["arn:aws:s3:::b","arn:aws:s3:::b/${aws:PrincipalTag/home}*"]`})), "D?", "policy variable"},
		{"policy variable that can't cover all", policyOf(deny(with{"Resource": `["arn:aws:s3:::b","arn:aws:s3:::b/${aws:PrincipalTag/home}/*"]`})), "D-", "covers only some"},
		{"owner's account, unknown here", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"aws:ResourceAccount":"111122223333"}}`})), "??", `"aws:ResourceAccount"`},
		{"not a bool", policyOf(deny(with{"Condition": `{"Bool":{"aws:SecureTransport":"0"}}`})), "??", "whose value AWS does not define"},
		{"nothing about TLS", policyOf(deny(with{"Action": `"s3:DeleteBucket"`, "Condition": ""})), "--", "no Deny statement is about them"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := AnalyzeS3(mustParse(t, tt.policy), S3Bucket{Partition: "aws", Name: "b"})
			got := a.InsecureTransport
			letters := map[Tri]string{True: "D", False: "-", Unknown: "?"}
			if v := letters[got.BucketDenied.Tri()] + letters[got.ObjectsDenied.Tri()]; v != tt.want {
				t.Errorf("got %s, want %s\nbucket: %s\nobjects: %s", v, tt.want, got.BucketDenied.Reason, got.ObjectsDenied.Reason)
			}
			if !strings.Contains(got.ObjectsDenied.Reason, tt.reason) {
				t.Errorf("reason %q lacks %q", got.ObjectsDenied.Reason, tt.reason)
			}
		})
	}
}

func TestInsecureTransportPartitions(t *testing.T) {
	for _, partition := range []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc"} {
		arn := "arn:" + partition + ":s3:::b"
		p := mustParse(t, policyOf(deny(with{"Resource": `["` + arn + `","` + arn + `/*"]`})))
		for _, bucket := range []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc"} {
			a := AnalyzeS3(p, S3Bucket{Partition: bucket, Name: "b"}).InsecureTransport
			if got, want := a.BucketDenied.Tri() == True && a.ObjectsDenied.Tri() == True, bucket == partition; got != want {
				t.Errorf("policy of %s on a bucket of %s: denied %v", partition, bucket, got)
			}
		}
	}
}

func TestDirectoryBucket(t *testing.T) {
	b := S3Bucket{Partition: "aws", Name: "b--use1-az4--x-s3", Account: "111122223333"}
	p := mustParse(t, policyOf(deny(with{"Action": `"s3express:*"`, "Resource": `"arn:aws:s3express:us-east-1:111122223333:bucket/b--use1-az4--x-s3"`})))
	// Without the bucket's ARN its region isn't known.
	if got := AnalyzeS3(p, b).InsecureTransport.ObjectsDenied.Tri(); got == True {
		t.Errorf("an ARN of one region taken for the bucket's: %v", got)
	}
	b.ARN = "arn:aws:s3express:us-east-1:111122223333:bucket/b--use1-az4--x-s3"
	if got := AnalyzeS3(p, b).InsecureTransport.ObjectsDenied.Tri(); got != True {
		t.Errorf("the bucket's own ARN: %v", got)
	}
	p = mustParse(t, policyOf(deny(with{"Action": `"s3express:*"`, "Resource": `"*"`})))
	a := AnalyzeS3(p, b)
	if a.InsecureTransport.ObjectsDenied.Tri() != True || a.InsecureTransport.BucketDenied.Tri() != True {
		t.Errorf("directory bucket: %+v", a.InsecureTransport)
	}
	if got := vector(a.Uploads); got != "???????" {
		t.Errorf("uploads to a directory bucket: %s", got)
	}
}

func TestMinimumTLS(t *testing.T) {
	below := func(v string) string {
		return deny(with{"Condition": `{"NumericLessThan":{"s3:TlsVersion":` + v + `}}`})
	}
	tests := []struct {
		name, policy, want string
	}{
		{"no minimum", policyOf(deny(nil)), "1.0"},
		{"number", policyOf(below(`1.2`)), "1.2"},
		{"string", policyOf(below(`"1.2"`)), "1.2"},
		{"1.3", policyOf(deny(nil), below(`"1.3"`)), "1.3"},
		{"objects only", policyOf(deny(with{"Resource": `"arn:aws:s3:::b/*"`, "Condition": `{"NumericLessThan":{"s3:TlsVersion":1.2}}`})), "1.0"},
		{"everything", policyOf(deny(with{"Condition": ""})), "none"},
		{"listed versions", policyOf(deny(with{"Condition": `{"NumericEquals":{"s3:TlsVersion":["1.0","1.1"]}}`})), "1.2"},
		{"unknown operator", policyOf(deny(with{"Condition": `{"NumericBelow":{"s3:TlsVersion":"1.2"}}`})), ""},
		{"allow", policyOf(deny(with{"Effect": `"Allow"`, "Condition": `{"NumericGreaterThan":{"s3:TlsVersion":"1.1"}}`})), "1.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := AnalyzeS3(mustParse(t, tt.policy), S3Bucket{Partition: "aws", Name: "b"}).MinimumTLS
			if a.Version != tt.want || a.Reason == "" {
				t.Errorf("got %+v, want %q", a, tt.want)
			}
			if (tt.want == "1.2" || tt.want == "1.3") && len(a.Statements) == 0 {
				t.Error("no deciding statement")
			}
		})
	}
}
