package wire

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// unchunk takes the frames off a body in aws-chunked encoding, signed or not,
// and puts the checksums of its trailer into the input (S3 API reference,
// "Transferring payload in multiple chunks (chunked upload)"). Signatures are
// not checked.
func (q *Request) unchunk(body []byte, header http.Header) ([]byte, error) {
	out := make([]byte, 0, len(body))
	for {
		line, rest, ok := bytes.Cut(body, []byte("\r\n"))
		if !ok {
			return nil, incompleteBody()
		}
		text, _, _ := strings.Cut(string(line), ";")
		size, err := strconv.ParseInt(strings.TrimSpace(text), 16, 32)
		if err != nil || size < 0 {
			return nil, incompleteBody()
		}
		if body = rest; size == 0 {
			break
		}
		if int64(len(body)) < size+2 || body[size] != '\r' || body[size+1] != '\n' {
			return nil, incompleteBody()
		}
		out, body = append(out, body[:size]...), body[size+2:]
	}
	if want := header.Get("X-Amz-Decoded-Content-Length"); want != "" && want != strconv.Itoa(len(out)) {
		return nil, incompleteBody()
	}
	q.readTrailer(string(body))
	if encoding, ok := q.Input["ContentEncoding"].(string); ok {
		q.Input["ContentEncoding"] = withoutChunked(encoding)
		if q.Input["ContentEncoding"] == "" {
			delete(q.Input, "ContentEncoding")
		}
	}
	return out, nil
}

func (q *Request) readTrailer(text string) {
	names := map[string]string{}
	for member, header := range Checksums() {
		names[header] = member
	}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if member := names[strings.ToLower(name)]; member != "" {
			q.Input[member] = strings.TrimSpace(value)
		}
	}
}

// withoutChunked is a Content-Encoding as S3 stores it.
func withoutChunked(encoding string) string {
	var kept []string
	for part := range strings.SplitSeq(encoding, ",") {
		if part = strings.TrimSpace(part); part != awsChunked && part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ",")
}
