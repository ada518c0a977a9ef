package iampolicy

import (
	"fmt"
	"testing"
)

// TestConditions asks one Deny statement under one condition. The context is
// given as in the IAM User Guide; "?" stands for a key that isn't known.
func TestConditions(t *testing.T) {
	is := func(v ...string) Context { return Context{"k": v} }
	absent, notKnown := Context{"k": nil}, Context{}
	tests := []struct {
		operator, value string
		context         Context
		want            Tri
	}{
		{"StringEquals", `"a"`, is("a"), True},
		{"StringEquals", `"a"`, is("A"), False},
		{"StringEquals", `["a","b"]`, is("b"), True},
		{"StringEquals", `"a*"`, is("ab"), False},
		{"StringEquals", `"a"`, absent, False},
		{"StringEquals", `"a"`, notKnown, Unknown},
		{"StringEquals", `[]`, is("a"), Unknown},
		{"StringEquals", `"a"`, is("a", "b"), Unknown},
		{"StringEqualsIfExists", `"a"`, absent, True},
		{"StringEqualsIfExists", `"a"`, is("b"), False},
		{"StringNotEquals", `["a","b"]`, is("b"), False},
		{"StringNotEquals", `["a","b"]`, is("c"), True},
		{"StringNotEquals", `"a"`, absent, True},
		{"StringNotEqualsIfExists", `"a"`, absent, True},
		{"StringEqualsIgnoreCase", `"Ab"`, is("aB"), True},
		{"StringNotEqualsIgnoreCase", `"Ab"`, is("aB"), False},
		{"StringLike", `"a*c?"`, is("abbcd"), True},
		{"StringLike", `"a*c?"`, is("abbc"), False},
		{"StringLike", `"${*}a"`, is("*a"), True},
		{"StringLike", `"${*}a"`, is("ba"), False},
		{"StringNotLike", `"a*"`, is("b"), True},
		{"StringNotLike", `"a*"`, absent, True},
		{"stringlike", `"a"`, is("a"), True},

		{"NumericEquals", `10`, is("10.0"), True},
		{"NumericNotEquals", `10`, is("11"), True},
		{"NumericLessThan", `"1.2"`, is("1.1"), True},
		{"NumericLessThan", `"1.2"`, is("1.2"), False},
		{"NumericLessThan", `"1.2"`, absent, False},
		{"NumericLessThanIfExists", `"1.2"`, absent, True},
		{"NumericLessThanEquals", `"1.2"`, is("1.2"), True},
		{"NumericGreaterThan", `3600`, is("3601"), True},
		{"NumericGreaterThanEquals", `3600`, is("3599"), False},
		{"NumericEquals", `"ten"`, is("10"), Unknown},
		{"NumericEquals", `"0x10"`, is("16"), Unknown},
		{"NumericSmallerThan", `1`, is("0"), Unknown},

		{"DateGreaterThan", `"2024-01-01T00:00:00Z"`, is("2024-06-01T00:00:00Z"), True},
		{"DateLessThan", `"2024-01-01"`, is("1700000000"), True},
		{"DateEquals", `"2024-01-01T00:00:00Z"`, is("2024-01-01T01:00:00+01:00"), True},
		{"DateLessThanEquals", `"soon"`, is("2024-01-01"), Unknown},

		{"Bool", `"true"`, is("true"), True},
		{"Bool", `true`, is("True"), True},
		{"Bool", `"false"`, is("true"), False},
		{"Bool", `"false"`, absent, False},
		{"BoolIfExists", `"false"`, absent, True},
		{"Bool", `"yes"`, is("true"), Unknown},

		{"IpAddress", `"203.0.113.0/24"`, is("203.0.113.7"), True},
		{"IpAddress", `"203.0.113.0/24"`, is("203.0.114.7"), False},
		{"IpAddress", `"203.0.113.7"`, is("203.0.113.7"), True},
		{"IpAddress", `"2001:db8::/32"`, is("2001:db8::1"), True},
		{"IpAddress", `"0.0.0.0/0"`, is("2001:db8::1"), False},
		{"NotIpAddress", `["10.0.0.0/8","192.168.0.0/16"]`, is("192.168.1.1"), False},
		{"NotIpAddress", `"10.0.0.0/8"`, absent, True},
		{"IpAddress", `"10.0.0.0/99"`, is("10.0.0.1"), Unknown},

		{"ArnLike", `"arn:aws:iam::*:role/x-*"`, is("arn:aws:iam::1:role/x-1"), True},
		{"ArnEquals", `"arn:aws:iam::*:role/x-*"`, is("arn:aws:iam::1:role/x-1"), True},
		{"ArnLike", `"arn:aws:*:role/x"`, is("arn:aws:iam::1:role/x"), Unknown},
		{"ArnLike", `"arn:*:*:*:*:role/x"`, is("arn:aws:iam::1:role/x"), True},
		{"ArnLike", `"arn:aws:iam::1:*"`, is("not an arn"), False},
		{"ArnNotLike", `"arn:aws:iam::1:*"`, is("arn:aws:iam::2:root"), True},
		{"ArnNotEquals", `"arn:aws:iam::1:*"`, absent, True},

		{"Null", `"true"`, absent, True},
		{"Null", `"true"`, is("a"), False},
		{"Null", `false`, is("a"), True},
		{"Null", `"false"`, absent, False},
		{"Null", `["true","false"]`, absent, True},
		{"Null", `"maybe"`, absent, Unknown},
		{"Null", `"true"`, notKnown, Unknown},
		{"NullIfExists", `"true"`, absent, Unknown},
		{"ForAnyValue:Null", `"true"`, absent, Unknown},

		{"ForAllValues:StringEquals", `["a","b"]`, is("a", "b"), True},
		{"ForAllValues:StringEquals", `["a","b"]`, is("a", "c"), False},
		{"ForAllValues:StringEquals", `"a"`, absent, True},
		{"ForAllValues:StringNotEquals", `"a"`, is("b", "c"), True},
		{"ForAllValues:StringNotEquals", `"a"`, is("a", "c"), False},
		{"ForAnyValue:StringEquals", `"a"`, is("a", "c"), True},
		{"ForAnyValue:StringEquals", `"a"`, is("b", "c"), False},
		{"ForAnyValue:StringEquals", `"a"`, absent, False},
		{"ForAnyValue:StringNotEquals", `"a"`, absent, False},
		{"ForAnyValue:StringNotEquals", `"a"`, is("a", "c"), True},
		{"ForAnyValue:StringLikeIfExists", `"a"`, absent, Unknown},
		{"foranyvalue:stringlike", `"a*"`, is("ab"), True},

		{"StringEquals", `"${aws:username}"`, is("me"), Unknown},
		{"StringEquals", `"${aws:username}"`, Context{"k": {"me"}, "aws:UserName": {"me"}}, True},
		{"StringEquals", `"${aws:username}"`, Context{"k": {"me"}, "aws:username": {"you"}}, False},
		{"StringLike", `"${aws:username}"`, Context{"k": {"me"}, "aws:username": {"*"}}, False},
		{"StringEquals", `"${aws:username, 'none'}"`, Context{"k": {"none"}, "aws:username": nil}, True},
		{"StringEquals", `"${aws:username}"`, Context{"k": {"me"}, "aws:username": nil}, Unknown},
		{"StringEqualsIgnoreCase", `"X${aws:username}"`, Context{"k": {"xME"}, "aws:username": {"me"}}, True},
		{"NumericEquals", `"${aws:username}"`, Context{"k": {"1"}, "aws:username": {"1"}}, Unknown},
		{"BinaryEquals", `"AA=="`, is("AA=="), Unknown},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %v", tt.operator, tt.value, tt.context), func(t *testing.T) {
			p := mustParse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"`+tt.operator+`":{"K":`+tt.value+`}}}}`)
			d := p.Evaluate(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/o", Context: tt.context})
			if got := d.Denied.Tri(); got != tt.want {
				t.Errorf("denied %v, want %v: %s", got, tt.want, d.Denied.Reason)
			}
		})
	}
}

// TestOldVersionHasNoVariables: in Version 2008-10-17 ${…} is text.
func TestOldVersionHasNoVariables(t *testing.T) {
	doc := `{"Version":"2008-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"${aws:username}"}}}}`
	d := mustParse(t, doc).Evaluate(Request{Action: "s3:GetObject", Resource: "x", Context: Context{"k": {"${aws:username}"}}})
	if d.Denied.Tri() != True {
		t.Error(d.Denied.Reason)
	}
}

// TestOneFalseConditionDecides: conditions are joined by "and".
func TestOneFalseConditionDecides(t *testing.T) {
	doc := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringMatches":{"k":"a"},"StringEquals":{"k":"b"}}}}`
	d := mustParse(t, doc).Evaluate(Request{Action: "s3:GetObject", Resource: "x", Context: Context{"k": {"a"}}})
	if d.Denied.Tri() != False {
		t.Error(d.Denied.Reason)
	}
}
