package envelope_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// probedAccount has a bucket, a stream and a table, each under the key.
func probedAccount(key string) *lab.Account {
	return labAccount(func(r *lab.Region) {
		r.S3.Buckets = []lab.Bucket{{Name: "bucket", Encryption: sseKMS(key, false), Versioning: map[string]any{"Status": "Enabled"}}}
		r.Kinesis.Streams = []lab.Resource{stream("s", keyARN(key))}
		r.DynamoDB.Tables = []lab.Resource{underKey(table("orders"), key)}
	})
}

var probedThings = []string{"s3://bucket", "stream/s", "table/orders"}

// A write that is refused is unknown with its reason, and changes nothing more.
func TestProbeRefusedWrite(t *testing.T) {
	for name, tt := range map[string]struct {
		key        string
		options    []lab.Option
		permission map[string]string
	}{
		"denied": {goodID, []lab.Option{lab.Deny("s3:PutObject", "kinesis:PutRecord", "dynamodb:PutItem")},
			map[string]string{"s3://bucket": "s3:PutObject", "stream/s": "kinesis:PutRecord", "table/orders": "dynamodb:PutItem"}},
		"a disabled key": {offID, nil, map[string]string{}},
	} {
		for _, typed := range probedThings {
			p := newProbed(t, probedAccount(tt.key), tt.options...)
			row := p.probe(t.Context(), t, typed)
			proof, steps, sample := proofOf(t, row)
			if steps != "put unknown" || proof.Unknown != 1 || sample.Population != 0 || sample.Sampled != 0 {
				t.Errorf("%s, %s: %s, %+v", name, typed, steps, sample)
			}
			if len(row.Gaps) != 1 || row.Gaps[0].Reason != collectors.Denied || gapOn(row, "facts.proof") == "" || row.Gaps[0].Permission != first(tt.permission[typed], row.Gaps[0].Permission) {
				t.Errorf("%s, %s: gaps %+v", name, typed, row.Gaps)
			}
			if tt.options != nil && !strings.Contains(row.Gaps[0].Remedy, "permissions --probe") {
				t.Errorf("%s, %s: %s", name, typed, row.Gaps[0].Remedy)
			}
			for _, c := range p.lab.Mutations() {
				if c.Status < 400 {
					t.Errorf("%s, %s: %s changed %s", name, typed, c.Operation, c.Resource)
				}
			}
			if len(p.lab.Mutations()) > 1 || len(p.said) != 1 {
				t.Errorf("%s, %s: %s; said %q", name, typed, p.changes(), p.said)
			}
		}
	}
}

func first(one, other string) string {
	if one != "" {
		return one
	}
	return other
}

// What can't be deleted is said by its exact name; of the encryption that says
// nothing.
func TestProbeRefusedDeletion(t *testing.T) {
	p := newProbed(t, probedAccount(goodID), lab.Deny("s3:DeleteObject", "dynamodb:DeleteItem"))
	proof, steps, _ := proofOf(t, p.probe(t.Context(), t, "s3://bucket"))
	if !strings.HasSuffix(steps, "content verified, delete refuted") || proof.Verified != 1 || p.versions(t, "bucket") != 1 {
		t.Errorf("%s, %d versions", steps, p.versions(t, "bucket"))
	}
	for _, text := range []string{whyOf(proof, "delete"), p.said[len(p.said)-1]} {
		if !strings.Contains(text, "s3://bucket/"+canaryName+" (version ") || !strings.Contains(text, "was left behind") {
			t.Error(text)
		}
	}
	proof, steps, _ = proofOf(t, p.probe(t.Context(), t, "table/orders"))
	if !strings.HasSuffix(steps, "content verified, delete refuted") || proof.Verified != 1 || !strings.Contains(p.said[len(p.said)-1], "id = "+canaryName+" of arn:") {
		t.Errorf("%s, said %q", steps, p.said)
	}
}

// A canary that could not be deleted is not written.
func TestProbeWritesOnlyWhatItCanDelete(t *testing.T) {
	locked := `<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled>%</ObjectLockConfiguration>`
	retention := `<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>`
	for name, tt := range map[string]struct {
		status int
		lock   string
		mfa    string
		writes bool
		reason collectors.Reason
	}{
		"locked by default":  {200, strings.Replace(locked, "%", retention, 1), "Disabled", false, collectors.OutOfScope},
		"lockable":           {200, strings.Replace(locked, "%", "", 1), "Disabled", true, ""},
		"no lock":            {404, "<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>", "Disabled", true, ""},
		"not to be seen":     {403, "<Error><Code>AccessDenied</Code></Error>", "Disabled", false, collectors.Denied},
		"with second factor": {404, "<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>", "Enabled", false, collectors.OutOfScope},
	} {
		p := newProbed(t, bucketsOf(lab.Bucket{Name: "bucket", Versioning: map[string]any{"Status": "Enabled", "MFADelete": tt.mfa}}))
		p.front = func(w http.ResponseWriter, r *http.Request) bool {
			if !r.URL.Query().Has("object-lock") {
				return false
			}
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.lock)
			return true
		}
		row := p.probe(t.Context(), t, "s3://bucket")
		if got := gapOn(row, "facts.proof"); got != tt.reason || (len(p.changes()) > 0) != tt.writes || (len(p.said) > 0) != tt.writes {
			t.Errorf("%s: gap %q, changes %s, said %q", name, got, p.changes(), p.said)
		}
	}
}

// A bucket of another account, or of a region that is not read, is not written
// to.
func TestProbeElsewhere(t *testing.T) {
	p := newProbed(t, bucketsOf(lab.Bucket{Name: "bucket"}))
	target, err := envelope.ParseTarget("arn:aws:s3:::bucket")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		account string
		regions []string
		reason  collectors.Reason
	}{
		"another account": {"999999999999", []string{region}, collectors.Denied},
		"another region":  {account, []string{"ap-south-1"}, collectors.OutOfScope},
	} {
		there, err := target.In(collectors.Scope{Partition: "aws", Account: tt.account}, tt.regions)
		if err != nil {
			t.Fatal(err)
		}
		row := runOf(p.session, envelope.Options{}).Probe(t.Context(), there, envelope.ProbeOptions{Regions: tt.regions})
		if got := gapOn(row, "facts.proof"); got != tt.reason {
			t.Errorf("%s: %q, %+v", name, got, row.Gaps)
		}
	}
	for _, c := range p.lab.Mutations() { // of what was written, one was refused
		if c.Status != 403 {
			t.Errorf("%s changed %s", c.Operation, c.Resource)
		}
	}
	if p.versions(t, "bucket") != 0 {
		t.Error("something was written")
	}
}

// An answer that contradicts another, or the setting, is refuted.
func TestProbeContradictions(t *testing.T) {
	for operation, tt := range map[string]struct {
		typed  string
		output map[string]any
		step   string
	}{
		"HeadObject":            {"s3://bucket", map[string]any{"ServerSideEncryption": "AES256", "ContentLength": 64}, "head refuted"},
		"PutObject":             {"s3://bucket", map[string]any{}, "put refuted"},
		"GetBucketEncryption":   {"s3://bucket", map[string]any{"ServerSideEncryptionConfiguration": sseKMS(deniedID, false)}, "setting refuted"},
		"DescribeStreamSummary": {"stream/s", map[string]any{"StreamDescriptionSummary": map[string]any{"StreamName": "s", "EncryptionType": "NONE", "StreamStatus": "ACTIVE", "RetentionPeriodHours": 24}}, "setting refuted"},
		"GetItem":               {"table/orders", map[string]any{"Item": map[string]any{canaryName: map[string]any{"B": "YW5vdGhlcg=="}}}, "content refuted"},
	} {
		p := newProbed(t, probedAccount(goodID), lab.Faults(func(r lab.Request) *lab.Fault {
			if r.Operation == operation && r.Attempt == 1 {
				return &lab.Fault{Output: tt.output}
			}
			return nil
		}))
		proof, steps, _ := proofOf(t, p.probe(t.Context(), t, tt.typed))
		if !strings.Contains(steps, tt.step) || proof.Refuted != 1 {
			t.Errorf("%s: %s, %+v", operation, steps, proof)
		}
	}
}

// A write without an answer may have been done: what it left is found and
// deleted, and it is not made twice.
func TestProbeDoubtfulWrite(t *testing.T) {
	for _, typed := range probedThings {
		p := newProbed(t, probedAccount(goodID), lab.Faults(func(r lab.Request) *lab.Fault {
			if r.Operation == "PutObject" || r.Operation == "PutRecord" || r.Operation == "PutItem" {
				return &lab.Fault{Status: 503, Body: "<html>", Code: ""}
			}
			return nil
		}))
		proof, steps, _ := proofOf(t, p.probe(t.Context(), t, typed))
		switch typed {
		case "s3://bucket":
			if steps != "put unknown, delete verified, gone verified" || p.versions(t, "bucket") != 0 || !strings.Contains(whyOf(proof, "delete"), "(version ") {
				t.Errorf("%s: %s, %d versions", typed, steps, p.versions(t, "bucket"))
			}
		case "stream/s":
			if steps != "put unknown, delete unknown" || !strings.Contains(p.said[len(p.said)-1], "may be in") {
				t.Errorf("%s: %s, said %q", typed, steps, p.said)
			}
		default:
			if steps != "put unknown, delete verified, gone verified" || p.items(t, "orders") != 0 {
				t.Errorf("%s: %s, %d items", typed, steps, p.items(t, "orders"))
			}
		}
		puts := 0
		for _, c := range p.lab.Mutations() {
			if strings.Contains(c.Operation, ":Put") {
				puts++
			}
		}
		if puts != 1 {
			t.Errorf("%s: written %d times: %s", typed, puts, p.changes())
		}
	}
}

// An interruption while the canary is there does not keep it from being
// deleted; one before leaves nothing to delete.
func TestProbeInterrupted(t *testing.T) {
	for _, typed := range []string{"s3://bucket", "table/orders"} {
		for _, during := range []string{"PutObject", "HeadObject", "GetObject", "PutItem", "GetItem"} {
			ctx, stop := context.WithCancel(t.Context())
			hit := false
			p := newProbed(t, probedAccount(goodID), lab.Faults(func(r lab.Request) *lab.Fault {
				if r.Operation == during {
					stop()
					hit = true
				}
				return nil
			}))
			_, steps, _ := proofOf(t, p.probe(ctx, t, typed))
			stop()
			if !hit {
				continue
			}
			left := 0
			if typed == "s3://bucket" {
				left = p.versions(t, "bucket")
			} else {
				left = p.items(t, "orders")
			}
			if left != 0 || !strings.HasSuffix(steps, "delete verified, gone verified") || !strings.Contains(strings.Join(p.said, " "), "interrupted; deleting") {
				t.Errorf("%s, %s: %d are left: %s, said %q", typed, during, left, steps, p.said)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		p := newProbed(t, probedAccount(goodID))
		_, steps, _ := proofOf(t, p.probe(ctx, t, typed))
		if strings.Contains(steps, "verified") || len(p.lab.Mutations()) > 0 || len(p.said) > 0 {
			t.Errorf("%s: %s, %s, said %q", typed, steps, p.changes(), p.said)
		}
	}
}
