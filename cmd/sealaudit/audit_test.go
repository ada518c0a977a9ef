package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/fixtures"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/lab"
	"github.com/sealaudit/sealaudit/rego"
)

// audited is what came of reading and judging an account of the lab.
type audited struct {
	code     int
	manifest collectors.Manifest
	findings []rego.Finding
	bundle   string
	lab      *lab.Lab
}

// audit reads an account and judges it with the profiles, as scan does.
type audit struct {
	account  *lab.Account
	lab      *lab.Lab // that holds the account; nil: a new one
	options  []lab.Option
	rates    map[string]float64 // nil: nobody shares the quotas
	profiles []string           // nil: all
	timeout  time.Duration      // 0: a minute
}

func (a audit) run(t testing.TB) audited {
	t.Helper()
	l := a.lab
	if l == nil {
		l = lab.New(a.account, a.options...)
	}
	url, stop, err := l.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if a.rates == nil {
		a.rates = map[string]float64{}
	}
	if a.timeout == 0 {
		a.timeout = time.Minute
	}
	path := filepath.Join(t.TempDir(), "evidence.zip")
	out := audited{manifest: a.read(t, url, path), bundle: path, lab: l}
	b, err := collectors.OpenBundle(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // reading
	flags := judgeFlags{profiles: a.profiles, failOn: "info"}
	if a.profiles == nil {
		flags.profiles = []string{"all"}
	}
	jury, err := flags.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	engine, err := rego.NewEngine(t.Context(), jury.set, rego.Options{Time: b.Manifest.Ended, Listed: listed(b.Manifest)})
	if err != nil {
		t.Fatal(err)
	}
	summary, err := engine.Evaluate(t.Context(), b, func(f rego.Finding) error {
		out.findings = append(out.findings, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out.code = exitCode(flags.failOn, b.Manifest, summary)
	return out
}

// read collects the account into a bundle.
func (a audit) read(t testing.TB, url, path string) collectors.Manifest {
	t.Helper()
	rec, err := collectors.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	ctx, cancel := context.WithTimeout(t.Context(), a.timeout)
	defer cancel()
	s, err := awsapi.Open(ctx, awsapi.Options{Region: "eu-west-1", EndpointURL: url, Rates: a.rates,
		Credentials: credentials.NewStaticCredentialsProvider(demoKey, demoSecret, ""),
		Log:         &awsapi.CallLog{Add: func(c awsapi.Call) { rec.Call(c.CallRef, c.Reply) }}})
	if err != nil {
		t.Fatal(err)
	}
	m := collectors.Manifest{Tool: "sealaudit test", Started: now()}
	if err := read(ctx, readFlags{quiet: true}, s, rec, &m, streams{}); err != nil {
		t.Fatal(err)
	}
	m.Ended = now()
	if err := rec.Seal(path, m); err != nil {
		t.Fatal(err)
	}
	b, err := collectors.OpenBundle(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // reading
	return b.Manifest
}

// verdicts are the findings as lines of "policy resource" and their status
// with its reasons, without the calls, which differ between two readings.
func (a audited) verdicts() map[string]string {
	out := map[string]string{}
	for _, f := range a.findings {
		out[f.Policy+" "+f.Resource.ARN] = string(f.Status) + " " + strings.Join(f.Messages, "; ")
	}
	return out
}

// sound is an account in which every policy passes or does not apply.
func sound(t testing.TB) *lab.Account {
	t.Helper()
	account, err := lab.Load(os.DirFS(filepath.Join("testdata", "sound")))
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// The sound account passes whole, and is therefore a ground to see others on.
func TestSoundAccountPasses(t *testing.T) {
	got := audit{account: sound(t)}.run(t)
	for _, f := range got.findings {
		if f.Status != rego.Pass && f.Status != rego.NotApplicable {
			text, _ := json.Marshal(f.Unknowns)
			t.Errorf("%s of %s is %s: %v %s", f.Policy, f.Resource.ARN, f.Status, f.Messages, text)
		}
	}
	if got.code != exitPass {
		t.Errorf("exit %d, want %d: %+v", got.code, exitPass, got.manifest.Coverage)
	}
	// For trails without a key, which another policy fails; for imported keys,
	// which can't rotate by themselves.
	elsewhere := []string{"cloudtrail/log_bucket_encrypted", "kms/imported_material_valid"}
	passed := map[string]bool{}
	for _, f := range got.findings {
		passed[f.Policy] = passed[f.Policy] || f.Status == rego.Pass
	}
	for policy, ok := range passed {
		if !ok && !slices.Contains(elsewhere, policy) {
			t.Errorf("%s never passes on the sound account, so a denial can't be seen on it", policy)
		}
	}
	if len(got.lab.Mutations()) > 0 {
		t.Errorf("the scan would have changed the account: %v", got.lab.Mutations())
	}
}

// Two judgements of one bundle are the same, whatever the workers, and so are
// all reports of them.
func TestSameEvidenceSameBytes(t *testing.T) {
	got := audit{account: demoAccount(t), timeout: 3 * time.Second, profiles: []string{"baseline"}}.run(t)
	dir := t.TempDir()
	write := func(name string, flags ...string) map[string][]byte {
		out := map[string][]byte{}
		args := []string{"evaluate", got.bundle, "--fail-on", "none", "--sarif-profile", "full"}
		for _, format := range []string{"json", "sarif", "html"} {
			args = append(args, "-o", format+"="+filepath.Join(dir, name+"."+format))
		}
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append(args, flags...), streams{out: &stdout, err: &stderr}); code != exitUnknown {
			t.Fatalf("exit %d: %s", code, stderr.String())
		}
		for _, format := range []string{"json", "sarif", "html"} {
			text, err := os.ReadFile(filepath.Join(dir, name+"."+format))
			if err != nil {
				t.Fatal(err)
			}
			out[format] = text
		}
		out["table"] = stdout.Bytes()
		return out
	}
	first := write("first", "--workers", "1")
	for name, flags := range map[string][]string{"again": {"--workers", "1"}, "sixteen": {"--workers", "16"}, "plain": {"--workers", "3", "--no-dedup"}} {
		for format, text := range write(name, flags...) {
			if !bytes.Equal(text, first[format]) {
				t.Errorf("%s: the %s report differs", name, format)
			}
		}
	}
}

// The demo account shows every status for every service.
func TestDemoShowsEveryStatus(t *testing.T) {
	got := audit{account: demoAccount(t), timeout: 3 * time.Second}.run(t)
	seen := map[string]map[rego.Status]int{}
	for _, f := range got.findings {
		service, _, _ := strings.Cut(f.Policy, "/")
		if seen[service] == nil {
			seen[service] = map[rego.Status]int{}
		}
		seen[service][f.Status]++
	}
	if len(seen) != 6 {
		t.Errorf("services %v", seen)
	}
	for service, of := range seen {
		for _, status := range []rego.Status{rego.Pass, rego.Fail, rego.Undecided, rego.NotApplicable} {
			if of[status] == 0 {
				t.Errorf("%s has no finding that is %s: %v", service, status, of)
			}
		}
	}
	if len(got.lab.Mutations()) > 0 {
		t.Errorf("the scan would have changed the account: %v", got.lab.Mutations())
	}
}

func demoAccount(t testing.TB) *lab.Account {
	t.Helper()
	account, err := lab.Load(fixtures.Demo())
	if err != nil {
		t.Fatal(err)
	}
	return account
}
