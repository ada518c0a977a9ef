package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/all"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// open makes the session, on the embedded account for --demo.
func open(ctx context.Context, f readFlags, rec *collectors.Recorder) (*awsapi.Session, func(), error) {
	o := awsapi.Options{Profile: f.profile, EndpointURL: f.endpoint, FIPS: f.fips, CallTimeout: f.attempt,
		Log: &awsapi.CallLog{Add: func(c awsapi.Call) { rec.Call(c.CallRef, c.Reply) }}}
	if len(f.regions) > 0 {
		o.Region = f.regions[0]
	}
	done := func() {}
	if f.demo {
		stop, err := demo(&o)
		if err != nil {
			return nil, nil, err
		}
		done = stop
	}
	s, err := awsapi.Open(ctx, o)
	if err != nil {
		done()
		return nil, nil, err
	}
	return s, done, nil
}

// read runs the collectors and fills the manifest.
func read(ctx context.Context, f readFlags, s *awsapi.Session, rec *collectors.Recorder, m *collectors.Manifest, std streams) error {
	regions, err := chooseRegions(ctx, f, s, rec)
	if err != nil {
		return err
	}
	plan := collectors.Plan{Account: s.Scope("")}
	for _, r := range regions {
		plan.Scopes = append(plan.Scopes, s.Scope(r))
	}
	list := all.Collectors(s, regions)
	if o := f.prove.options; o != nil {
		list = all.WithProofs(s, regions, *o)
		m.Sampling = &o.Sampling
	}
	for _, c := range list {
		if all.Serves(c, f.services) {
			plan.Collectors = append(plan.Collectors, c)
			m.Services = append(m.Services, c.Service())
		}
	}
	m.Caller, m.Accounts, m.Regions, m.Endpoint = s.Caller, []string{s.Account}, regions, s.Endpoint
	if err := f.previous.of(s.Account); err != nil {
		return err
	}
	m.SkewMS = s.Skew.Milliseconds()
	m.Demo = m.Demo || s.Demo
	if f.demo {
		m.Endpoint = "" // a port of the day, which says nothing
	}
	if f.resume != "" {
		if err := resume(f.resume, rec, &plan, m); err != nil {
			return err
		}
	}
	if err := probe(ctx, f, s, regions, rec, m, std); err != nil {
		return err
	}
	stop := showProgress(ctx, rec, std, f.quiet, len(plan.Collectors), len(regions))
	collectors.Run(ctx, plan, rec)
	stop()
	if ctx.Err() != nil {
		m.Interrupted = interruption(ctx)
	}
	return nil
}

// resume takes over what an earlier bundle holds completely.
func resume(path string, rec *collectors.Recorder, plan *collectors.Plan, m *collectors.Manifest) error {
	b, err := openIntact(path)
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	defer b.Close() //nolint:errcheck // reading
	if plan.Done, err = rec.Resume(b, *plan, m.Regions); err != nil {
		return fmt.Errorf("resuming from %s: %w", path, err)
	}
	m.Previous = cmp.Or(m.Previous, b.Manifest.Previous) // it is the same run
	m.Started = b.Manifest.Started                       // the evidence is as old as its oldest part
	return nil
}

func interruption(ctx context.Context) string {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause.Error()
	}
	return "interrupted by the user"
}

// chooseRegions are the regions to read. Without --region and without the
// right to list them, the session's own is read and the rest is a gap.
func chooseRegions(ctx context.Context, f readFlags, s *awsapi.Session, rec *collectors.Recorder) ([]string, error) {
	enabled, err := s.EnabledRegions(ctx)
	wanted := slices.Compact(slices.Sorted(slices.Values(f.regions)))
	switch {
	case err == nil && len(wanted) == 0:
		return enabled, nil
	case err == nil:
		for _, r := range wanted {
			if !slices.Contains(enabled, r) {
				return nil, fmt.Errorf("the region %q is not enabled for account %s; enabled are %v", r, s.Account, enabled)
			}
		}
		return wanted, nil
	case len(wanted) > 0:
		return wanted, nil // named by the user; whether they exist the calls will tell
	}
	gap := awsapi.GapOf(err, "facts", "tags")
	gap.Detail = "Only " + s.Region + " was read, because the account's regions could not be listed: " + gap.Detail
	gap.Remedy = "Allow account:ListRegions, or name the regions with --region."
	rec.Listed(s.Scope(""), "AWS::::Region", &gap)
	return []string{s.Region}, nil
}

// checkServices refuses a service that nothing is read of; those of proofs are
// read with --prove only.
func checkServices(services []string, prove bool) error {
	names, proofs := all.Services(), all.ProofServices()
	for _, s := range services {
		switch proof := slices.Contains(proofs, s); {
		case proof && !prove:
			return fmt.Errorf("%s is read with --prove only; add it", s)
		case !proof && !slices.Contains(names, s):
			return fmt.Errorf("there is no service %q; take one of %v", s, names)
		}
	}
	return nil
}
