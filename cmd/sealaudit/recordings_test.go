package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/all"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// recording is a reply that real AWS gave to an operation.
type recording struct {
	name      string // "kms/DescribeKey-01"
	operation string // "kms:DescribeKey"
	wire.Recorded
}

// TestRecordings serves every recorded reply of real AWS to the collector that
// calls its operation and compares all that the collector says of it with
// testdata/recordings/<service>.json. The odd ones are named in oddities.
func TestRecordings(t *testing.T) {
	said := map[string]map[string]any{}
	for _, r := range readRecordings(t) {
		service, name, _ := strings.Cut(r.name, "/")
		if said[service] == nil {
			said[service] = map[string]any{}
		}
		t.Run(r.name, func(t *testing.T) {
			sink := collectRecording(t, r)
			rows := describe(t, r, sink)
			said[service][name] = rows
			if odd, ok := oddities()[r.name]; ok && !strings.Contains(jsonOf(t, rows), odd) {
				t.Errorf("it must say %s\nand says %s", odd, jsonOf(t, rows))
			}
		})
	}
	for name := range oddities() {
		service, short, _ := strings.Cut(name, "/")
		if said[service][short] == nil {
			t.Errorf("there is no recording %s", name)
		}
	}
	for service, rows := range said {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetIndent("", " ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(rows); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, filepath.Join("testdata", "recordings", service+".json"), text.Bytes())
	}
}

// oddities are recordings that a careless reader would get wrong, and a part
// of what must be said of them.
func oddities() map[string]string {
	return map[string]string{
		// Before 2023 a bucket could answer 404: today that is an anomaly, not "no encryption".
		"s3/GetBucketEncryption-07": `"facts.encryption"`,
		"s3/GetBucketEncryption-11": `"facts.encryption"`,
		// The AWS managed key by its alias, by its alias ARN and by silence.
		"s3/GetBucketEncryption-01": `"alias":"alias/aws/s3"`,
		"s3/GetBucketEncryption-02": `"alias":"alias/aws/s3"`,
		"s3/GetBucketEncryption-03": `"manager":"AWS"`,
		// No policy, no replication and no block are facts; denied is a gap.
		"s3/GetBucketPolicy-01":      `"policy":{"exists":false`,
		"s3/GetPublicAccessBlock-01": `"block_public_acls":false`,
		"s3/GetPublicAccessBlock-08": `"facts.public_access.block_public_acls"`,
		"s3/GetBucketLocation-02":    `"reason":"denied"`,
		// The alias of another account's AWS managed key.
		"kinesis/DescribeStream-06": `"reason":"out_of_scope"`,
		// A reply from before streams had encryption.
		"kinesis/DescribeStream-05": `"facts.encryption"`,
		// KMS refuses the question of a key that can't rotate by itself.
		"kms/GetKeyRotationStatus-01": `"rotation":{"supported":false}`,
		// A delivery stream from before its type was in the reply.
		"firehose/DescribeDeliveryStream-01": `"facts.source"`,
	}
}

func readRecordings(t *testing.T) []recording {
	t.Helper()
	root := filepath.Join("..", "..", "fixtures", "recordings")
	files, err := filepath.Glob(filepath.Join(root, "*", "*.json"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d recordings found: %v", len(files), err)
	}
	var out []recording
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		service := filepath.Base(filepath.Dir(file))
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		operation, _, _ := strings.Cut(name, "-")
		out = append(out, decodeRecording(t, service+"/"+name, strings.Replace(service, "monitoring", "cloudwatch", 1)+":"+operation, text))
	}
	text, err := os.ReadFile(filepath.Join(root, "snapshots.json"))
	if err != nil {
		t.Fatal(err)
	}
	var snapshots []json.RawMessage
	if err := json.Unmarshal(text, &snapshots); err != nil {
		t.Fatal(err)
	}
	for _, s := range snapshots {
		var head struct{ Name, Operation string }
		if err := json.Unmarshal(s, &head); err != nil {
			t.Fatal(err)
		}
		out = append(out, decodeRecording(t, "snapshots/"+head.Name, head.Operation, s))
	}
	return out
}

func decodeRecording(t *testing.T, name, operation string, text []byte) recording {
	t.Helper()
	r, err := wire.ReadRecorded(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if operation == "kinesis:DescribeStream" { // as its summary, which is what is called
		operation = "kinesis:DescribeStreamSummary"
		summary, _ := r.Output["StreamDescription"].(map[string]any)
		r.Output = map[string]any{"StreamDescriptionSummary": summary}
	}
	return recording{name, operation, r}
}

// recordedScope is the account and region that most recordings are from.
func recordedScope() collectors.Scope {
	return collectors.Scope{Partition: "aws", Account: "644160558196", Region: "us-east-1"}
}

// player answers one operation with the recording and the others so that the
// collector gets there.
type player struct {
	recording
	mu     sync.Mutex
	served int
}

func (p *player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := wire.Read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.answer(q).Write(w)
}

func (p *player) answer(q *wire.Request) wire.Response {
	if q.Name() == p.operation {
		p.mu.Lock()
		p.served++
		again := p.served > 1
		p.mu.Unlock()
		switch {
		case p.Failure != nil:
			return q.Fail(p.Failure)
		case !again || !strings.HasPrefix(q.Operation, "List"):
			return q.Reply(p.Output)
		}
		return q.Reply(lastPage(q.Operation)) // of a recording that ends in the middle of a listing
	}
	if output, ok := p.stage()[q.Name()]; ok {
		return q.Reply(output)
	}
	if failure, ok := silence()[q.Name()]; ok {
		return q.Fail(failure)
	}
	return q.Fail(&wire.Failure{Status: 400, Code: "UnknownOperationException", Message: q.Name() + " is not in this play"})
}

func lastPage(operation string) map[string]any {
	return map[string]map[string]any{
		"ListKeys": {"Keys": []any{}, "Truncated": false}, "ListAliases": {"Aliases": []any{}, "Truncated": false},
		"ListStreams": {"StreamNames": []any{}, "HasMoreStreams": false}, "ListDeliveryStreams": {"DeliveryStreamNames": []any{}, "HasMoreDeliveryStreams": false},
	}[operation]
}

// silence is what AWS answers of things that are not configured.
func silence() map[string]*wire.Failure {
	return map[string]*wire.Failure{
		"s3:GetBucketPolicy":             {Status: 404, Code: "NoSuchBucketPolicy"},
		"s3:GetBucketReplication":        {Status: 404, Code: "ReplicationConfigurationNotFoundError"},
		"s3:GetPublicAccessBlock":        {Status: 404, Code: "NoSuchPublicAccessBlockConfiguration"},
		"s3control:GetPublicAccessBlock": {Status: 404, Code: "NoSuchPublicAccessBlockConfiguration"},
		"kms:DescribeKey":                {Status: 400, Code: "NotFoundException"},
	}
}

// stage is an account with one thing of each kind, named as the recording
// needs it.
func (p *player) stage() map[string]map[string]any {
	s := recordedScope()
	arnOf := func(service, resource string) string {
		return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, s.Region, s.Account, resource)
	}
	keyID := p.find("1234abcd-12ab-34cd-56ef-1234567890ab", "KeyMetadata", "KeyId")
	keyARN := p.find(arnOf("kms", "key/"+keyID), "KeyMetadata", "Arn")
	stream, delivery := p.find("recorded", "StreamDescriptionSummary", "StreamName"), p.find("recorded", "DeliveryStreamDescription", "DeliveryStreamName")
	trail := arnOf("cloudtrail", "trail/recorded")
	metadata := map[string]any{"KeyId": keyID, "Arn": keyARN, "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}
	stage := map[string]map[string]any{
		"sts:GetCallerIdentity": {"Account": s.Account, "Arn": "arn:aws:sts::" + s.Account + ":assumed-role/audit/test", "UserId": "A"},
		"tagging:GetResources":  {"ResourceTagMappingList": []any{}},
		"s3:ListBuckets":        {"Buckets": []any{map[string]any{"Name": p.bucket(), "BucketRegion": s.Region}}},
		"s3:GetBucketEncryption": {"ServerSideEncryptionConfiguration": map[string]any{"Rules": []any{map[string]any{
			"ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false}}}},
		"s3:GetBucketVersioning":        {},
		"s3:GetBucketLogging":           {},
		"s3:GetBucketLocation":          {},
		"s3:GetBucketPolicyStatus":      {"PolicyStatus": map[string]any{"IsPublic": false}},
		"kinesis:ListStreams":           {"StreamNames": []any{stream}, "HasMoreStreams": false},
		"kinesis:DescribeStreamSummary": {"StreamDescriptionSummary": map[string]any{"StreamName": stream, "StreamStatus": "ACTIVE", "EncryptionType": "NONE", "RetentionPeriodHours": 24}},
		"firehose:ListDeliveryStreams":  {"DeliveryStreamNames": []any{delivery}, "HasMoreDeliveryStreams": false},
		"firehose:DescribeDeliveryStream": {"DeliveryStreamDescription": map[string]any{"DeliveryStreamName": delivery, "DeliveryStreamARN": arnOf("firehose", "deliverystream/"+delivery), "DeliveryStreamStatus": "ACTIVE", "DeliveryStreamType": "DirectPut",
			"DeliveryStreamEncryptionConfiguration": map[string]any{"Status": "ENABLED", "KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": keyARN}, "Destinations": []any{}}},
		"cloudwatch:GetMetricData":     {"MetricDataResults": []any{}},
		"cloudwatch:DescribeAlarms":    {"MetricAlarms": []any{}, "CompositeAlarms": []any{}},
		"dynamodb:ListTables":          {"TableNames": []any{p.find("recorded", "Table", "TableName")}},
		"dynamodb:DescribeTable":       {"Table": map[string]any{"TableName": "recorded", "TableArn": arnOf("dynamodb", "table/recorded"), "TableStatus": "ACTIVE"}},
		"dax:DescribeClusters":         {"Clusters": []any{}},
		"cloudtrail:DescribeTrails":    {"trailList": []any{map[string]any{"Name": "recorded", "TrailARN": trail, "HomeRegion": s.Region, "S3BucketName": "recorded", "IsMultiRegionTrail": true, "IsOrganizationTrail": false, "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": true}}},
		"cloudtrail:GetTrailStatus":    {"IsLogging": true},
		"cloudtrail:GetEventSelectors": {"TrailARN": trail, "EventSelectors": []any{map[string]any{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []any{}, "ExcludeManagementEventSources": []any{}}}},
		"kms:ListKeys":                 {"Keys": []any{map[string]any{"KeyId": keyID, "KeyArn": keyARN}}, "Truncated": false},
		"kms:ListAliases":              {"Aliases": []any{map[string]any{"AliasName": "alias/aws/s3"}, map[string]any{"AliasName": "alias/aws/kinesis"}}, "Truncated": false},
		"kms:GetKeyPolicy":             {"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + s.Account + `:root"},"Action":"kms:*","Resource":"*"}]}`},
		"kms:GetKeyRotationStatus":     {"KeyRotationEnabled": true},
		"kms:ListGrants":               {"Grants": []any{}, "Truncated": false},
		"kms:DescribeCustomKeyStores":  {"CustomKeyStores": []any{}, "Truncated": false},
	}
	if strings.HasPrefix(p.operation, "kms:") && p.operation != "kms:DescribeKey" && p.operation != "kms:ListAliases" && p.operation != "kms:ListKeys" {
		stage["kms:DescribeKey"] = map[string]any{"KeyMetadata": metadata}
	}
	if strings.HasPrefix(p.operation, "s3:GetBucketLocation") {
		stage["s3:ListBuckets"] = map[string]any{"Buckets": []any{map[string]any{"Name": p.bucket()}}}
	}
	return stage
}

// find is a text in the recording's output, or what to take without one.
func (p *player) find(without string, path ...string) string {
	var v any = p.Output
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	return without
}

// bucket is the one that a recorded policy names.
func (p *player) bucket() string {
	if policy, ok := p.Output["Policy"].(string); ok {
		if _, rest, ok := strings.Cut(policy, "arn:aws:s3:::"); ok {
			if end := strings.IndexAny(rest, `/"*`); end > 0 {
				return rest[:end]
			}
		}
	}
	return "recorded"
}

// collectRecording runs the collector of the recording's service against it.
func collectRecording(t *testing.T, r recording) *awsapitest.Sink {
	t.Helper()
	p := &player{recording: r}
	srv := httptest.NewServer(p)
	defer srv.Close()
	session, err := awsapi.Open(t.Context(), awsapi.Options{Region: recordedScope().Region, EndpointURL: srv.URL, Rates: map[string]float64{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
	if err != nil {
		t.Fatal(err)
	}
	sink := &awsapitest.Sink{Gaps: map[string]*collectors.Gap{}}
	service, _, _ := strings.Cut(r.operation, ":")
	if of, ok := map[string]string{"cloudwatch": "firehose", "dax": "dynamodb"}[service]; ok {
		service = of
	}
	if service == "sts" {
		sink.Emit(collectors.Resource{ARN: session.Caller, Type: "caller", Scope: session.Scope(""), Facts: struct{}{}})
	}
	for _, c := range all.Collectors(session, []string{recordedScope().Region}) {
		if c.Service() != service {
			continue
		}
		scope := recordedScope()
		if c.Global() {
			scope.Region = ""
		}
		if err := c.Collect(t.Context(), scope, sink); err != nil {
			t.Fatal(err)
		}
	}
	if p.served == 0 {
		t.Fatalf("%s was not asked", r.operation)
	}
	return sink
}

// describe checks what holds of all evidence and returns the rows as JSON.
func describe(t *testing.T, r recording, sink *awsapitest.Sink) []any {
	t.Helper()
	var rows []any
	for _, res := range sink.Resources {
		text := jsonOf(t, res.Facts)
		if strings.Contains(text, "null") {
			t.Errorf("%s: a fact is null: %s", res.ARN, text)
		}
		checkSchema(t, res.Type, text)
		for _, g := range res.Gaps {
			if len(g.Attributes) == 0 || g.Reason == "" || g.Detail == "" || g.Remedy == "" {
				t.Errorf("%s: a gap does not say enough: %+v", res.ARN, g)
			}
			if g.Reason == collectors.Failed && r.Failure == nil {
				t.Errorf("%s: an answer of AWS was not understood: %s", res.ARN, g.Detail)
			}
		}
		row := map[string]any{"arn": res.ARN, "type": res.Type, "facts": res.Facts}
		if len(res.Gaps) > 0 {
			row["gaps"] = res.Gaps
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b any) int { return strings.Compare(jsonOf(t, a), jsonOf(t, b)) })
	for kind, gap := range sink.Gaps {
		if gap != nil {
			rows = append(rows, map[string]any{"listing": kind, "gap": gap})
		}
	}
	return rows
}

func checkSchema(t *testing.T, resourceType, facts string) {
	t.Helper()
	path := filepath.Join("..", "..", "policies", "schemas", strings.ReplaceAll(resourceType, "::", "_")+".json")
	if resourceType == "caller" {
		return
	}
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(facts))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%s: %v\n%s", resourceType, err, facts)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
