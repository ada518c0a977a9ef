package lab

import (
	"crypto/rand"
	"regexp"
	"strings"
	"time"
)

// prefixExpression is an expression of a prefix (Firehose Developer Guide,
// "Understand custom prefixes for Amazon S3 objects").
var prefixExpression = regexp.MustCompile(`!\{(timestamp|firehose):([^}]*)\}`)

// prefixAt evaluates a prefix. One without a timestamp gets the hour after it,
// in UTC: YYYY/MM/dd/HH/.
func prefixAt(prefix string, now time.Time) string {
	timed := false
	out := prefixExpression.ReplaceAllStringFunc(prefix, func(s string) string {
		parts := prefixExpression.FindStringSubmatch(s)
		switch {
		case parts[1] == "timestamp":
			timed = true
			return now.UTC().Format(layoutOf(parts[2]))
		case parts[2] == "random-string":
			return rand.Text()[:11]
		case parts[2] == "error-output-type":
			return "processing-failed"
		}
		return s
	})
	if timed {
		return out
	}
	return out + now.UTC().Format("2006/01/02/15/")
}

// layoutOf is Go's layout for the letters of Java's DateTimeFormatter that
// prefixes use; text in quotes stands for itself.
func layoutOf(pattern string) string {
	return strings.NewReplacer("yyyy", "2006", "YYYY", "2006", "MM", "01", "dd", "02", "HH", "15", "mm", "04", "ss", "05", "'", "").Replace(pattern)
}
