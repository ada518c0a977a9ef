package lab_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// player plays one recorded test of AWS against the account: it makes the calls
// that the test made, and compares each answer with AWS's.
type player struct {
	*bench
	replies map[string]any
	played  map[string]bool
}

// document is a decoded JSON object.
type document = map[string]any

// recordedReplies are AWS's answers by service and test.
func recordedReplies(t *testing.T) map[string]struct {
	Replies document `json:"replies"`
} {
	t.Helper()
	text, err := os.ReadFile("../../fixtures/recordings/replies.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct {
		Replies document `json:"replies"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// play runs a script for each recorded test, on an account of its own.
func play(t *testing.T, service string, scripts map[string]func(*player)) {
	t.Helper()
	all := recordedReplies(t)
	for name := range all {
		if strings.HasPrefix(name, service+" ") && scripts[strings.TrimPrefix(name, service+" ")] == nil {
			t.Errorf("%s is recorded and not played", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scripts)) {
		t.Run(name, func(t *testing.T) {
			recorded, ok := all[service+" "+name]
			if !ok {
				t.Fatal("no recording")
			}
			p := &player{newBench(t, []lab.Bucket{{Name: "one"}, {Name: "two"}}), recorded.Replies, map[string]bool{}}
			scripts[name](p)
			for step := range recorded.Replies {
				if !p.played[step] {
					t.Errorf("%s was not played", step)
				}
			}
		})
	}
}

// targets are the services' names in X-Amz-Target.
func targets() map[string]string {
	return map[string]string{"kms": "TrentService", "kinesis": "Kinesis_20131202", "firehose": "Firehose_20150804", "dynamodb": "DynamoDB_20120810",
		"cloudtrail": "CloudTrail_20131101"}
}

// call makes a call as its JSON, and gives the answer as the recordings have it.
func (p *player) call(operation string, in document) document {
	p.Helper()
	return p.callIn("eu-west-1", operation, in)
}

func (p *player) callIn(region, operation string, in document) document {
	p.Helper()
	service, name, _ := strings.Cut(operation, ":")
	body, err := json.Marshal(in)
	p.must("encoding", err)
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.url, bytes.NewReader(body))
	p.must("NewRequest", err)
	r.Header.Set("X-Amz-Target", targets()[service]+"."+name)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIADEMO/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := p.http.Do(r)
	p.must(operation, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	p.must(operation, err)
	out := document{}
	if len(text) > 0 {
		p.must(operation, json.Unmarshal(text, &out))
	}
	if answer.StatusCode >= 300 {
		code := fmt.Sprint(out["__type"])
		out["Error"] = document{"Code": code[strings.LastIndexByte(code, '#')+1:], "Message": out["message"]}
	}
	out["ResponseMetadata"] = document{"HTTPStatusCode": float64(answer.StatusCode)}
	return out
}

// step compares an answer, or a part of one, with the one of a step.
func (p *player) step(name string, got any) {
	p.Helper()
	want, ok := p.replies[name]
	if !ok {
		p.Errorf("no step %s", name)
		return
	}
	p.played[name] = true
	text, err := json.Marshal(got)
	p.must(name, err)
	var plain any
	p.must(name, json.Unmarshal(text, &plain))
	same(p.T, name, want, plain)
}

// stands says whether a recorded text stands for any value.
func stands(s string) bool {
	return s == "datetime" || s == "timestamp" || strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") && strings.Count(s, "<") == 1 ||
		slices.Contains([]string{"ciphertext-blob", "plaintext", "public-key", "private-key-ciphertext-blob", "private-key-plaintext", "import-token", "starting_hash", "ending_hash"}, s)
}

// same finds every recorded member in an answer.
func same(t *testing.T, path string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case document:
		have, ok := got.(document)
		if !ok {
			t.Errorf("%s: %v, AWS has %v", path, got, want)
		}
		for name, v := range want {
			same(t, path+"."+name, v, have[name])
		}
	case []any:
		have, _ := got.([]any)
		if len(have) != len(want) {
			t.Errorf("%s: %v, AWS has %v", path, got, want)
			return
		}
		for i := range want {
			same(t, fmt.Sprintf("%s[%d]", path, i), want[i], have[i])
		}
	case string:
		if stands(want) {
			if got == nil || got == "" {
				t.Errorf("%s is missing, AWS has %s", path, want)
			}
			return
		}
		want = strings.NewReplacer("<region>", "eu-west-1", "<secondary-region>", "us-west-2", "ap-southeast-1", "us-west-2", "<partition>", "aws").Replace(want)
		text, _ := got.(string)
		if !alike(want, text) {
			t.Errorf("%s: %v, AWS has %s", path, got, want)
		}
	default:
		if want != got {
			t.Errorf("%s: %v, AWS has %v", path, got, want)
		}
	}
}

// part is a member of an answer, at a path of names.
func part(d document, names ...string) any {
	var v any = d
	for _, name := range names {
		m, _ := v.(document)
		v = m[name]
	}
	return v
}

// textAt is a text member of an answer.
func (p *player) textAt(d document, names ...string) string {
	p.Helper()
	s, ok := part(d, names...).(string)
	if !ok {
		p.Fatalf("no %v in %v", names, d)
	}
	return s
}

// list makes a list of an input.
func list(v ...any) []any { return v }
