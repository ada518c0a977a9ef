package s3_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// names are the buckets that were found, each with its region.
func names(sink *api.Sink) []string {
	var out []string
	for _, r := range sink.Resources {
		out = append(out, strings.TrimSpace(r.Name+" "+r.Scope.Region))
	}
	return out
}

// lines are the ledger's lines, each with the reason of its gap.
func lines(sink *api.Sink) []string {
	var out []string
	for line, gap := range sink.Gaps {
		if gap != nil {
			line += ": " + string(gap.Reason)
		}
		out = append(out, strings.TrimPrefix(line, "AWS::S3::Bucket"))
	}
	slices.Sort(out)
	return out
}

// pages answers ListBuckets page by page; the token is the page's number.
func pages(all ...[]string) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		at := 0
		_, _ = fmt.Sscan(q.Query.Get("continuation-token"), &at)
		next := ""
		if at+1 < len(all) {
			next = fmt.Sprint(at + 1)
		}
		return listed(next, all[at]...)
	}
}

func TestListing(t *testing.T) {
	for name, tc := range map[string]struct {
		pages   [][]string
		regions []string
		want    []string
		lines   []string
	}{
		"several pages, one of them empty": {[][]string{{"a eu-west-1", "b eu-west-1"}, {}, {"c eu-west-1"}}, []string{"eu-west-1"},
			[]string{"a eu-west-1", "b eu-west-1", "c eu-west-1"}, []string{" eu-west-1"}},
		"none is a fact of each region": {[][]string{{}}, []string{"us-east-1", "eu-west-1"}, nil, []string{" eu-west-1", " us-east-1"}},
		"other regions are left out": {[][]string{{"a eu-west-1", "b us-east-1", "c ap-south-2"}}, []string{"us-east-1", "eu-north-1"},
			[]string{"b us-east-1"}, []string{" eu-north-1", " us-east-1"}},
		"without regions all are read": {[][]string{{"a eu-west-1", "b us-east-1"}}, nil, []string{"a eu-west-1", "b us-east-1"}, []string{" eu-west-1", " us-east-1"}},
		"without regions and buckets":  {[][]string{{}}, nil, nil, []string{""}},
		"a region named twice":         {[][]string{{"a eu-west-1"}}, []string{"eu-west-1", "eu-west-1"}, []string{"a eu-west-1"}, []string{" eu-west-1"}},
		"a region newer than the SDK":  {[][]string{{"a xx-moon-1"}}, nil, []string{"a xx-moon-1"}, []string{" xx-moon-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			sink, server := collect(t, account(api.Answers{"s3:ListBuckets": pages(tc.pages...)}), tc.regions...)
			if diff := cmp.Diff(tc.want, names(sink)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.lines, lines(sink)); diff != "" {
				t.Error(diff)
			}
			for _, q := range server.Requests("s3:ListBuckets") {
				if q.Query.Get("max-buckets") == "" {
					t.Error("without max-buckets S3 tells no regions")
				}
			}
			for _, q := range server.Requests("s3:GetBucketVersioning") {
				if r := sink.Find(t, q.Bucket()); q.Region != r.Scope.Region || r.ARN != "arn:aws:s3:::"+r.Name {
					t.Errorf("%s was asked of in %s", r.ARN, q.Region)
				}
			}
		})
	}
}

func TestLocation(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(api.Request) api.Reply
		want   []string
		gaps   string
	}{
		"null is us-east-1": {location(""), []string{"a us-east-1"}, ""},
		"EU is eu-west-1":   {location("EU"), []string{"a eu-west-1"}, ""},
		"a region":          {location("eu-west-1"), []string{"a eu-west-1"}, ""},
		"a newer region":    {location("xx-moon-1"), nil, ""},
		"another region":    {location("ap-south-2"), nil, ""},
		"denied":            {api.Always(denied()), []string{"a"}, "denied facts tags"},
		"deleted":           {api.Always(notFound("NoSuchBucket")), []string{"a"}, "vanished facts tags"},
		"no answer of S3":   {api.Always(api.XML("<html><body>Hello</body></html>")), []string{"a"}, "failed facts tags"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := account(api.Answers{"s3:ListBuckets": api.Always(listed("", "a")), "s3:GetBucketLocation": tc.answer})
			sink, server := collect(t, answers, "us-east-1", "eu-west-1")
			if diff := cmp.Diff(tc.want, names(sink)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{" eu-west-1", " us-east-1"}, lines(sink)); diff != "" {
				t.Error(diff)
			}
			if len(tc.want) == 0 {
				return
			}
			r := sink.Find(t, "a")
			if diff := cmp.Diff(tc.gaps, gapsOf(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			rests := slices.ContainsFunc(r.Calls, func(c collectors.CallRef) bool { return c.Operation == "s3:GetBucketLocation" })
			if facts := factsOf(t, r); !rests || (facts == "{}") != (tc.gaps != "") {
				t.Errorf("facts %s, calls %+v", facts, r.Calls)
			}
			if asked := len(server.Requests("s3:GetBucketVersioning")); tc.gaps != "" && asked > 0 {
				t.Error("a bucket without a region was asked for more")
			}
		})
	}
}

// A listing that fails is a gap of every region, and costs no bucket that was
// found before.
func TestAListingThatFails(t *testing.T) {
	endless := func(api.Request) api.Reply { return listed("again", "a eu-west-1") }
	second := func(reply api.Reply) func(api.Request) api.Reply {
		return func(q api.Request) api.Reply {
			if q.Query.Has("continuation-token") {
				return reply
			}
			return listed("2", "a eu-west-1")
		}
	}
	whole, _ := collect(t, account(api.Answers{"s3:ListBuckets": api.Always(listed("", "a eu-west-1"))}))
	for name, tc := range map[string]struct {
		answer func(api.Request) api.Reply
		reason collectors.Reason
		found  int
	}{
		"denied":                   {api.Always(denied()), collectors.Denied, 0},
		"denied on page two":       {second(denied()), collectors.Denied, 1},
		"fails":                    {api.Always(api.XMLError(500, "InternalError", "")), collectors.Failed, 0},
		"repeated token":           {endless, collectors.Failed, 1},
		"cut off":                  {second(api.XML("<ListAllMyBucketsResult><Buckets><Bucket><Name>b</Na")), collectors.Failed, 1},
		"empty":                    {api.Always(api.XML("")), collectors.Failed, 0},
		"a web page":               {api.Always(api.Reply{Type: "text/html", Body: "<html><head></head><body>Log in</body></html>"}), collectors.Failed, 0},
		"another operation's":      {api.Always(api.XML("<ListBucketResult><Name>a</Name></ListBucketResult>")), collectors.Failed, 0},
		"the endpoint has no such": {api.Always(api.XMLError(501, "NotImplemented", "")), collectors.Unsupported, 0},
	} {
		t.Run(name, func(t *testing.T) {
			answers := account(api.Answers{"s3:ListBuckets": tc.answer})
			sink, _ := collect(t, answers, "us-east-1", "eu-west-1")
			want := []string{" eu-west-1: " + string(tc.reason), " us-east-1: " + string(tc.reason)}
			if diff := cmp.Diff(want, lines(sink)); diff != "" {
				t.Error(diff)
			}
			found := map[string]bool{}
			for _, r := range sink.Resources {
				found[r.Name] = true
				if diff := cmp.Diff(factsOf(t, whole.Resources[0]), factsOf(t, r)); diff != "" {
					t.Error(diff)
				}
			}
			if len(found) != tc.found {
				t.Errorf("found %v", found)
			}
			if all, _ := collect(t, answers); !slices.Contains(lines(all), ": "+string(tc.reason)) {
				t.Errorf("without regions the account's line is missing: %v", lines(all))
			}
		})
	}
}

func TestOtherPartitions(t *testing.T) {
	identity := "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws-us-gov:sts::111122223333:assumed-role/audit/test</Arn><Account>111122223333</Account><UserId>A</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"
	answers := account(api.Answers{
		"sts:GetCallerIdentity": api.Always(api.XML(identity)),
		"s3:GetBucketPolicy":    api.Always(api.Reply{Body: strings.ReplaceAll(tlsOnly, "arn:aws:", "arn:aws-us-gov:")}),
	})
	server := api.Serve(t, answers)
	session := server.Session(t)
	scope := accountScope()
	scope.Partition = "aws-us-gov"
	sink := api.Collect(t.Context(), t, collector(session), scope)
	r := sink.Find(t, "arn:aws-us-gov:s3:::orders")
	if facts := factsOf(t, r); !strings.Contains(facts, `"bucket_denied":true,"objects_denied":true`) || r.Scope.Partition != "aws-us-gov" {
		t.Errorf("%+v %s", r.Scope, facts)
	}
}

// Names are what somebody chose: they stay text, and lead nowhere else.
func TestHostileNames(t *testing.T) {
	hostile := []string{`"&gt;&lt;script&gt;alert(1)&lt;/script&gt;`, "..%2F..%2Fetc", "клики", "arn:aws:s3:eu-west-1:111122223333:accesspoint/x"}
	var buckets []string
	for _, name := range hostile {
		buckets = append(buckets, strings.ReplaceAll(name, " ", "")+" eu-west-1")
	}
	sink, _ := collect(t, account(api.Answers{"s3:ListBuckets": api.Always(listed("", buckets...))}), "eu-west-1")
	if len(sink.Resources) != len(hostile) {
		t.Errorf("found %v", names(sink))
	}
	for _, r := range sink.Resources {
		if !strings.HasPrefix(r.ARN, "arn:aws:s3:::") || r.Scope.Region != "eu-west-1" {
			t.Errorf("%s in %+v", r.ARN, r.Scope)
		}
		factsOf(t, r)
	}
}

// The account's block is asked for once, and each bucket rests on it.
func TestTheAccountIsAskedOnce(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("b%02d eu-west-1", i))
	}
	sink, server := collect(t, account(api.Answers{"s3:ListBuckets": pages(many[:60], many[60:])}), "eu-west-1")
	if got := len(server.Requests("s3control:GetPublicAccessBlock")); got != 1 {
		t.Errorf("asked %d times", got)
	}
	for _, r := range sink.Resources {
		if !slices.ContainsFunc(r.Calls, func(c collectors.CallRef) bool { return c.Operation == "s3control:GetPublicAccessBlock" }) {
			t.Errorf("%s does not rest on it", r.Name)
		}
		if pages := slices.Collect(calls(r, "s3:ListBuckets")); len(pages) != 1 {
			t.Errorf("%s rests on the pages %+v", r.Name, pages)
		}
	}
	if len(sink.Resources) != 100 {
		t.Errorf("found %d", len(sink.Resources))
	}
}
