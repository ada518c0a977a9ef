package dynamodb_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/dynamodb"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

func denied(action string) api.Reply {
	return api.JSONError(400, "AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/audit/test is not authorized to perform: "+action)
}

// only answers one table of several in another way.
func only(name string, reply api.Reply, others func(api.Request) api.Reply) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		if q.Text("TableName") == name {
			return reply
		}
		return others(q)
	}
}

// Every refusal costs what the call would have told, and nothing else.
func TestRefusals(t *testing.T) {
	described := []object{table("items", nil), table("orders", nil)}
	cut := api.Reply{Type: "application/x-amz-json-1.0", Body: `{"Table":{"TableStatus":"ACT`}
	named := func(f *dynamodb.TableFacts) {
		f.Encryption.Key = &collectors.Key{ID: keyARN, ARN: keyARN, Account: "111122223333", Region: "eu-west-1"}
	}
	var keyless []string
	for _, a := range []string{"delete_at", "exists", "manager", "origin", "spec", "state", "usage"} {
		keyless = append(keyless, "facts.encryption.key."+a+" denied")
	}
	for name, tc := range map[string]struct {
		operation string
		answer    func(api.Request) api.Reply
		items     dynamodb.TableFacts
		gaps      []string
	}{
		"description denied":   {desc, only("items", denied(desc), describing(described...)), dynamodb.TableFacts{}, []string{"facts denied"}},
		"description cut off":  {desc, only("items", cut, describing(described...)), dynamodb.TableFacts{}, []string{"facts failed"}},
		"description fails":    {desc, only("items", api.JSONError(500, "InternalServerError", ""), describing(described...)), dynamodb.TableFacts{}, []string{"facts failed"}},
		"description empty":    {desc, only("items", api.JSON(object{}), describing(described...)), dynamodb.TableFacts{}, []string{"facts failed"}},
		"deleted in between":   {desc, describing(described[1]), dynamodb.TableFacts{}, []string{"facts vanished"}},
		"keys denied":          {"kms:DescribeKey", api.Always(denied("kms:DescribeKey")), facts(named), keyless},
		"the tags are refused": {"tagging:GetResources", api.Always(denied("tag:GetResources")), facts(nil), []string{"tags denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(described...)
			whole, _ := collect(t.Context(), t, a)
			a[tc.operation] = tc.answer
			sink, _ := collect(t.Context(), t, a)
			r := sink.Find(t, "items")
			if diff := cmp.Diff(tc.items, r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			others := []string{"cache"}
			if tc.operation == desc {
				others = append(others, "orders")
			}
			for _, other := range others {
				if diff := cmp.Diff(whole.Find(t, other).Facts, sink.Find(t, other).Facts); diff != "" {
					t.Errorf("%s changes too\n%s", other, diff)
				}
			}
			if sink.Gaps[tables] != nil || sink.Gaps[clusters] != nil {
				t.Errorf("listings %+v", sink.Gaps)
			}
		})
	}
}

// Each listing fails by itself.
func TestListingsFailApart(t *testing.T) {
	page := api.Reply{Status: 404, Type: "text/html", Body: "<html>not here</html>"}
	for name, tc := range map[string]struct {
		reply  api.Reply
		reason collectors.Reason
	}{
		"denied":    {denied("x"), collectors.Denied},
		"fails":     {api.JSONError(500, "InternalServerError", ""), collectors.Failed},
		"cut off":   {api.Reply{Type: "application/x-amz-json-1.0", Body: `{"TableNames":["a"`}, collectors.Failed},
		"not known": {api.JSONError(501, "NotImplemented", ""), collectors.Unsupported},
		"a page":    {page, collectors.Failed},
	} {
		for operation, lines := range map[string][2]string{list: {tables, clusters}, dax: {clusters, tables}} {
			t.Run(name+" "+operation, func(t *testing.T) {
				a := answers(table("items", nil))
				a[operation] = api.Always(tc.reply)
				sink, _ := collect(t.Context(), t, a)
				if gap := sink.Gaps[lines[0]]; gap == nil || gap.Reason != tc.reason || gap.Detail == "" {
					t.Errorf("gap %+v", gap)
				}
				if gap, ok := sink.Gaps[lines[1]]; gap != nil || !ok || len(sink.Resources) != 1 || len(sink.Resources[0].Gaps) > 0 {
					t.Errorf("the other listing: %+v, resources %+v", gap, sink.Resources)
				}
			})
		}
	}
}

func TestListingsThatCantGoOn(t *testing.T) {
	a := answers(table("items", nil))
	a[list] = api.Always(api.JSON(object{"TableNames": []string{"items"}, "LastEvaluatedTableName": "items"}))
	a[dax] = api.Always(api.JSON(object{"Clusters": []object{cluster("cache", nil)}, "NextToken": "again"}))
	sink, _ := collect(t.Context(), t, a)
	for _, line := range []string{tables, clusters} {
		if gap := sink.Gaps[line]; gap == nil || gap.Reason != collectors.Failed {
			t.Errorf("%s: %+v", line, gap)
		}
	}
}

// A cluster that can't be told from others is not read, and not forgotten.
func TestANamelessCluster(t *testing.T) {
	a := answers()
	a[dax] = api.Always(api.JSON(object{"Clusters": []object{cluster("", object{"ClusterName": nil}), cluster("cache", nil)}}))
	sink, _ := collect(t.Context(), t, a)
	if gap := sink.Gaps[clusters]; gap == nil || gap.Reason != collectors.Failed || len(sink.Resources) != 1 {
		t.Errorf("gap %+v, %d resources", gap, len(sink.Resources))
	}
}

// Where AWS does not offer DAX its endpoint's name has no address. That is a
// fact when DynamoDB's name has one; else nothing is known. (A name with an
// empty part has no address anywhere, and no network is asked.)
func TestARegionWithoutDAX(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", api.Serve(t, answers(table("items", nil))).URL)
	t.Setenv("AWS_ENDPOINT_URL_DAX", "http://dax..invalid")
	sink := collectAnywhere(t)
	if gap, listed := sink.Gaps[clusters]; listed || !strings.Contains(sink.Missing[clusters], "eu-west-1") {
		t.Errorf("gap %+v, not offered because %q", gap, sink.Missing[clusters])
	}
	if sink.Gaps[tables] != nil || len(sink.Find(t, "items").Gaps) > 0 {
		t.Errorf("tables %+v", sink.Gaps[tables])
	}
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb..invalid")
	sink = collectAnywhere(t)
	gap := sink.Gaps[clusters]
	if gap == nil || gap.Reason != collectors.Unsupported || !strings.Contains(gap.Detail, "eu-west-1") || gap.Remedy == "" || sink.Missing[clusters] != "" {
		t.Errorf("gap %+v, not offered because %q", gap, sink.Missing[clusters])
	}
	if sink.Gaps[tables] == nil {
		t.Error("the tables of a region without an address are listed")
	}
}

// collectAnywhere reads with the endpoints of the environment.
func collectAnywhere(t *testing.T) *api.Sink {
	t.Helper()
	session, err := awsapi.Open(t.Context(), awsapi.Options{Region: api.Region, Rates: map[string]float64{}, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "x", "")})
	if err != nil {
		t.Fatal(err)
	}
	return api.Collect(t.Context(), t, dynamodb.New(session, kms.NewKeys(session)), api.Scope())
}

func TestThrottledUntilTheEnd(t *testing.T) {
	throttle := api.JSONError(400, "ThrottlingException", "Rate of requests exceeds the allowed throughput.")
	a := answers(table("items", nil), table("orders", nil))
	a[desc] = only("items", throttle, a[desc])
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	sink, _ := collect(ctx, t, a)
	if got := describedGaps(sink.Find(t, "items").Gaps); !slices.Contains(got, "facts throttled") {
		t.Errorf("gaps %v", got)
	}
	if r := sink.Find(t, "orders"); len(r.Gaps) > 0 || sink.Gaps[tables] != nil {
		t.Errorf("gaps %+v, listing %+v", r.Gaps, sink.Gaps[tables])
	}
	a[list], a[dax] = api.Always(throttle), api.Always(throttle)
	late, cancelLate := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancelLate()
	sink, _ = collect(late, t, a)
	for _, line := range []string{tables, clusters} {
		if gap := sink.Gaps[line]; gap == nil || gap.Reason != collectors.Throttled {
			t.Errorf("%s: %+v", line, gap)
		}
	}
}

// Names are what somebody chose: they stay text, and nothing else is asked.
func TestHostileNames(t *testing.T) {
	names := []string{`"><script>alert(1)</script>`, "../../etc/passwd", "a\nb\x1b[31m", "предметы"}
	var described []object
	for _, name := range names {
		described = append(described, table(name, nil))
	}
	a := answers(described...)
	a[dax] = api.Always(api.JSON(object{"Clusters": []object{cluster("<b>\n", nil)}}))
	sink, server := collect(t.Context(), t, a)
	for _, name := range names {
		if diff := cmp.Diff(facts(nil), sink.Find(t, name).Facts); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
	sink.Find(t, "<b>\n")
	if got := slices.Compact(server.Calls()); len(got) != 4 {
		t.Errorf("asked %v", got)
	}
}

func TestCanBeAskedWithoutASession(t *testing.T) {
	c := dynamodb.New(nil, nil)
	if c.Service() != "dynamodb" || c.Global() || len(c.Types()) != 2 || len(c.Actions()) != 3 {
		t.Errorf("collector %+v", c)
	}
}
