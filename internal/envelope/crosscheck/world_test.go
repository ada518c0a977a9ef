//go:build crosscheck

package crosscheck

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// world is what the peers take for AWS: KMS is our stand-in, S3 and DynamoDB
// are memory.
type world struct {
	address string
	kms     *kms.Service
	key     string // ARN
	mrk     string // ARN of a multi-Region key

	mu      sync.Mutex
	objects map[string]object // by bucket and key
	tables  map[string]*table
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{kms: kms.New(kms.Config{}), objects: map[string]object{}, tables: map[string]*table{
		keyStoreTable: {keys: []string{"branch-key-id", "type"}},
		metaTable:     {keys: []string{"N", "V"}},
	}}
	key, err := w.kms.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	mrk, err := w.kms.CreateKey(kms.KeySpec{MultiRegion: true})
	if err != nil {
		t.Fatal(err)
	}
	w.key, w.mrk = key.ARN, mrk.ARN
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.address = server.URL
	return w
}

// ServeHTTP tells the services apart: those of JSON name their operation.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	service, operation, isJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !isJSON {
		w.serveS3(out, r, body)
		return
	}
	var reply any
	switch service {
	case "TrentService":
		reply, err = w.serveKMS(r, operation, body)
	case "DynamoDB_20120810":
		reply, err = w.serveDynamoDB(operation, body)
	default:
		err = failure{"UnknownOperationException", service}
	}
	out.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	if err != nil {
		code := "ValidationException"
		if f := (failure{}); errors.As(err, &f) {
			code = f.code
		} else if e := (*kms.Error)(nil); errors.As(err, &e) {
			code = e.Code()
		}
		out.WriteHeader(http.StatusBadRequest)
		reply = map[string]string{"__type": code, "message": err.Error()}
	}
	_ = json.NewEncoder(out).Encode(reply)
}

// failure is an error with AWS's code.
type failure struct{ code, message string }

func (f failure) Error() string { return f.code + ": " + f.message }
