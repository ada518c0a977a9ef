package s3_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/s3"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// statements are a policy with the statements; the bucket is B in them.
func statements(list ...string) api.Reply {
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
	return api.Reply{Type: "application/json", Body: strings.ReplaceAll(text, "arn:B", "arn:aws:s3:::orders")}
}

// deny is a statement that denies everybody, under a condition.
func deny(sid, action, resource, condition string) string {
	return `{"Sid":"` + sid + `","Effect":"Deny","Principal":"*","Action":"` + action + `","Resource":` + resource + `,"Condition":` + condition + `}`
}

// vector says of a policy's facts: transport on bucket and objects, then the
// seven uploads; D denied, - not, ? absent.
func vector(p *s3.Policy) string {
	letter := func(v *bool) string {
		switch {
		case v == nil:
			return "?"
		case *v:
			return "D"
		}
		return "-"
	}
	out := ""
	if p.InsecureTransport != nil {
		out += letter(p.InsecureTransport.BucketDenied) + letter(p.InsecureTransport.ObjectsDenied)
	}
	if u := p.Uploads; u != nil {
		out += " "
		for _, up := range []*s3.Upload{u.NoHeader, u.AES256, u.KMSWithoutKey, u.KMSRightKey, u.KMSWrongKey, u.DSSERightKey, u.SSEC} {
			if up == nil {
				out += "?"
				continue
			}
			out += letter(&up.Denied)
			if up.Detail == "" {
				out += "!"
			}
		}
	}
	return out
}

func TestPolicy(t *testing.T) {
	const both, objects = `["arn:B","arn:B/*"]`, `"arn:B/*"`
	tls := deny("TLS", "s3:*", both, `{"Bool":{"aws:SecureTransport":"false"}}`)
	for name, tc := range map[string]struct {
		reply  api.Reply
		exists bool
		public string
		want   string // see vector
		gaps   string
	}{
		"none":            {notFound("NoSuchBucketPolicy"), false, "false", "-- -------", ""},
		"TLS only":        {statements(tls), true, "true", "DD -------", ""},
		"TLS, objects":    {statements(deny("O", "s3:*", objects, `{"Bool":{"aws:SecureTransport":"false"}}`)), true, "true", "-D -------", ""},
		"this key only":   {statements(deny("K", "s3:PutObject", objects, `{"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"`+keyARN+`"}}`)), true, "true", "-- DDD-D-D", ""},
		"no SSE-C":        {statements(deny("C", "s3:PutObject", objects, `{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}`)), true, "true", "-- ------D", ""},
		"without Version": {api.Reply{Body: `{"Statement":[]}`}, true, "true", "-- -------", ""},
		"an operator that is not modelled": {statements(deny("Q", "s3:*", both, `{"BoolMaybe":{"aws:SecureTransport":"false"}}`)), true, "true", "?? ???????",
			"unmodelled facts.policy.insecure_transport.bucket_denied\nunmodelled facts.policy.insecure_transport.objects_denied\n" +
				"unmodelled facts.policy.uploads.no_header\nunmodelled facts.policy.uploads.aes256\nunmodelled facts.policy.uploads.kms_without_key\nunmodelled facts.policy.uploads.kms_right_key\n" +
				"unmodelled facts.policy.uploads.kms_wrong_key\nunmodelled facts.policy.uploads.dsse_right_key\nunmodelled facts.policy.uploads.sse_c"},
		"only one answer is not decided": {statements(tls, deny("Q", "s3:PutObject", objects, `{"Maybe":{"s3:x-amz-server-side-encryption-customer-algorithm":"x"},"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}`)), true, "true", "DD ------?",
			"unmodelled facts.policy.uploads.sse_c"},
		"not JSON":     {api.Reply{Body: `{"Version":"2012-10-17","Statement":[`}, true, "true", "", "unmodelled facts.policy.insecure_transport facts.policy.uploads"},
		"not a policy": {api.Reply{Body: `{"Hello":"world"}`}, true, "true", "", "unmodelled facts.policy.insecure_transport facts.policy.uploads"},
	} {
		t.Run(name, func(t *testing.T) {
			sink, server := collect(t, account(api.Answers{"s3:GetBucketPolicy": api.Always(tc.reply), "s3:GetBucketPolicyStatus": api.Always(isPublic(true))}), api.Region)
			r := sink.Find(t, "orders")
			p := r.Facts.(s3.Facts).Policy
			public, _ := json.Marshal(p.Public)
			if p.Exists != tc.exists || string(public) != tc.public || vector(p) != tc.want {
				t.Errorf("exists %v, public %s, %q", p.Exists, public, vector(p))
			}
			if diff := cmp.Diff(tc.gaps, gapsOf(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			if asked := len(server.Requests("s3:GetBucketPolicyStatus")) > 0; asked != tc.exists {
				t.Errorf("the status was asked for: %v", asked)
			}
			factsOf(t, r)
		})
	}
}

// The status is a fact of its own.
func TestPolicyStatus(t *testing.T) {
	whole, _ := part(t, account(nil), "policy")
	for name, tc := range map[string]struct {
		reply api.Reply
		gap   string
	}{
		"denied":                       {denied(), "denied facts.policy.public"},
		"deleted in between":           {notFound("NoSuchBucketPolicy"), "transition facts.policy.public"},
		"without the flag":             {api.XML("<PolicyStatus/>"), "no_data facts.policy.public"},
		"another operation's":          {api.XML("<ListBucketResult><Name>orders</Name></ListBucketResult>"), "failed facts.policy.public"},
		"the endpoint doesn't have it": {api.XMLError(501, "NotImplemented", ""), "unsupported facts.policy.public"},
	} {
		t.Run(name, func(t *testing.T) {
			got, gaps := part(t, account(api.Answers{"s3:GetBucketPolicyStatus": api.Always(tc.reply)}), "policy")
			if diff := cmp.Diff(strings.Replace(whole, `"public":false,`, "", 1), got); diff != "" {
				t.Error(diff)
			}
			if gaps != tc.gap {
				t.Error(gaps)
			}
		})
	}
}

// What the policy's author wrote is quoted, bounded, and says which statement
// decides.
func TestPolicyDetails(t *testing.T) {
	sid := `<img src=x onerror=alert(1)>` + strings.Repeat("A", 500)
	quoted, _ := json.Marshal(sid)
	text := statements(deny("X", "s3:*", `["arn:B","arn:B/*"]`, `{"BoolMaybe":{"aws:SecureTransport":"false"}}`), deny("Y", "s3:*", `"arn:B/*"`, `{"Bool":{"aws:SecureTransport":"false"}}`))
	text.Body = strings.NewReplacer(`"X"`, string(quoted), `"Y"`, `"O\u202e\u001b[31m"`).Replace(text.Body)
	sink, _ := collect(t, account(api.Answers{"s3:GetBucketPolicy": api.Always(text)}), api.Region)
	r := sink.Find(t, "orders")
	p := r.Facts.(s3.Facts).Policy
	if d := p.InsecureTransport.Detail; !strings.Contains(d, "on the bucket, statement 0 (") || !strings.Contains(d, "denied by statement 1 (") || strings.ContainsAny(d, "\u202e\x1b\n") || len(d) > 1300 {
		t.Errorf("detail %q", d)
	}
	decided := slices.IndexFunc(r.Gaps, func(g collectors.Gap) bool { return g.Attributes[0] == "facts.policy.insecure_transport.bucket_denied" })
	if decided < 0 {
		t.Fatalf("gaps %+v", r.Gaps)
	}
	if g := r.Gaps[decided]; !strings.Contains(g.Detail, "statement 0") || !strings.Contains(g.Detail, "BoolMaybe") || len(g.Detail) > 800 || g.Remedy == "" {
		t.Errorf("gap %+v", g)
	}
}

// The key that the bucket names is the right one, also when KMS says no more
// of it; without it, only what holds for every key is an answer.
func TestTheRightKey(t *testing.T) {
	pin := statements(deny("K", "s3:PutObject", `"arn:B/*"`, `{"StringNotEqualsIfExists":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"`+keyARN+`"}}`))
	for name, tc := range map[string]struct {
		encryption, key api.Reply
		want            string
		gaps            string
	}{
		"described":               {byDefault("aws:kms", keyARN), describedKey(), "-- DDD-D-D", ""},
		"named but not described": {byDefault("aws:kms", keyARN), api.JSONError(400, "AccessDeniedException", ""), "-- DDD-D-D", "denied facts.encryption.key"},
		"not known":               {denied(), describedKey(), "-- DDD???D", "denied facts.encryption\nunmodelled facts.policy.uploads.kms_right_key"},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t, account(api.Answers{"s3:GetBucketPolicy": api.Always(pin), "s3:GetBucketEncryption": api.Always(tc.encryption), "kms:DescribeKey": api.Always(tc.key)}), api.Region)
			r := sink.Find(t, "orders")
			if got := vector(r.Facts.(s3.Facts).Policy); got != tc.want || !strings.HasPrefix(gapsOf(r.Gaps), tc.gaps) {
				t.Errorf("%s\n%s", got, gapsOf(r.Gaps))
			}
		})
	}
}
