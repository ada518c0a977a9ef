package iampolicy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	roleX    = "arn:aws:iam::111122223333:role/team/x"
	sessionX = "arn:aws:sts::111122223333:assumed-role/x/me"
	rootX    = "arn:aws:iam::111122223333:root"
)

func TestPrincipals(t *testing.T) {
	tests := []struct {
		element     string // Principal or NotPrincipal
		who         Principal
		deny, allow Tri // does a Deny, an Allow with it apply?
	}{
		{`"Principal":"*"`, AnyPrincipal(), True, True},
		{`"Principal":"*"`, Anonymous(), True, True},
		{`"Principal":{"AWS":"*"}`, ServicePrincipal("s3.amazonaws.com"), True, True},
		{`"Principal":{"AWS":"` + roleX + `"}`, AnyPrincipal(), Unknown, Unknown},
		{`"Principal":{"AWS":"` + roleX + `"}`, Anonymous(), False, False},
		{`"Principal":{"AWS":"` + roleX + `"}`, AWSPrincipal(roleX), True, True},
		{`"Principal":{"AWS":"` + roleX + `"}`, AWSPrincipal(sessionX), True, True},
		{`"Principal":{"AWS":"` + roleX + `"}`, AWSPrincipal("arn:aws:iam::111122223333:user/x"), False, False},
		{`"Principal":{"AWS":"` + roleX + `"}`, AWSPrincipal(rootX), False, False},
		{`"Principal":{"AWS":"` + roleX + `"}`, AccountPrincipal("111122223333"), Unknown, Unknown},
		{`"Principal":{"AWS":"` + roleX + `"}`, AccountPrincipal("444455556666"), False, False},
		{`"Principal":{"AWS":"` + rootX + `"}`, AWSPrincipal(roleX), True, Unknown},
		{`"Principal":{"AWS":"111122223333"}`, AWSPrincipal(roleX), True, Unknown},
		{`"Principal":{"AWS":"111122223333"}`, AWSPrincipal(rootX), True, True},
		{`"Principal":{"AWS":"111122223333"}`, AccountPrincipal("111122223333"), True, True},
		{`"Principal":{"AWS":"444455556666"}`, AWSPrincipal(roleX), False, False},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:role/*"}`, AWSPrincipal(roleX), Unknown, Unknown},
		{`"Principal":{"AWS":"AROAEXAMPLE"}`, AWSPrincipal(roleX), False, False},
		{`"Principal":{"Service":"S3.amazonaws.com"}`, ServicePrincipal("s3.amazonaws.com"), True, True},
		{`"Principal":{"Service":"s3.amazonaws.com"}`, ServicePrincipal("sns.amazonaws.com"), False, False},
		{`"Principal":{"Service":"s3.amazonaws.com"}`, AWSPrincipal(roleX), False, False},
		{`"Principal":{"Service":"s3.amazonaws.com"}`, AnyPrincipal(), Unknown, Unknown},
		{`"Principal":{"CanonicalUser":"0a1b"}`, AWSPrincipal(roleX), Unknown, Unknown},
		{`"Principal":{"Federated":"cognito-identity.amazonaws.com"}`, AWSPrincipal(roleX), False, False},
		{`"NotPrincipal":{"AWS":"` + roleX + `"}`, AnyPrincipal(), Unknown, Unknown},
		{`"NotPrincipal":{"AWS":"` + roleX + `"}`, AWSPrincipal(roleX), False, False},
		{`"NotPrincipal":{"AWS":"` + roleX + `"}`, Anonymous(), True, True},
		{`"NotPrincipal":{"AWS":"` + rootX + `"}`, AWSPrincipal(roleX), False, False},
		{`"NotPrincipal":{"AWS":"*"}`, AnyPrincipal(), False, False},
	}
	for _, tt := range tests {
		t.Run(tt.element+" "+tt.who.name, func(t *testing.T) {
			ask := func(effect string) Decision {
				p := mustParse(t, `{"Statement":{"Effect":"`+effect+`",`+tt.element+`,"Action":"s3:GetObject","Resource":"*"}}`)
				return p.Evaluate(Request{Principal: tt.who, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/o"})
			}
			if got := ask("Deny").Denied; got.Tri() != tt.deny {
				t.Errorf("denied %v, want %v: %s", got.Tri(), tt.deny, got.Reason)
			}
			if got := ask("Allow").Allowed; got.Tri() != tt.allow {
				t.Errorf("allowed %v, want %v: %s", got.Tri(), tt.allow, got.Reason)
			}
		})
	}
}

func TestSymbolicActionsAndResources(t *testing.T) {
	tests := []struct {
		element, action, resource string
		want                      Tri
	}{
		{`"Action":"s3:*","Resource":"*"`, "s3:*", "arn:aws:s3:::b/*", True},
		{`"Action":"*","Resource":"arn:aws:s3:::*"`, "s3:*", "arn:aws:s3:::b/*", True},
		{`"Action":"s3:Get*","Resource":"*"`, "s3:*", "arn:aws:s3:::b/*", Unknown},
		{`"Action":"s3:get*","Resource":"*"`, "s3:GetObject", "arn:aws:s3:::b/*", True},
		{`"Action":"kms:*","Resource":"*"`, "s3:*", "arn:aws:s3:::b/*", False},
		{`"NotAction":"s3:Get*","Resource":"*"`, "s3:*", "x", Unknown},
		{`"NotAction":"kms:*","Resource":"*"`, "s3:*", "x", True},
		{`"NotAction":"*","Resource":"*"`, "s3:*", "x", False},
		{`"Action":"*","Resource":"arn:aws:s3:::b/a*"`, "s3:*", "arn:aws:s3:::b/*", Unknown},
		{`"Action":"*","Resource":"arn:aws:s3:::b"`, "s3:*", "arn:aws:s3:::b/*", False},
		{`"Action":"*","NotResource":"arn:aws:s3:::b/a*"`, "s3:*", "arn:aws:s3:::b/*", Unknown},
		{`"Action":"*","NotResource":"arn:aws:s3:::c/*"`, "s3:*", "arn:aws:s3:::b/*", True},
		{`"Action":"*","Resource":"arn:aws:s3:::B/*"`, "s3:*", "arn:aws:s3:::b/*", False},
		{`"Action":"*","Resource":"arn:*:s3:::b/?*"`, "s3:*", "arn:aws-cn:s3:::b/x", True},
	}
	for _, tt := range tests {
		p := mustParse(t, `{"Statement":{"Effect":"Deny","Principal":"*",`+tt.element+`}}`)
		if got := p.Evaluate(Request{Action: tt.action, Resource: tt.resource}).Denied; got.Tri() != tt.want {
			t.Errorf("%s for %s on %s: %v, want %v", tt.element, tt.action, tt.resource, got.Tri(), tt.want)
		}
	}
}

func TestDecision(t *testing.T) {
	p := mustParse(t, `{"Statement":[
		{"Sid":"open","Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"},
		{"Sid":"shut","Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"*"},
		{"Sid":"odd","Effect":"Deny","Principal":"*","Action":"s3:Get*","Resource":"*","Condition":{"StringEquals":{"k":"v"}}}]}`)
	yes, no := true, false
	tests := []struct {
		action string
		want   Decision
	}{
		{"s3:ListBucket", Decision{
			Denied:  Answer{Value: &no, Reason: "no Deny statement applies"},
			Allowed: Answer{&yes, []StatementRef{{0, "open"}}, `allowed by statement 0 ("open"), and no Deny statement applies`, ""},
		}},
		{"s3:PutObject", Decision{
			Denied:  Answer{&yes, []StatementRef{{1, "shut"}}, `denied by statement 1 ("shut")`, ""},
			Allowed: Answer{&no, []StatementRef{{1, "shut"}}, `denied by statement 1 ("shut")`, ""},
		}},
		{"s3:GetObject", Decision{
			Denied:  Answer{nil, []StatementRef{{2, "odd"}}, `statement 2 ("odd") applies only under the condition "StringEquals" on "k"`, ""},
			Allowed: Answer{nil, []StatementRef{{2, "odd"}}, `statement 2 ("odd") applies only under the condition "StringEquals" on "k"`, ""},
		}},
		{"kms:Decrypt", Decision{
			Denied:  Answer{Value: &no, Reason: "no Deny statement applies"},
			Allowed: Answer{Value: &no, Reason: "no Allow statement applies"},
		}},
	}
	for _, tt := range tests {
		got := p.Evaluate(Request{Action: tt.action, Resource: "arn:aws:s3:::b"})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.action, diff)
		}
	}
	if d := (*Policy)(nil).Evaluate(Request{}); d.Denied.Tri() != False || d.Allowed.Tri() != False {
		t.Errorf("no policy: %+v", d)
	}
}

// TestNoPolicy: a bucket known to have no policy denies nothing, for sure.
func TestNoPolicy(t *testing.T) {
	a := AnalyzeS3(nil, S3Bucket{Partition: "aws", Name: "b", DefaultKeyARN: keyK})
	if len(a.Undecided()) != 0 || vector(a.Uploads) != "-------" || a.MinimumTLS.Version != "1.0" ||
		a.InsecureTransport.BucketDenied.Tri() != False || a.InsecureTransport.ObjectsDenied.Tri() != False {
		t.Errorf("%+v", a)
	}
	if k := AnalyzeKMS(nil, testKey); k.Public.Tri() != False || k.RootEnabled.Tri() != False || len(k.Undecided()) != 0 {
		t.Errorf("%+v", k)
	}
}

// TestShape holds the JSON that policies read: unknown is absent, never null.
func TestShape(t *testing.T) {
	s3, err := json.Marshal(AnalyzeS3(mustParse(t, policyOf(deny(with{"Condition": `{"What":{"aws:SecureTransport":"false"}}`}))), S3Bucket{Partition: "aws", Name: "b"}))
	if err != nil {
		t.Fatal(err)
	}
	kms, err := json.Marshal(AnalyzeKMS(mustParse(t, policyOf(allow(`{"Service":"sns.amazonaws.com"}`, anyKMS, `{"What":{"aws:SourceAccount":"x"}}`))), testKey))
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{string(s3), string(kms)} {
		if strings.Contains(doc, "null") {
			t.Errorf("a fact is null: %s", doc)
		}
	}
	for _, want := range []string{`"insecure_transport":{"bucket_denied":{"statements":[{"index":0,"sid":"tls"}],"reason":`, `"minimum_tls":{"statements":`, `"sse_c":{`} {
		if !strings.Contains(string(s3), want) {
			t.Errorf("%s lacks %s", s3, want)
		}
	}
	for _, want := range []string{`"public":{"value":false,"reason":`, `"external_accounts":[]`, `"cloudtrail":{"allowed":{"value":false`} {
		if !strings.Contains(string(kms), want) {
			t.Errorf("%s lacks %s", kms, want)
		}
	}
	if strings.Contains(string(kms), "unguarded_services") {
		t.Errorf("an undecided list is in %s", kms)
	}
}
