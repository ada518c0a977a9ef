//go:build crosscheck

package crosscheck

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

const (
	formatObjects    = "S3 Encryption Client "
	formatOldObjects = "S3 clients of SDK for Java 1 "
)

// stored is one way to write an object.
type stored struct {
	client      string // "s3", "s3v1", "s3v2"
	version     string
	mode        string // of the clients of SDK 1
	instruction bool
	size        int
	context     map[string]string
}

func (s stored) String() string {
	return fmt.Sprintf("%s %s %s, instruction file %v, %d bytes, %d pairs", s.client, s.version, s.mode, s.instruction, s.size, len(s.context))
}

func (s stored) format() string {
	if s.client == "s3" {
		return formatObjects + s.version
	}
	return formatOldObjects + s.version
}

// wrapping is a key of an object on both sides.
type wrapping struct {
	name   string
	ours   s3ec.Keys
	theirs key
}

func wrappings(t *testing.T, w *world) map[string]wrapping {
	t.Helper()
	raw := random(32)
	private, public := pems(t, rsaKey())
	return map[string]wrapping{
		"kms": {"kms", s3ec.Keys{KMS: w.kms, KMSKeyID: w.key}, key{Kind: "kms", ARN: w.key}},
		"aes": {"aes", s3ec.Keys{AES: [][]byte{raw}}, key{Kind: "raw-aes", AES: raw}},
		"rsa": {"rsa", s3ec.Keys{RSA: []*rsa.PrivateKey{rsaKey()}}, key{Kind: "raw-rsa", Private: private, Public: public}},
	}
}

// objects: V2 and V3, in metadata and instruction files, sizes around blocks
// and our pieces. Python's client has KMS only, and reads instruction files
// without writing any.
func objects(t *testing.T, w *world, p *peer) {
	keys := wrappings(t, w)
	if p.name == "python" {
		keys = map[string]wrapping{"kms": keys["kms"]}
	}
	for _, k := range keys {
		for _, version := range []string{"V2", "V3"} {
			for _, instruction := range []bool{false, true} {
				for _, context := range []map[string]string{nil, {"purpose": "test", "a b": "c\"d\\"}} {
					for _, size := range []int{0, 1, 15, 16, 17, 1000, 128<<10 - 1, 128 << 10, 128<<10 + 1, 400_000} {
						s := stored{"s3", version, "", instruction, size, context}
						if !instruction || p.name != "python" {
							s.openTheirs(t, w, p, k)
						}
						s.openOurs(t, w, p, k)
					}
				}
				stored{"s3", version, "", instruction, 50, nil}.refused(t, w, p, k)
			}
			if p.name != "python" { // whose client takes US-ASCII only
				stored{"s3", version, "", false, 50, map[string]string{"ü": "é 😀"}}.openOurs(t, w, p, k)
			}
		}
	}
}

// oldObjects: the V2 client reads and writes what we do; the V1 client writes
// AES-CBC and the wraps of before, which we only read.
func oldObjects(t *testing.T, w *world, p *peer) {
	for _, k := range wrappings(t, w) {
		for _, instruction := range []bool{false, true} {
			for _, context := range []map[string]string{nil, {"purpose": "test"}} {
				for _, size := range []int{0, 1, 15, 16, 17, 1000, 128<<10 - 1, 128 << 10, 128<<10 + 1, 400_000} {
					for _, mode := range []string{"AuthenticatedEncryption", "StrictAuthenticatedEncryption"} {
						s := stored{"s3v2", "V2", mode, instruction, size, context}
						s.openTheirs(t, w, p, k)
						s.openOurs(t, w, p, k)
					}
					stored{"s3v1", "V1", "EncryptionOnly", instruction, size, context}.openTheirs(t, w, p, k)
					stored{"s3v1", "V1", "AuthenticatedEncryption", instruction, size, context}.openTheirs(t, w, p, k)
				}
			}
			stored{"s3v2", "V2", "StrictAuthenticatedEncryption", instruction, 50, nil}.refused(t, w, p, k)
		}
	}
}

func (s stored) job(do string, k wrapping, text []byte) job {
	context := s.context
	if context == nil {
		context = map[string]string{}
	}
	return job{Do: s.client + "." + do, Key: k.theirs, Object: "object", Version: s.version, Mode: s.mode, Instruction: s.instruction, Context: context, Text: text}
}

// openTheirs: the peer puts an object, and we open it.
func (s stored) openTheirs(t *testing.T, w *world, p *peer, k wrapping) {
	t.Helper()
	plain := random(s.size)
	w.forget()
	if a := p.do(t, s.job("seal", k, plain)); a.Error != "" {
		t.Errorf("%s, %s: %s seals: %s", k.name, s, p.name, a.Error)
		return
	}
	o, err := w.get("object")
	if err != nil || (o.Instruction != nil) != s.instruction {
		t.Errorf("%s, %s: what %s sealed has an instruction file: %v; %v", k.name, s, p.name, o.Instruction != nil, err)
		return
	}
	var got bytes.Buffer
	proof, err := s3ec.Open(t.Context(), &got, o, k.ours, s3ec.Options{Unauthenticated: s.mode == "EncryptionOnly"})
	want := envelope.Verified
	if s.mode == "EncryptionOnly" {
		want = envelope.Unknown // AES-CBC proves nothing
	}
	if err != nil || proof.Verdict != want || !bytes.Equal(got.Bytes(), plain) {
		t.Errorf("%s, %s: we open what %s sealed: %d bytes, %s, %v", k.name, s, p.name, got.Len(), proof.Verdict, err)
	}
	p.of(s.format()).oursOpened++
}

// openOurs: we put an object, and the peer opens it.
func (s stored) openOurs(t *testing.T, w *world, p *peer, k wrapping) {
	t.Helper()
	plain := random(s.size)
	s.put(t, w, k, plain)
	if a := p.do(t, s.job("open", k, nil)); a.Error != "" || !bytes.Equal(a.Text, plain) {
		t.Errorf("%s, %s: %s opens what we sealed: %d bytes, %s", k.name, s, p.name, len(a.Text), a.Error)
	}
	p.of(s.format()).theirsOpened++
}

func (s stored) put(t *testing.T, w *world, k wrapping, plain []byte) {
	t.Helper()
	w.forget()
	var body bytes.Buffer
	metadata, instruction, err := s3ec.Seal(t.Context(), &body, bytes.NewReader(plain), k.ours,
		s3ec.SealOptions{Version: s.version, Context: s.context, Instruction: s.instruction})
	if err != nil {
		t.Fatalf("%s, %s: we seal: %v", k.name, s, err)
	}
	w.put("object", metadata, instruction, body.Bytes())
}

// refused: neither opens an object with a bit flipped in its body or its tag,
// nor in its wrapped key.
func (s stored) refused(t *testing.T, w *world, p *peer, k wrapping) {
	t.Helper()
	for name, change := range map[string]func(){
		"body": func() { w.change("object", 40) },
		"tag":  func() { w.change("object", 1) },
		"key":  func() { w.changeKey(t, "object") },
	} {
		s.put(t, w, k, random(s.size))
		change()
		o, err := w.get("object")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s3ec.Verify(t.Context(), o, k.ours, s3ec.Options{})
		a := p.do(t, s.job("open", k, nil))
		if envelope.Says(err) != envelope.Refuted || a.Error == "" {
			t.Errorf("%s, %s with its %s changed: we say %v, %s says %q", k.name, s, name, err, p.name, a.Error)
		}
		p.of(s.format()).refused++
	}
}
