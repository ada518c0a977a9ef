package iampolicy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// unlisted is part of the names that a search makes up; no policy has it.
const unlisted = "zz-not-named-in-this-policy"

const (
	maxOptions = 40   // of one dimension
	maxValue   = 1024 // characters of a made-up value: an S3 key's bound
)

// derivedValues are values for one condition key, made from the conditions
// that read it.
type derivedValues struct {
	fresh    []string // values that no condition names
	named    []string // values that fit a condition
	patterns []string // the conditions' own values, with their wildcards
	// complete says that absent, fresh and named together stand for every
	// value: the conditions compare for equality only.
	complete bool
}

// options lists absent, fresh and named as one-value lists.
func (d derivedValues) options() [][]string {
	list := [][]string{nil}
	for _, v := range append(append([]string{}, d.fresh...), d.named...) {
		if len(list) < maxOptions {
			list = append(list, []string{v})
		}
	}
	return list
}

func (p *Policy) derive(key string) derivedValues {
	d := derivedValues{complete: true}
	for i := range p.statements {
		for j := range p.statements[i].conditions {
			if c := &p.statements[i].conditions[j]; c.key == key {
				d.add(c)
			}
		}
	}
	if len(d.fresh)+len(d.named)+1 > maxOptions {
		d.complete = false
	}
	return d
}

func (d *derivedValues) add(c *condition) {
	switch c.op.family {
	case familyString, familyBool, familyNull:
	default:
		d.complete = false
	}
	if c.op.quant != single {
		d.complete = false // a request may have several values
	}
	switch c.op.family {
	case familyBool:
		d.put(&d.named, "false", "true")
		return
	case familyNumeric:
		d.put(&d.fresh, "0", "1000000000")
	case familyDate:
		d.put(&d.fresh, "1970-01-02T00:00:00Z", "9999-01-01T00:00:00Z")
	case familyIP:
		d.put(&d.fresh, "192.0.2.1", "2001:db8::1")
	default:
		d.put(&d.fresh, unlisted)
	}
	for i := range c.values {
		v := &c.values[i]
		if v.variable || c.op.family == familyNull {
			d.complete = d.complete && !v.variable
			continue
		}
		d.put(&d.patterns, v.raw)
		d.put(&d.named, fitting(c.op.family, v)...)
	}
}

func (d *derivedValues) put(list *[]string, values ...string) {
	for _, v := range values {
		if len(v) > maxValue || len(*list) >= maxOptions {
			d.complete = false
			continue
		}
		*list = append(*list, v)
	}
}

// fitting makes request values that one value of a condition accepts, and
// the nearest that it doesn't.
func fitting(f family, v *pattern) []string {
	switch f {
	case familyLike, familyArn:
		return []string{instance(v.compiled, "x")}
	case familyNumeric:
		if n, ok := number(v.raw); ok {
			return []string{v.raw, strconv.FormatFloat(n-1, 'f', -1, 64), strconv.FormatFloat(n+1, 'f', -1, 64)}
		}
	case familyDate:
		if t, ok := date(v.raw); ok {
			return []string{v.raw, t.Add(-time.Hour).Format(time.RFC3339), t.Add(time.Hour).Format(time.RFC3339)}
		}
	case familyIP:
		if prefix, err := netip.ParsePrefix(v.raw); err == nil {
			return []string{prefix.Addr().String()}
		}
		return []string{v.raw}
	default:
		return []string{v.raw}
	}
	return nil
}

// instance is one string that fits g: each * becomes filler, each ? an x.
func instance(g glob, filler string) string {
	var b strings.Builder
	for _, r := range g {
		switch r {
		case anyRun:
			b.WriteString(filler)
		case anyOne:
			b.WriteByte('x')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// strangerAccount is an account id that the policy doesn't mention and that
// isn't the owner's.
func (p *Policy) strangerAccount(owner string) string {
	for n := 1; ; n++ {
		id := fmt.Sprintf("%012d", n)
		if id != owner && !strings.Contains(p.text, id) {
			return id
		}
	}
}
