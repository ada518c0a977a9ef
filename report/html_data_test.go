package report

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

const keyARN = "arn:aws:kms:eu-west-1:" + account + ":key/"

// stream are resources as a bundle gives them.
func stream(resources ...collectors.Resource) func() iter.Seq2[collectors.Resource, error] {
	return func() iter.Seq2[collectors.Resource, error] {
		return func(yield func(collectors.Resource, error) bool) {
			for _, r := range resources {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// resource has facts as JSON, in which ' stands for ".
func resource(resourceType, arn, name, facts string) collectors.Resource {
	return collectors.Resource{ARN: arn, Type: resourceType, Name: name, Scope: collectors.Scope{Partition: "aws", Account: account, Region: "eu-west-1"},
		Facts: json.RawMessage(strings.ReplaceAll(facts, "'", `"`))}
}

// call is one API call, another for each n.
func call(operation string, n int) collectors.CallRef {
	return collectors.CallRef{Operation: operation, Region: "eu-west-1", RequestID: fmt.Sprintf("req-%04d", n), Status: 200,
		Time: time.Date(2026, 11, 24, 10, 1, 0, 0, time.UTC), Digest: "sha256:" + strings.Repeat(fmt.Sprintf("%02x", n%256), 32)}
}

// object is a cohort of a bucket's objects. Of what was read nothing is kept.
func object(bucket, id, shape, facts string) collectors.Resource {
	r := resource("AWS::S3::Object", "arn:aws:s3:::"+bucket+"/*#"+id, bucket+" · "+shape, strings.Replace(facts, "{", "{'bucket':'arn:aws:s3:::"+bucket+"',", 1))
	r.Calls = []collectors.CallRef{call("s3:ListObjectsV2", 1), call("s3:GetObject", len(id)+2)}
	r.Calls[1].Digest = ""
	return r
}

const sampled = `'sampling':{'population':400,'complete':true,'sampled':50,'method':'lowest SHA-256','seed':7,'share':0.06,'share_low':0.0125,'share_high':0.1655}`

// sampleResources are keys, what names them, and cohorts of each verdict.
func sampleResources() []collectors.Resource {
	facts, err := json.Marshal(map[string]any{"bucket": "arn:aws:s3:::" + hostile[0], "count": 1, "examples": hostile, "weaknesses": []string{hostile[1]},
		"server_side": map[string]any{"algorithm": hostile[0], "key": map[string]any{"id": hostile[1], "state": hostile[2], "alias": hostile[0]}},
		"client_side": map[string]any{"format": hostile[0], "algorithm": hostile[1], "wrap": hostile, "keys": hostile, "context_keys": hostile},
		"proof": map[string]any{"refuted": 1, "steps": []any{map[string]any{"example": hostile[0], "verdict": hostile[1],
			"steps": []any{map[string]any{"name": hostile[0], "verdict": hostile[1], "why": strings.Join(hostile, " ")}}}}},
		"sampling": map[string]any{"population": 1, "sampled": 1, "method": hostile[1]}})
	if err != nil {
		panic(err)
	}
	evil := object(hostile[0], "evil", "refuted", "{}")
	evil.Name, evil.Facts = hostile[0]+" · "+hostile[1], json.RawMessage(facts)
	evil.Gaps = []collectors.Gap{{Attributes: hostile, Reason: "denied", Detail: hostile[0], Remedy: hostile[1]}}
	alias, _ := json.Marshal(hostile)
	locked := object("vault", "5", "SSE-KMS, S3EC V3, unknown", `{'server_side':{'algorithm':'aws:kms'},'client_side':{'format':'s3ec-v3','committing':true},'count':2,'examples':['v3/locked'],`+
		`'proof':{'verified':0,'refuted':0,'unknown':2,'steps':[{'example':'v3/locked','verdict':'unknown','steps':[{'name':'header','verdict':'verified'},{'name':'data key','verdict':'unknown','why':'kms:Decrypt was denied'}]}]},`+sampled+`}`)
	locked.Gaps = []collectors.Gap{{Attributes: []string{"facts.proof"}, Reason: collectors.Denied, Detail: "kms:Decrypt was denied.", Permission: "kms:Decrypt", Remedy: "Allow kms:Decrypt."}}
	unread := object("closed", "none", "not sampled", "{}")
	unread.ARN, unread.Facts = "arn:aws:s3:::closed/*", json.RawMessage("{}")
	unread.Gaps = []collectors.Gap{{Attributes: []string{"facts"}, Reason: collectors.Denied, Detail: "s3:ListBucket was denied.", Remedy: "Allow s3:ListBucket."}}
	trail := resource("AWS::CloudTrail::Trail", "arn:aws:cloudtrail:eu-west-1:"+account+":trail/main", "main", `{'key':{'id':'`+keyARN+`off','arn':'`+keyARN+`off','state':'Disabled'}}`)
	rotating := resource("AWS::KMS::Key", keyARN+"data", "data", `{'manager':'CUSTOMER','state':'Enabled','spec':'SYMMETRIC_DEFAULT','usage':'ENCRYPT_DECRYPT','origin':'AWS_KMS','aliases':['alias/data'],`+
		`'rotation':{'supported':true,'enabled':true,'period_days':365},'policy':{'public':false,'external_accounts':['444455556666'],'unguarded_services':[]},'grants':[{'id':'g'}]}`)
	rotating.Calls = []collectors.CallRef{call("kms:DescribeKey", 90)}
	out := []collectors.Resource{
		trail,
		resource("AWS::DynamoDB::Table", "arn:aws:dynamodb:eu-west-1:"+account+":table/ledger", "ledger",
			`{'encryption':{'key':{'id':'`+keyARN+`data','arn':'`+keyARN+`data'}},'replicas':[{'region':'us-east-1','key':{'id':'`+keyARN+`far','arn':'`+keyARN+`far','state':'Enabled','manager':'CUSTOMER'}}]}`),
		rotating,
		resource("AWS::KMS::Key", keyARN+"evil", "evil", `{'manager':'CUSTOMER','state':'Enabled','aliases':EVIL}`),
		resource("AWS::KMS::Key", keyARN+"off", "off", `{'manager':'CUSTOMER','state':'Disabled','origin':'EXTERNAL','rotation':{'supported':false}}`),
		resource("AWS::Kinesis::Stream", "arn:aws:kinesis:eu-west-1:"+account+":stream/orders", "orders", `{'encryption':{'type':'KMS','key':{'alias':'alias/aws/kinesis','manager':'AWS'}}}`),
		resource("AWS::KinesisFirehose::DeliveryStream", "arn:aws:firehose:eu-west-1:"+account+":deliverystream/clicks", "clicks",
			`{'encryption':{'status':'ENABLED','key':{'id':'`+keyARN+`data','arn':'`+keyARN+`data'}},'destination':{'s3':{'key':{'id':'`+keyARN+`gone','arn':'`+keyARN+`gone','exists':false}}}}`),
		resource("AWS::S3::Bucket", "arn:aws:s3:::vault", "vault", `{'encryption':{'key':{'id':'`+keyARN+`data','arn':'`+keyARN+`data'}},'replication':{'rules':[{'replica_key_id':'`+keyARN+`far'}]}}`),
		resource("AWS::S3::Bucket", "arn:aws:s3:::plain", "plain", `{'encryption':{'algorithm':'AES256'}}`),
		unread,
		evil,
		object("vault", "333", "SSE-KMS, S3EC V3, verified", `{'server_side':{'algorithm':'aws:kms','key':{'id':'`+keyARN+`data','arn':'`+keyARN+`data'}},'client_side':{'format':'s3ec-v3','kms_keys':[{'id':'`+keyARN+`data','arn':'`+keyARN+`data','state':'Enabled'}]},`+
			`'count':3,'bytes':1234,'proof':{'verified':3,'refuted':0,'unknown':0,'steps':[{'example':'v3/1','verdict':'verified','steps':[{'name':'header','verdict':'verified'},{'name':'body','verdict':'verified'}]}]},'weaknesses':['unsigned'],`+sampled+`}`),
		object("vault", "22", "SSE-S3", `{'server_side':{'algorithm':'AES256'},'client_side':{'format':'none'},'count':45,`+sampled+`}`),
		locked,
		object("vault", "probe", "canary, verified", `{'count':1,'proof':{'verified':1,'steps':[{'example':'sealaudit-probe-1','verdict':'verified','steps':[{'name':'write','verdict':'verified'}]}]},'sampling':{'population':1,'complete':true,'sampled':1,'method':'canary written by --probe','share':1,'share_low':1,'share_high':1}}`),
	}
	out[3].Facts = json.RawMessage(`{"manager":"CUSTOMER","state":"Enabled","aliases":` + string(alias) + `}`)
	return out
}

// htmlSample is the sample with everything that HTML shows beside findings.
func htmlSample() Data {
	d := sample()
	d.Policies = append(d.Policies, rego.Policy{ID: "s3/client_encryption_authentic", Control: "S3-15", Title: "Client-side encrypted objects are authentic", Severity: "critical",
		Resource: "AWS::S3::Object", Reads: []string{"facts.proof.refuted"}, Params: map[string]rego.Param{"at_most": {Default: 0, Description: "how many may be refuted"}},
		Origin: "built-in", File: "policies/s3/client_encryption_authentic.rego", Line: 7, Digest: "sha256:" + strings.Repeat("6", 64)})
	findings := sampleFindings()
	for _, r := range sampleResources() {
		if r.Type != "AWS::S3::Object" {
			continue
		}
		f := rego.Finding{ID: "0000", Policy: "s3/client_encryption_authentic", Status: "pass", Severity: "critical", Evidence: r.Calls,
			Resource: rego.Resource{ARN: r.ARN, Type: r.Type, Name: r.Name, Partition: "aws", Account: account, Region: r.Scope.Region}}
		if strings.HasSuffix(r.ARN, "evil") {
			f.Status, f.Messages = "fail", []string{"the step does not hold"}
		}
		findings = append(findings, f)
	}
	active := rego.Waiver{Policy: "kinesis/*", Resource: "*public-ticker", Owner: "Data platform", Reason: "public data", Ticket: "SEC-7", Expires: "2027-01-31"}
	expired := rego.Waiver{Policy: "kms/*", Resource: "*", Owner: hostile[0], Reason: hostile[1], Ticket: hostile[2], Expires: "2026-01-31"}
	for i := range findings {
		if findings[i].Status == "waived" {
			findings[i].Waiver = &active
		} else if findings[i].Policy == "kms/key_not_pending_deletion" && findings[i].Status == "fail" {
			findings[i].Waiver = &expired
		}
	}
	d.Findings = seq(findings)
	d.Summary.Waivers = []rego.WaiverUse{{Waiver: active, State: "active", Findings: 1}, {Waiver: expired, State: "expired", Findings: 1}, {Waiver: active, State: "unmatched"}}
	d.Manifest.Sampling = &collectors.Sampling{Size: 50, Seed: 7, List: 100000, MaxBytes: 1 << 26}
	d.Manifest.Probes = []string{"arn:aws:s3:::vault"}
	d.Manifest.Entries = []collectors.Entry{{Name: "resources.jsonl", Size: 4096, Digest: "sha256:" + strings.Repeat("7", 64), Packed: "sha256:" + strings.Repeat("8", 64)}}
	d.Manifest.Coverage = append(slices.Clip(d.Manifest.Coverage), collectors.Coverage{Type: "AWS::S3::Object", Listed: 6, Read: 6,
		Scope: collectors.Scope{Partition: "aws", Account: account, Region: "eu-west-1"}})
	d.Resources = stream(sampleResources()...)
	d.Changes = since(d, earlier(findings)...)
	d.Weaknesses = map[string]string{"unsigned": "No signature: whoever can unwrap the data key can write such a message."}
	return d
}

// largeHTML has n findings, a tenth as many buckets with a key each, 200 keys
// and 1,000 cohorts.
func largeHTML(n int) Data {
	d := large(n)
	d.Resources = func() iter.Seq2[collectors.Resource, error] {
		return func(yield func(collectors.Resource, error) bool) {
			for i := range 200 {
				if !yield(resource("AWS::KMS::Key", fmt.Sprint(keyARN, i), fmt.Sprint("key-", i), `{'manager':'CUSTOMER','state':'Enabled','spec':'SYMMETRIC_DEFAULT','rotation':{'supported':true,'enabled':true}}`), nil) {
					return
				}
			}
			for i := range n / 10 {
				key := fmt.Sprint(keyARN, i%200)
				if !yield(resource("AWS::S3::Bucket", fmt.Sprintf("arn:aws:s3:::resource-%05d", i), fmt.Sprintf("resource-%05d", i), `{'encryption':{'algorithm':'aws:kms','key':{'id':'`+key+`','arn':'`+key+`','state':'Enabled'}}}`), nil) {
					return
				}
			}
			for i := range 1000 {
				if !yield(object(fmt.Sprintf("resource-%05d", i/4), fmt.Sprint(i), "SSE-KMS, S3EC V3, verified", `{'server_side':{'algorithm':'aws:kms'},'client_side':{'format':'s3ec-v3'},'count':3,'examples':['a/b','c/d'],`+
					`'proof':{'verified':3,'steps':[{'example':'a/b','verdict':'verified','steps':[{'name':'header','verdict':'verified','why':'format V3'},{'name':'data key','verdict':'verified'},{'name':'body','verdict':'verified'}]}]},`+sampled+`}`), nil) {
					return
				}
			}
		}
	}
	return d
}
