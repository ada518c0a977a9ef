package iampolicy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Tri is a three-valued truth. The zero value is Unknown.
type Tri uint8

// The three values.
const (
	Unknown Tri = iota
	False
	True
)

// Not is the Kleene negation: Unknown stays Unknown.
func (t Tri) Not() Tri {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

// Bool is nil for Unknown.
func (t Tri) Bool() *bool {
	if t == Unknown {
		return nil
	}
	b := t == True
	return &b
}

func (t Tri) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	}
	return "unknown"
}

func triOf(b bool) Tri {
	if b {
		return True
	}
	return False
}

// An Answer is a three-valued fact. Value is absent when the policy alone
// does not decide; Reason is always one plain sentence, at most 600
// characters, in which everything that comes from the policy is quoted.
type Answer struct {
	Value *bool `json:"value,omitempty"`
	// Statements are those that decide, in the policy's order.
	Statements []StatementRef `json:"statements,omitempty"`
	Reason     string         `json:"reason"`
	// Caveat is set where AWS's documentation leaves the answer open.
	Caveat string `json:"caveat,omitempty"`
}

// A StatementRef names a statement by its position (from 0) and its Sid,
// which is text from the account, cut to 80 characters.
type StatementRef struct {
	Index int    `json:"index"`
	Sid   string `json:"sid,omitempty"`
}

// Tri is the answer's value.
func (a Answer) Tri() Tri {
	if a.Value == nil {
		return Unknown
	}
	return triOf(*a.Value)
}

// An Undecided is an attribute that an analysis could not decide: Path is the
// dotted JSON path inside the analysis, Reason its plain sentence. A collector
// makes a gap of it.
type Undecided struct{ Path, Reason string }

const (
	maxQuoted = 80
	maxReason = 600
)

func answer(t Tri, refs []StatementRef, format string, args ...any) Answer {
	return Answer{Value: t.Bool(), Statements: refs, Reason: clip(fmt.Sprintf(format, args...), maxReason)}
}

// quote makes hostile text safe to print: one line, no control or direction
// characters, bounded.
func quote(s string) string { return strconv.Quote(clip(s, maxQuoted)) }

// clip cuts s to n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// label names a statement in a sentence.
func (s *statement) label() string {
	if s.sid == "" {
		return "statement " + strconv.Itoa(s.index)
	}
	return "statement " + strconv.Itoa(s.index) + " (" + quote(s.sid) + ")"
}

// labels names up to three statements.
func labels(list []*statement) string {
	var names []string
	for i, s := range list {
		if i == 3 {
			names = append(names, fmt.Sprintf("%d more", len(list)-3))
			break
		}
		names = append(names, s.label())
	}
	return strings.Join(names, ", ")
}
