package s3_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors/s3"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// TestPublicAccess joins a bucket's block with its account's: true wins,
// false needs both, and what is not known is a gap on that flag alone.
func TestPublicAccess(t *testing.T) {
	none, controlNone := notFound("NoSuchPublicAccessBlockConfiguration"), controlError(404, "NoSuchPublicAccessBlockConfiguration")
	const s3Denied, accountDenied = "denied s3:GetBucketPublicAccessBlock ", "denied s3:GetAccountPublicAccessBlock "
	for name, tc := range map[string]struct {
		own, account api.Reply
		want         string // t, f or ? for each flag
		gaps         []string
	}{
		"neither is set":           {none, controlNone, "ffff", nil},
		"the bucket's":             {block("tttt"), controlNone, "tttt", nil},
		"the account's":            {none, block("tttt"), "tttt", nil},
		"either":                   {block("tftf"), block("ttff"), "tttf", nil},
		"both off":                 {block("ffff"), block("ffff"), "ffff", nil},
		"the bucket's is denied":   {denied(), block("tftf"), "t?t?", []string{s3Denied + "ignore_public_acls restrict_public_buckets"}},
		"the account's is denied":  {block("ttff"), controlError(403, "AccessDenied"), "tt??", []string{accountDenied + "block_public_policy restrict_public_buckets"}},
		"true on a denied account": {block("tttt"), controlError(403, "AccessDenied"), "tttt", nil},
		"true on a denied bucket":  {denied(), block("tttt"), "tttt", nil},
		"both are denied": {denied(), controlError(403, "AccessDenied"), "????", []string{
			s3Denied + "block_public_acls ignore_public_acls block_public_policy restrict_public_buckets",
			accountDenied + "block_public_acls ignore_public_acls block_public_policy restrict_public_buckets"}},
		"a flag is missing":             {block("t-ft"), controlNone, "t?ft", []string{"no_data  ignore_public_acls"}},
		"the account's lacks flags":     {block("ftff"), block("f---"), "ft??", []string{"no_data  block_public_policy restrict_public_buckets"}},
		"an empty reply":                {api.XML(""), controlNone, "????", []string{"failed  block_public_acls ignore_public_acls block_public_policy restrict_public_buckets"}},
		"an empty reply of the account": {none, api.XML("<html></html>"), "????", []string{"failed  block_public_acls ignore_public_acls block_public_policy restrict_public_buckets"}},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t, account(api.Answers{"s3:GetPublicAccessBlock": api.Always(tc.own), "s3control:GetPublicAccessBlock": api.Always(tc.account)}), api.Region)
			r := sink.Find(t, "orders")
			p := r.Facts.(s3.Facts).PublicAccess
			got := ""
			for _, flag := range []*bool{p.BlockPublicACLs, p.IgnorePublicACLs, p.BlockPublicPolicy, p.RestrictPublicBuckets} {
				text, _ := json.Marshal(flag)
				got += strings.Replace(string(text[0]), "n", "?", 1)
			}
			if got != tc.want {
				t.Errorf("%s, not %s", got, tc.want)
			}
			var gaps []string
			for _, g := range r.Gaps {
				gaps = append(gaps, string(g.Reason)+" "+g.Permission+" "+strings.ReplaceAll(strings.Join(g.Attributes, " "), "facts.public_access.", ""))
			}
			if diff := cmp.Diff(tc.gaps, gaps); diff != "" {
				t.Error(diff)
			}
			factsOf(t, r)
		})
	}
}
