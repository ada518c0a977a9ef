package iampolicy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestKMSTrails lists the trails that a policy lets CloudTrail use the key for.
func TestKMSTrails(t *testing.T) {
	const (
		service = `{"Service":"cloudtrail.amazonaws.com"}`
		data    = `"kms:GenerateDataKey*"`
		context = `"kms:EncryptionContext:aws:cloudtrail:arn"`
		one     = "arn:aws:cloudtrail:us-east-1:" + owner + ":trail/t"
		own     = "arn:aws:cloudtrail:*:" + owner + ":trail/*"
		other   = "arn:aws:cloudtrail:us-east-1:999999999999:trail/other"
		any     = "arn:aws:cloudtrail:*:*:trail/*"
	)
	trail := func(condition string) string { return allow(service, data, condition) }
	deny := func(condition string) string {
		return `{"Sid":"d","Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":` + condition + `}`
	}
	list := func(trails ...string) []string { return append([]string{}, trails...) }
	tests := []struct {
		name   string
		policy string
		want   []string // nil: can't be told
		why    string
	}{
		{"not allowed", policyOf(rootAll), list(), ""},
		{"decrypt only", policyOf(allow(service, `"kms:Decrypt"`, "")), list(), ""},
		{"any", policyOf(trail("")), list(any), ""},
		{"one", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"` + one + `"}}`)), list(one), ""},
		{"of another account", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"` + other + `"}}`)), list(other), ""},
		{"two", policyOf(trail(`{"ArnEquals":{"aws:SourceArn":["` + one + `","` + other + `"]}}`)), list(one, other), ""},
		{"two statements", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"`+one+`"}}`), trail(`{"StringLike":{`+context+`:"`+own+`"}}`)), list(own, one), ""},
		{"as AWS writes it", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"` + one + `"},"StringLike":{` + context + `:"` + own + `"}}`)), list(one), ""},
		{"the two don't agree", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"` + one + `"},"StringLike":{` + context + `:"` + other + `"}}`)), list(), ""},
		{"account", policyOf(trail(`{"StringEquals":{"aws:SourceAccount":"` + owner + `"}}`)), list(own), ""},
		{"account as a variable", policyOf(trail(`{"StringEquals":{"aws:SourceAccount":"${aws:ResourceAccount}"}}`)), list(own), ""},
		{"account and region", policyOf(trail(`{"StringEquals":{"aws:SourceAccount":"` + owner + `"},"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-*:*:trail/*"}}`)), list("arn:aws:cloudtrail:us-*:" + owner + ":trail/*"), ""},
		{"everything of the account", policyOf(trail(`{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:` + owner + `:*"}}`)), list(own), ""},
		{"everything of CloudTrail", policyOf(trail(`{"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*"}}`)), list(any), ""},
		{"everything", policyOf(trail(`{"StringLike":{"aws:SourceArn":"*"}}`)), list(any), ""},
		{"a bucket", policyOf(trail(`{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::b"}}`)), list(), ""},
		{"a pattern taken literally", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"` + own + `"}}`)), list(), ""},
		{"if it exists", policyOf(trail(`{"StringEqualsIfExists":{"aws:SourceArn":"` + one + `"}}`)), list(one), ""},
		{"as everybody", policyOf(allow(everyone, data, `{"StringEquals":{"aws:PrincipalServiceName":"cloudtrail.amazonaws.com","aws:SourceArn":"`+one+`"}}`)), list(one), ""},
		{"under other conditions", policyOf(trail(`{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:SourceArn":"` + one + `"}}`)), list(one), ""},
		{"any but one", policyOf(trail(`{"StringNotEquals":{"aws:SourceArn":"` + one + `"}}`)), nil, `by "aws:SourceArn"`},
		{"by organization", policyOf(trail(`{"StringEquals":{"aws:SourceOrgID":"o-abc"}}`)), nil, `by "aws:SourceOrgID"`},
		{"in any case", policyOf(trail(`{"StringEqualsIgnoreCase":{"aws:SourceArn":"` + one + `"}}`)), nil, "not modelled"},
		{"by a variable", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:${aws:SourceAccount}:trail/t"}}`)), nil, ""},
		{"five parts", policyOf(trail(`{"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:*"}}`)), nil, "not modelled"},
		{"patterns that cross", policyOf(trail(`{"StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:` + owner + `:trail/a*",` + context + `:"arn:aws:cloudtrail:*:` + owner + `:trail/*b"}}`)), nil, "not modelled"},
		{"unknown operator", policyOf(trail(`{"StringMatches":{"aws:SourceArn":"` + one + `"}}`)), nil, `"StringMatches"`},

		{"denied", policyOf(trail(""), deny(`{}`)), list(), ""},
		{"denied to strangers", policyOf(trail(""), deny(`{"StringNotEquals":{"aws:SourceAccount":"`+owner+`"}}`)), list(own), ""},
		{"denied to others", policyOf(trail(`{"StringEquals":{"aws:SourceAccount":"`+owner+`"}}`), deny(`{"ArnNotLike":{"aws:SourceArn":"`+one+`"}}`)), list(one), ""},
		{"denied without TLS", policyOf(trail(""), deny(`{"Bool":{"aws:SecureTransport":"false"}}`)), list(any), ""},
		{"denied to users of others", policyOf(trail(`{"StringEquals":{"aws:SourceArn":"`+one+`"}}`), deny(`{"StringNotEquals":{"aws:PrincipalOrgID":"o-abc","aws:SourceAccount":"`+owner+`"},"Bool":{"aws:PrincipalIsAWSService":"false"}}`)), list(one), ""},
		{"one denied", policyOf(trail(""), deny(`{"StringEquals":{"aws:SourceArn":"`+one+`"}}`)), nil, "denies some trails"},
		{"denied under two conditions", policyOf(trail(""), deny(`{"StringNotEquals":{"aws:SourceArn":"`+one+`"},"Bool":{"aws:SecureTransport":"false"}}`)), nil, "denies some trails"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := AnalyzeKMS(mustParse(t, tt.policy), testKey)
			if diff := cmp.Diff(tt.want, a.CloudTrail.Trails); diff != "" {
				t.Error(diff)
			}
			why := ""
			for _, u := range a.Undecided() {
				if u.Path == "cloudtrail.trails" {
					why = u.Reason
				}
			}
			if (why == "") != (tt.want != nil) || !strings.Contains(why, tt.why) {
				t.Errorf("reason %q, want %q", why, tt.why)
			}
		})
	}
}

// A key policy's statements without effect are left out, a bucket's refused.
func TestParseKeyPolicy(t *testing.T) {
	const public = `"Effect":"Allow","Principal":"*"`
	for statement, effective := range map[string]bool{
		`{` + public + `,"Action":"kms:*"}`:                                         false,
		`{` + public + `,"Resource":"*"}`:                                           false,
		`{` + public + `}`:                                                          false,
		`{` + public + `,"action":"kms:*","RESOURCE":"*"}`:                          true,
		`{` + public + `,"NotAction":"kms:Decrypt","NotResource":"arn:aws:s3:::b"}`: true,
	} {
		doc := []byte(`{"Statement":[` + statement + `,` + rootAll + `]}`)
		p, err := ParseKeyPolicy(doc)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		a := AnalyzeKMS(p, testKey)
		if got := a.Public.Tri() == True; got != effective || a.RootEnabled.Tri() != True {
			t.Errorf("%s: public %v, root enabled %v", statement, got, a.RootEnabled.Tri())
		}
		if a.RootEnabled.Statements[0].Index != 1 && !effective {
			t.Errorf("%s: statement %d", statement, a.RootEnabled.Statements[0].Index)
		}
		if _, err := Parse(doc); (err == nil) != effective {
			t.Errorf("%s: a bucket policy: %v", statement, err)
		}
	}
	for _, doc := range []string{`{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`, `{"Statement":["x"]}`} {
		if _, err := ParseKeyPolicy([]byte(doc)); err == nil {
			t.Errorf("%s is taken", doc)
		}
	}
}
