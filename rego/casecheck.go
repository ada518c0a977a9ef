package rego

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// compare says where the finding is not the expected one.
func (c *policyCase) compare(got *Finding) []string {
	var bad []string
	if got.Status != c.Status {
		bad = append(bad, fmt.Sprintf("the status is %s%s; it should be %s", got.Status, why(got), c.Status))
	}
	if c.Messages != nil {
		want := slices.Sorted(slices.Values(c.Messages))
		if !slices.Equal(want, got.Messages) {
			bad = append(bad, fmt.Sprintf("the messages are %q; they should be %q", got.Messages, want))
		}
	}
	if c.Unknowns != nil {
		slices.SortFunc(c.Unknowns, func(a, b caseUnknown) int {
			return cmp.Or(cmp.Compare(a.Attribute, b.Attribute), cmp.Compare(a.Reason, b.Reason))
		})
		same := slices.EqualFunc(c.Unknowns, got.Unknowns, func(want caseUnknown, u Unknown) bool {
			return (want.Attribute == "" || want.Attribute == u.Attribute) && (want.Reason == "" || want.Reason == u.Reason)
		})
		if !same {
			bad = append(bad, fmt.Sprintf("what is missing is not as expected%s", why(got)))
		}
	}
	return bad
}

// why is what a finding rests on, in brackets.
func why(f *Finding) string {
	switch f.Status {
	case Fail:
		return fmt.Sprintf(" (%q)", f.Messages)
	case Undecided:
		var out []string
		for _, u := range f.Unknowns {
			out = append(out, fmt.Sprintf("%s: %s: %s", u.Attribute, u.Reason, u.Detail))
		}
		return fmt.Sprintf(" (%q)", out)
	}
	return ""
}

func strictJSON(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after its end")
	}
	return nil
}

// lineAt is the line of a decoding error, or 0.
func lineAt(text []byte, err error) int {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
	case errors.As(err, &wrong):
		return 1 + bytes.Count(text[:min(int(wrong.Offset), len(text))], []byte("\n"))
	}
	return 0
}

// lineOfName is the line with the case's name, or 0.
func lineOfName(text []byte, name string) int {
	i := bytes.Index(text, []byte(strconv.Quote(name)))
	if i < 0 {
		return 0
	}
	return 1 + bytes.Count(text[:i], []byte("\n"))
}
