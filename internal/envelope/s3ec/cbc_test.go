package s3ec

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// digested is an object of format V1 whose client left the MD5 of the plaintext
// in its metadata ("Appendix: Amazon S3 client-side encryption meta
// information", package documentation of com.amazonaws.services.s3).
func digested(t *testing.T, plain []byte, keys Keys) (Object, []byte) {
	t.Helper()
	obj := legacy(t, wrapECB, "AES/CBC/PKCS5Padding", random(32), plain, keys)
	sum := md5.Sum(plain)
	obj.Metadata[nameMD5] = base64.StdEncoding.EncodeToString(sum[:])
	body, err := io.ReadAll(obj.Body)
	if err != nil {
		t.Fatal(err)
	}
	obj.Body = bytes.NewReader(body)
	return obj, body
}

// Where the plaintext's MD5 is known, AES-CBC can be verified, and is still not
// authenticated.
func TestDigestVerifiesCBC(t *testing.T) {
	keys := Keys{AES: [][]byte{random(32)}}
	for _, size := range []int{0, 1, 15, 16, 17, 4096, pieceSize - 1, pieceSize, pieceSize + 17, 3*pieceSize + 5} {
		plain := random(size)
		obj, body := digested(t, plain, keys)
		readers := map[string]io.Reader{"whole": bytes.NewReader(body), "halves": iotest.HalfReader(bytes.NewReader(body))}
		if size <= 4096 {
			readers["bytes"] = iotest.OneByteReader(bytes.NewReader(body))
		}
		for name, r := range readers {
			obj.Body = r
			p, err := Verify(t.Context(), obj, keys, Options{})
			if err != nil || p.Verdict != envelope.Verified || p.Authenticated || p.Bytes != int64(size) || !hasWeak(p, "unauthenticated-cbc") || !hasWeak(p, "plaintext-md5") {
				t.Errorf("%d bytes, %s: %+v, %v", size, name, p, err)
			}
		}
		obj.Body = bytes.NewReader(body)
		var out bytes.Buffer
		if _, err := Open(t.Context(), &out, obj, keys, Options{Unauthenticated: true}); err != nil || !bytes.Equal(out.Bytes(), plain) {
			t.Errorf("%d bytes: opened to %d bytes: %v", size, out.Len(), err)
		}
		obj.Body = bytes.NewReader(body)
		if _, err := Open(t.Context(), io.Discard, obj, keys, Options{}); envelope.Says(err) != envelope.Unknown {
			t.Errorf("%d bytes: opened without being allowed: %v", size, err)
		}
	}
}

func hasWeak(p envelope.Proof, id string) bool {
	for _, w := range p.Weaknesses {
		if w.ID == id {
			return true
		}
	}
	return false
}

// Every flipped bit of the body, the vector, the wrapped key and the digest is
// refused, and nothing of it is written.
func TestDigestRefutesFlippedBits(t *testing.T) {
	keys := Keys{AES: [][]byte{random(32)}}
	obj, body := digested(t, []byte("a ledger of three blocks, more or less"), keys)
	refuse := func(what string, o Object, again func() io.Reader) {
		t.Helper()
		o.Body = again()
		p, err := Verify(t.Context(), o, keys, Options{})
		if p.Verdict != envelope.Refuted || !errors.Is(err, envelope.ErrTampered) && !errors.Is(err, envelope.ErrWrongKey) && !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %s, %v", what, p.Verdict, err)
		}
		var out bytes.Buffer
		o.Body = again()
		if _, err := Open(t.Context(), &out, o, keys, Options{Unauthenticated: true}); err == nil || out.Len() > 0 {
			t.Errorf("%s: %d bytes were written: %v", what, out.Len(), err)
		}
	}
	for bit := range len(body) * 8 {
		changed := flipped(body, bit)
		refuse(fmt.Sprintf("body bit %d", bit), obj, func() io.Reader { return bytes.NewReader(changed) })
	}
	for _, name := range []string{nameIV, nameKeyV1, nameMD5} {
		value, _ := base64.StdEncoding.DecodeString(obj.Metadata[name])
		for bit := range len(value) * 8 {
			o := obj
			o.Metadata = maps.Clone(obj.Metadata)
			o.Metadata[name] = base64.StdEncoding.EncodeToString(flipped(value, bit))
			refuse(fmt.Sprintf("%s bit %d", name, bit), o, func() io.Reader { return bytes.NewReader(body) })
		}
	}
}

// A text that is no MD5 is none: the verdict is what it is without.
func TestNoDigestIsUnknown(t *testing.T) {
	keys := Keys{AES: [][]byte{random(32)}}
	obj, body := digested(t, []byte("text"), keys)
	for _, text := range []string{"", "x", "AAAA", strings.ToLower(obj.Metadata[nameMD5][:23]) + "!", strings.TrimRight(obj.Metadata[nameMD5], "=")} {
		obj.Metadata[nameMD5], obj.Body = text, bytes.NewReader(body)
		if p, err := Verify(t.Context(), obj, keys, Options{}); err != nil || p.Verdict != envelope.Unknown {
			t.Errorf("%q: %s, %v", text, p.Verdict, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	obj.Body = bytes.NewReader(body)
	if p, err := Verify(ended, obj, keys, Options{}); !errors.Is(err, context.Canceled) || p.Verdict != envelope.Unknown {
		t.Errorf("cancelled: %s, %v", p.Verdict, err)
	}
}
