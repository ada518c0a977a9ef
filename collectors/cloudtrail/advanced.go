package cloudtrail

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// advanced reads advanced event selectors: an event is logged that all fields
// of one selector match (CloudTrail API reference, AdvancedEventSelector).
func advanced(list []types.AdvancedEventSelector) management {
	m := management{sources: []string{kmsSource}}
	for _, s := range list {
		for _, f := range s.FieldSelectors {
			if aws.ToString(f.Field) == "eventSource" {
				m.sources = append(append(m.sources, f.Equals...), f.NotEquals...)
			}
		}
	}
	m.sources = slices.DeleteFunc(m.sources, func(s string) bool { return s == "" })
	m.logged = func(source string, read bool) tri {
		logged := no
		for _, s := range list {
			logged = max(logged, selects(s, source, read))
		}
		return logged
	}
	m.sort()
	return m
}

// selects says whether a selector takes every management event of the source
// and kind. A selector without a category takes what nobody here knows.
func selects(s types.AdvancedEventSelector, source string, read bool) tri {
	all, categorised := yes, false
	for _, f := range s.FieldSelectors {
		switch aws.ToString(f.Field) {
		case "eventCategory":
			categorised = true
			all = min(all, matches(f, "Management"))
		case "readOnly":
			all = min(all, matches(f, strconv.FormatBool(read)))
		case "eventSource":
			all = min(all, matches(f, source))
		default: // the event's name, type or caller: of some events
			all = min(all, unsure)
		}
	}
	if !categorised {
		return min(all, unsure)
	}
	return all
}

// matches says whether the field's value is one that the selector takes. The
// value "" stands for any that the selectors don't name.
func matches(f types.AdvancedFieldSelector, value string) tri {
	is := func(list []string, fits func(value, part string) bool) tri {
		return triOf(slices.ContainsFunc(list, func(part string) bool { return fits(value, part) }))
	}
	equal := func(value, name string) bool { return value == name }
	taken := max(is(f.Equals, equal), is(f.StartsWith, strings.HasPrefix), is(f.EndsWith, strings.HasSuffix))
	refused := max(is(f.NotEquals, equal), is(f.NotStartsWith, strings.HasPrefix), is(f.NotEndsWith, strings.HasSuffix))
	takes := len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) > 0
	refuses := len(f.NotEquals)+len(f.NotStartsWith)+len(f.NotEndsWith) > 0
	inPart := len(f.StartsWith)+len(f.EndsWith)+len(f.NotStartsWith)+len(f.NotEndsWith) > 0
	switch {
	case takes == refuses: // neither, or both, which AWS doesn't define
		return unsure
	case value == "" && inPart:
		return unsure
	case takes:
		return taken
	}
	return yes - refused
}
