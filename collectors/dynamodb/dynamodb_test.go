package dynamodb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/dynamodb"
	"github.com/sealaudit/sealaudit/collectors/kms"
	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

const (
	tables   = "AWS::DynamoDB::Table eu-west-1"
	clusters = "AWS::DAX::Cluster eu-west-1"
	keyID    = "1234abcd-12ab-34cd-56ef-1234567890ab"
	keyARN   = "arn:aws:kms:eu-west-1:111122223333:key/" + keyID
	list     = "dynamodb:ListTables"
	desc     = "dynamodb:DescribeTable"
	dax      = "dax:DescribeClusters"
)

type object = map[string]any

// with is an object with some fields changed; a nil field is left out.
func with(o, change object) object {
	out := object{}
	for _, part := range []object{o, change} {
		for k, v := range part {
			if out[k] = v; v == nil {
				delete(out, k)
			}
		}
	}
	return out
}

func sse(change object) object {
	return with(object{"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": keyARN}, change)
}

// table is what AWS says of a table with a customer managed key, changed.
func table(name string, change object) object {
	return with(object{"TableName": name, "TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/" + name, "TableStatus": "ACTIVE", "CreationDateTime": 1500000000.5,
		"AttributeDefinitions": []any{}, "ItemCount": 3, "SSEDescription": sse(nil)}, change)
}

// cluster is what AWS says of a DAX cluster with everything on, changed.
func cluster(name string, change object) object {
	return with(object{"ClusterName": name, "ClusterArn": "arn:aws:dax:eu-west-1:111122223333:cache/" + name, "Status": "available",
		"SSEDescription": object{"Status": "ENABLED"}, "ClusterEndpointEncryptionType": "TLS", "TotalNodes": 1}, change)
}

func describing(described ...object) func(api.Request) api.Reply {
	return func(q api.Request) api.Reply {
		for _, d := range described {
			if d["TableName"] == q.Text("TableName") {
				return api.JSON(object{"Table": d})
			}
		}
		return api.JSONError(400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "Requested resource not found: Table: "+q.Text("TableName")+" not found")
	}
}

// describedKey knows every key, in the region where it is asked for.
func describedKey(q api.Request) api.Reply {
	id := q.Text("KeyId")
	manager := "CUSTOMER"
	if strings.Contains(id, "aws-managed") {
		manager = "AWS"
	}
	return api.JSON(object{"KeyMetadata": object{"Arn": "arn:aws:kms:" + q.Region + ":111122223333:key/" + id[strings.LastIndex(id, "/")+1:], "KeyId": "k", "KeyManager": manager,
		"KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}})
}

// answers are those of an account with the tables and the cluster "cache".
func answers(described ...object) api.Answers {
	var names []string
	for _, d := range described {
		names = append(names, d["TableName"].(string))
	}
	return api.Answers{
		list:              api.Always(api.JSON(object{"TableNames": names})),
		desc:              describing(described...),
		dax:               api.Always(api.JSON(object{"Clusters": []object{cluster("cache", nil)}})),
		"kms:DescribeKey": describedKey,
		"kms:ListAliases": api.Always(api.JSON(object{"Aliases": []object{{"AliasName": "alias/items", "TargetKeyId": keyID}}})),
	}
}

func collect(ctx context.Context, t *testing.T, a api.Answers) (*api.Sink, *api.Server) {
	t.Helper()
	server := api.Serve(t, a)
	session := server.Session(t)
	sink := api.Collect(ctx, t, dynamodb.New(session, kms.NewKeys(session)), api.Scope())
	for _, r := range sink.Resources {
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text), "null") {
			t.Errorf("a resource has a null or can't be encoded: %s %v", text, err)
		}
		for _, g := range r.Gaps {
			if g.Detail == "" || g.Remedy == "" || len(g.Attributes) == 0 {
				t.Errorf("a gap says too little: %+v", g)
			}
		}
	}
	return sink, server
}

func describedGaps(gaps []collectors.Gap) []string {
	var out []string
	for _, g := range gaps {
		for _, a := range g.Attributes {
			out = append(out, a+" "+string(g.Reason))
		}
	}
	slices.Sort(out)
	return out
}

func customerKey(id, region string) *collectors.Key {
	return &collectors.Key{ID: id, ARN: "arn:aws:kms:" + region + ":111122223333:key/" + keyID, Exists: aws.Bool(true), Manager: "CUSTOMER", State: "Enabled",
		Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Account: "111122223333", Region: region}
}

// facts are those of table, changed.
func facts(change func(*dynamodb.TableFacts)) dynamodb.TableFacts {
	f := dynamodb.TableFacts{Status: "ACTIVE", CreatedAt: "2017-07-14T02:40:00Z",
		Encryption: &dynamodb.Encryption{AWSOwnedKey: aws.Bool(false), Status: "ENABLED", Type: "KMS", Key: customerKey(keyARN, "eu-west-1")}}
	if change != nil {
		change(&f)
	}
	return f
}

type tableCase struct {
	change object
	want   func(*dynamodb.TableFacts)
	gaps   []string
}

func (tc tableCase) check(t *testing.T) {
	t.Helper()
	sink, _ := collect(t.Context(), t, answers(table("items", tc.change)))
	r := sink.Find(t, "arn:aws:dynamodb:eu-west-1:111122223333:table/items")
	if diff := cmp.Diff(facts(tc.want), r.Facts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
		t.Error(diff)
	}
	if gap, ok := sink.Gaps[tables]; gap != nil || !ok {
		t.Errorf("listing: %+v %v", gap, ok)
	}
}

func TestTables(t *testing.T) {
	encrypted := func(change object) object { return object{"SSEDescription": sse(change)} }
	is := func(e *dynamodb.Encryption) func(*dynamodb.TableFacts) {
		return func(f *dynamodb.TableFacts) { f.Encryption = e }
	}
	status := func(s string) func(*dynamodb.TableFacts) { return func(f *dynamodb.TableFacts) { f.Status = s } }
	cases := map[string]tableCase{
		"a customer managed key": {},
		"an AWS managed key": {encrypted(object{"KMSMasterKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/aws-managed"}), func(f *dynamodb.TableFacts) {
			k := f.Encryption.Key
			k.ID, k.ARN, k.Manager = "arn:aws:kms:eu-west-1:111122223333:key/aws-managed", "arn:aws:kms:eu-west-1:111122223333:key/aws-managed", "AWS"
		}, nil},
		"a key by id":            {encrypted(object{"KMSMasterKeyArn": keyID}), func(f *dynamodb.TableFacts) { f.Encryption.Key = customerKey(keyID, "eu-west-1") }, nil},
		"an AWS owned key":       {object{"SSEDescription": nil}, is(&dynamodb.Encryption{AWSOwnedKey: aws.Bool(true)}), nil},
		"no longer KMS":          {encrypted(object{"Status": "DISABLED", "SSEType": nil, "KMSMasterKeyArn": nil}), is(&dynamodb.Encryption{AWSOwnedKey: aws.Bool(true), Status: "DISABLED"}), nil},
		"no key of KMS":          {encrypted(object{"SSEType": "AES256", "KMSMasterKeyArn": nil}), is(&dynamodb.Encryption{AWSOwnedKey: aws.Bool(true), Status: "ENABLED", Type: "AES256"}), nil},
		"a key out of reach":     {encrypted(object{"InaccessibleEncryptionDateTime": 1763627400}), func(f *dynamodb.TableFacts) { f.Encryption.InaccessibleSince = "2025-11-20T08:30:00Z" }, nil},
		"no key":                 {encrypted(object{"KMSMasterKeyArn": nil}), func(f *dynamodb.TableFacts) { f.Encryption.Key = nil }, []string{"facts.encryption.key no_data"}},
		"no type":                {encrypted(object{"SSEType": nil}), is(nil), []string{"facts.encryption no_data"}},
		"a newer type":           {encrypted(object{"SSEType": "KMS_DSSE"}), is(nil), []string{"facts.encryption unknown_value"}},
		"no status":              {encrypted(object{"Status": nil}), is(nil), []string{"facts.encryption no_data"}},
		"a newer status":         {encrypted(object{"Status": "ROTATING"}), is(nil), []string{"facts.encryption unknown_value"}},
		"a global table of 2017": {object{"GlobalTableVersion": "2017.11.29"}, func(f *dynamodb.TableFacts) { f.GlobalTableVersion = "2017.11.29" }, nil},
		// Recorded in 2016.
		"an old table": {object{"SSEDescription": nil, "CreationDateTime": nil}, func(f *dynamodb.TableFacts) {
			f.Encryption, f.CreatedAt = &dynamodb.Encryption{AWSOwnedKey: aws.Bool(true)}, ""
		}, nil},
		"a newer table status": {object{"TableStatus": "SLEEPING"}, status(""), []string{"facts.status unknown_value"}},
		"no table status":      {object{"TableStatus": nil}, status(""), []string{"facts.status no_data"}},
	}
	for _, s := range []string{"UPDATING", "ENABLING", "DISABLING"} {
		cases["encryption is "+s] = tableCase{encrypted(object{"Status": s, "InaccessibleEncryptionDateTime": 1763627400}),
			is(&dynamodb.Encryption{Status: s, InaccessibleSince: "2025-11-20T08:30:00Z"}),
			[]string{"facts.encryption.aws_owned_key transition", "facts.encryption.key transition", "facts.encryption.type transition"}}
	}
	for _, s := range []string{"CREATING", "UPDATING", "DELETING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED"} {
		cases["the table is "+s] = tableCase{object{"TableStatus": s}, status(s), nil}
	}
	for name, tc := range cases {
		t.Run(name, tc.check)
	}
}

func TestReplicas(t *testing.T) {
	there := strings.Replace(keyARN, "eu-west-1", "us-east-1", 1)
	replica := func(change object) object {
		return object{"Replicas": []object{with(object{"RegionName": "us-east-1", "ReplicaStatus": "ACTIVE", "KMSMasterKeyId": there}, change)}}
	}
	are := func(r ...dynamodb.Replica) func(*dynamodb.TableFacts) {
		return func(f *dynamodb.TableFacts) { f.Replicas = r }
	}
	key := customerKey(there, "us-east-1")
	for name, tc := range map[string]tableCase{
		"none":             {object{"Replicas": []object{}}, nil, nil},
		"with a key":       {replica(nil), are(dynamodb.Replica{Region: "us-east-1", Status: "ACTIVE", Key: key}), nil},
		"with a key by id": {replica(object{"KMSMasterKeyId": keyID}), are(dynamodb.Replica{Region: "us-east-1", Status: "ACTIVE", Key: customerKey(keyID, "us-east-1")}), nil},
		"with a key by alias": {replica(object{"KMSMasterKeyId": "alias/items"}), func(f *dynamodb.TableFacts) {
			k := customerKey("alias/items", "us-east-1")
			k.Alias = "alias/items"
			f.Replicas = []dynamodb.Replica{{Region: "us-east-1", Status: "ACTIVE", Key: k}}
		}, nil},
		"without a key": {replica(object{"KMSMasterKeyId": nil}), are(dynamodb.Replica{Region: "us-east-1", Status: "ACTIVE"}), nil},
		"out of reach": {replica(object{"ReplicaStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ReplicaInaccessibleDateTime": 1763627400}),
			are(dynamodb.Replica{Region: "us-east-1", Status: "INACCESSIBLE_ENCRYPTION_CREDENTIALS", Key: key, InaccessibleSince: "2025-11-20T08:30:00Z"}), nil},
		"of a newer status":  {replica(object{"ReplicaStatus": "DREAMING"}), are(dynamodb.Replica{Region: "us-east-1", Key: key}), []string{"facts.replicas unknown_value"}},
		"nowhere":            {replica(object{"RegionName": nil}), nil, []string{"facts.replicas no_data"}},
		"the table's region": {replica(object{"RegionName": "eu-west-1"}), nil, nil},
		"several, sorted": {object{"Replicas": []object{{"RegionName": "us-west-2", "ReplicaStatus": "CREATING"}, {"RegionName": "ap-south-1", "ReplicaStatus": "ACTIVE"}}},
			are(dynamodb.Replica{Region: "ap-south-1", Status: "ACTIVE"}, dynamodb.Replica{Region: "us-west-2", Status: "CREATING"}), nil},
	} {
		t.Run(name, tc.check)
	}
}

// A replica's key is asked for where the replica is. What is refused there is
// a gap on the replicas and on nothing of the table's own key.
func TestAReplicasKeyBelongsToItsRegion(t *testing.T) {
	d := table("items", object{"Replicas": []object{{"RegionName": "us-east-1", "ReplicaStatus": "ACTIVE", "KMSMasterKeyId": keyID}}})
	for name, tc := range map[string]struct {
		reply api.Reply
		gaps  []string
	}{
		"denied":  {denied("kms:DescribeKey"), []string{"facts.replicas denied"}},
		"missing": {api.JSONError(400, "NotFoundException", "Key does not exist"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(d)
			a["kms:DescribeKey"] = func(q api.Request) api.Reply {
				if q.Region == "us-east-1" {
					return tc.reply
				}
				return describedKey(q)
			}
			sink, _ := collect(t.Context(), t, a)
			r := sink.Find(t, "items")
			f := r.Facts.(dynamodb.TableFacts)
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(customerKey(keyARN, "eu-west-1"), f.Encryption.Key); diff != "" {
				t.Error(diff)
			}
			if len(f.Replicas) != 1 || f.Replicas[0].Key == nil || (f.Replicas[0].Key.Exists != nil) != (name == "missing") {
				t.Errorf("replicas %+v", f.Replicas)
			}
		})
	}
}

func TestClusters(t *testing.T) {
	all := dynamodb.ClusterFacts{Status: "available", EncryptionStatus: "ENABLED", EndpointEncryption: "TLS"}
	for name, tc := range map[string]struct {
		change object
		want   dynamodb.ClusterFacts
		gaps   []string
	}{
		"encrypted":     {nil, all, nil},
		"in plaintext":  {object{"SSEDescription": object{"Status": "DISABLED"}, "ClusterEndpointEncryptionType": "NONE"}, dynamodb.ClusterFacts{Status: "available", EncryptionStatus: "DISABLED", EndpointEncryption: "NONE"}, nil},
		"created still": {object{"Status": "creating", "SSEDescription": object{"Status": "ENABLING"}}, dynamodb.ClusterFacts{Status: "creating", EncryptionStatus: "ENABLING", EndpointEncryption: "TLS"}, nil},
		"newer words":   {object{"SSEDescription": object{"Status": "HALF"}, "ClusterEndpointEncryptionType": "QUIC"}, dynamodb.ClusterFacts{Status: "available"}, []string{"facts.encryption_status unknown_value", "facts.endpoint_encryption unknown_value"}},
		"no status":     {object{"Status": nil}, dynamodb.ClusterFacts{EncryptionStatus: "ENABLED", EndpointEncryption: "TLS"}, []string{"facts.status no_data"}},
		// Recorded in 2018, before DAX had encryption.
		"an old cluster": {object{"SSEDescription": nil, "ClusterEndpointEncryptionType": nil, "Status": "modifying"}, dynamodb.ClusterFacts{Status: "modifying"}, []string{"facts.encryption_status no_data", "facts.endpoint_encryption no_data"}},
		"an empty SSE":   {object{"SSEDescription": object{}}, dynamodb.ClusterFacts{Status: "available", EndpointEncryption: "TLS"}, []string{"facts.encryption_status no_data"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers()
			a[dax] = api.Always(api.JSON(object{"Clusters": []object{cluster("cache", tc.change)}}))
			sink, _ := collect(t.Context(), t, a)
			r := sink.Find(t, "arn:aws:dax:eu-west-1:111122223333:cache/cache")
			if diff := cmp.Diff(tc.want, r.Facts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, describedGaps(r.Gaps)); diff != "" {
				t.Error(diff)
			}
			if sink.Gaps[clusters] != nil || len(r.Calls) != 1 || r.Calls[0].Operation != dax {
				t.Errorf("listing %+v, calls %+v", sink.Gaps[clusters], r.Calls)
			}
		})
	}
}

func TestListsEveryPage(t *testing.T) {
	a := answers()
	a[desc] = func(q api.Request) api.Reply { return describing(table(q.Text("TableName"), nil))(q) }
	next := map[string]int{"": 0, "t-0": 1, "t-1": 2}
	a[list] = func(q api.Request) api.Reply {
		page := next[q.Text("ExclusiveStartTableName")]
		names := []string{}
		for i := range 100 * (page % 2) { // the first and the last page are empty
			names = append(names, fmt.Sprintf("table-%d-%02d", page, i))
		}
		reply := object{"TableNames": names}
		if page < 2 {
			reply["LastEvaluatedTableName"] = fmt.Sprintf("t-%d", page)
		}
		return api.JSON(reply)
	}
	a[dax] = func(q api.Request) api.Reply {
		page := next[q.Text("NextToken")]
		reply := object{"Clusters": []object{cluster(fmt.Sprintf("cache-%d", page), nil)}}
		if page < 2 {
			reply["NextToken"] = fmt.Sprintf("t-%d", page)
		}
		return api.JSON(reply)
	}
	sink, server := collect(t.Context(), t, a)
	if len(sink.Resources) != 103 || sink.Gaps[tables] != nil || sink.Gaps[clusters] != nil {
		t.Errorf("%d resources, gaps %+v", len(sink.Resources), sink.Gaps)
	}
	if len(server.Requests(list)) != 3 || len(server.Requests(dax)) != 3 || len(server.Requests("kms:DescribeKey")) != 1 {
		t.Errorf("asked %v", slices.Compact(server.Calls()))
	}
	var operations []string
	for _, c := range sink.Find(t, "table-1-07").Calls {
		operations = append(operations, c.Operation)
	}
	if diff := cmp.Diff([]string{desc, list, "kms:DescribeKey"}, operations); diff != "" {
		t.Error(diff)
	}
}
