package wire

import (
	"maps"
	"net/http"
	"strings"
)

// setHeaders puts the members that an answer carries in headers there, and
// returns the others.
func (q *Request) setHeaders(output map[string]any, header http.Header) map[string]any {
	names := s3Headers()
	maps.Copy(names, answerHeaders())
	rest := map[string]any{}
	w := &xmlWriter{now: q.Now}
	for member, v := range output {
		switch name := names[member]; {
		case v == nil:
		case member == "Metadata":
			setMetadata(v, header)
		case name == "" || !inHeader(q.Operation, member):
			rest[member] = v
		case member == "LastModified":
			t, _ := moment(v, q.Now)
			header.Set(name, t.UTC().Format(http.TimeFormat))
		default:
			header.Set(name, oneLine(w.text(v)))
		}
	}
	return rest
}

func setMetadata(v any, header http.Header) {
	metadata, _ := v.(map[string]string)
	for name, value := range metadata {
		header[metaPrefix+name] = []string{oneLine(value)} // as S3 spells them: clients keep the case
	}
}

// oneLine is a text that can stand in a header.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
