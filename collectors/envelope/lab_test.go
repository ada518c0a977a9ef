package envelope_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// Keys of the embedded account of these tests.
const (
	goodID, offID, goneID = "0d000000-0000-4000-8000-000000000001", "0d000000-0000-4000-8000-000000000002", "dead0000-0000-4000-8000-000000000001"
	deniedID              = "0d000000-0000-4000-8000-000000000003"
	goneARN               = "arn:aws:kms:" + region + ":" + account + ":key/" + goneID
)

func keyARN(id string) string { return "arn:aws:kms:" + region + ":" + account + ":key/" + id }

// labAccount is an account with a key of each kind, and what the test adds.
func labAccount(change func(*lab.Region)) *lab.Account {
	r := &lab.Region{}
	r.KMS.Keys = []lab.Key{
		{Output: map[string]any{"KeyId": goodID}},
		{Output: map[string]any{"KeyId": offID, "KeyState": "Disabled"}},
		{Output: map[string]any{"KeyId": deniedID}, Errors: map[string]string{"Decrypt": "denied"}},
	}
	change(r)
	return &lab.Account{ID: account, Caller: "arn:aws:sts::" + account + ":assumed-role/audit/test", Regions: map[string]*lab.Region{region: r}}
}

// serveLab serves the account and opens a session on it.
func serveLab(t *testing.T, a *lab.Account, options ...lab.Option) (*awsapi.Session, *lab.Lab, *callLog) {
	t.Helper()
	l := lab.New(a, options...)
	url, stop, err := l.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	log := &callLog{}
	session, err := awsapi.Open(t.Context(), awsapi.Options{Region: region, EndpointURL: url, Rates: map[string]float64{}, Log: &awsapi.CallLog{Add: log.add},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
	if err != nil {
		t.Fatal(err)
	}
	return session, l, log
}

// callLog keeps the calls of a session.
type callLog struct {
	mu    sync.Mutex
	calls []awsapi.Call
}

func (l *callLog) add(c awsapi.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, c)
}

func runOf(s *awsapi.Session, o envelope.Options) *envelope.Run {
	if o.Sampling == (collectors.Sampling{}) {
		o.Sampling = sampling
	}
	return envelope.NewRun(s, kms.NewKeys(s), o)
}

// gather runs a collector, whose rows must have no null, no canary and a remedy
// for each gap.
func gather(ctx context.Context, t *testing.T, c collectors.Collector, log *callLog) *awsapitest.Sink {
	t.Helper()
	sink := awsapitest.Collect(ctx, t, c, awsapitest.Scope())
	for _, r := range sink.Resources {
		text, err := json.Marshal(r)
		if err != nil || strings.Contains(string(text), "null") || strings.Contains(string(text), "CANARY") {
			t.Errorf("%s: %s, %v", r.Name, text, err)
		}
		for _, g := range r.Gaps {
			if g.Detail == "" || g.Remedy == "" || len(g.Attributes) == 0 {
				t.Errorf("%s: a gap says too little: %+v", r.Name, g)
			}
		}
		if r.Type != c.Types()[0].Name || len(r.Calls) == 0 {
			t.Errorf("%s is of %s and rests on %d calls", r.Name, r.Type, len(r.Calls))
		}
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	for _, call := range log.calls {
		if strings.Contains(string(call.Reply), "CANARY") || strings.Contains(call.Error, "CANARY") {
			t.Errorf("content is in the call log: %s", call.Operation)
		}
		if content := call.Operation == "kinesis:GetRecords" || call.Operation == "dynamodb:Scan" || call.Operation == "kms:Decrypt"; content && call.Status == 200 && (call.Digest != "" || call.Reply != nil) {
			t.Errorf("of a reply with content there is %+v", call)
		}
	}
	return sink
}

// gapOn is the reason of the row's gap on an attribute, "" without one.
func gapOn(r collectors.Resource, attribute string) collectors.Reason {
	for _, g := range r.Gaps {
		for _, a := range g.Attributes {
			if a == attribute {
				return g.Reason
			}
		}
	}
	return ""
}

func sortedTexts(list []string) []string { return slices.Sorted(slices.Values(list)) }

func deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Second)
}
