package iampolicy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const owner = "111122223333"

var testKey = KMSKey{Partition: "aws", Account: owner, ARN: keyK}

// allow is an Allow statement of a key policy; condition may be empty.
func allow(principal, action, condition string) string {
	s := `{"Sid":"a","Effect":"Allow","Principal":` + principal + `,"Action":` + action + `,"Resource":"*"`
	if condition != "" {
		s += `,"Condition":` + condition
	}
	return s + "}"
}

const (
	everyone = `{"AWS":"*"}`
	anyKMS   = `"kms:*"`
	rootAll  = `{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + owner + `:root"},"Action":"kms:*","Resource":"*"}`
)

func TestKMSPublic(t *testing.T) {
	open := func(condition string) string { return policyOf(rootAll, allow(everyone, anyKMS, condition)) }
	tests := []struct {
		name, policy string
		want         Tri
		reason       string
	}{
		{"owner only", policyOf(rootAll), False, "no statement allows"},
		{"everyone", open(""), True, "it has no condition"},
		{"everyone by string", policyOf(allow(`"*"`, anyKMS, "")), True, ""},
		{"one action", policyOf(allow(everyone, `"kms:Decrypt"`, "")), True, ""},
		{"NotPrincipal", policyOf(`{"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"}`), True, "NotPrincipal"},
		{"NotAction", policyOf(`{"Effect":"Allow","Principal":"*","NotAction":"kms:Decrypt","Resource":"*"}`), True, ""},
		{"actions of another service", policyOf(allow(everyone, `"s3:*"`, "")), False, ""},

		{"kms:CallerAccount", open(`{"StringEquals":{"kms:CallerAccount":"` + owner + `"}}`), False, ""},
		{"aws:PrincipalAccount", open(`{"StringEquals":{"aws:PrincipalAccount":["` + owner + `","444455556666"]}}`), False, ""},
		{"aws:PrincipalOrgID", open(`{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`), False, ""},
		{"aws:PrincipalOrgPaths", open(`{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-abc/*"}}`), False, ""},
		{"aws:PrincipalArn", open(`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::` + owner + `:role/*"}}`), False, ""},
		{"aws:SourceAccount", open(`{"StringEquals":{"aws:SourceAccount":"` + owner + `"}}`), False, ""},
		{"aws:SourceArn", open(`{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:` + owner + `:trail/*"}}`), False, ""},
		{"ViaService with CallerAccount", open(`{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:CallerAccount":"` + owner + `"}}`), False, ""},
		{"an endpoint", open(`{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`), False, ""},

		{"ViaService alone", open(`{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`), True, "does not limit who"},
		{"encryption context alone", open(`{"StringEquals":{"kms:EncryptionContext:app":"x"}}`), True, ""},
		{"address alone", open(`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`), True, ""},
		{"TLS alone", open(`{"Bool":{"aws:SecureTransport":"true"}}`), True, ""},
		{"any caller account", open(`{"StringLike":{"kms:CallerAccount":"*"}}`), True, ""},
		{"a literal star", open(`{"StringEquals":{"kms:CallerAccount":"*"}}`), False, ""},
		{"any organisation", open(`{"StringLike":{"aws:PrincipalOrgID":"o-*"}}`), True, ""},
		{"a role name in any account", open(`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}`), True, ""},
		{"everybody but one account", open(`{"StringNotEquals":{"kms:CallerAccount":"444455556666"}}`), True, ""},
		{"IfExists on a key that callers lack", open(`{"StringEqualsIfExists":{"aws:SourceAccount":"` + owner + `"}}`), True, ""},
		{"ForAllValues on a key that callers lack", open(`{"ForAllValues:StringEquals":{"aws:PrincipalOrgPaths":"o-abc/r-1/"}}`), True, ""},
		{"one of two statements", policyOf(allow(everyone, anyKMS, `{"StringEquals":{"kms:CallerAccount":"`+owner+`"}}`), allow(everyone, `"kms:Encrypt"`, "")), True, "statement 1"},

		{"only reading", policyOf(allow(everyone, `["kms:DescribeKey","kms:List*"]`, "")), True, "read about the key: it has no condition"},
		{"reading, and using with a limit", policyOf(allow(everyone, `"kms:DescribeKey"`, ""), allow(everyone, `"kms:Decrypt"`, `{"StringEquals":{"kms:CallerAccount":"`+owner+`"}}`)), True, "read about"},
		{"reading, and using", policyOf(allow(everyone, `"kms:DescribeKey"`, ""), allow(everyone, `"kms:Decrypt"`, "")), True, "statement 1 (\"a\") allows principals"},
		{"reading, and using that can't be told", policyOf(allow(everyone, `"kms:DescribeKey"`, ""), allow(everyone, `"kms:Decrypt"`, `{"StringEquals":{"acme:team":"x"}}`)), True, "read about"},
		{"only services", open(`{"Bool":{"aws:PrincipalIsAWSService":"true"}}`), False, ""},

		{"denied again", policyOf(allow(everyone, anyKMS, ""), `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"`+owner+`"}}}`), False, ""},
		{"unknown operator", open(`{"StringMatches":{"kms:CallerAccount":"` + owner + `"}}`), Unknown, `operator "StringMatches"`},
		{"unknown key", open(`{"StringEquals":{"acme:team":"x"}}`), Unknown, `"acme:team"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := AnalyzeKMS(mustParse(t, tt.policy), testKey).Public
			if got.Tri() != tt.want {
				t.Errorf("public %v, want %v: %s", got.Tri(), tt.want, got.Reason)
			}
			if !strings.Contains(got.Reason, tt.reason) || got.Reason == "" {
				t.Errorf("reason %q lacks %q", got.Reason, tt.reason)
			}
			if tt.want == True && len(got.Statements) != 1 {
				t.Errorf("deciding statements %v", got.Statements)
			}
		})
	}
}

func TestKMSExternalAccounts(t *testing.T) {
	policy := policyOf(rootAll,
		allow(`{"AWS":["arn:aws:iam::444455556666:root","222233334444","arn:aws:iam::444455556666:role/x","AROAEXAMPLEID"]}`, anyKMS, ""),
		allow(everyone, anyKMS, `{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`),
		allow(everyone, anyKMS, `{"StringEquals":{"kms:CallerAccount":["`+owner+`","777788889999"]}}`),
		`{"Effect":"Deny","Principal":{"AWS":"999999999999"},"Action":"kms:*","Resource":"*"}`)
	got := AnalyzeKMS(mustParse(t, policy), testKey).ExternalAccounts
	if diff := cmp.Diff([]string{"222233334444", "444455556666", "777788889999", "o-abc"}, got); diff != "" {
		t.Error(diff)
	}
	got = AnalyzeKMS(mustParse(t, policyOf(rootAll)), testKey).ExternalAccounts
	if diff := cmp.Diff([]string{}, got); diff != "" {
		t.Error(diff)
	}
	for condition, want := range map[string][]string{
		`{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`:                                  {"*"},
		`{"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}`:                                {},
		`{"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}`:                                    {"${aws:ResourceOrgID}"},
		`{"StringEqualsIfExists":{"kms:CallerAccount":"` + owner + `"}}`:                                    {},
		`{"StringEqualsIfExists":{"kms:CallerAccount":"444455556666"}}`:                                     {"444455556666"},
		`{"StringEqualsIfExists":{"aws:SourceAccount":"` + owner + `"}}`:                                    {"*"},
		`{"Bool":{"aws:PrincipalIsAWSService":"true"}}`:                                                     {},
		`{"Bool":{"aws:PrincipalIsAWSService":"true"},"StringEquals":{"aws:SourceAccount":"444455556666"}}`: {"444455556666"},
		`{"Bool":{"aws:PrincipalIsAWSService":"false"}}`:                                                    {"*"},
		`{"BoolIfExists":{"aws:PrincipalIsAWSService":"true"}}`:                                             {"*"},
		`{"StringNotEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com"}}`:                              {"*"},
		`{"Null":{"aws:PrincipalServiceName":"true"}}`:                                                      {"*"},
		`{"StringEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com"}}`:                                 {},
	} {
		got = AnalyzeKMS(mustParse(t, policyOf(allow(everyone, anyKMS, condition))), testKey).ExternalAccounts
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", condition, diff)
		}
	}
}

func TestKMSRootEnabled(t *testing.T) {
	root := func(action, condition string) string {
		return allow(`{"AWS":"arn:aws:iam::`+owner+`:root"}`, action, condition)
	}
	tests := []struct {
		name, policy string
		want         Tri
	}{
		{"the default policy", policyOf(rootAll), True},
		{"by account id", policyOf(allow(`{"AWS":"`+owner+`"}`, anyKMS, "")), True},
		{"action *", policyOf(root(`"*"`, "")), True},
		{"some actions", policyOf(root(`["kms:Describe*","kms:Get*"]`, "")), False},
		{"only a role", policyOf(allow(`{"AWS":"arn:aws:iam::`+owner+`:role/admin"}`, anyKMS, "")), False},
		{"another account", policyOf(allow(`{"AWS":"444455556666"}`, anyKMS, "")), False},
		{"with a Deny of one action", policyOf(rootAll, `{"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`), True},
		{"denied", policyOf(rootAll, `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`), False},
		{"from an address", policyOf(root(anyKMS, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`)), Unknown},
		{"everyone of the account", policyOf(allow(everyone, anyKMS, `{"StringEquals":{"kms:CallerAccount":"`+owner+`"}}`)), True},
		{"another partition", policyOf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::444455556666:root"},"Action":"kms:*","Resource":"*"}`), False},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := AnalyzeKMS(mustParse(t, tt.policy), testKey).RootEnabled
			if got.Tri() != tt.want || got.Reason == "" {
				t.Errorf("root enabled %v, want %v: %s", got.Tri(), tt.want, got.Reason)
			}
		})
	}
}

func TestKMSUnguardedServices(t *testing.T) {
	service := func(condition string) string {
		return policyOf(rootAll, allow(`{"Service":["sns.amazonaws.com","cloudtrail.amazonaws.com"]}`, `["kms:GenerateDataKey*","kms:Decrypt"]`, condition))
	}
	both := []string{"cloudtrail.amazonaws.com", "sns.amazonaws.com"}
	every := func(condition string) string { return policyOf(rootAll, allow(everyone, anyKMS, condition)) }
	tests := []struct {
		name, policy string
		want         []string
		undecided    bool
	}{
		{"no service", policyOf(rootAll), []string{}, false},
		{"no condition", service(""), both, false},
		{"aws:SourceAccount", service(`{"StringEquals":{"aws:SourceAccount":"` + owner + `"}}`), []string{}, false},
		{"aws:SourceArn", service(`{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:` + owner + `:*"}}`), []string{}, false},
		{"aws:SourceArn of a bucket", service(`{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::mine"}}`), []string{}, false},
		{"aws:SourceOrgID", service(`{"StringEquals":{"aws:SourceOrgID":"o-abc"}}`), []string{}, false},
		{"aws:PrincipalOrgID", service(`{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`), []string{}, false},
		{"encryption context", service(`{"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:` + owner + `:trail/*"}}`), []string{}, false},
		{"ViaService with CallerAccount", service(`{"StringEquals":{"kms:ViaService":"sns.us-east-1.amazonaws.com","kms:CallerAccount":"` + owner + `"}}`), []string{}, false},
		{"the key's account", service(`{"StringEquals":{"aws:SourceAccount":"${aws:ResourceAccount}"}}`), []string{}, false},
		{"any source account", service(`{"StringLike":{"aws:SourceAccount":"*"}}`), both, false},
		{"a trail of any account", service(`{"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:*:trail/*"}}`), both, false},
		{"any bucket", service(`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}}`), both, false},
		{"the objects of a bucket", service(`{"ArnLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::my-bucket/*"}}`), []string{}, false},
		{"the objects of buckets", service(`{"ArnLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::my-*/x"}}`), both, false},
		{"a bucket but for a letter", service(`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::my-bucket-?"}}`), both, false},
		{"any hosted zone", service(`{"ArnLike":{"aws:SourceArn":"arn:aws:route53:::hostedzone/*"}}`), both, false},
		{"only reading", policyOf(rootAll, allow(`{"Service":"cloudtrail.amazonaws.com"}`, `["kms:DescribeKey","kms:Get*Policy","kms:List*"]`, "")), []string{}, false},
		{"the parameters of an import", policyOf(allow(`{"Service":"sns.amazonaws.com"}`, `"kms:GetParametersForImport"`, "")), []string{"sns.amazonaws.com"}, false},
		{"every service", every(`{"Bool":{"aws:PrincipalIsAWSService":"true"}}`), []string{"*"}, false},
		{"every service, guarded", every(`{"Bool":{"aws:PrincipalIsAWSService":"true"},"StringEquals":{"aws:SourceAccount":"` + owner + `"}}`), []string{}, false},
		{"services by name", every(`{"StringEquals":{"aws:PrincipalServiceName":["sns.amazonaws.com","cloudtrail.amazonaws.com"]}}`), both, false},
		{"services by name, both ways", every(`{"Bool":{"aws:PrincipalIsAWSService":"true"},"StringEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com"}}`), []string{"sns.amazonaws.com"}, false},
		{"services by a list of names", every(`{"ForAnyValue:StringEquals":{"aws:PrincipalServiceNamesList":"sns.amazonaws.com"}}`), []string{"sns.amazonaws.com"}, false},
		{"services by a pattern", every(`{"StringLike":{"aws:PrincipalServiceName":"*.amazonaws.com"}}`), []string{"*.amazonaws.com"}, false},
		{"a service by name, guarded", every(`{"StringEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com","aws:SourceAccount":"` + owner + `"}}`), []string{}, false},
		{"no service", every(`{"Bool":{"aws:PrincipalIsAWSService":"false"}}`), []string{}, false},
		{"any context", service(`{"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"*"}}`), both, false},
		{"source account only has to be sent", service(`{"Null":{"aws:SourceAccount":"false"}}`), both, false},
		{"ViaService alone", service(`{"StringLike":{"kms:ViaService":"sns.*.amazonaws.com"}}`), both, false},
		{"denied to strangers", policyOf(allow(`{"Service":"sns.amazonaws.com"}`, anyKMS, ""), `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"`+owner+`"}}}`), []string{}, false},
		{"IfExists", service(`{"StringEqualsIfExists":{"aws:SourceAccount":"` + owner + `"}}`), nil, true},
		{"unknown operator", service(`{"StringMatches":{"aws:SourceAccount":"` + owner + `"}}`), nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := AnalyzeKMS(mustParse(t, tt.policy), testKey)
			var got []string
			if a.UnguardedServices != nil {
				got = []string{}
			}
			for _, g := range a.UnguardedServices {
				got = append(got, g.Service)
				if g.Statement.Sid != "a" {
					t.Errorf("statement %+v", g.Statement)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			undecided := false
			for _, u := range a.Undecided() {
				if u.Path == "unguarded_services" {
					undecided = u.Reason != ""
				}
			}
			if undecided != tt.undecided {
				t.Errorf("undecided %v, want %v", undecided, tt.undecided)
			}
		})
	}
}

func TestKMSCloudTrail(t *testing.T) {
	trail := func(condition string) string {
		return policyOf(rootAll, allow(`{"Service":"cloudtrail.amazonaws.com"}`, `"kms:GenerateDataKey*"`, condition))
	}
	const arn = `"arn:aws:cloudtrail:us-east-1:` + owner + `:trail/t"`
	const context = `"kms:EncryptionContext:aws:cloudtrail:arn"`
	tests := []struct {
		name, policy string
		want         string // allowed, by source ARN, by context: y, n, ?, space for absent
	}{
		{"not allowed", policyOf(rootAll), "n  "},
		{"decrypt only", policyOf(allow(`{"Service":"cloudtrail.amazonaws.com"}`, `"kms:Decrypt"`, "")), "n  "},
		{"unscoped", trail(""), "ynn"},
		{"source ARN", trail(`{"StringEquals":{"aws:SourceArn":` + arn + `}}`), "yyn"},
		{"context", trail(`{"StringLike":{` + context + `:"arn:aws:cloudtrail:*:` + owner + `:trail/*"}}`), "yny"},
		{"both", trail(`{"StringEquals":{"aws:SourceArn":` + arn + `},"StringLike":{` + context + `:"arn:aws:cloudtrail:*:` + owner + `:trail/*"}}`), "yyy"},
		{"trails of any account", trail(`{"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:*:trail/*"}}`), "ynn"},
		{"source account", trail(`{"StringEquals":{"aws:SourceAccount":"` + owner + `"}}`), "ynn"},
		{"denied", policyOf(allow(`{"Service":"cloudtrail.amazonaws.com"}`, anyKMS, ""), `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`), "n  "},
		{"unknown operator", trail(`{"StringMatches":{"aws:SourceArn":` + arn + `}}`), "?  "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := AnalyzeKMS(mustParse(t, tt.policy), testKey).CloudTrail
			letters := map[Tri]string{True: "y", False: "n", Unknown: "?"}
			v := letters[got.Allowed.Tri()]
			for _, an := range []*Answer{got.ScopedBySourceArn, got.ScopedByEncryptionContext} {
				if an == nil {
					v += " "
				} else {
					v += letters[an.Tri()]
				}
			}
			if v != tt.want {
				t.Errorf("got %q, want %q: %+v", v, tt.want, got)
			}
		})
	}
}
