package lab

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func putEventSelectors(l *Lab, q *wire.Request, t *homed) (map[string]any, *wire.Failure) {
	basic, isBasic := q.Input["EventSelectors"].([]any)
	advanced, isAdvanced := q.Input["AdvancedEventSelectors"].([]any)
	switch {
	case isBasic == isAdvanced:
		return nil, refuse(400, "InvalidParameterCombinationException", "You must provide either EventSelectors or AdvancedEventSelectors, but not both.")
	case isBasic && (len(basic) == 0 || len(basic) > 5):
		return nil, refuse(400, "InvalidEventSelectorsException", "The number of event selectors must be 1 to 5.")
	}
	selectors := map[string]any{}
	if isAdvanced {
		if failure := checkAdvanced(advanced); failure != nil {
			return nil, failure
		}
		selectors["AdvancedEventSelectors"] = advanced
	} else {
		list := []any{}
		for _, v := range basic {
			s, _ := v.(map[string]any)
			if mode := text(s, "ReadWriteType"); mode != "" && !slices.Contains([]string{"All", "ReadOnly", "WriteOnly"}, mode) {
				return nil, refuse(400, "InvalidEventSelectorsException", "Invalid ReadWriteType: "+mode)
			}
			list = append(list, filled(s, map[string]any{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []any{}, "ExcludeManagementEventSources": []any{}}))
		}
		selectors["EventSelectors"] = list
	}
	l.changeTrail(t, func(c *Trail) {
		c.Selectors = selectors
		c.Output["HasCustomEventSelectors"] = true
	})
	return filled(selectors, map[string]any{"TrailARN": text(l.trail(t), "TrailARN")}), nil
}

func checkAdvanced(list []any) *wire.Failure {
	for _, v := range list {
		s, _ := v.(map[string]any)
		fields, _ := s["FieldSelectors"].([]any)
		category := ""
		for _, v := range fields {
			f, _ := v.(map[string]any)
			if text(f, "Field") == "eventCategory" {
				if equals := texts(f["Equals"]); len(equals) == 1 {
					category = equals[0]
				}
			}
		}
		if category != "Management" && category != "Data" && category != "NetworkActivity" {
			return refuse(400, "InvalidEventSelectorsException", "An advanced event selector needs a field selector of eventCategory that equals Management, Data or NetworkActivity.")
		}
	}
	return nil
}

func texts(v any) []string { return (&wire.Request{Input: map[string]any{"": v}}).Strings("") }

// takes says whether a trail's selectors let an event through (CloudTrail User
// Guide, "Logging data events" and "Logging management events"): without
// selectors, all management events and no others.
func (t *homed) takes(e event) bool {
	if advanced, given := t.Selectors["AdvancedEventSelectors"].([]any); given {
		return slices.ContainsFunc(advanced, func(v any) bool { return advancedTakes(v, e) })
	}
	basic, given := t.Selectors["EventSelectors"].([]any)
	if !given {
		return !e.Data
	}
	return slices.ContainsFunc(basic, func(v any) bool { return basicTakes(v, e) })
}

func basicTakes(v any, e event) bool {
	s, _ := v.(map[string]any)
	mode := firstOf(text(s, "ReadWriteType"), "All")
	if mode == "ReadOnly" && !e.ReadOnly || mode == "WriteOnly" && e.ReadOnly {
		return false
	}
	if !e.Data {
		on, stated := s["IncludeManagementEvents"].(bool)
		return (on || !stated) && !slices.Contains(texts(s["ExcludeManagementEventSources"]), e.Source)
	}
	resources, _ := s["DataResources"].([]any)
	return slices.ContainsFunc(resources, func(v any) bool {
		r, _ := v.(map[string]any)
		return text(r, "Type") == dataType(e) && slices.ContainsFunc(texts(r["Values"]), func(prefix string) bool { return e.isAbout(prefix) })
	})
}

// isAbout says whether an event is about a resource whose ARN begins so.
func (e event) isAbout(prefix string) bool {
	return slices.ContainsFunc(e.Resources, func(arn string) bool { return strings.HasPrefix(arn, prefix) })
}

// dataType is the type of resource that a data event is about, as selectors
// spell it.
func dataType(e event) string {
	return map[string]string{"s3.amazonaws.com": "AWS::S3::Object", "dynamodb.amazonaws.com": "AWS::DynamoDB::Table",
		"kinesis.amazonaws.com": "AWS::Kinesis::Stream", "firehose.amazonaws.com": "AWS::KinesisFirehose::DeliveryStream"}[e.Source]
}

func advancedTakes(v any, e event) bool {
	s, _ := v.(map[string]any)
	fields, _ := s["FieldSelectors"].([]any)
	for _, v := range fields {
		f, _ := v.(map[string]any)
		if !fieldTakes(f, e) {
			return false
		}
	}
	return len(fields) > 0
}

func fieldTakes(f map[string]any, e event) bool {
	var values []string
	switch text(f, "Field") {
	case "eventCategory":
		values = []string{category(e)}
	case "eventSource":
		values = []string{e.Source}
	case "eventName":
		values = []string{e.Name}
	case "readOnly":
		values = []string{map[bool]string{true: "true", false: "false"}[e.ReadOnly]}
	case "resources.type":
		values = []string{dataType(e)}
	case "resources.ARN":
		values = e.Resources
	default:
		return false
	}
	for _, value := range values {
		if matches(f, value) {
			return true
		}
	}
	return false
}

// matches compares a value: the positive operators must all find something,
// the negative ones nothing.
func matches(f map[string]any, value string) bool {
	for operator, compare := range map[string]func(string, string) bool{
		"Equals": func(a, b string) bool { return a == b }, "StartsWith": strings.HasPrefix, "EndsWith": strings.HasSuffix,
	} {
		is := func(pattern string) bool { return compare(value, pattern) }
		if positive, given := f[operator]; given && !slices.ContainsFunc(texts(positive), is) {
			return false
		}
		if slices.ContainsFunc(texts(f["Not"+operator]), is) {
			return false
		}
	}
	return true
}
