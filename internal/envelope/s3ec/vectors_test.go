package s3ec

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const vectorDir = "../../../fixtures/vectors"

// vector is one object of the vector files.
type vector struct {
	Name        string
	Metadata    map[string]string `json:"object_metadata"`
	Instruction json.RawMessage   `json:"instruction_file"`
	Body        string            `json:"body_hex"`
	DataKey     string            `json:"kms_plaintext_data_key_b64"`
	KMSContext  map[string]string `json:"kms_encryption_context"`
	AES         string            `json:"aes_key_b64"`
	RSA         string            `json:"rsa_private_key_pem"`
	Expect      string
	Plain       string          `json:"plaintext_hex"`
	A           json.RawMessage `json:"instruction_file_a"`
	B           json.RawMessage `json:"instruction_file_b"`
	PlainA      string          `json:"plaintext_a_hex"`
	PlainB      string          `json:"plaintext_b_hex"`
}

func loadJSON(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorDir, path))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

func loadVectors(t testing.TB, path string) []vector {
	t.Helper()
	var file struct{ Vectors []vector }
	loadJSON(t, path, &file)
	return file.Vectors
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixedKMS opens one blob under one context, as KMS does: it cannot tell a
// changed blob from a changed context.
type fixedKMS struct {
	key, blob []byte
	context   map[string]string
	err       error
}

func (k fixedKMS) Decrypt(_ context.Context, _ string, blob []byte, context map[string]string) (envelope.DataKey, error) {
	if k.err != nil {
		return envelope.DataKey{}, k.err
	}
	if !bytes.Equal(blob, k.blob) || k.context != nil && !maps.Equal(context, k.context) {
		return envelope.DataKey{}, fmt.Errorf("%w: InvalidCiphertextException", envelope.ErrWrongKey)
	}
	return envelope.NewDataKey(bytes.Clone(k.key)), nil
}

func (k fixedKMS) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.NewDataKey(bytes.Clone(k.key)), k.blob, k.err
}

// object is a vector's object and the keys that open it.
func (v vector) object(t testing.TB) (Object, Keys) {
	t.Helper()
	body := unhex(t, v.Body)
	obj := Object{Metadata: v.Metadata, Body: bytes.NewReader(body), Size: int64(len(body))}
	if len(v.Instruction) > 0 && string(v.Instruction) != "null" {
		obj.Instruction = v.Instruction
	}
	var keys Keys
	if v.AES != "" {
		keys.AES = [][]byte{unbase64(t, v.AES)}
	}
	if v.RSA != "" {
		block, _ := pem.Decode([]byte(v.RSA))
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			any, err2 := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err2 != nil {
				t.Fatal(err, err2)
			}
			key = any.(*rsa.PrivateKey)
		}
		keys.RSA = []*rsa.PrivateKey{key}
	}
	if v.DataKey != "" {
		kms := fixedKMS{key: unbase64(t, v.DataKey), context: v.KMSContext}
		if h, err := parse(obj); err == nil {
			kms.blob = h.wrapped
			if kms.context == nil {
				kms.context = h.context
			}
		}
		keys.KMS = kms
	}
	return obj, keys
}

// randomReader gives up to 100 bytes at a time and cannot seek.
type randomReader struct{ r io.Reader }

func (r randomReader) Read(b []byte) (int, error) {
	return r.r.Read(b[:min(len(b), 1+rand.IntN(100))])
}

// ways are the ways in which a body can come.
func ways(obj Object) map[string]func() Object {
	body, _ := io.ReadAll(obj.Body)
	with := func(r func() io.Reader, size int64) func() Object {
		return func() Object {
			o := obj
			o.Body, o.Size = r(), size
			return o
		}
	}
	size := int64(len(body))
	return map[string]func() Object{
		"whole":             with(func() io.Reader { return bytes.NewReader(body) }, size),
		"whole, no size":    with(func() io.Reader { return bytes.NewReader(body) }, 0),
		"byte by byte":      with(func() io.Reader { return iotest.OneByteReader(bytes.NewReader(body)) }, size),
		"bytes, no size":    with(func() io.Reader { return iotest.OneByteReader(bytes.NewReader(body)) }, 0),
		"random pieces":     with(func() io.Reader { return randomReader{bytes.NewReader(body)} }, size),
		"data with its end": with(func() io.Reader { return iotest.DataErrReader(bytes.NewReader(body)) }, 0),
	}
}

// TestVectors runs every published and generated object through Inspect,
// Verify and Open, however its body comes.
func TestVectors(t *testing.T) {
	type count struct{ vectors, opened, refused int }
	for path, want := range map[string]count{
		"s3ec-go/objects.json":                           {10, 8, 2},
		"s3ec-ruby-spec/objects.json":                    {5, 4, 1},
		"s3ec-ruby-generated/objects-v1v2.json":          {40, 40, 0},
		"s3ec-ruby-generated/objects-v3-raw.json":        {16, 16, 0},
		"s3ec-python-generated/objects.json":             {12, 12, 0},
		"s3ec-negative-generated/must-fail.json":         {8, 0, 8},
		"s3ec-negative-generated/key-iv-reuse-pair.json": {2, 2, 0},
	} {
		t.Run(path, func(t *testing.T) {
			var got count
			for _, v := range loadVectors(t, path) {
				got.vectors++
				t.Run(v.Name, func(t *testing.T) {
					obj, keys := v.object(t)
					for way, make := range ways(obj) {
						if v.Expect == "ok" {
							mustOpen(t, way, make, keys, unhex(t, v.Plain))
						} else {
							mustRefuse(t, way, make, keys, refusals()[v.Name])
						}
					}
				})
				if v.Expect == "ok" {
					got.opened++
				} else {
					got.refused++
				}
			}
			if got != want {
				t.Errorf("counted %+v, want %+v", got, want)
			}
		})
	}
}

func mustOpen(t *testing.T, way string, object func() Object, keys Keys, plain []byte) {
	t.Helper()
	if _, err := Inspect(object(), Options{}); err != nil {
		t.Errorf("%s: inspecting: %v", way, err)
	}
	proof, err := Verify(t.Context(), object(), keys, Options{})
	if err != nil {
		t.Errorf("%s: verifying: %v", way, err)
	}
	want := envelope.Verified
	if !proof.Authenticated {
		want = envelope.Unknown
	}
	if proof.Verdict != want || proof.Bytes != int64(len(plain)) {
		t.Errorf("%s: proof says %s and %d bytes, want %s and %d", way, proof.Verdict, proof.Bytes, want, len(plain))
	}
	var out bytes.Buffer
	opened, err := Open(t.Context(), &out, object(), keys, Options{Unauthenticated: true})
	if err != nil || !bytes.Equal(out.Bytes(), plain) {
		t.Errorf("%s: opening: %v, plaintext right: %v", way, err, bytes.Equal(out.Bytes(), plain))
	}
	if opened.Verdict != want {
		t.Errorf("%s: opening says %s, want %s", way, opened.Verdict, want)
	}
}

func mustRefuse(t *testing.T, way string, object func() Object, keys Keys, class error) {
	t.Helper()
	proof, err := Verify(t.Context(), object(), keys, Options{})
	if !errors.Is(err, class) || proof.Verdict != envelope.Refuted {
		t.Errorf("%s: verifying: %v (%s), want %v", way, err, proof.Verdict, class)
	}
	var out bytes.Buffer
	_, err = Open(t.Context(), &out, object(), keys, Options{Unauthenticated: true})
	if !errors.Is(err, class) || out.Len() > 0 {
		t.Errorf("%s: opening: %v, %d bytes written; want %v", way, err, out.Len(), class)
	}
}

// refusals are the classes in which the negative vectors fail.
func refusals() map[string]error {
	return map[string]error{
		"TestDecryptionClientV4_GetMockV3ObjectWithIncorrectKCValue": envelope.ErrTampered,
		"TestDecryptionClientV4_GetMockV3ObjectWithInvalidKCValue":   envelope.ErrFormat,
		"ruby-spec-v1-aes-wrong-key":                                 envelope.ErrWrongKey,
		"v2-cek-alg-removed":                                         envelope.ErrFormat,
		"v2-wrap-alg-aeswrap":                                        envelope.ErrWrongKey,
		"v2-wrap-alg-missing":                                        envelope.ErrFormat,
		"v2-mixed-v1-key":                                            envelope.ErrFormat,
		"v2-truncated":                                               envelope.ErrTampered,
		"v3-message-id-flipped":                                      envelope.ErrTampered,
		"v3-w-12-for-aes":                                            envelope.ErrFormat,
		"v3-instruction-edk-swapped":                                 envelope.ErrTampered,
	}
}
