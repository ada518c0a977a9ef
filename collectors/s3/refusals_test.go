package s3_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/collectors/s3"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// provides are the attributes that each call of a bucket gives.
func provides() map[string]string {
	return map[string]string{
		"s3:GetBucketEncryption":         "facts.encryption",
		"s3:GetBucketPolicy":             "facts.policy",
		"s3:GetBucketPolicyStatus":       "facts.policy.public",
		"s3:GetBucketVersioning":         "facts.versioning",
		"s3:GetBucketReplication":        "facts.replication",
		"s3:GetBucketLogging":            "facts.logging",
		"s3:GetPublicAccessBlock":        "facts.public_access.block_public_acls facts.public_access.ignore_public_acls facts.public_access.block_public_policy facts.public_access.restrict_public_buckets",
		"s3control:GetPublicAccessBlock": "facts.public_access.block_public_acls facts.public_access.ignore_public_acls facts.public_access.block_public_policy facts.public_access.restrict_public_buckets",
	}
}

// open is an account whose bucket leaves the public access block to the
// account, so that each side counts, and whose policy says nothing of keys.
func open(instead api.Answers) api.Answers {
	answers := account(api.Answers{
		"s3:ListBuckets":          api.Always(listed("", "orders eu-west-1", "other eu-west-1")),
		"s3:GetPublicAccessBlock": api.Always(block("ffff")),
	})
	for operation, answer := range instead {
		answers[operation] = answer
	}
	return answers
}

// only answers the bucket "orders" in another way.
func only(reply api.Reply, others func(api.Request) api.Reply) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		if q.Bucket() == "orders" || strings.HasPrefix(q.Operation, "s3control:") {
			return reply
		}
		return others(q)
	}
}

// without drops facts at the paths from their JSON.
func without(t *testing.T, facts string, paths ...string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(facts), &v); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		names, at := strings.Split(path, ".")[1:], v
		for _, name := range names[:len(names)-1] {
			at, _ = at[name].(map[string]any)
		}
		delete(at, names[len(names)-1])
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A call that is refused costs what it would have told of that bucket, and
// everything else is as without the refusal.
func TestRefusals(t *testing.T) {
	whole, _ := collect(t, open(nil), api.Region)
	for name, tc := range map[string]struct {
		reply   api.Reply
		control api.Reply // the same, as S3 Control puts it
		reason  collectors.Reason
	}{
		"denied":        {denied(), controlError(403, "AccessDenied"), collectors.Denied},
		"expired":       {api.XMLError(400, "ExpiredToken", ""), controlError(400, "ExpiredToken"), collectors.Denied},
		"fails":         {api.XMLError(500, "InternalError", ""), controlError(500, "InternalError"), collectors.Failed},
		"not known":     {api.XMLError(405, "MethodNotAllowed", ""), controlError(405, "MethodNotAllowed"), collectors.Unsupported},
		"wrong region":  {api.XMLError(400, "AuthorizationHeaderMalformed", ""), controlError(400, "AuthorizationHeaderMalformed"), collectors.Failed},
		"another error": {notFound("NoSuchConfiguration"), controlError(404, "NoSuchConfiguration"), collectors.Failed},
		"empty":         {api.XML(""), api.XML(""), collectors.Failed},
		"a web page":    {api.Reply{Type: "text/html", Body: "<html><body>Log in</body></html>"}, api.XML("<html/>"), collectors.Failed},
		"JSON":          {api.Reply{Body: `[]`}, api.Reply{Body: "{}"}, collectors.Failed},
	} {
		for operation, attributes := range provides() {
			t.Run(name+" "+operation, func(t *testing.T) {
				t.Parallel() // 5xx is retried
				reply := tc.reply
				if strings.HasPrefix(operation, "s3control:") {
					reply = tc.control
				}
				sink, _ := collect(t, open(api.Answers{operation: only(reply, open(nil)[operation])}), api.Region)
				r := sink.Find(t, "orders")
				want := without(t, factsOf(t, whole.Find(t, "orders")), strings.Split(attributes, " ")...)
				if diff := cmp.Diff(want, without(t, factsOf(t, r))); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(string(tc.reason)+" "+attributes, gapsOf(r.Gaps)); diff != "" {
					t.Error(diff)
				}
				if g := r.Gaps[0]; g.Detail == "" || g.Remedy == "" || (g.Permission == "") != (tc.reason != collectors.Denied) || g.Permission != "" && g.Permission != awsapi.Action(operation) {
					t.Errorf("gap %+v", g)
				}
				if other := sink.Find(t, "other"); operation[:3] == "s3:" && factsOf(t, other) != factsOf(t, whole.Find(t, "other")) {
					t.Error("the other bucket changes too")
				}
			})
		}
	}
}

// Everything is refused: each gap names its own permission.
func TestEverythingIsDenied(t *testing.T) {
	answers := open(nil)
	for operation := range provides() {
		answers[operation] = api.Always(denied())
	}
	answers["s3control:GetPublicAccessBlock"] = api.Always(controlError(403, "AccessDenied"))
	sink, _ := collect(t, answers, api.Region)
	r := sink.Find(t, "orders")
	var permissions []string
	for _, g := range r.Gaps {
		permissions = append(permissions, g.Permission)
	}
	want := []string{"s3:GetEncryptionConfiguration", "s3:GetBucketPolicy", "s3:GetBucketVersioning", "s3:GetReplicationConfiguration", "s3:GetBucketLogging", "s3:GetBucketPublicAccessBlock", "s3:GetAccountPublicAccessBlock"}
	if diff := cmp.Diff(want, permissions); diff != "" {
		t.Error(diff)
	}
	if facts := factsOf(t, r); facts != `{"created_at":"2024-05-06T07:08:09Z","public_access":{}}` {
		t.Error(facts)
	}
	if sink.Gaps["AWS::S3::Bucket eu-west-1"] != nil {
		t.Error("the listing was complete")
	}
}

// A bucket that is gone is one gap on all its facts; one that goes while it
// is read keeps what was read.
func TestVanished(t *testing.T) {
	answers := open(nil)
	for operation := range provides() {
		answers[operation] = only(notFound("NoSuchBucket"), open(nil)[operation])
	}
	answers["s3control:GetPublicAccessBlock"] = api.Always(block("tttt"))
	sink, _ := collect(t, answers, api.Region)
	r := sink.Find(t, "orders")
	if gapsOf(r.Gaps) != "vanished facts" || factsOf(t, r) != "{}" {
		t.Errorf("%s\n%s", gapsOf(r.Gaps), factsOf(t, r))
	}
	if other := sink.Find(t, "other"); len(other.Gaps) > 0 {
		t.Errorf("the other bucket: %+v", other.Gaps)
	}
	answers["s3:GetBucketEncryption"] = open(nil)["s3:GetBucketEncryption"]
	sink, _ = collect(t, answers, api.Region)
	r = sink.Find(t, "orders")
	if got := gapsOf(r.Gaps); got != "vanished facts.policy\nvanished facts.versioning\nvanished facts.replication\nvanished facts.logging" || r.Facts.(s3.Facts).Encryption == nil {
		t.Errorf("%s\n%s", got, factsOf(t, r))
	}
}

// A throttle that lasts until the scan ends is a gap of that attribute.
func TestThrottledUntilTheEnd(t *testing.T) {
	slow := api.XMLError(503, "SlowDown", "Please reduce your request rate.")
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	server := api.Serve(t, open(api.Answers{"s3:GetBucketVersioning": only(slow, open(nil)["s3:GetBucketVersioning"])}))
	session := server.Session(t)
	sink := api.Collect(ctx, t, s3.New(session, kms.NewKeys(session), []string{api.Region}), accountScope())
	if r := sink.Find(t, "orders"); !slices.Contains(strings.Split(gapsOf(r.Gaps), "\n"), "throttled facts.versioning") || r.Facts.(s3.Facts).Encryption == nil {
		t.Errorf("%s\n%s", gapsOf(r.Gaps), factsOf(t, r))
	}
	if r := sink.Find(t, "other"); r.Facts.(s3.Facts).Versioning == nil {
		t.Errorf("the other bucket: %+v", r.Gaps)
	}
}

// When the scan ends early, what was not read is a gap and nothing is lost.
func TestInterrupted(t *testing.T) {
	server := api.Serve(t, open(nil))
	session := server.Session(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sink := api.Collect(ctx, t, s3.New(session, kms.NewKeys(session), []string{api.Region}), accountScope())
	if gap := sink.Gaps["AWS::S3::Bucket eu-west-1"]; gap == nil || gap.Reason != collectors.TimedOut {
		t.Errorf("listing %+v", gap)
	}
}

// No beginning of a reply passes for the whole.
func TestCutOff(t *testing.T) {
	for operation := range provides() {
		reply := open(api.Answers{"s3:GetBucketReplication": api.Always(replicated("<Rule><Status>Enabled</Status><Destination><Bucket>b</Bucket></Destination></Rule>"))})[operation](api.Request{})
		if reply.Status != 0 { // S3 Control's
			reply = block("ffff")
		}
		t.Run(operation, func(t *testing.T) {
			n := 0
			server := api.Serve(t, open(api.Answers{operation: func(api.Request) api.Reply { return api.Reply{Type: reply.Type, Body: reply.Body[:n]} }}))
			session := server.Session(t)
			for n = 0; n < len(reply.Body); n += 11 {
				sink := api.Collect(t.Context(), t, s3.New(session, kms.NewKeys(session), []string{api.Region}), accountScope())
				r := sink.Find(t, "orders")
				want := provides()[operation]
				if operation == "s3:GetBucketPolicy" && n > 0 {
					want = "facts.policy.insecure_transport facts.policy.uploads"
				}
				if len(r.Gaps) != 1 || strings.Join(r.Gaps[0].Attributes, " ") != want {
					t.Fatalf("%s: %s", reply.Body[:n], gapsOf(r.Gaps))
				}
			}
		})
	}
}
