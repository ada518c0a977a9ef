//go:build crosscheck

package crosscheck

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
)

const formatMessages = "Encryption SDK messages"

// message is one way to write a message.
type message struct {
	suite    esdk.Suite
	frame    int // 0: unframed
	size     int
	context  map[string]string
	required []string
}

func (m message) String() string {
	return fmt.Sprintf("%s, %d bytes in frames of %d, %d pairs", m.suite, m.size, m.frame, len(m.context))
}

// messages: every suite, size and context under a raw AES key, and every
// keyring with a suite of each kind.
func messages(t *testing.T, w *world, p *peer) {
	pairs := map[string]string{"stream": "orders", "ü": "😀", "\uffff": "sorts before 😀"}
	var all, some []message
	for _, suite := range esdk.Suites() {
		for _, context := range []map[string]string{nil, pairs} {
			for _, size := range []int{0, 1, 4095, 4096, 4097, 20_000} {
				all = append(all, message{suite, 4096, size, context, nil}, message{suite, 0, size, context, nil})
			}
			all = append(all, message{suite, 128, 300, context, nil})
		}
		all = append(all, message{suite, 4096, 100, pairs, []string{"stream", "ü"}})
	}
	for _, suite := range []esdk.Suite{esdk.AES192, esdk.AES256SHA256, esdk.AES256SHA384P384, esdk.AES256Commit, esdk.AES256CommitSigned} {
		for _, size := range []int{0, 5000} {
			some = append(some, message{suite, 4096, size, nil, nil}, message{suite, 4096, size, pairs, nil})
		}
	}
	for i, r := range routes(t, w, p) {
		list := some
		if i == 0 {
			list = all
		}
		for _, m := range list {
			if !m.suite.Signed() || !r.unsigned {
				m.exchange(t, p, r)
			}
		}
		message{esdk.AES256Commit, 10, 25, pairs, nil}.refused(t, p, r)
		if !r.unsigned {
			message{esdk.AES256CommitSigned, 10, 25, pairs, nil}.refused(t, p, r)
		}
	}
}

// exchange: each opens what the other sealed.
func (m message) exchange(t *testing.T, p *peer, r route) {
	t.Helper()
	plain := random(m.size)
	a := p.do(t, m.job("esdk.seal", r.theirSeal, plain))
	if a.Error != "" {
		t.Errorf("%s, %s: %s seals: %s", r.name, m, p.name, a.Error)
		return
	}
	supplied := map[string]string{}
	for _, name := range m.required {
		supplied[name] = m.context[name]
	}
	var got bytes.Buffer
	proof, err := esdk.Open(t.Context(), &got, bytes.NewReader(a.Text), r.ourOpen, esdk.Options{Context: supplied})
	if err != nil || proof.Verdict != envelope.Verified || !bytes.Equal(got.Bytes(), plain) {
		t.Errorf("%s, %s: we open what %s sealed: %d bytes, %v", r.name, m, p.name, got.Len(), err)
	}
	p.of(formatMessages).oursOpened++
	if r.ourSeal == nil {
		return
	}
	a = p.do(t, m.job("esdk.open", r.theirOpen, m.seal(t, r, plain)))
	if a.Error != "" || !bytes.Equal(a.Text, plain) {
		t.Errorf("%s, %s: %s opens what we sealed: %d bytes, %s", r.name, m, p.name, len(a.Text), a.Error)
	}
	p.of(formatMessages).theirsOpened++
}

// refused: neither opens a message with a bit flipped, in the last wrapped
// key, in the body or at its end.
func (m message) refused(t *testing.T, p *peer, r route) {
	t.Helper()
	if r.ourSeal == nil {
		return
	}
	sealed := m.seal(t, r, random(m.size))
	header, err := esdk.ParseHeader(bytes.NewReader(sealed), 0)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := header.DataKeys[len(header.DataKeys)-1].Ciphertext
	inKey := bytes.Index(sealed, wrapped) + len(wrapped)/2
	for _, at := range []int{inKey, len(sealed) - 1, len(sealed) / 2} {
		changed := bytes.Clone(sealed)
		changed[at] ^= 1
		_, err := esdk.Verify(t.Context(), bytes.NewReader(changed), r.ourOpen, esdk.Options{})
		a := p.do(t, m.job("esdk.open", r.theirOpen, changed))
		if envelope.Says(err) != envelope.Refuted || a.Error == "" {
			t.Errorf("%s, %s with byte %d changed: we say %v, %s says %q", r.name, m, at, err, p.name, a.Error)
		}
		p.of(formatMessages).refused++
	}
}

func (m message) job(do string, k key, text []byte) job {
	return job{Do: do, Key: k, Text: text, Suite: int(m.suite), Frame: m.frame, Context: m.context, Required: m.required}
}

func (m message) seal(t *testing.T, r route, plain []byte) []byte {
	t.Helper()
	opts := esdk.WriteOptions{Suite: m.suite, FrameLength: m.frame, Unframed: m.frame == 0, Context: m.context, Required: m.required}
	if !m.suite.Committing() {
		opts.Policy = esdk.ForbidEncryptAllowDecrypt
	}
	var out bytes.Buffer
	w, err := esdk.NewWriter(t.Context(), &out, r.ourSeal, opts)
	if err == nil {
		if _, err = w.Write(plain); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		t.Fatalf("%s, %s: we seal: %v", r.name, m, err)
	}
	return out.Bytes()
}
