package rego

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// runRego runs the tests in text and measures what they reach.
func (t *fileTest) runRego(ctx context.Context, text []byte) error {
	file := t.source.file(t.ID + "_test.rego")
	tests := parse(file, text, &t.Failures)
	module := t.module()
	if tests == nil || module == nil {
		return nil
	}
	if want := packageName(module) + "_test"; packageName(tests) != want {
		t.fail(file, tests.Package.Location.Row, "the package is %s; it must be %s", packageName(tests), want)
		return nil
	}
	modules := map[string]*ast.Module{}
	maps.Copy(modules, t.loader.libs)
	modules[t.File], modules[file] = module, tests
	store := inmem.NewFromObject(map[string]any{"params": t.defaults()})
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return err
	}
	covered := cover.New()
	// The runs without indexing and early exit would only say why a line is
	// not reached.
	runner := tester.NewRunner().SetCompiler(newCompiler()).SetStore(store).SetModules(modules).SetParallel(1).
		CapturePrintOutput(false).RaiseBuiltinErrors(true).SetCoverageRuns(nil).SetCoverageQueryTracer(covered)
	results, err := runner.RunTests(ctx, txn)
	var many ast.Errors
	if errors.As(err, &many) {
		for _, e := range many {
			t.fail(file, lineOf(e.Location), "%s", explain(e, nil))
		}
		return nil
	}
	if err != nil {
		return err
	}
	for r := range results {
		t.take(file, r)
	}
	if t.Tests == 0 {
		t.fail(file, 0, "there is no test in it; write rules whose names start with test_")
	}
	t.measure(covered.Report(map[string]*ast.Module{t.File: module}))
	return nil
}

// defaults are the parameters of the policy, as a user gets them who sets none.
func (t *fileTest) defaults() map[string]any {
	out := map[string]any{}
	if t.policy != nil {
		for name, p := range t.policy.Params {
			out[name] = p.Default
		}
	}
	return out
}

func (t *fileTest) take(file string, r *tester.Result) {
	t.Tests += max(1, len(r.SubResults))
	switch {
	case r.Error != nil:
		t.fail(file, lineOf(r.Location), "%s: %s", r.Name, plainError(r.Error))
	case r.Skip:
		t.fail(file, lineOf(r.Location), "%s is skipped; run it or remove it", r.Name)
	case r.Fail && len(r.SubResults) == 0:
		t.fail(file, lineOf(r.Location), "%s fails", r.Name)
	case r.Fail:
		var names []string
		for name, sub := range r.SubResults.Iter {
			if sub.Fail && len(sub.SubResults) == 0 {
				names = append(names, strconv.Quote(strings.Join(name, "/")))
			}
		}
		slices.Sort(names)
		t.fail(file, lineOf(r.Location), "%s fails for %s", r.Name, strings.Join(names, ", "))
	}
}

// measure takes the coverage of the tested file.
func (t *fileTest) measure(report cover.Report) {
	of := report.Files[t.File]
	if of == nil {
		return
	}
	rows := map[int]bool{}
	for _, r := range of.NotCovered {
		for row := r.Start.Row; row <= r.End.Row; row++ {
			rows[row] = true
		}
	}
	t.Covered, t.Lines = of.CoveredLines, of.CoveredLines+of.NotCoveredLines
	missed := slices.Sorted(maps.Keys(rows))
	if len(missed) > 0 {
		t.fail(t.File, missed[0], "the tests reach %d of %d lines; not %s: add tests, or remove what can't be reached", t.Covered, t.Lines, lineRanges(missed))
	}
}

// lineRanges names lines: "lines 3, 7-9".
func lineRanges(lines []int) string {
	var out []string
	for i := 0; i < len(lines); {
		end := i
		for end+1 < len(lines) && lines[end+1] == lines[end]+1 {
			end++
		}
		if end == i {
			out = append(out, strconv.Itoa(lines[i]))
		} else {
			out = append(out, fmt.Sprintf("%d-%d", lines[i], lines[end]))
		}
		i = end + 1
	}
	if len(lines) == 1 {
		return "line " + out[0]
	}
	return "lines " + strings.Join(out, ", ")
}
