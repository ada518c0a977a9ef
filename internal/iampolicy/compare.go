package iampolicy

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// compare tells whether the request's value fits one value of the policy,
// before negation. A policy value that isn't of the operator's type is
// Unknown: what AWS makes of it isn't documented.
func (e *evaluation) compare(op operator, p *pattern, value string) Tri {
	switch op.family {
	case familyString, familyLike:
		return relate(e.expand(p, op.wild()), []rune(value), e.meter)
	case familyFold:
		return relate(lower(e.expand(p, false)), lower([]rune(value)), e.meter)
	case familyArn:
		return compareArn(e.expand(p, true), []rune(value), e.meter)
	}
	if p.variable {
		return Unknown
	}
	switch op.family {
	case familyNumeric:
		want, ok := number(p.raw)
		got, ok2 := number(value)
		return ordered(op, ok && ok2, sign(got-want))
	case familyDate:
		want, ok := date(p.raw)
		got, ok2 := date(value)
		return ordered(op, ok && ok2, got.Compare(want))
	case familyBool:
		want, got := strings.ToLower(p.raw), strings.ToLower(value)
		if want != "true" && want != "false" {
			return Unknown
		}
		return triOf(want == got)
	case familyIP:
		return compareIP(p.raw, value)
	}
	return Unknown
}

// lower folds the characters of g and leaves its wildcards.
func lower(g glob) glob {
	out := make(glob, len(g))
	for i, r := range g {
		if out[i] = r; r >= 0 {
			out[i] = unicode.ToLower(r)
		}
	}
	return out
}

func ordered(op operator, ok bool, c int) Tri {
	if !ok {
		return Unknown
	}
	return triOf(c == op.order || op.orEqual && c == 0)
}

func sign(f float64) int {
	switch {
	case f < 0:
		return -1
	case f > 0:
		return 1
	}
	return 0
}

// number takes decimal numbers only: no NaN, no infinity, no hexadecimal.
func number(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.+-eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// date takes the W3C profile of ISO 8601 and epoch seconds.
func date(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && n < 1<<40 {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}

func compareIP(policy, value string) Tri {
	prefix, err := netip.ParsePrefix(policy)
	if err != nil {
		addr, err := netip.ParseAddr(policy)
		if err != nil || addr.Zone() != "" {
			return Unknown
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	got, err := netip.ParseAddr(value)
	if err != nil {
		return Unknown
	}
	return triOf(prefix.Contains(got.Unmap()))
}

// compareArn matches each of the six parts of an ARN by itself: in the Arn
// operators a wildcard doesn't cross a colon.
func compareArn(policy, value glob, m *meter) Tri {
	want, got := arnParts(policy), arnParts(value)
	if len(want) != 6 {
		return Unknown
	}
	if len(got) != 6 {
		return False
	}
	result := True
	for i := range want {
		result = min3(result, relate(want[i], got[i], m))
	}
	return result
}

func arnParts(g glob) []glob {
	var parts []glob
	start := 0
	for i, r := range g {
		if r == ':' && len(parts) < 5 {
			parts = append(parts, g[start:i])
			start = i + 1
		}
	}
	return append(parts, g[start:])
}
