package kms_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

func trail(condition string) string {
	return `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*","Condition":{` + condition + `}}`
}

func open(condition string) string {
	return `{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{` + condition + `}}`
}

func TestPolicyFacts(t *testing.T) {
	sns := `{"Effect":"Allow","Principal":{"Service":["sns.amazonaws.com","events.amazonaws.com"]},"Action":"kms:Decrypt","Resource":"*"}`
	undecidable := `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringMatches":{"aws:SourceArn":"x"}}}`
	ownTrails := []string{"arn:aws:cloudtrail:*:111122223333:trail/*"}
	for name, tt := range map[string]struct {
		policy string
		want   func(*kms.Policy)
		detail string // in public_detail
		gaps   []string
	}{
		"the default": {policy: policyOf(rootOnly)},
		"public": {policy: policyOf(rootOnly, open("")), detail: `"Open"`,
			want: func(p *kms.Policy) { p.Public, p.ExternalAccounts = aws.Bool(true), []string{"*"} }},
		"narrowed to the account": {policy: policyOf(rootOnly, open(`"StringEquals":{"kms:CallerAccount":"111122223333"}`))},
		"other accounts": {policy: policyOf(rootOnly, `{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::999988887777:root","arn:aws:iam::444455556666:role/r"]},"Action":"kms:Decrypt","Resource":"*"}`),
			want: func(p *kms.Policy) { p.ExternalAccounts = []string{"444455556666", "999988887777"} }},
		"services for anybody": {policy: policyOf(rootOnly, sns, sns), want: func(p *kms.Policy) {
			p.UnguardedServices = []string{"events.amazonaws.com", "sns.amazonaws.com"}
		}},
		"without the root": {policy: policyOf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/one"},"Action":"kms:*","Resource":"*"}`),
			want: func(p *kms.Policy) { p.RootEnabled = aws.Bool(false) }},
		"a trail by ARN": {policy: policyOf(rootOnly, trail(`"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:eu-west-1:111122223333:trail/t"}`)),
			want: func(p *kms.Policy) {
				p.CloudTrail, p.CloudTrailTrails = "scoped", []string{"arn:aws:cloudtrail:eu-west-1:111122223333:trail/t"}
			}},
		"a trail of another account": {policy: policyOf(rootOnly, trail(`"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:999999999999:trail/other"}`)),
			want: func(p *kms.Policy) {
				p.CloudTrail, p.CloudTrailTrails = "scoped", []string{"arn:aws:cloudtrail:us-east-1:999999999999:trail/other"}
			}},
		"trails by context": {policy: policyOf(rootOnly, trail(`"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:111122223333:trail/*"}`)),
			want: func(p *kms.Policy) { p.CloudTrail, p.CloudTrailTrails = "scoped", ownTrails }},
		"trails by account": {policy: policyOf(rootOnly, trail(`"StringEquals":{"aws:SourceAccount":"111122223333"}`)),
			want: func(p *kms.Policy) { p.CloudTrail, p.CloudTrailTrails = "scoped", ownTrails }},
		"trails by organization": {policy: policyOf(rootOnly, trail(`"StringEquals":{"aws:SourceOrgID":"o-abc"}`)),
			want: func(p *kms.Policy) { p.CloudTrail = "scoped" }, gaps: []string{"facts.policy.cloudtrail_trails unmodelled"}},
		"a pattern taken literally": {policy: policyOf(rootOnly, trail(`"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}`))},
		"any trail": {policy: policyOf(rootOnly, trail("")), want: func(p *kms.Policy) {
			p.CloudTrail, p.UnguardedServices = "unscoped", []string{"cloudtrail.amazonaws.com"}
		}},
		"trails of some accounts": {policy: policyOf(rootOnly, trail(`"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:11112222????:trail/*"}`)),
			want: func(p *kms.Policy) { p.CloudTrail = "unscoped" }},
		"any trail but one": {policy: policyOf(rootOnly, trail(`"StringNotEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:999999999999:trail/other"}`)),
			want: func(p *kms.Policy) {
				p.CloudTrail, p.UnguardedServices = "unscoped", []string{"cloudtrail.amazonaws.com"}
			}},
		"every service": {policy: policyOf(rootOnly, open(`"Bool":{"aws:PrincipalIsAWSService":"true"}`)),
			want: func(p *kms.Policy) { p.UnguardedServices = []string{"*"} }},
		"a statement without Resource": {policy: policyOf(rootOnly, `{"Effect":"Allow","Principal":"*","Action":"kms:*"}`)},
		"public can't be told": {policy: policyOf(rootOnly, open(`"StringMatches":{"kms:CallerAccount":"1"}`)),
			want: func(p *kms.Policy) { p.Public, p.PublicDetail, p.ExternalAccounts = nil, "", []string{"1"} },
			gaps: []string{"facts.policy.public unmodelled", "facts.policy.public_detail unmodelled"}},
		"root can't be told": {policy: policyOf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`),
			want: func(p *kms.Policy) { p.RootEnabled = nil }, gaps: []string{"facts.policy.root_enabled unmodelled"}},
		"a service can't be told": {policy: policyOf(rootOnly, undecidable), gaps: []string{"facts.policy.unguarded_services unmodelled"}},
		"a trail can't be told": {policy: policyOf(rootOnly, trail(`"StringMatches":{"aws:SourceArn":"x"}`)),
			want: func(p *kms.Policy) { p.CloudTrail = "" },
			gaps: []string{"facts.policy.cloudtrail unmodelled", "facts.policy.cloudtrail_trails unmodelled", "facts.policy.unguarded_services unmodelled"}},
		"any trail, and a service can't be told": {policy: policyOf(rootOnly, trail(""), undecidable),
			want: func(p *kms.Policy) { p.CloudTrail = "unscoped" },
			gaps: []string{"facts.policy.unguarded_services unmodelled"}},
		"an organization's trails, and a service can't be told": {policy: policyOf(rootOnly, trail(`"StringEquals":{"aws:SourceOrgID":"o-abc"}`), undecidable),
			want: func(p *kms.Policy) { p.CloudTrail = "" },
			gaps: []string{"facts.policy.cloudtrail unmodelled", "facts.policy.cloudtrail_trails unmodelled", "facts.policy.unguarded_services unmodelled"}},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t.Context(), t, with(region(), "kms:GetKeyPolicy", awsapitest.JSON(map[string]any{"Policy": tt.policy})))
			r := sink.Find(t, keyARN)
			got := r.Facts.(kms.KeyFacts).Policy
			want := facts(nil).Policy
			if tt.want != nil {
				tt.want(want)
			}
			if !strings.Contains(got.PublicDetail, tt.detail) {
				t.Errorf("detail %q", got.PublicDetail)
			}
			if tt.detail != "" {
				want.PublicDetail = got.PublicDetail
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.gaps, gapsOf(r)); diff != "" {
				t.Errorf("gaps\n%s", diff)
			}
		})
	}
}

func TestUnreadablePolicies(t *testing.T) {
	for text, reason := range map[string]string{
		"Statement: everyone":                    "unmodelled",
		`{"Statement":[{"Effect":"Maybe"}]}`:     "unmodelled",
		`{"Statement":[{"Effect":"Allow","Actio`: "unmodelled",
		strings.Repeat("[", 100_000):             "unmodelled",
		"":                                       "no_data",
	} {
		sink, _ := collect(t.Context(), t, with(region(), "kms:GetKeyPolicy", awsapitest.JSON(map[string]any{"Policy": text})))
		r := sink.Find(t, keyARN)
		if diff := cmp.Diff([]string{"facts.policy " + reason}, gapsOf(r)); diff != "" {
			t.Errorf("%.40s: %s", text, diff)
		}
		if diff := cmp.Diff(facts(func(f *kms.KeyFacts) { f.Policy = nil }), r.Facts); diff != "" {
			t.Error(diff)
		}
	}
}

func TestGrants(t *testing.T) {
	base := func(change map[string]any) map[string]any {
		g := map[string]any{"GrantId": "g", "GranteePrincipal": "arn:aws:iam::111122223333:role/r", "Operations": []any{"GenerateDataKey", "Decrypt"}, "KeyId": keyARN}
		for name, value := range change {
			if g[name] = value; value == nil {
				delete(g, name)
			}
		}
		return g
	}
	operations := []string{"Decrypt", "GenerateDataKey"}
	role := kms.Grant{ID: "g", Grantee: "arn:aws:iam::111122223333:role/r", GranteeAccount: "111122223333", Operations: operations}
	service := kms.Grant{ID: "g", GranteeService: "dynamodb.amazonaws.com", Operations: operations}
	constrained := role
	constrained.Constrained = true
	for name, tt := range map[string]struct {
		change map[string]any
		want   kms.Grant
		gap    string
	}{
		"a role":                       {nil, role, ""},
		"another account":              {map[string]any{"GranteePrincipal": "arn:aws:iam::999988887777:root"}, kms.Grant{ID: "g", Grantee: "arn:aws:iam::999988887777:root", GranteeAccount: "999988887777", Operations: operations}, ""},
		"a deleted role":               {map[string]any{"GranteePrincipal": "AROAEXAMPLEDELETED001"}, kms.Grant{ID: "g", Grantee: "AROAEXAMPLEDELETED001", Operations: operations}, ""},
		"a service":                    {map[string]any{"GranteePrincipal": nil, "GranteeServicePrincipal": "dynamodb.amazonaws.com"}, service, ""},
		"a service, as it was":         {map[string]any{"GranteePrincipal": "dynamodb.amazonaws.com"}, service, ""},
		"a service, both ways":         {map[string]any{"GranteePrincipal": "dynamodb.amazonaws.com", "GranteeServicePrincipal": "dynamodb.amazonaws.com"}, service, ""},
		"a context it must equal":      {map[string]any{"Constraints": map[string]any{"EncryptionContextEquals": map[string]any{"a": "b"}}}, constrained, ""},
		"a context it must have":       {map[string]any{"Constraints": map[string]any{"EncryptionContextSubset": map[string]any{"a": "b"}}}, constrained, ""},
		"a source":                     {map[string]any{"Constraints": map[string]any{"SourceArn": "arn:aws:firehose:eu-west-1:111122223333:deliverystream/d"}}, constrained, ""},
		"constraints that say nothing": {map[string]any{"Constraints": map[string]any{}}, role, ""},
		"no operation":                 {map[string]any{"Operations": nil}, kms.Grant{ID: "g", Grantee: role.Grantee, GranteeAccount: role.GranteeAccount, Operations: []string{}}, ""},
		"nobody":                       {map[string]any{"GranteePrincipal": nil}, kms.Grant{}, "facts.grants no_data"},
		"no id":                        {map[string]any{"GrantId": nil}, kms.Grant{}, "facts.grants no_data"},
		"a newer operation":            {map[string]any{"Operations": []any{"Decrypt", "Teleport"}}, kms.Grant{}, "facts.grants unknown_value"},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t.Context(), t, with(region(), "kms:ListGrants", listOf("Grants", base(tt.change))))
			r := sink.Find(t, keyARN)
			var want []kms.Grant
			var gaps []string
			if tt.gap == "" {
				want = []kms.Grant{tt.want}
			} else {
				gaps = []string{tt.gap}
			}
			if diff := cmp.Diff(want, r.Facts.(kms.KeyFacts).Grants); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(gaps, gapsOf(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func store(id string, change map[string]any) map[string]any {
	s := map[string]any{"CustomKeyStoreId": id, "CustomKeyStoreName": "store " + id, "CustomKeyStoreType": "AWS_CLOUDHSM", "ConnectionState": "CONNECTED", "CloudHsmClusterId": "cluster-1"}
	for name, value := range change {
		if s[name] = value; value == nil {
			delete(s, name)
		}
	}
	return s
}

func TestStores(t *testing.T) {
	for name, tt := range map[string]struct {
		change map[string]any
		want   kms.StoreFacts
		gaps   []string
	}{
		"connected": {nil, kms.StoreFacts{Kind: "AWS_CLOUDHSM", ConnectionState: "CONNECTED", ClusterID: "cluster-1"}, nil},
		"failed": {map[string]any{"CustomKeyStoreType": "EXTERNAL_KEY_STORE", "ConnectionState": "FAILED", "ConnectionErrorCode": "XKS_PROXY_ACCESS_DENIED", "CloudHsmClusterId": nil},
			kms.StoreFacts{Kind: "EXTERNAL_KEY_STORE", ConnectionState: "FAILED", ConnectionError: "XKS_PROXY_ACCESS_DENIED"}, nil},
		"without a name": {map[string]any{"CustomKeyStoreName": nil}, kms.StoreFacts{Kind: "AWS_CLOUDHSM", ConnectionState: "CONNECTED", ClusterID: "cluster-1"}, nil},
		"a newer state": {map[string]any{"ConnectionState": "HIBERNATING"}, kms.StoreFacts{Kind: "AWS_CLOUDHSM", ClusterID: "cluster-1"},
			[]string{"facts.connection_state unknown_value"}},
		"a newer error": {map[string]any{"ConnectionState": "FAILED", "ConnectionErrorCode": "GREMLINS"}, kms.StoreFacts{Kind: "AWS_CLOUDHSM", ConnectionState: "FAILED", ClusterID: "cluster-1"},
			[]string{"facts.connection_error unknown_value"}},
		"a newer kind": {map[string]any{"CustomKeyStoreType": "DRAWER"}, kms.StoreFacts{ConnectionState: "CONNECTED", ClusterID: "cluster-1"},
			[]string{"facts.kind unknown_value"}},
		"a reply of 2020": {map[string]any{"CustomKeyStoreType": nil}, kms.StoreFacts{ConnectionState: "CONNECTED", ClusterID: "cluster-1"},
			[]string{"facts.kind no_data"}},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t.Context(), t, with(region(), "kms:DescribeCustomKeyStores", listOf("CustomKeyStores", store("cks-1", tt.change))))
			r := sink.Find(t, "arn:aws:kms:eu-west-1:111122223333:custom-key-store/cks-1")
			if diff := cmp.Diff(tt.want, r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.gaps, gapsOf(r)); diff != "" {
				t.Error(diff)
			}
			if want := map[bool]string{true: "cks-1", false: "store cks-1"}[name == "without a name"]; r.Name != want {
				t.Errorf("name %s", r.Name)
			}
		})
	}
}
