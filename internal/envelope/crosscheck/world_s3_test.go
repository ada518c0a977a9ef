//go:build crosscheck

package crosscheck

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// object is what S3 keeps of one.
type object struct {
	metadata map[string]string
	body     []byte
}

const metadataPrefix = "x-amz-meta-"

// serveS3 puts and gets whole objects.
func (w *world) serveS3(out http.ResponseWriter, r *http.Request, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch r.Method {
	case http.MethodPut:
		o := object{map[string]string{}, unchunked(r, body)}
		for name, values := range r.Header {
			if name, ok := strings.CutPrefix(strings.ToLower(name), metadataPrefix); ok {
				o.metadata[name] = strings.Join(values, ",")
			}
		}
		w.objects[r.URL.Path] = o
		out.Header().Set("ETag", etag(o.body))
	case http.MethodGet, http.MethodHead:
		o, found := w.objects[r.URL.Path]
		if !found {
			out.Header().Set("Content-Type", "application/xml")
			out.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(out, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
			return
		}
		for name, value := range o.metadata {
			out.Header()[metadataPrefix+name] = []string{value} // in lower case, as S3 has it
		}
		out.Header().Set("ETag", etag(o.body))
		out.Header().Set("Content-Type", "application/octet-stream")
		out.Header().Set("Content-Length", strconv.Itoa(len(o.body)))
		if r.Method == http.MethodGet {
			_, _ = out.Write(o.body)
		}
	default:
		http.Error(out, "no such method", http.StatusMethodNotAllowed)
	}
}

func etag(b []byte) string {
	sum := md5.Sum(b)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// unchunked undoes the aws-chunked encoding (Amazon S3 API Reference,
// "Signature calculations: Transferring payload in multiple chunks").
func unchunked(r *http.Request, body []byte) []byte {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return body
	}
	var out []byte
	for {
		line, rest, _ := bytes.Cut(body, []byte("\r\n"))
		size, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil || n == 0 || int(n)+2 > len(rest) {
			return out
		}
		out, body = append(out, rest[:n]...), rest[n+2:]
	}
}

// put stores an object and its instruction file.
func (w *world) put(name string, metadata map[string]string, instruction, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects["/bucket/"+name] = object{metadata, body}
	if instruction != nil {
		w.objects["/bucket/"+name+s3ec.InstructionSuffix] = object{map[string]string{s3ec.InstructionMarker: ""}, instruction}
	}
}

// get is an object as our reader takes it.
func (w *world) get(name string) (s3ec.Object, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, found := w.objects["/bucket/"+name]
	if !found {
		return s3ec.Object{}, fmt.Errorf("there is no object %s", name)
	}
	out := s3ec.Object{Metadata: maps.Clone(o.metadata), Body: bytes.NewReader(bytes.Clone(o.body)), Size: int64(len(o.body))}
	if f, found := w.objects["/bucket/"+name+s3ec.InstructionSuffix]; found {
		out.Instruction = bytes.Clone(f.body)
	}
	return out, nil
}

// change flips the lowest bit of an object's byte, counted from the end.
func (w *world) change(name string, fromEnd int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.objects["/bucket/"+name]
	o.body = bytes.Clone(o.body)
	o.body[len(o.body)-fromEnd] ^= 1
	w.objects["/bucket/"+name] = o
}

// changeKey flips a bit of the wrapped data key, wherever it stands.
func (w *world) changeKey(t *testing.T, name string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	values := w.objects["/bucket/"+name].metadata
	file, inFile := w.objects["/bucket/"+name+s3ec.InstructionSuffix]
	if inFile {
		values = map[string]string{}
		if err := json.Unmarshal(file.body, &values); err != nil {
			t.Fatal(err)
		}
	}
	for _, entry := range []string{"x-amz-key-v2", "x-amz-3"} {
		wrapped, err := base64.StdEncoding.DecodeString(values[entry])
		if err == nil && len(wrapped) > 0 {
			wrapped[len(wrapped)/2] ^= 1
			values[entry] = base64.StdEncoding.EncodeToString(wrapped)
		}
	}
	if inFile {
		file.body, _ = json.Marshal(values)
		w.objects["/bucket/"+name+s3ec.InstructionSuffix] = file
	}
}

// forget empties the bucket.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.objects)
}
