package s3ec

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// TestUnknown: what says nothing about the ciphertext refutes nothing.
func TestUnknown(t *testing.T) {
	keys := allKeys()
	object := sealed(t, []byte("text"), keys, SealOptions{Wrap: wrapContext})
	raw := sealed(t, []byte("text"), keys, SealOptions{Wrap: wrapGCM})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	body := func(o Object, r io.Reader, size int64) Object {
		o.Body, o.Size = r, size
		return o
	}
	for name, c := range map[string]struct {
		ctx   context.Context
		obj   Object
		keys  Keys
		class error
	}{
		"refused":         {t.Context(), object(), Keys{KMS: fixedKMS{err: fmt.Errorf("%w: AccessDenied", envelope.ErrRefused)}}, envelope.ErrRefused},
		"throttled":       {t.Context(), object(), Keys{KMS: fixedKMS{err: fmt.Errorf("%w: Throttling", envelope.ErrUnavailable)}}, envelope.ErrUnavailable},
		"some error":      {t.Context(), object(), Keys{KMS: fixedKMS{err: errors.New("dial tcp")}}, envelope.ErrUnavailable},
		"no KMS":          {t.Context(), object(), Keys{}, envelope.ErrNoKey},
		"no AES":          {t.Context(), raw(), Keys{}, envelope.ErrNoKey},
		"a bad AES key":   {t.Context(), raw(), Keys{AES: [][]byte{{1}}}, envelope.ErrUnsupported},
		"ended":           {ended, raw(), keys, context.Canceled},
		"reading fails":   {t.Context(), body(raw(), iotest.ErrReader(io.ErrClosedPipe), 0), keys, io.ErrClosedPipe},
		"reading fails 2": {t.Context(), body(raw(), iotest.ErrReader(io.ErrClosedPipe), 100), keys, io.ErrClosedPipe},
		"cut off":         {t.Context(), body(raw(), io.MultiReader(bytes.NewReader(make([]byte, 30)), iotest.ErrReader(io.ErrUnexpectedEOF)), 0), keys, io.ErrUnexpectedEOF},
		"too short":       {t.Context(), body(raw(), onlyReader{bytes.NewReader(make([]byte, 20))}, 21), keys, io.ErrUnexpectedEOF},
		"too long":        {t.Context(), body(raw(), onlyReader{bytes.NewReader(make([]byte, 40))}, 20), keys, io.ErrUnexpectedEOF},
		"fails at end":    {t.Context(), body(raw(), io.MultiReader(bytes.NewReader(make([]byte, 20)), iotest.ErrReader(io.ErrClosedPipe)), 20), keys, io.ErrClosedPipe},
		"another length":  {t.Context(), body(raw(), bytes.NewReader(make([]byte, 20)), 21), keys, io.ErrUnexpectedEOF},
	} {
		p, err := Verify(c.ctx, c.obj, c.keys, Options{})
		if !errors.Is(err, c.class) || p.Verdict != envelope.Unknown {
			t.Errorf("%s: %v, %s; want %v", name, err, p.Verdict, c.class)
		}
	}
	// The same through Open, whose readings are others.
	for name, o := range map[string]Object{
		"reading fails":   body(raw(), iotest.ErrReader(io.ErrClosedPipe), 0),
		"reading fails 2": body(raw(), iotest.ErrReader(io.ErrClosedPipe), 100),
		"too short":       body(raw(), onlyReader{bytes.NewReader(make([]byte, 20))}, 21),
		"too long":        body(raw(), onlyReader{bytes.NewReader(make([]byte, 40))}, 20),
		"fails at end":    body(raw(), io.MultiReader(bytes.NewReader(make([]byte, 20)), iotest.ErrReader(io.ErrClosedPipe)), 20),
		"another length":  body(raw(), bytes.NewReader(make([]byte, 20)), 21),
	} {
		p, err := Open(t.Context(), io.Discard, o, keys, Options{})
		if err == nil || p.Verdict != envelope.Unknown {
			t.Errorf("opening, %s: %v, %s", name, err, p.Verdict)
		}
	}
	if _, err := Open(ended, io.Discard, raw(), keys, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("opening, ended: %v", err)
	}
	if _, err := Open(t.Context(), &failing{}, raw(), keys, Options{}); err == nil || envelope.Says(err) != envelope.Unknown {
		t.Errorf("opening to a writer that fails: %v", err)
	}
}

type onlyReader struct{ io.Reader }

// TestRefuted: what is not the sealed object, in the class that says so.
func TestRefuted(t *testing.T) {
	keys := allKeys()
	object := sealed(t, []byte("text"), keys, SealOptions{Wrap: wrapGCM, Version: "V2"})
	big := sealed(t, random(memoryKnown+1), keys, SealOptions{Wrap: wrapGCM})
	with := func(o Object, r io.Reader) Object {
		o.Body, o.Size = r, 0
		return o
	}
	for name, c := range map[string]struct {
		obj   Object
		class error
	}{
		"no body":         {with(object(), nil), envelope.ErrFormat},
		"an empty body":   {with(object(), bytes.NewReader(nil)), envelope.ErrFormat},
		"half a tag":      {with(object(), bytes.NewReader(make([]byte, 8))), envelope.ErrFormat},
		"only a tag":      {with(object(), bytes.NewReader(make([]byte, 16))), envelope.ErrTampered},
		"a body too long": {with(object(), bytes.NewReader(make([]byte, 3*pieceSize))), envelope.ErrTampered},
		"a large body":    {with(big(), onlyReader{bytes.NewReader(make([]byte, memoryUnknown+1))}), envelope.ErrTampered},
		"another's body":  {with(object(), big().Body), envelope.ErrTampered},
	} {
		if p, err := Verify(t.Context(), c.obj, keys, Options{}); !errors.Is(err, c.class) || p.Verdict != envelope.Refuted {
			t.Errorf("%s: %v, %s; want %v", name, err, p.Verdict, c.class)
		}
		if s, ok := c.obj.Body.(io.Seeker); ok {
			_, _ = s.Seek(0, io.SeekStart)
		} else if c.obj.Body != nil {
			c.obj.Body = onlyReader{bytes.NewReader(make([]byte, memoryUnknown+1))}
		}
		var out bytes.Buffer
		if p, err := Open(t.Context(), &out, c.obj, keys, Options{TempDir: t.TempDir()}); !errors.Is(err, c.class) || p.Verdict != envelope.Refuted || out.Len() > 0 {
			t.Errorf("opening, %s: %v, %s, %d bytes; want %v", name, err, p.Verdict, out.Len(), c.class)
		}
	}
	if err := (&pieces{r: bytes.NewReader(make([]byte, 64)), buf: make([]byte, 32), limit: 20}).over(t); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("a body beyond what AES-GCM allows: %v", err)
	}
}

func (p *pieces) over(t *testing.T) error {
	_, _, err := p.next(t.Context())
	return err
}

// legacy writes an object with a wrap or padding that Seal does not write, as
// the old clients did.
func legacy(t *testing.T, name, content string, dataKey, plain []byte, keys Keys) Object {
	t.Helper()
	block, err := aes.NewCipher(dataKey)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{nameMatDesc: "{}"}
	var body []byte
	if strings.HasPrefix(content, "AES/GCM") {
		iv := random(12)
		aead, _ := cipher.NewGCM(block)
		values[nameIV], body = base64.StdEncoding.EncodeToString(iv), aead.Seal(nil, iv, plain, nil)
	} else {
		iv := random(16)
		body = pad(plain)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(body, body)
		values[nameIV] = base64.StdEncoding.EncodeToString(iv)
	}
	wrapped, key := wrapLegacy(t, name, dataKey, keys), nameKeyV2
	if name == wrapECB || name == wrapPKCS1 {
		key = nameKeyV1
	} else {
		values[nameWrap], values[nameContent] = name, content
	}
	values[key] = base64.StdEncoding.EncodeToString(wrapped)
	return Object{Metadata: values, Body: bytes.NewReader(body), Size: int64(len(body))}
}

func pad(plain []byte) []byte {
	n := 16 - len(plain)%16
	return append(bytes.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...)
}

func wrapLegacy(t *testing.T, name string, key []byte, keys Keys) []byte {
	t.Helper()
	block, err := aes.NewCipher(keys.AES[0])
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	switch name {
	case wrapECB:
		out = pad(key)
		for i := 0; i < len(out); i += 16 {
			block.Encrypt(out[i:i+16], out[i:i+16])
		}
	case wrapPKCS1:
		//lint:ignore SA1019 what V1 wrote
		out, err = rsa.EncryptPKCS1v15(rand.Reader, &keys.RSA[0].PublicKey, key)
	case wrapMixed:
		out, err = rsa.EncryptOAEPWithOptions(rand.Reader, &keys.RSA[0].PublicKey, key, &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1})
	case wrapAES:
		out = sealKeyWrap(block, key)
	case wrapKMS:
		out = []byte("blob")
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sealKeyWrap is RFC 3394 §2.2.1.
func sealKeyWrap(block cipher.Block, key []byte) []byte {
	n := len(key) / 8
	out := append(bytes.Repeat([]byte{0xa6}, 8), key...)
	var b [16]byte
	copy(b[:8], out)
	for j := range 6 {
		for i := 1; i <= n; i++ {
			copy(b[8:], out[i*8:])
			block.Encrypt(b[:], b[:])
			binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(n*j+i))
			copy(out[i*8:], b[8:])
		}
	}
	copy(out, b[:8])
	return out
}

// TestLegacy: every wrap and content algorithm that is only read, over sizes,
// and with data keys of every length.
func TestLegacy(t *testing.T) {
	keys := allKeys()
	gcm, cbc := "AES/GCM/NoPadding", "AES/CBC/PKCS7Padding"
	for _, name := range []string{wrapECB, wrapPKCS1, wrapAES, wrapMixed, wrapKMS} {
		for _, content := range []string{gcm, cbc} {
			if content == gcm && (name == wrapECB || name == wrapPKCS1) {
				continue // V1 has CBC alone
			}
			for _, bits := range []int{128, 192, 256} {
				for _, size := range []int{0, 1, 15, 16, 17, pieceSize - 16, pieceSize - 1, pieceSize, pieceSize + 15, 2*pieceSize + 33} {
					plain, dataKey := random(size), random(bits/8)
					o := legacy(t, name, content, dataKey, plain, keys)
					k := keys
					k.KMS = fixedKMS{key: dataKey, blob: []byte("blob")}
					for way, make := range ways(o) {
						if size > 100 && strings.Contains(way, "byte") {
							continue
						}
						if content == gcm && bits != 256 {
							mustRefuse(t, name, make, k, envelope.ErrWrongKey)
							continue
						}
						mustOpen(t, fmt.Sprint(name, content, bits, size, way), make, k, plain)
					}
				}
			}
		}
	}
	// A long body of AES-CBC is read twice.
	plain := random(memoryKnown + 5)
	o := legacy(t, wrapAES, cbc, random(32), plain, keys)
	var out bytes.Buffer
	if _, err := Open(t.Context(), &out, o, keys, Options{Unauthenticated: true}); err != nil || !bytes.Equal(out.Bytes(), plain) {
		t.Errorf("a long body: %v", err)
	}
	if err := decryptCBC(t.Context(), &failing{}, make([]byte, 32), make([]byte, 16), bytes.NewReader(make([]byte, 16)), 1); err == nil {
		t.Error("the writer failed, and decrypting did not")
	}
	if err := decryptCBC(t.Context(), io.Discard, make([]byte, 32), make([]byte, 16), bytes.NewReader(nil), 1); err == nil {
		t.Error("the second reading failed, and decrypting did not")
	}
}

// TestWrapsRefuse: each wrap refuses another key and a changed data key with
// one and the same error.
func TestWrapsRefuse(t *testing.T) {
	keys, other := allKeys(), allKeys()
	other.AES = [][]byte{bytes.Repeat([]byte{9}, 32)}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other.RSA = []*rsa.PrivateKey{key}
	for _, name := range []string{wrapECB, wrapPKCS1, wrapAES, wrapMixed} {
		o := legacy(t, name, "AES/CBC/PKCS5Padding", random(32), []byte("text"), keys)
		_, err := Verify(t.Context(), o, other, Options{})
		if !errors.Is(err, envelope.ErrWrongKey) {
			t.Errorf("%s, another key: %v", name, err)
		}
	}
	block, _ := aes.NewCipher(make([]byte, 32))
	for name, err := range map[string]error{
		"AES/GCM, short":  second(openGCM(block, make([]byte, 27), nil)),
		"AES/GCM":         second(openGCM(block, make([]byte, 60), nil)),
		"AES, nothing":    second(openECB(block, nil)),
		"AES, odd":        second(openECB(block, make([]byte, 17))),
		"AES":             second(openECB(block, make([]byte, 32))),
		"AESWrap, short":  second(openKeyWrap(block, make([]byte, 16))),
		"AESWrap, odd":    second(openKeyWrap(block, make([]byte, 25))),
		"AESWrap, long":   second(openKeyWrap(block, make([]byte, maxKeyWrap+8))),
		"AESWrap":         second(openKeyWrap(block, make([]byte, 40))),
		"OAEP, no frame":  second(unframe(nil, "115")),
		"OAEP, short":     second(unframe([]byte("15"), "115")),
		"OAEP, length":    second(unframe(append([]byte{3}, "key!115"...), "115")),
		"OAEP, algorithm": second(unframe(append([]byte{4}, "key!116"...), "115")),
	} {
		if err == nil || err.Error() != errWrong().Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ []byte, err error) error { return err }

// TestSecrets: no key, plaintext or value of the context stands in a proof or
// an error of whatever goes right or wrong.
func TestSecrets(t *testing.T) {
	keys := allKeys()
	plain := []byte("the plaintext of this very object")
	context := map[string]string{"purpose": "a value that nobody asked for"}
	secrets := [][]byte{plain, keys.AES[0], keys.RSA[0].D.Bytes(), []byte(context["purpose"])}
	var log strings.Builder
	say := func(p envelope.Proof, err error) {
		b, _ := json.Marshal(p)
		fmt.Fprintf(&log, "%s %+v %v\n", b, p, err)
	}
	for _, name := range []string{wrapContext, wrapGCM, wrapOAEP} {
		for _, version := range []string{"V2", "V3"} {
			s := sealed(t, plain, keys, SealOptions{Version: version, Wrap: name, Context: context})
			for _, m := range keys.KMS.(*localKMS).keys {
				secrets = append(secrets, m.key)
			}
			say(Inspect(s(), Options{}))
			say(Verify(t.Context(), s(), keys, Options{Run: NewRun(), Context: map[string]string{"a": "b"}}))
			for _, k := range []Keys{keys, {}, {AES: [][]byte{{1, 2}}, KMS: fixedKMS{}, RSA: []*rsa.PrivateKey{nil}}} {
				say(Verify(t.Context(), s(), k, Options{Run: NewRun()}))
				say(Open(t.Context(), io.Discard, s(), k, Options{}))
				o := s()
				o.Body, o.Size = strings.NewReader("a body that is another"), 0
				say(Verify(t.Context(), o, k, Options{}))
				for field := range o.Metadata {
					o.Metadata = with(s().Metadata, field, "x")
					say(Verify(t.Context(), o, k, Options{}))
				}
			}
		}
	}
	for i, secret := range secrets {
		for _, text := range []string{string(secret), hex.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret), fmt.Sprint(secret)} {
			if strings.Contains(log.String(), text) {
				t.Errorf("secret %d is shown", i)
			}
		}
	}
	if !strings.Contains(log.String(), "purpose") {
		t.Error("the context's names are not shown")
	}
	p, err := Inspect(sealed(t, plain, keys, SealOptions{Context: context})(), Options{Values: true})
	if b, _ := json.Marshal(p); err != nil || !strings.Contains(string(b), context["purpose"]) {
		t.Errorf("values were asked for: %v", err)
	}
}

// TestKeysZeroed: the data key that KMS handed out is zero when Verify and Open
// return, whatever happened.
func TestKeysZeroed(t *testing.T) {
	for _, version := range []string{"V2", "V3"} {
		spy := &spyKMS{KMS: &localKMS{keys: map[string]made{}}}
		keys := Keys{KMS: spy}
		s := sealed(t, []byte("text"), keys, SealOptions{Version: version})
		_, _ = Verify(t.Context(), s(), keys, Options{})
		_, _ = Open(t.Context(), io.Discard, s(), keys, Options{})
		o := s()
		o.Body, o.Size = strings.NewReader("a body that is another"), 0
		_, _ = Verify(t.Context(), o, keys, Options{})
		o = s()
		if version == "V3" {
			o.Metadata = with(o.Metadata, nameCommit, base64.StdEncoding.EncodeToString(make([]byte, 28)))
			_, _ = Verify(t.Context(), o, keys, Options{})
		}
		if len(spy.given) < 4 {
			t.Fatal("KMS was not asked")
		}
		for i, key := range spy.given {
			if !bytes.Equal(key.Bytes(), make([]byte, key.Len())) {
				t.Errorf("%s: key %d is not zeroed", version, i)
			}
		}
	}
}

// spyKMS keeps what it gave away.
type spyKMS struct {
	KMS
	given []envelope.DataKey
}

func (s *spyKMS) Decrypt(ctx context.Context, id string, blob []byte, c map[string]string) (envelope.DataKey, error) {
	key, err := s.KMS.Decrypt(ctx, id, blob, c)
	s.given = append(s.given, key)
	return key, err
}

func (s *spyKMS) GenerateDataKey(ctx context.Context, id string, n int, c map[string]string) (envelope.DataKey, []byte, error) {
	key, blob, err := s.KMS.GenerateDataKey(ctx, id, n, c)
	s.given = append(s.given, key)
	return key, blob, err
}
