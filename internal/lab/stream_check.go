package lab

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// wrongs are the members of a request that break the API's constraints, which
// AWS reports together.
type wrongs []string

// add reports one: the value, or nil for a member that is missing, or no value
// at all for one that must not be shown.
func (w *wrongs) add(member, constraint string, value ...any) {
	shown := "Value"
	switch {
	case len(value) == 1 && value[0] == nil:
		shown = "Value null"
	case len(value) == 1:
		shown = fmt.Sprintf("Value '%v'", value[0])
	}
	*w = append(*w, shown+" at '"+member+"' failed to satisfy constraint: "+constraint)
}

func (w *wrongs) missing(member string) { w.add(member, "Member must not be null", nil) }

func (w wrongs) failure() *wire.Failure {
	if len(w) == 0 {
		return nil
	}
	s := "s"
	if len(w) == 1 {
		s = ""
	}
	return refuse(400, "ValidationException", fmt.Sprintf("%d validation error%s detected: %s", len(w), s, strings.Join(w, "; ")))
}

// length reports a text or list that is too short or too long.
func (w *wrongs) length(member string, value any, n, least, most int) {
	switch {
	case n < least:
		w.add(member, fmt.Sprintf("Member must have length greater than or equal to %d", least), value)
	case n > most:
		w.add(member, fmt.Sprintf("Member must have length less than or equal to %d", most), value)
	}
}

// oneOf reports a text that is none of an enumeration.
func (w *wrongs) oneOf(member, value string, of ...string) {
	for _, v := range of {
		if v == value {
			return
		}
	}
	w.add(member, "Member must satisfy enum value set: ["+strings.Join(of, ", ")+"]", value)
}

// nameForm is what Kinesis's and Firehose's names look like.
var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

func (w *wrongs) name(member, value string, most int) {
	w.length(member, value, len(value), 1, most)
	if !nameForm.MatchString(value) {
		w.add(member, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", value)
	}
}

func checkStreamName(name string) *wire.Failure {
	var w wrongs
	w.name("streamName", name, 128)
	return w.failure()
}
