package cloudtrail

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

const kmsSource = "kms.amazonaws.com"

// tri is a truth of which min is "and" and max is "or".
type tri int

const (
	no tri = iota
	unsure
	yes
)

func triOf(b bool) tri {
	if b {
		return yes
	}
	return no
}

// Bool is nil when it is unsure.
func (t tri) Bool() *bool {
	if t == unsure {
		return nil
	}
	return aws.Bool(t == yes)
}

// management says which management events a trail logs. Sources are those that
// its selectors name, and kms.amazonaws.com; logged takes one of them, or "" for
// all others, and whether the events are read or write.
type management struct {
	sources []string
	logged  func(source string, read bool) tri
}

// selectors reads the event selectors. all is whether every management event
// is logged.
func selectors(ctx context.Context, r *awsapi.Reading, client *cloudtrail.Client, id string) (f *Selectors, all tri) {
	out, err := client.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: aws.String(id)})
	if r.Failed(err, "facts.selectors") {
		return nil, unsure
	}
	f = &Selectors{Advanced: len(out.AdvancedEventSelectors) > 0}
	var m management
	switch {
	case f.Advanced:
		m = advanced(out.AdvancedEventSelectors)
	case len(out.EventSelectors) > 0:
		gaps := readable(out.EventSelectors)
		if len(gaps) > 0 {
			r.Gap(gaps[0])
			return nil, unsure
		}
		m = basic(out.EventSelectors)
	default:
		r.Gap(awsapi.Missing("EventSelectors", "facts.selectors"))
		return nil, unsure
	}
	open := m.reduce(f)
	if len(open) > 0 {
		r.Gap(collectors.Gap{Attributes: open, Reason: collectors.Unmodelled,
			Detail: "The trail's event selectors log a part of the management events, or choose them by more than their source and kind, so this can't be said of all of them.",
			Remedy: "Look at the selectors yourself (aws cloudtrail get-event-selectors)."})
	}
	return f, m.all()
}

// readable are gaps of basic selectors that can't be read.
func readable(list []types.EventSelector) (gaps []collectors.Gap) {
	for _, s := range list {
		_, gap := awsapi.Enum(s.ReadWriteType, "ReadWriteType", "facts.selectors")
		gaps = append(gaps, gap...)
		if s.IncludeManagementEvents == nil {
			gaps = append(gaps, awsapi.Missing("IncludeManagementEvents", "facts.selectors"))
		}
	}
	return gaps
}

func basic(list []types.EventSelector) management {
	m := management{sources: []string{kmsSource}}
	for _, s := range list {
		m.sources = append(m.sources, s.ExcludeManagementEventSources...)
	}
	m.logged = func(source string, read bool) tri {
		kind := types.ReadWriteTypeWriteOnly
		if read {
			kind = types.ReadWriteTypeReadOnly
		}
		return triOf(slices.ContainsFunc(list, func(s types.EventSelector) bool {
			return aws.ToBool(s.IncludeManagementEvents) && (s.ReadWriteType == types.ReadWriteTypeAll || s.ReadWriteType == kind) &&
				!slices.Contains(s.ExcludeManagementEventSources, source)
		}))
	}
	m.sort()
	return m
}

func (m *management) sort() {
	slices.Sort(m.sources)
	m.sources = slices.Compact(m.sources)
}

// kind says whether events of a kind are logged, but for sources that are left
// out by name.
func (m management) kind(read bool) tri {
	others := m.logged("", read)
	for _, source := range m.sources {
		if others == no && m.logged(source, read) != no {
			return unsure
		}
	}
	return others
}

// reduce sets the facts and returns the attributes that it could not decide.
func (m management) reduce(f *Selectors) (open []string) {
	decide := func(t tri, attribute string) *bool {
		if t == unsure {
			open = append(open, "facts.selectors."+attribute)
		}
		return t.Bool()
	}
	f.ManagementRead = decide(m.kind(true), "management_read")
	f.ManagementWrite = decide(m.kind(false), "management_write")
	excluded := no
	for _, source := range m.sources {
		left := m.left(source)
		if left == yes {
			f.ExcludedSources = append(f.ExcludedSources, source)
		} else {
			excluded = max(excluded, left)
		}
	}
	if decide(excluded, "excluded_sources") == nil {
		f.ExcludedSources = nil
	}
	everyKMS := min(m.logged(kmsSource, true), m.logged(kmsSource, false))
	f.KMSExcluded = decide(yes-everyKMS, "kms_excluded")
	return open
}

// left says whether the source is left out of a kind that is logged.
func (m management) left(source string) tri {
	left := no
	for _, read := range []bool{true, false} {
		left = max(left, min(m.kind(read), yes-m.logged(source, read)))
	}
	return left
}

// all is whether every management event of every source is logged.
func (m management) all() tri {
	all := min(m.logged("", true), m.logged("", false))
	for _, source := range m.sources {
		all = min(all, m.logged(source, true), m.logged(source, false))
	}
	return all
}
