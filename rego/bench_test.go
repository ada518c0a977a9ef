//go:build unix

package rego_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	opa "github.com/open-policy-agent/opa/v1/rego"

	"github.com/sealaudit/sealaudit/policies"
	"github.com/sealaudit/sealaudit/rego"
)

// streams are n Kinesis streams with varied facts, made as they are read.
type streams int

func (n streams) Rows() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var line []byte
		for i := range int(n) {
			line = appendStream(line[:0], i)
			if !yield(line, nil) {
				return
			}
		}
	}
}

// appendStream writes the i-th stream: encrypted or not, with keys in several
// states, regions and retentions, some with a gap. Every ARN and call differs.
func appendStream(b []byte, i int) []byte {
	region := []string{"eu-west-1", "us-east-1", "ap-south-1"}[i%3]
	b = fmt.Appendf(b, `{"arn":"arn:aws:kinesis:%s:111122223333:stream/s%d","type":"AWS::Kinesis::Stream","name":"s%d",`+
		`"scope":{"partition":"aws","account":"111122223333","region":"%s"},"tags":{"team":"t%d"},`+
		`"facts":{"status":"ACTIVE","mode":"PROVISIONED","retention_hours":%d,"encryption":`, region, i, i, region, i%17, 24+i%8)
	if i%5 == 0 {
		b = append(b, `{"type":"NONE"}}`...)
	} else {
		b = fmt.Appendf(b, `{"type":"KMS","key":{"id":"k%d","arn":"arn:aws:kms:%s:111122223333:key/k%d","exists":true,"manager":"%s","state":"%s",`+
			`"spec":"SYMMETRIC_DEFAULT","usage":"ENCRYPT_DECRYPT","origin":"AWS_KMS","account":"111122223333","region":"%s"}}}`,
			i%97, region, i%97, []string{"CUSTOMER", "AWS"}[i%2], []string{"Enabled", "Enabled", "Enabled", "Disabled", "PendingDeletion"}[i%7%5], region)
	}
	if i%50 == 7 {
		b = append(b, `,"gaps":[{"attributes":["facts.encryption.key.state"],"reason":"denied","detail":"kms:DescribeKey was denied."}]`...)
	}
	return fmt.Appendf(b, `,"calls":[{"operation":"kinesis:DescribeStreamSummary","region":"%s","request_id":"%032x","time":"2026-11-24T10:00:00Z","status":200,`+
		`"digest":"sha256:%064x"}]}`, region, i, i)
}

// memory is what the process holds of the system's memory, in bytes.
func memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// cpu is the processor time of the process so far, in seconds. It says more
// than the clock where others use the machine too.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// BenchmarkJudge100k judges 100,000 streams with the built-in policies of
// their type. Beside it stand the peers: reading alone is the floor, and
// Naive100k is what opa eval does.
func BenchmarkJudge100k(b *testing.B) {
	const n = 100_000
	set, err := loadBuiltin(b).Select(rego.Selection{Include: []string{"kinesis/*"}})
	if err != nil {
		b.Fatal(err)
	}
	for name, o := range map[string]rego.Options{"dedup": {}, "no-dedup": {NoDedup: true}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			runtime.GC()
			peak, findings, start := memory(), 0, cpu()
			for b.Loop() {
				findings = 0
				e := engine(b, set, o) // remembers nothing yet
				_, err := e.Evaluate(b.Context(), streams(n), func(rego.Finding) error {
					if findings++; findings%1000 == 0 {
						peak = max(peak, memory())
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "resources/s")
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(findings), "findings")
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
		})
	}
}

// BenchmarkNaive100k is the peer: one evaluation of Rego over the whole tree,
// compiled, parsed and evaluated as opa eval does it. It runs with fewer
// resources, because it holds all of them, and is scaled up: that favours it,
// since it grows faster than its input.
func BenchmarkNaive100k(b *testing.B) {
	const n, scaledTo = 5_000, 100_000
	var list []any
	for line := range streams(n).Rows() {
		var r map[string]any
		if err := json.Unmarshal(line, &r); err != nil {
			b.Fatal(err)
		}
		list = append(list, r)
	}
	text, err := json.Marshal(map[string]any{"resources": list})
	if err != nil {
		b.Fatal(err)
	}
	list = nil
	runtime.GC()
	peak, messages, start := memory(), 0, cpu()
	b.ReportAllocs()
	for b.Loop() {
		var input any
		if err := json.Unmarshal(text, &input); err != nil {
			b.Fatal(err)
		}
		rs, err := opa.New(append(naive(b), opa.Input(input), opa.Query("data.main.violations"))...).Eval(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		messages = len(rs[0].Expressions[0].Value.([]any))
		peak = max(peak, memory())
	}
	if messages == 0 {
		b.Fatal("it finds nothing")
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "resources/s")
	b.ReportMetric((cpu()-start)/float64(b.N)*scaledTo/n, "cpu-s-scaled-to-100k")
	b.ReportMetric(float64(peak)/1e6, fmt.Sprintf("peak-MB-at-%d", n))
}

// naive are the built-in policies of streams and an entry that asks each about
// every resource.
func naive(b *testing.B) []func(*opa.Rego) {
	var out []func(*opa.Rego)
	entry := "package main\n"
	sources := map[string]string{}
	libraries, err := fs.Glob(policies.FS, "lib/*.rego")
	if err != nil {
		b.Fatal(err)
	}
	for _, l := range libraries {
		if !strings.HasSuffix(l, "_test.rego") {
			sources[l] = ""
		}
	}
	for _, p := range loadBuiltin(b).Policies() {
		if p.Resource != "AWS::Kinesis::Stream" {
			continue
		}
		sources[p.ID+".rego"] = ""
		defaults := map[string]any{}
		for name, param := range p.Params {
			defaults[name] = param.Default
		}
		at := "data.policies." + strings.ReplaceAll(p.ID, "/", ".")
		params, err := json.Marshal(defaults)
		if err != nil {
			b.Fatal(err)
		}
		entry += fmt.Sprintf("violations contains [%q, r.arn, m] if {\n\tsome r in input.resources\n\tr.type == %q\n"+
			"\tall := %s.violations with input as r with data.params as %s\n\tsome m in all\n}\n", p.ID, p.Resource, at, params)
	}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		text, err := policies.FS.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, opa.Module(name, string(text)))
	}
	return append(out, opa.Module("main.rego", entry))
}
