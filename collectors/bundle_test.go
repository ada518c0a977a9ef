package collectors_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
)

// fake is a collector of two resources, one of which is partly read, and of a
// type that it can't list.
type fake struct{ panics bool }

func (fake) Service() string   { return "fake" }
func (fake) Global() bool      { return false }
func (fake) Actions() []string { return []string{"fake:List"} }
func (fake) Types() []collectors.ResourceType {
	return []collectors.ResourceType{{Name: "AWS::Fake::Thing", Facts: struct{}{}}, {Name: "AWS::Fake::Other", Facts: struct{}{}}}
}

func (f fake) Collect(_ context.Context, scope collectors.Scope, sink collectors.Sink) error {
	if f.panics {
		panic("boom")
	}
	sink.Progress("AWS::Fake::Thing", 2)
	emit := func(name string, gaps ...collectors.Gap) {
		sink.Emit(collectors.Resource{ARN: "arn:aws:fake:" + scope.Region + ":" + scope.Account + ":thing/" + name,
			Type: "AWS::Fake::Thing", Name: name, Scope: scope, Facts: map[string]any{"name": name}, Gaps: gaps})
	}
	emit("b", collectors.Gap{Attributes: []string{"facts.key"}, Reason: collectors.Denied, Detail: "No."})
	emit("a")
	emit("a") // a listing that shifted between pages
	sink.Listed(scope, "AWS::Fake::Thing", nil)
	return errors.New("listing others: denied")
}

func seal(t *testing.T) string {
	t.Helper()
	rec, err := collectors.NewRecorder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	account := collectors.Scope{Partition: "aws", Account: "111122223333"}
	eu := account
	eu.Region = "eu-west-1"
	collectors.Run(t.Context(), collectors.Plan{Account: account, Scopes: []collectors.Scope{eu}, Collectors: []collectors.Collector{fake{}}}, rec)
	at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	rec.Call(collectors.CallRef{Operation: "fake:List", Time: at, Status: 200, Digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}, []byte("{}"))
	rec.Call(collectors.CallRef{Operation: "fake:List", Time: at, Error: "AccessDenied"}, nil)
	path := filepath.Join(t.TempDir(), "evidence.zip")
	if err := rec.Seal(path, collectors.Manifest{Tool: "sealaudit test", Accounts: []string{"111122223333"}, Started: at, Ended: at}); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string) *collectors.Bundle {
	t.Helper()
	b, err := collectors.OpenBundle(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestBundleKeepsWhatWasRecorded(t *testing.T) {
	b := open(t, seal(t))
	if err := b.Verify(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for line, err := range b.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		r, err := collectors.DecodeResource(line)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Type+" "+r.Name)
	}
	// The double is kept once; both types of the scope that was given up have
	// a stand-in.
	want := []string{"AWS::Fake::Other (not listed)", "AWS::Fake::Thing a", "AWS::Fake::Thing b", "AWS::Fake::Thing (not listed)"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if n := len(b.Manifest.Coverage); n != 2 {
		t.Fatalf("%d ledger lines, want 2", n)
	}
	other, thing := b.Manifest.Coverage[0], b.Manifest.Coverage[1]
	if other.Gap == nil || other.Listed != 0 || other.Complete() {
		t.Errorf("the unlisted type's line says %+v", other)
	}
	if thing.Listed != 2 || thing.Read != 1 || thing.Partly != 1 || thing.Gap == nil {
		// The collector's error covers all of its types.
		t.Errorf("the listed type's line says %+v", thing)
	}
}

func TestBundleIsDeterministic(t *testing.T) {
	one, err := os.ReadFile(seal(t))
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(seal(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("the same evidence makes other bytes")
	}
}

func TestJudgedBundleKeepsTheEvidenceDigest(t *testing.T) {
	b := open(t, seal(t))
	path := filepath.Join(t.TempDir(), "judged.zip")
	j := collectors.Judgement{Tool: "t", Policies: []byte("[]"), Judged: []byte("{}"), Summary: []byte("{}")}
	err := b.Judge(path, j, func(w io.Writer) error { _, err := io.WriteString(w, "{\"id\":1}\n"); return err })
	if err != nil {
		t.Fatal(err)
	}
	judged := open(t, path)
	if err := judged.Verify(); err != nil {
		t.Fatal(err)
	}
	if judged.Evidence != b.Evidence {
		t.Error("judging changed the evidence digest")
	}
	for line, err := range judged.Findings() {
		if err != nil || string(line) != `{"id":1}` {
			t.Errorf("finding %q, %v", line, err)
		}
	}
}

// Any flipped bit of a judged and signed bundle is found, wherever it is.
func TestVerifyFindsEveryFlippedBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "judged.zip")
	j := collectors.Judgement{Tool: "t", Policies: []byte("[]"), Judged: []byte("{}"), Summary: []byte("{}")}
	if err := open(t, seal(t)).Judge(path, j, func(w io.Writer) error { _, err := io.WriteString(w, "{}\n"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Attest(path, []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	if !intact(path) {
		t.Fatal("it is not intact as it is")
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := filepath.Join(t.TempDir(), "flipped.zip")
	for i := range whole {
		for bit := range 8 {
			whole[i] ^= 1 << bit
			if err := os.WriteFile(flipped, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			if intact(flipped) {
				t.Fatalf("bit %d of byte %d of %d is not missed when flipped", bit, i, len(whole))
			}
			whole[i] ^= 1 << bit
		}
	}
	for _, cut := range []int{1, 22, len(whole) / 2} {
		if err := os.WriteFile(flipped, whole[:len(whole)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if intact(flipped) {
			t.Fatalf("%d bytes cut off are not missed", cut)
		}
	}
	if err := os.WriteFile(flipped, append(whole, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if intact(flipped) {
		t.Fatal("a byte too many is not noticed")
	}
}

func intact(path string) bool {
	b, err := collectors.OpenBundle(path)
	if err != nil {
		return false
	}
	defer b.Close() //nolint:errcheck // reading
	return b.Verify() == nil
}

func TestAPanickingCollectorCostsItsScopeOnly(t *testing.T) {
	rec, err := collectors.NewRecorder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	eu := collectors.Scope{Partition: "aws", Account: "111122223333", Region: "eu-west-1"}
	collectors.Run(t.Context(), collectors.Plan{Account: eu, Scopes: []collectors.Scope{eu}, Collectors: []collectors.Collector{fake{panics: true}}}, rec)
	path := filepath.Join(t.TempDir(), "evidence.zip")
	if err := rec.Seal(path, collectors.Manifest{}); err != nil {
		t.Fatal(err)
	}
	for _, line := range open(t, path).Manifest.Coverage {
		if line.Gap == nil || line.Gap.Reason != collectors.Failed {
			t.Errorf("%s: %+v", line.Type, line.Gap)
		}
	}
}

// steady is complete unless told otherwise, and counts how often it ran.
type steady struct {
	name string
	ran  *int
	gap  *collectors.Gap
}

func (s steady) Service() string { return s.name }
func (steady) Global() bool      { return false }
func (steady) Actions() []string { return nil }
func (s steady) Types() []collectors.ResourceType {
	return []collectors.ResourceType{{Name: "AWS::Fake::" + s.name, Facts: struct{}{}}}
}

func (s steady) Collect(_ context.Context, scope collectors.Scope, sink collectors.Sink) error {
	*s.ran++
	sink.Emit(collectors.Resource{ARN: "arn:aws:fake:::" + s.name, Type: "AWS::Fake::" + s.name, Name: s.name, Scope: scope, Facts: struct{}{}})
	sink.Listed(scope, "AWS::Fake::"+s.name, s.gap)
	return nil
}

// A resumed run reads only what the earlier one lacks, and ends with both.
func TestResumeReadsOnlyTheRest(t *testing.T) {
	account := collectors.Scope{Partition: "aws", Account: "111122223333"}
	eu := account
	eu.Region = "eu-west-1"
	var whole, partly int
	collect := func(gap *collectors.Gap, from string) string {
		rec, err := collectors.NewRecorder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer rec.Close()
		p := collectors.Plan{Account: account, Scopes: []collectors.Scope{eu}, Collectors: []collectors.Collector{steady{"Whole", &whole, nil}, steady{"Partly", &partly, gap}}}
		if from != "" {
			if p.Done, err = rec.Resume(open(t, from), p, []string{"eu-west-1"}); err != nil {
				t.Fatal(err)
			}
		}
		collectors.Run(t.Context(), p, rec)
		path := filepath.Join(t.TempDir(), "evidence.zip")
		if err := rec.Seal(path, collectors.Manifest{Accounts: []string{"111122223333"}, Regions: []string{"eu-west-1"}, Services: []string{"Whole", "Partly"}}); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := collect(&collectors.Gap{Attributes: []string{"facts"}, Reason: collectors.Throttled, Detail: "Slow."}, "")
	second := open(t, collect(nil, first))
	if whole != 1 || partly != 2 {
		t.Errorf("the whole unit ran %d times and the partial one %d", whole, partly)
	}
	for _, line := range second.Manifest.Coverage {
		if !line.Complete() || line.Listed != 1 {
			t.Errorf("%+v", line)
		}
	}
}

// sampled is steady, of a sample.
type sampled struct {
	steady
	how collectors.Sampling
}

func (s sampled) Sampling() collectors.Sampling { return s.how }

// A sample is taken over only by a run that samples alike; a service's
// configuration has nothing to do with it.
func TestResumeKeepsASampleOfItsKindOnly(t *testing.T) {
	account := collectors.Scope{Partition: "aws", Account: "111122223333"}
	eu := account
	eu.Region = "eu-west-1"
	var config, sample int
	collect := func(how *collectors.Sampling, from string) string {
		rec, err := collectors.NewRecorder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer rec.Close()
		p := collectors.Plan{Account: account, Scopes: []collectors.Scope{eu}, Collectors: []collectors.Collector{steady{"s3", &config, nil}}}
		m := collectors.Manifest{Accounts: []string{"111122223333"}, Regions: []string{"eu-west-1"}, Services: []string{"s3"}, Sampling: how}
		if how != nil {
			p.Collectors = append(p.Collectors, sampled{steady{"s3/objects", &sample, nil}, *how})
			m.Services = append(m.Services, "s3/objects")
		}
		if from != "" {
			if p.Done, err = rec.Resume(open(t, from), p, m.Regions); err != nil {
				t.Fatal(err)
			}
		}
		collectors.Run(t.Context(), p, rec)
		path := filepath.Join(t.TempDir(), "evidence.zip")
		if err := rec.Seal(path, m); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := collect(nil, "")
	with := collect(&collectors.Sampling{Size: 50, Seed: 1}, first)
	again := collect(&collectors.Sampling{Size: 50, Seed: 1}, with)
	if config != 1 || sample != 1 {
		t.Errorf("the configuration was read %d times and the sample taken %d times", config, sample)
	}
	other := collect(&collectors.Sampling{Size: 50, Seed: 2}, again)
	if sample != 2 {
		t.Error("another seed takes over the earlier sample")
	}
	if n := len(open(t, other).Manifest.Coverage); n != 2 {
		t.Errorf("%d ledger lines", n)
	}
	if n := len(open(t, collect(nil, other)).Manifest.Coverage); n != 1 {
		t.Errorf("without a sample there are %d ledger lines", n)
	}
}
