package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/policies"
	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report"
)

// jury is the chosen policies with their parameters.
type jury struct {
	flags  judgeFlags
	set    *rego.Set
	params map[string]map[string]any
}

// sources are the built-in policies and the user's directories.
func (f *judgeFlags) sources() ([]rego.Source, error) {
	sources := []rego.Source{{Name: "builtin", FS: policies.FS}}
	for _, dir := range f.dirs {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("--policies: %w", err)
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("--policies %s is a file; name the directory that holds SERVICE/POLICY.rego", dir)
		}
		sources = append(sources, rego.Source{Name: dir, FS: os.DirFS(dir)})
	}
	return sources, nil
}

func (f *judgeFlags) set(ctx context.Context) (*rego.Set, error) {
	sources, err := f.sources()
	if err != nil {
		return nil, err
	}
	set, err := rego.Load(ctx, sources)
	if err != nil {
		return nil, fmt.Errorf("loading policies:\n%w", err)
	}
	sel := rego.Selection{Profiles: f.profiles, Include: f.include, Exclude: f.exclude}
	if slices.Contains(f.profiles, "all") || len(f.include) > 0 {
		sel.Profiles = nil
	}
	return set.Select(sel)
}

// load reads and checks policies and parameters, so that a mistake in them is
// told before the account is read.
func (f *judgeFlags) load(ctx context.Context) (*jury, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	set, err := f.set(ctx)
	if err != nil {
		return nil, err
	}
	params, err := f.parameters()
	if err != nil {
		return nil, err
	}
	j := &jury{flags: *f, set: set, params: params}
	if _, err := rego.NewEngine(ctx, set, rego.Options{Params: params, Time: now(), Waivers: f.waivers}); err != nil {
		return nil, err
	}
	return j, nil
}

// parameters are the configuration's, overridden by --param.
func (f *judgeFlags) parameters() (map[string]map[string]any, error) {
	params := map[string]map[string]any{}
	for policy, of := range f.fileParams {
		params[policy] = of
	}
	for _, p := range f.params {
		name, text, ok := strings.Cut(p, "=")
		dot := strings.LastIndex(name, ".")
		if !ok || dot < 1 {
			return nil, fmt.Errorf("--param %q is not POLICY.NAME=VALUE", p)
		}
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			return nil, fmt.Errorf("--param %q: %w", p, err)
		}
		if params[name[:dot]] == nil {
			params[name[:dot]] = map[string]any{}
		}
		params[name[:dot]][name[dot+1:]] = value
	}
	return params, nil
}

// judgeAndReport judges a bundle, keeps the judged bundle where the user wants
// it, writes the reports and turns the outcome into a verdict.
func (j *jury) judgeAndReport(ctx context.Context, b *collectors.Bundle, keep string, out outputFlags, outs []output, std streams) error {
	if keep == "" {
		path, remove, err := tempBundle()
		if err != nil {
			return err
		}
		defer remove()
		keep = path
	}
	if err := j.judge(ctx, b, keep); err != nil {
		return err
	}
	judged, err := collectors.OpenBundle(keep)
	if err != nil {
		return err
	}
	defer judged.Close() //nolint:errcheck // reading
	d, err := reportData(judged)
	if err != nil {
		return err
	}
	compared := out.baseline.compare(&d)
	// What was read is reported all the same.
	if err := errors.Join(out.write(outs, d, std), compared); err != nil {
		return err
	}
	if out.baseline.gates() {
		return newVerdict(out.baseline.failOnNew, *d.Changes)
	}
	return j.verdict(d)
}

func (j *jury) judge(ctx context.Context, b *collectors.Bundle, path string) error {
	engine, err := rego.NewEngine(ctx, j.set, rego.Options{Params: j.params, Time: b.Manifest.Ended, Workers: j.flags.workers, NoDedup: j.flags.noDedup, Waivers: j.flags.waivers, Listed: listed(b.Manifest)})
	if err != nil {
		return err
	}
	// The judgement's head is written after the findings, so they go through a
	// file of their own.
	tmp, err := os.CreateTemp("", "sealaudit-*")
	if err != nil {
		return fmt.Errorf("making a file for the findings: %w; check TMPDIR", err)
	}
	defer func() { _ = tmp.Close(); _ = os.Remove(tmp.Name()) }()
	lines := json.NewEncoder(tmp)
	summary, err := engine.Evaluate(ctx, b, func(f rego.Finding) error { return lines.Encode(f) })
	if err != nil {
		return fmt.Errorf("judging the evidence: %w", err)
	}
	head := collectors.Judgement{Tool: "sealaudit " + version()}
	for part, value := range map[*json.RawMessage]any{&head.Policies: j.set.Policies(), &head.Judged: j.judged(), &head.Summary: summary} {
		if *part, err = json.Marshal(value); err != nil {
			return fmt.Errorf("keeping the judgement: %w", err)
		}
	}
	return b.Judge(path, head, func(w io.Writer) error {
		if _, err := tmp.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, tmp)
		return err
	})
}

// judged is how policies were chosen and what their parameters were set to.
func (j *jury) judged() report.Judged {
	out := report.Judged{Profiles: j.flags.profiles, Policies: j.flags.include, Excluded: j.flags.exclude, Params: j.params}
	if len(out.Policies) > 0 {
		out.Profiles = nil // whatever their profile
	}
	return out
}
