package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/lab"
	"github.com/sealaudit/sealaudit/rego"
)

// TestDeniedIsNotFailed denies, in turn, each call that the collectors make of
// the sound account. Then only policies that read what the call would have
// told are unknown, and they name the permission; every other verdict stays as
// it was, and the exit code is 3.
func TestDeniedIsNotFailed(t *testing.T) {
	account := sound(t)
	before := audit{account: account}.run(t)
	told := before.verdicts()
	operations := operationsOf(before.lab)
	if len(operations) < 29 {
		t.Fatalf("only %d operations were called: %v", len(operations), operations)
	}
	for _, operation := range operations {
		t.Run(operation, func(t *testing.T) {
			got := audit{account: account, options: []lab.Option{lab.Deny(operation)}}.run(t)
			if got.code != exitUnknown {
				t.Errorf("exit %d, want %d", got.code, exitUnknown)
			}
			changed := 0
			for _, f := range got.findings {
				key := f.Policy + " " + f.Resource.ARN
				if string(f.Status)+" "+strings.Join(f.Messages, "; ") == told[key] {
					continue
				}
				changed++
				explainsDenial(t, f, awsapi.Action(operation))
			}
			if changed == 0 && !silent(operation) {
				t.Errorf("no policy noticed that %s was denied", operation)
			}
			missing(t, told, got, operation)
		})
	}
}

// operationsOf are the operations called, without those that a session needs
// to begin.
func operationsOf(l *lab.Lab) []string {
	var out []string
	for _, c := range l.Calls() {
		if c.Operation != "sts:GetCallerIdentity" && c.Operation != "account:ListRegions" {
			out = append(out, c.Operation)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// silent are calls whose facts no policy reads: tags, and whether S3 takes a
// bucket's policy for public, which changes nothing while public policies are
// blocked. They are gaps in the evidence all the same.
func silent(operation string) bool {
	return operation == "tagging:GetResources" || operation == "s3:GetBucketPolicyStatus"
}

// explainsDenial: a verdict that a denial changes is unknown, and says why.
func explainsDenial(t *testing.T, f rego.Finding, action string) {
	t.Helper()
	if f.Status != rego.Undecided {
		t.Errorf("%s of %s is %s: %v", f.Policy, f.Resource.ARN, f.Status, f.Messages)
		return
	}
	policyReads := false
	for _, u := range f.Unknowns {
		policyReads = policyReads || u.Permission == action
	}
	if !policyReads {
		t.Errorf("%s of %s is unknown and does not name %s: %+v", f.Policy, f.Resource.ARN, action, f.Unknowns)
	}
}

// missing: a verdict may only be gone with the listing that was denied, and
// then its policy is unknown for the type as a whole.
func missing(t *testing.T, told map[string]string, got audited, operation string) {
	t.Helper()
	now := got.verdicts()
	unlisted := map[string]bool{}
	for _, f := range got.findings {
		if strings.Contains(f.Resource.ARN, ":unlisted/") {
			unlisted[f.Policy] = true
		}
	}
	for key := range told {
		policy, _, _ := strings.Cut(key, " ")
		if _, still := now[key]; !still && !unlisted[policy] {
			t.Errorf("%s is gone, and its policy is not unknown, with %s denied", key, operation)
		}
	}
}
