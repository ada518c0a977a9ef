package ssec

import (
	"bytes"
	"context"
	"crypto/sha256"
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

func testKey() []byte { return []byte("a customer's key of thirty-two b") }

func triple(algorithm, key, digest string) map[string]string {
	return map[string]string{Algorithm: algorithm, Key: key, KeyMD5: digest}
}

// TestCheckRequest: each condition alone, then two at once, of which S3 names
// the first.
func TestCheckRequest(t *testing.T) {
	key := testKey()
	text, short := base64.StdEncoding.EncodeToString(key), base64.StdEncoding.EncodeToString(key[:16])
	kms := func(h map[string]string) map[string]string {
		h = maps.Clone(h)
		if h == nil {
			h = map[string]string{}
		}
		h["X-Amz-Server-Side-Encryption"] = "aws:kms"
		return h
	}
	for name, c := range map[string]struct {
		headers map[string]string
		want    error
	}{
		"all right":                   {triple("AES256", text, Digest(key)), nil},
		"nothing":                     {map[string]string{"content-type": "text/plain"}, nil},
		"only the other kind":         {kms(nil), nil},
		"with the other kind":         {kms(triple("AES256", text, Digest(key))), ErrIncompatible},
		"another algorithm":           {triple("AES128", text, Digest(key)), ErrAlgorithm},
		"the algorithm in lower case": {triple("aes256", text, Digest(key)), ErrAlgorithm},
		"no algorithm":                {triple("", text, Digest(key)), ErrNoAlgorithm},
		"only the digest":             {triple("", "", Digest(key)), ErrNoAlgorithm},
		"no key":                      {triple("AES256", "", Digest(key)), ErrNoSecret},
		"only the algorithm":          {triple("AES256", "", ""), ErrNoSecret},
		"no digest":                   {triple("AES256", text, ""), ErrNoDigest},
		"another digest":              {triple("AES256", text, Digest(key[:16])), ErrDigest},
		"a short key":                 {triple("AES256", short, Digest(key[:16])), ErrSecret},
		"no base64":                   {triple("AES256", "?", Digest(key)), ErrSecret},
		"a long key":                  {triple("AES256", strings.Repeat("A", 2000), Digest(key)), ErrSecret},
		"other kind, other algorithm": {kms(triple("AES128", text, "")), ErrIncompatible},
		"other algorithm, no key":     {triple("AES128", "", ""), ErrAlgorithm},
		"short key, other digest":     {triple("AES256", short, Digest(key)), ErrDigest},
	} {
		got, err := CheckRequest(c.headers)
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if name == "all right" && !bytes.Equal(got.Bytes(), key) || name != "all right" && got.Len() > 0 {
			t.Errorf("%s: a key of %d bytes", name, got.Len())
		}
		if err != nil && (strings.Contains(err.Error(), text) || strings.Contains(err.Error(), string(key))) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	if _, err := CheckRequest(map[string]string{Key: "a", strings.ToUpper(Key): "b"}); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("a header twice: %v", err)
	}
}

func TestHeaders(t *testing.T) {
	headers, err := Headers(testKey(), false)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := CheckRequest(headers); err != nil || !bytes.Equal(key.Bytes(), testKey()) {
		t.Errorf("its own headers: %v", err)
	}
	source, err := Headers(testKey(), true)
	if err != nil {
		t.Fatal(err)
	}
	source[Encryption] = "aws:kms" // of the copy, not of its source
	if key, err := CheckCopySource(source); err != nil || !bytes.Equal(key.Bytes(), testKey()) {
		t.Errorf("the source's headers: %v", err)
	}
	if key, err := CheckRequest(source); err != nil || key.Len() > 0 {
		t.Errorf("the source's headers are not the object's: %v", err)
	}
	if _, err := Headers(make([]byte, 16), false); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("a short key: %v", err)
	}
	// RFC 1321: the MD5 of nothing.
	if Digest(nil) != "1B2M2Y8AsgTpgAmY7PhCfg==" {
		t.Error("the digest is not MD5")
	}
}

func TestCheckRead(t *testing.T) {
	key := testKey()
	headers, _ := Headers(key, false)
	for name, c := range map[string]struct {
		headers map[string]string
		stored  string
		want    error
	}{
		"its key":                   {headers, Digest(key), nil},
		"no key, no need":           {nil, "", nil},
		"no key":                    {nil, Digest(key), ErrNoHeaders},
		"a key and no need":         {headers, "", ErrNotApplicable},
		"another key":               {headers, Digest([]byte("other")), ErrOtherKey},
		"broken, on another object": {triple("AES128", "", ""), "", ErrAlgorithm},
	} {
		if _, err := CheckRead(c.headers, c.stored); c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestAnswer: the same refusal by status alone says nothing about the key.
func TestAnswer(t *testing.T) {
	for _, known := range []*Error{ErrIncompatible, ErrNoAlgorithm, ErrAlgorithm, ErrNoSecret, ErrNoDigest, ErrDigest, ErrSecret,
		ErrNoHeaders, ErrNotApplicable, ErrOtherKey, ErrOtherPart} {
		if err := Answer(known.Status, known.Code, known.Message); err != error(known) {
			t.Errorf("%s: %v", known.Message, err)
		}
	}
	for name, c := range map[string]struct {
		status        int
		code, message string
		class         error
		says          envelope.Verdict
	}{
		"wrong key":               {403, "AccessDenied", ErrOtherKey.Message, envelope.ErrWrongKey, envelope.Refuted},
		"wrong key, other status": {400, "InvalidRequest", strings.TrimSuffix(ErrOtherKey.Message, "."), envelope.ErrWrongKey, envelope.Refuted},
		"no key":                  {400, "InvalidRequest", ErrNoHeaders.Message, envelope.ErrNoKey, envelope.Unknown},
		"permission":              {403, "AccessDenied", "Access Denied", envelope.ErrRefused, envelope.Unknown},
		"HEAD":                    {403, "", "", envelope.ErrRefused, envelope.Unknown},
		"blocked": {403, "AccessDenied", "x because this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). y",
			envelope.ErrRefused, envelope.Unknown},
		"slow down": {503, "SlowDown", "Please reduce your request rate.", envelope.ErrUnavailable, envelope.Unknown},
	} {
		if err := Answer(c.status, c.code, c.message); !errors.Is(err, c.class) || envelope.Says(err) != c.says {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerify(t *testing.T) {
	key, plain := testKey(), []byte("what was put")
	right := sha256.Sum256(plain)
	answer := map[string]string{"X-Amz-Server-Side-Encryption-Customer-Algorithm": "AES256", "x-amz-server-side-encryption-customer-key-MD5": Digest(key)}
	with := func(name, value string) map[string]string {
		h := maps.Clone(answer)
		h[name] = value
		return h
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		obj     Object
		key     []byte
		class   error
		verdict envelope.Verdict
	}{
		"all":                {t.Context(), Object{answer, iotest.OneByteReader(bytes.NewReader(plain)), right[:]}, key, nil, envelope.Verified},
		"no body":            {t.Context(), Object{answer, nil, right[:]}, key, nil, envelope.Unknown},
		"no digest":          {t.Context(), Object{answer, bytes.NewReader(plain), nil}, key, nil, envelope.Unknown},
		"another body":       {t.Context(), Object{answer, strings.NewReader("other"), right[:]}, key, envelope.ErrTampered, envelope.Refuted},
		"another key":        {t.Context(), Object{Headers: answer}, bytes.Repeat([]byte{1}, 32), envelope.ErrWrongKey, envelope.Refuted},
		"no key":             {t.Context(), Object{Headers: answer}, nil, envelope.ErrNoKey, envelope.Unknown},
		"a short key":        {t.Context(), Object{Headers: answer}, key[:16], envelope.ErrUnsupported, envelope.Unknown},
		"another object":     {t.Context(), Object{Headers: map[string]string{Encryption: "AES256"}}, key, envelope.ErrFormat, envelope.Refuted},
		"another algorithm":  {t.Context(), Object{Headers: map[string]string{Algorithm: "AES128", KeyMD5: "x"}}, key, envelope.ErrUnsupported, envelope.Unknown},
		"no digest of a key": {t.Context(), Object{Headers: map[string]string{Algorithm: "AES256"}}, key, envelope.ErrFormat, envelope.Refuted},
		"two kinds":          {t.Context(), Object{Headers: with(Encryption, "aws:kms")}, key, envelope.ErrFormat, envelope.Refuted},
		"a header twice":     {t.Context(), Object{Headers: with(Algorithm, "AES256")}, key, envelope.ErrFormat, envelope.Refuted},
		"cut off":            {t.Context(), Object{answer, iotest.ErrReader(io.ErrUnexpectedEOF), right[:]}, key, io.ErrUnexpectedEOF, envelope.Unknown},
		"ended":              {ended, Object{answer, bytes.NewReader(plain), right[:]}, key, context.Canceled, envelope.Unknown},
	} {
		p, err := Verify(c.ctx, c.obj, c.key)
		if !errors.Is(err, c.class) || p.Verdict != c.verdict {
			t.Errorf("%s: %v, %s; want %v, %s", name, err, p.Verdict, c.class, c.verdict)
		}
		if strings.Contains(fmt.Sprintf("%+v %v", p, err), string(key)) {
			t.Errorf("%s: the key is shown", name)
		}
	}
}

// FuzzCheckRequest: no header is accepted but a whole triple of one key.
func FuzzCheckRequest(f *testing.F) {
	key := testKey()
	f.Add("AES256", base64.StdEncoding.EncodeToString(key), Digest(key), "")
	f.Add("AES256", "", "", "aws:kms")
	f.Fuzz(func(t *testing.T, algorithm, secret, digest, other string) {
		headers := triple(algorithm, secret, digest)
		if other != "" {
			headers[Encryption] = other
		}
		got, err := CheckRequest(headers)
		if err == nil && got.Len() > 0 && (got.Len() != 32 || Digest(got.Bytes()) != strings.TrimSpace(digest) || other != "") {
			t.Error("accepted")
		}
		if err != nil && got.Len() > 0 {
			t.Error("a key beside an error")
		}
	})
}
