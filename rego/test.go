package rego

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"golang.org/x/sync/errgroup"
)

// TestReport is how the tests of policies and of the library went, by file.
type TestReport struct {
	Files []TestedFile `json:"files"`
}

// TestedFile is one policy, or one file of the library, with its tests.
type TestedFile struct {
	ID      string `json:"id"`     // of the policy, or "lib/NAME"
	Origin  string `json:"origin"` // name of the source
	File    string `json:"file"`
	Tests   int    `json:"tests"`   // of NAME_test.rego, each sub-case of a test counted
	Cases   int    `json:"cases"`   // of NAME_cases.json
	Covered int    `json:"covered"` // lines with code that the tests reach
	Lines   int    `json:"lines"`   // lines with code
	// Failures are what is wrong, by file and line; none when all is well.
	Failures Problems `json:"failures,omitempty"`
}

// Failures are those of all files.
func (r TestReport) Failures() Problems {
	var out Problems
	for _, f := range r.Files {
		out = append(out, f.Failures...)
	}
	return out
}

// Test runs the tests of the policies of the sources called origins, or of all
// sources when none is named:
//
//   - NAME_test.rego, of package PACKAGE_test, with OPA's own test runner. It
//     must reach every line of the policy. data.params holds the defaults.
//   - NAME_cases.json: resources with what they look like to the engine, and
//     the status that each must get; see caseFile. At least one must pass and
//     one must fail.
//
// A policy without either fails, and so does a file of the library without a
// NAME_test.rego that reaches all of it. Its error is Problems when the
// policies themselves are broken, so that there is nothing to test.
func Test(ctx context.Context, sources []Source, origins ...string) (TestReport, error) {
	l, err := load(ctx, sources)
	if err != nil {
		return TestReport{}, err
	}
	var tests []*fileTest
	for _, file := range keysOf(l.libs) {
		name := strings.TrimPrefix(packageName(l.libs[file]), "lib.")
		tests = append(tests, &fileTest{TestedFile: TestedFile{ID: "lib/" + name, File: file}, loader: l})
	}
	for _, p := range l.policies {
		tests = append(tests, &fileTest{TestedFile: TestedFile{ID: p.ID, File: p.file}, loader: l, policy: p})
	}
	tests = slices.DeleteFunc(tests, func(t *fileTest) bool { return !t.find(sources, origins) })
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, t := range tests {
		group.Go(func() error {
			if err := t.run(ctx); err != nil {
				return fmt.Errorf("testing %s: %w", t.ID, err)
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return TestReport{}, err
	}
	var report TestReport
	for _, t := range tests {
		_ = t.Failures.err() // sorts them
		report.Files = append(report.Files, t.TestedFile)
	}
	return report, nil
}

// fileTest is the test of one file at work.
type fileTest struct {
	TestedFile
	loader *loader
	policy *policyFile // nil for a file of the library
	source Source
}

// find finds the source that the file is of, and says whether it is wanted.
func (t *fileTest) find(sources []Source, origins []string) bool {
	for _, s := range sources {
		if s.file(t.ID+".rego") == t.File {
			t.source, t.Origin = s, s.Name
			return len(origins) == 0 || slices.Contains(origins, s.Name)
		}
	}
	return false
}

func (t *fileTest) run(ctx context.Context) error {
	if text, ok, err := t.beside("_test.rego"); err != nil {
		return err
	} else if ok {
		if err := t.runRego(ctx, text); err != nil {
			return err
		}
	}
	if t.policy == nil {
		return nil
	}
	text, ok, err := t.beside("_cases.json")
	if err != nil || !ok {
		return err
	}
	return t.runCases(ctx, text)
}

// beside reads the file beside the tested one. Its absence is a failure.
func (t *fileTest) beside(suffix string) ([]byte, bool, error) {
	text, err := fs.ReadFile(t.source.FS, t.ID+suffix)
	if errors.Is(err, fs.ErrNotExist) {
		t.fail(t.File, 0, "there is no %s%s beside it; write one, sealaudit policies new shows its form", t.ID, suffix)
		return nil, false, nil
	}
	return text, err == nil, err
}

func (t *fileTest) fail(file string, line int, format string, args ...any) {
	t.Failures.add(file, line, format, args...)
}

// module is the tested file, parsed anew.
func (t *fileTest) module() *ast.Module {
	if t.policy == nil {
		return t.loader.libs[t.File]
	}
	return parse(t.File, t.policy.text, &t.Failures)
}
