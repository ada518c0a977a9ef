package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/all"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const probeHelp = `With --probe RESOURCE, and only then, it writes: one canary of random bytes, named
sealaudit-probe-…, to the named bucket, stream or table. It reads it back,
compares what the answers say of its encryption, and deletes it (a record of a
stream stays until its retention ends). What listens there sees the canary:
consumers, notifications, replicas. Nothing else turns that on, and no file.`

const probeFlag = "probe"

// probeFlags name what is written to. The names come from the command line
// alone.
type probeFlags struct {
	typed   []string
	targets []envelope.Target // once they are checked
}

func (f *probeFlags) add(fs *pflag.FlagSet, usage string) {
	fs.StringArrayVar(&f.typed, probeFlag, nil, usage)
}

// errTyped is why a probe is named nowhere but on the command line: a file or
// an environment would write to an account whenever somebody scans.
var errTyped = errors.New("a probe writes to the account, so its resource must be typed on the command line (--probe RESOURCE); take it out here")

// check reads the names, before anything is read or written.
func (f *probeFlags) check() error {
	f.targets = nil
	for _, typed := range f.typed {
		t, err := envelope.ParseTarget(typed)
		if err != nil {
			return fmt.Errorf("--probe: %w", err)
		}
		f.targets = append(f.targets, t)
	}
	return nil
}

// probe writes the canaries, one after the other, and records what came of
// them. All targets are placed before the first is written to.
func probe(ctx context.Context, f readFlags, s *awsapi.Session, regions []string, rec *collectors.Recorder, m *collectors.Manifest, std streams) error {
	var placed []envelope.Target
	for _, t := range f.probe.targets {
		t, err := t.In(s.Scope(""), regions)
		if err != nil {
			return fmt.Errorf("--probe: %w; nothing was written", err)
		}
		if !slices.Contains(placed, t) {
			placed = append(placed, t)
		}
	}
	if len(placed) == 0 {
		return nil
	}
	run := all.Prober(s)
	o := envelope.ProbeOptions{Regions: regions, Say: func(line string) { fmt.Fprintln(std.err, printable(line)) }}
	for _, t := range placed {
		m.Probes = append(m.Probes, t.ARN("", "", ""))
		rec.Emit(run.Probe(ctx, t, o))
	}
	return nil
}

// probeStatements are what probes of the targets need, limited to them: a
// statement for each, and one for their keys.
func probeStatements(targets []envelope.Target) []iamStatement {
	var out []iamStatement
	var keys []string
	for i, t := range targets {
		id := t.ARN("aws", "REGION", "ACCOUNT")
		s := iamStatement{Sid: fmt.Sprintf("SealauditProbe%d", i+1), Effect: "Allow", Action: slices.Sorted(slices.Values(t.Actions())), Resource: id}
		if t.Service == "s3" {
			s.Resource = []string{id, id + "/" + envelope.CanaryPrefix + "*"}
		}
		out = append(out, s)
		keys = append(keys, t.KeyARN("aws", "REGION", "ACCOUNT"))
	}
	if len(out) == 0 {
		return nil
	}
	slices.Sort(keys)
	s := iamStatement{Sid: "SealauditProbeKeys", Effect: "Allow", Action: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resource: slices.Compact(keys)}
	return append(out, s)
}

// typedOnly refuses a setting that only the command line may have.
func typedOnly(name string) error {
	switch {
	case strings.EqualFold(name, probeFlag):
		return errTyped
	case strings.EqualFold(name, signCommandFlag):
		return errTypedCommand
	}
	return nil
}
