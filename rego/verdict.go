package rego

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// verdict is what a policy's rules say of an input, before gaps count.
type verdict struct {
	applies       bool
	appliesErr    string
	messages      []string // sorted
	violationsErr string
}

// judge runs a policy's rules on an input. Its error is for an evaluation that
// was given up; what the policy itself can't do is in the verdict.
func (p *program) judge(ctx context.Context, input ast.Value, now time.Time, cancel topdown.Cancel) (*verdict, error) {
	v := &verdict{applies: true}
	if p.applies != nil {
		v.applies = false
		value, err := p.applies.eval(ctx, input, now, cancel)
		switch b, isBool := value.(ast.Boolean); {
		case given(err):
			return nil, err
		case err != nil:
			v.appliesErr = "applies failed: " + plainError(err)
		case value != nil && !isBool:
			v.appliesErr = "applies is not boolean"
		default:
			v.applies = bool(b)
		}
		if !v.applies {
			return v, nil
		}
	}
	value, err := p.violations.eval(ctx, input, now, cancel)
	if given(err) {
		return nil, err
	}
	if err != nil {
		v.violationsErr = "violations failed: " + plainError(err)
		return v, nil
	}
	v.messages, v.violationsErr = messages(value)
	return v, nil
}

// given says whether an evaluation was given up.
func given(err error) bool {
	return topdown.IsCancel(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func messages(value ast.Value) (out []string, err string) {
	set, ok := value.(ast.Set)
	if !ok {
		return nil, "violations is not a set"
	}
	for _, term := range set.Slice() {
		message, ok := term.Value.(ast.String)
		if !ok {
			return nil, "a member of violations is not a string"
		}
		out = append(out, string(message))
	}
	slices.Sort(out)
	return out, ""
}

// eval is the value of the rule, or nil when it is undefined.
func (r *rule) eval(ctx context.Context, input ast.Value, now time.Time, cancel topdown.Cancel) (ast.Value, error) {
	var value ast.Value
	keep := func(t *ast.Term, _ *rego.EvalContext) (any, error) {
		value = t.Value
		return nil, nil
	}
	_, err := r.query.Eval(ctx, rego.EvalParsedInput(input), rego.EvalTime(now), rego.EvalTransaction(r.txn),
		rego.EvalMetrics(metrics.NoOp()), rego.EvalExternalCancel(cancel), rego.EvalGenerateJSON(keep))
	return value, err
}

// plainError is an error of OPA's without its code: "file:line: what".
func plainError(err error) string {
	var e *topdown.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Location == nil {
		return e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.Location.File, e.Location.Row, strings.TrimSpace(e.Message))
}
