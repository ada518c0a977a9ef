package kms

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/iampolicy"
)

// policy reads the key policy, of which a key has one, always named "default".
func policy(ctx context.Context, r *awsapi.Reading, client *kms.Client, scope collectors.Scope, keyARN string) *Policy {
	out, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String(keyARN), PolicyName: aws.String("default")})
	if r.Failed(err, "facts.policy") {
		return nil
	}
	text := aws.ToString(out.Policy)
	if text == "" {
		r.Gap(awsapi.Missing("Policy", "facts.policy"))
		return nil
	}
	parsed, err := iampolicy.ParseKeyPolicy([]byte(text))
	if err != nil {
		r.Gap(collectors.Gap{Attributes: []string{"facts.policy"}, Reason: collectors.Unmodelled,
			Detail: "The key policy can't be read: " + err.Error() + ".",
			Remedy: "Look at the policy yourself (aws kms get-key-policy)."})
		return nil
	}
	return allowed(r, iampolicy.AnalyzeKMS(parsed, iampolicy.KMSKey{Partition: scope.Partition, Account: scope.Account, ARN: keyARN}))
}

// allowed reduces the analysis to facts. What the policy alone doesn't decide
// is a gap on that fact only.
func allowed(r *awsapi.Reading, a iampolicy.KMSAnalysis) *Policy {
	p := &Policy{Public: a.Public.Value, RootEnabled: a.RootEnabled.Value, ExternalAccounts: a.ExternalAccounts, UnguardedServices: []string{}}
	if p.Public == nil {
		r.Gap(undecided(a.Public.Reason, "facts.policy.public", "facts.policy.public_detail"))
	} else {
		p.PublicDetail = a.Public.Reason
	}
	if p.RootEnabled == nil {
		r.Gap(undecided(a.RootEnabled.Reason, "facts.policy.root_enabled"))
	}
	for _, u := range a.Undecided() {
		if u.Path == "unguarded_services" {
			r.Gap(undecided(u.Reason, "facts.policy.unguarded_services"))
		}
	}
	for _, s := range a.UnguardedServices {
		p.UnguardedServices = append(p.UnguardedServices, s.Service)
	}
	slices.Sort(p.UnguardedServices)
	p.UnguardedServices = slices.Compact(p.UnguardedServices) // a service may be in two statements
	p.CloudTrail, p.CloudTrailTrails = cloudTrail(r, a)
	return p
}

const (
	trailScope = "facts.policy.cloudtrail"
	trailNames = "facts.policy.cloudtrail_trails"
)

// cloudTrail says whether CloudTrail may use the key, and whether only for
// trails of accounts that the policy names; then also for which trails.
func cloudTrail(r *awsapi.Reading, a iampolicy.KMSAnalysis) (scope string, trails []string) {
	trails = a.CloudTrail.Trails
	switch {
	case trails == nil:
		return trailsUntold(r, a), nil
	case len(trails) == 0:
		return "none", nil
	case slices.ContainsFunc(trails, ofAnybody):
		return "unscoped", nil
	}
	return "scoped", trails
}

// ofAnybody tells a pattern of trails that names no account.
func ofAnybody(trail string) bool {
	a, err := arn.Parse(trail)
	return err != nil || len(a.AccountID) != 12 || strings.Trim(a.AccountID, "0123456789") != ""
}

// trailsUntold says what is known where the trails themselves can't be told.
func trailsUntold(r *awsapi.Reading, a iampolicy.KMSAnalysis) string {
	g := a.CloudTrail
	switch g.Allowed.Tri() {
	case iampolicy.False:
		return "none"
	case iampolicy.Unknown:
		r.Gap(undecided(g.Allowed.Reason, trailScope, trailNames))
		return ""
	}
	bySource, byContext := scoped(g.ScopedBySourceArn), scoped(g.ScopedByEncryptionContext)
	guarded := a.UnguardedServices != nil && !slices.ContainsFunc(a.UnguardedServices, func(s iampolicy.ServiceGrant) bool {
		return s.Service == "cloudtrail.amazonaws.com" || s.Service == iampolicy.AnyService
	})
	switch {
	case bySource == iampolicy.True || byContext == iampolicy.True || guarded:
		r.Gap(undecided(untold(a), trailNames))
		return "scoped"
	case bySource == iampolicy.False && byContext == iampolicy.False && a.UnguardedServices != nil:
		return "unscoped"
	}
	r.Gap(undecided(untold(a), trailScope, trailNames))
	return ""
}

// untold is why the trails can't be told.
func untold(a iampolicy.KMSAnalysis) string {
	for _, u := range a.Undecided() {
		if u.Path == "cloudtrail.trails" {
			return u.Reason
		}
	}
	return "which trails it allows is not decided"
}

func scoped(a *iampolicy.Answer) iampolicy.Tri {
	if a == nil {
		return iampolicy.False
	}
	return a.Tri()
}

func undecided(why string, attributes ...string) collectors.Gap {
	return collectors.Gap{Attributes: attributes, Reason: collectors.Unmodelled,
		Detail: "The key policy alone does not decide it: " + why + ".",
		Remedy: "Look at the statement yourself (aws kms get-key-policy)."}
}
