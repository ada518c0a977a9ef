package awsapitest

import (
	"bytes"
	"io"
	"net/http"
)

// Client sends the SDK's requests from memory, for tests that take no second
// attempt. The SDK closes a request's body as soon as there is a reply, and
// http.Transport, which may still look for the body's end then, takes that for
// a failure and closes the connection under the reply. A nil transport is one
// of its own.
func Client(t http.RoundTripper) *http.Client {
	if t == nil {
		t = &http.Transport{}
	}
	return &http.Client{Transport: fromMemory{t}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type fromMemory struct{ http.RoundTripper }

func (m fromMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return m.RoundTripper.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return m.RoundTripper.RoundTrip(r)
}
