package s3ec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// without and with change one entry.
func without(m map[string]string, name string) map[string]string {
	m = maps.Clone(m)
	delete(m, name)
	return m
}

func with(m map[string]string, name, value string) map[string]string {
	m = maps.Clone(m)
	m[name] = value
	return m
}

// TestHeaderRefuses: deviations from the formats, one by one, with no key.
func TestHeaderRefuses(t *testing.T) {
	v1 := loadVectors(t, "s3ec-ruby-spec/objects.json")[0].Metadata
	keys := allKeys()
	v2 := sealed(t, nil, keys, SealOptions{Version: "V2", Wrap: wrapContext})().Metadata
	v3 := sealed(t, nil, keys, SealOptions{Wrap: wrapContext})().Metadata
	file := sealed(t, nil, keys, SealOptions{Instruction: true})()
	file2 := sealed(t, nil, keys, SealOptions{Instruction: true, Version: "V2"})()
	instruction := func(o Object, name string, value any) Object {
		var m map[string]any
		if err := json.Unmarshal(o.Instruction, &m); err != nil {
			t.Fatal(err)
		}
		m[name] = value
		if value == "" {
			delete(m, name)
		}
		o.Instruction, _ = json.Marshal(m)
		return o
	}
	in := func(m map[string]string) Object { return Object{Metadata: m} }
	for name, c := range map[string]struct {
		obj   Object
		class error
	}{
		"no metadata":                {in(nil), envelope.ErrFormat},
		"V1 without IV":              {in(without(v1, nameIV)), envelope.ErrFormat},
		"V1 without description":     {in(without(v1, nameMatDesc)), envelope.ErrFormat},
		"V1 with a content name":     {in(with(v1, nameContent, "AES/GCM/NoPadding")), envelope.ErrFormat},
		"V1 with a wrap name":        {in(with(v1, nameWrap, "AESWrap")), envelope.ErrFormat},
		"V1 and V3":                  {in(with(v1, nameKeyV3, "AAAA")), envelope.ErrFormat},
		"V1, IV of 12":               {in(with(v1, nameIV, "AAAAAAAAAAAAAAAA")), envelope.ErrFormat},
		"V1, no wrapped key":         {in(with(v1, nameKeyV1, "")), envelope.ErrFormat},
		"V1, a long wrapped key":     {in(with(v1, nameKeyV1, strings.Repeat("AAAA", 2049))), envelope.ErrFormat},
		"V1, a huge value":           {in(with(v1, nameKeyV1, strings.Repeat("A", maxValue+1))), envelope.ErrFormat},
		"V1, a line in base64":       {in(with(v1, nameKeyV1, v1[nameKeyV1][:4]+"\n"+v1[nameKeyV1][4:])), envelope.ErrFormat},
		"V1, a name twice":           {in(with(v1, "X-Amz-Meta-X-Amz-Iv", v1[nameIV])), envelope.ErrFormat},
		"V2 without wrap":            {in(without(v2, nameWrap)), envelope.ErrFormat},
		"V2 without content":         {in(without(v2, nameContent)), envelope.ErrFormat},
		"V2, another tag":            {in(with(v2, nameTagLen, "96")), envelope.ErrFormat},
		"V2, CBC with a tag":         {in(with(v2, nameContent, "AES/CBC/PKCS5Padding")), envelope.ErrFormat},
		"V2, CTR":                    {in(with(v2, nameContent, "AES/CTR/NoPadding")), envelope.ErrUnsupported},
		"V2, another content":        {in(with(v2, nameContent, strings.Repeat("x", 50))), envelope.ErrUnsupported},
		"V2, V1's wrap":              {in(with(v2, nameWrap, "AES")), envelope.ErrUnsupported},
		"V2, another wrap":           {in(with(v2, nameWrap, "ROT13")), envelope.ErrUnsupported},
		"V2, no base64":              {in(with(v2, nameKeyV2, "====")), envelope.ErrFormat},
		"V2, both alphabets":         {in(with(v2, nameKeyV2, "+-+-")), envelope.ErrFormat},
		"V2, the IV of CBC":          {in(with(v2, nameIV, v1[nameIV])), envelope.ErrFormat},
		"V2, context is a list":      {in(with(v2, nameMatDesc, "[]")), envelope.ErrFormat},
		"V2, context has a number":   {in(with(v2, nameMatDesc, `{"a":1}`)), envelope.ErrFormat},
		"V2, context has a map":      {in(with(v2, nameMatDesc, `{"a":{}}`)), envelope.ErrFormat},
		"V2, context is nothing":     {in(with(v2, nameMatDesc, "")), envelope.ErrFormat},
		"V2, context twice":          {in(with(v2, nameMatDesc, strings.Replace(v2[nameMatDesc], "{", `{"a":"1","a":"1",`, 1))), envelope.ErrFormat},
		"V2, context cut":            {in(with(v2, nameMatDesc, `{"a"`)), envelope.ErrFormat},
		"V2, context cut late":       {in(with(v2, nameMatDesc, `{"a":"b"`)), envelope.ErrFormat},
		"V2, more after the context": {in(with(v2, nameMatDesc, v2[nameMatDesc]+" {}")), envelope.ErrFormat},
		"V2, no UTF-8":               {in(with(v2, nameMatDesc, "{\"a\":\"\xff\"}")), envelope.ErrFormat},
		"V2, context of another":     {in(with(v2, nameMatDesc, `{"aws:x-amz-cek-alg":"115"}`)), envelope.ErrFormat},
		"V2, many pairs":             {in(with(v2, nameMatDesc, "{"+pairs(maxPairs+1)+"}")), envelope.ErrFormat},
		"V3 without suite":           {in(without(v3, nameSuite)), envelope.ErrFormat},
		"V3 without wrap":            {in(without(v3, nameWrapV3)), envelope.ErrFormat},
		"V3 without commitment":      {in(without(v3, nameCommit)), envelope.ErrFormat},
		"V3 without message id":      {in(without(v3, nameMessage)), envelope.ErrFormat},
		"V3 without context":         {in(without(v3, nameContext)), envelope.ErrFormat},
		"V3 without its key":         {in(without(v3, nameKeyV3)), envelope.ErrFormat},
		"V3, ranged":                 {in(with(v3, nameSuite, "116")), envelope.ErrUnsupported},
		"V3, another wrap":           {in(with(v3, nameWrapV3, "42")), envelope.ErrUnsupported},
		"V3, a short commitment":     {in(with(v3, nameCommit, "AAAA")), envelope.ErrFormat},
		"V3, a short message id":     {in(with(v3, nameMessage, "AAAA")), envelope.ErrFormat},
		"V3, an IV":                  {in(with(v3, nameIV, "AAAAAAAAAAAAAAAA")), envelope.ErrFormat},
		"V3, no base64":              {in(with(v3, nameKeyV3, "?")), envelope.ErrFormat},
		"V3, context is a text":      {in(with(v3, nameContext, `"x"`)), envelope.ErrFormat},
		"file: suite":                {instruction(file, nameSuite, "115"), envelope.ErrFormat},
		"file: commitment":           {instruction(file, nameCommit, "x"), envelope.ErrFormat},
		"file: message id":           {instruction(file, nameMessage, "x"), envelope.ErrFormat},
		"file: no key":               {instruction(file, nameKeyV3, ""), envelope.ErrFormat},
		"file: two keys":             {instruction(file, nameKeyV2, "AAAA"), envelope.ErrFormat},
		"file: a list":               {instruction(file, nameWrapV3, []int{1}), envelope.ErrFormat},
		"file: V3's wrap outside":    {Object{Metadata: with(file.Metadata, nameWrapV3, "02"), Instruction: instruction(file, nameWrapV3, "").Instruction}, envelope.ErrFormat},
		"file: twice":                {Object{Metadata: with(file.Metadata, nameWrapV3, "02"), Instruction: file.Instruction}, envelope.ErrFormat},
		"file: V3's, metadata V2's":  {Object{Metadata: file2.Metadata, Instruction: file.Instruction}, envelope.ErrFormat},
		"file: V2's, metadata V3's":  {Object{Metadata: file.Metadata, Instruction: file2.Instruction}, envelope.ErrFormat},
		"file: V2's IV outside":      {Object{Metadata: map[string]string{nameIV: "AAAAAAAAAAAAAAAA"}, Instruction: instruction(file2, nameIV, "").Instruction}, envelope.ErrFormat},
		"file: missing":              {in(file.Metadata), envelope.ErrFormat},
		"file: empty":                {Object{Instruction: []byte{}}, envelope.ErrFormat},
		"file: no JSON":              {Object{Instruction: []byte("<xml>")}, envelope.ErrFormat},
		"file: cut":                  {Object{Instruction: file2.Instruction[:len(file2.Instruction)-1]}, envelope.ErrFormat},
		"file: long":                 {Object{Instruction: bytes.Repeat([]byte(" "), maxInstruction+1)}, envelope.ErrFormat},
		"file: a name twice":         {Object{Instruction: bytes.Replace(file2.Instruction, []byte("{"), []byte(`{"x-amz-tag-len":"128",`), 1)}, envelope.ErrFormat},
		"file: a name in two cases":  {Object{Instruction: bytes.Replace(file2.Instruction, []byte("{"), []byte(`{"X-Amz-Tag-Len":"128",`), 1)}, envelope.ErrFormat},
	} {
		p, err := Inspect(c.obj, Options{})
		if !errors.Is(err, c.class) || p.Verdict != envelope.Says(c.class) {
			t.Errorf("%s: %v, %s; want %v", name, err, p.Verdict, c.class)
		}
		if p2, err := Verify(t.Context(), c.obj, keys, Options{}); !errors.Is(err, c.class) || p2.Verdict != p.Verdict {
			t.Errorf("%s: verifying: %v", name, err)
		}
		if _, err := Open(t.Context(), nil, c.obj, keys, Options{}); !errors.Is(err, c.class) {
			t.Errorf("%s: opening: %v", name, err)
		}
	}
}

func pairs(n int) string {
	var out []string
	for i := range n {
		out = append(out, `"`+strings.Repeat("a", i+1)+`":"b"`)
	}
	return strings.Join(out, ",")
}

// TestNames: metadata comes with and without its prefix, in any case, beside
// what is not the client's; an instruction file that nobody reads is said.
func TestNames(t *testing.T) {
	keys := allKeys()
	o := sealed(t, []byte("text"), keys, SealOptions{Version: "V2"})()
	metadata := map[string]string{"X-Amz-Meta-Author": "someone", "x-amz-meta-AUTHOR": "someone", "x-amz-crypto-instr-file": ""}
	for name, value := range o.Metadata {
		metadata["X-AMZ-META-"+strings.ToUpper(name)] = value
	}
	o.Metadata, o.Instruction = metadata, []byte("not even JSON")
	p, err := Verify(t.Context(), o, keys, Options{})
	if err != nil || !strings.Contains(p.Steps[0].Detail, "no client reads") {
		t.Errorf("%v, %+v", err, p.Steps)
	}
}

// TestLooseFile: an instruction file with what its writers put into it beside
// texts.
func TestLooseFile(t *testing.T) {
	keys := allKeys()
	o := sealed(t, []byte("text"), keys, SealOptions{Version: "V2", Instruction: true})()
	for _, extra := range []string{`,"x-amz-unencrypted-content-length":4}`, `,"x-amz-unencrypted-content-length":null}`, `,"other":1.5e3}`} {
		loose := o
		loose.Body = bytes.NewReader(nil)
		loose.Instruction = append(bytes.TrimSuffix(bytes.Clone(o.Instruction), []byte("}")), extra...)
		if _, err := Inspect(loose, Options{}); err != nil {
			t.Errorf("%s: %v", extra, err)
		}
	}
}

// TestUndouble: what S3 makes of metadata that is not US-ASCII, undone, and
// what it left alone, left alone.
func TestUndouble(t *testing.T) {
	const text = `{"größe":"é 𝄞 日本"}`
	latin := func(s string) string {
		var out []rune
		for _, b := range []byte(s) {
			out = append(out, rune(b))
		}
		return string(out)
	}
	long := latin(text)
	for name, got := range map[string]string{
		"as it was":      text,
		"twice":          latin(text),
		"words, B":       mime.BEncoding.Encode("utf-8", long),
		"words, Q":       mime.QEncoding.Encode("UTF-8", long),
		"words of UTF-8": mime.QEncoding.Encode("UTF-8", text),
	} {
		if undouble(got) != text {
			t.Errorf("%s: %q", name, undouble(got))
		}
	}
	for _, same := range []string{"", "{}", `{"a":"=?"}`, `{"a":"=?x?Q?a?="}`, "\u00e9", "\u00e9\u00e8"} {
		if undouble(same) != same {
			t.Errorf("%q became %q", same, undouble(same))
		}
	}
	// An object whose encryption context went through it.
	keys := allKeys()
	o := sealed(t, []byte("text"), keys, SealOptions{Version: "V2", Context: map[string]string{"größe": "é𝄞"}})
	raw := `{"aws:x-amz-cek-alg":"AES/GCM/NoPadding","größe":"é𝄞"}`
	for _, value := range []string{raw, latin(raw), mime.QEncoding.Encode("UTF-8", latin(raw)), mime.BEncoding.Encode("UTF-8", latin(raw))} {
		obj := o()
		obj.Metadata = with(obj.Metadata, nameMatDesc, value)
		if _, err := Verify(t.Context(), obj, keys, Options{}); err != nil {
			t.Errorf("%q: %v", value, err)
		}
	}
}

// TestWeaknesses: each format and wrap shows exactly its own, without a key.
func TestWeaknesses(t *testing.T) {
	rsaSize := base64.StdEncoding.EncodeToString(make([]byte, 256))
	v1 := func(key string) map[string]string {
		return map[string]string{nameKeyV1: key, nameIV: "AAAAAAAAAAAAAAAAAAAAAA==", nameMatDesc: "{}"}
	}
	v2 := func(wrap, content, iv string) map[string]string {
		return map[string]string{nameKeyV2: "AAAA", nameIV: iv, nameMatDesc: `{"aws:x-amz-cek-alg":"` + content + `"}`, nameWrap: wrap, nameContent: content}
	}
	gcm := func(wrap string) map[string]string { return v2(wrap, "AES/GCM/NoPadding", "AAAAAAAAAAAAAAAA") }
	id := base64.StdEncoding.EncodeToString(make([]byte, 28))
	v3 := func(wrap string) map[string]string {
		return map[string]string{nameKeyV3: "AAAA", nameSuite: "115", nameWrapV3: wrap, nameCommit: id, nameMessage: id, nameContext: `{"aws:x-amz-cek-alg":"115"}`}
	}
	for name, c := range map[string]struct {
		metadata map[string]string
		want     string
	}{
		"V1 AES":          {v1("AAAA"), "not-committing unauthenticated-cbc unauthenticated-ecb-wrap"},
		"V1 RSA":          {v1(rsaSize), "not-committing pkcs1-wrap unauthenticated-cbc"},
		"V1 MD5":          {with(v1("AAAA"), nameMD5, "x"), "not-committing plaintext-md5 unauthenticated-cbc unauthenticated-ecb-wrap"},
		"V2 CBC kms":      {v2("kms", "AES/CBC/PKCS7Padding", "AAAAAAAAAAAAAAAAAAAAAA=="), "context-unbound not-committing unauthenticated-cbc"},
		"V2 kms":          {gcm("kms"), "context-unbound not-committing"},
		"V2 kms+context":  {gcm("kms+context"), "not-committing"},
		"V2 AES/GCM":      {gcm("AES/GCM"), "not-committing"},
		"V2 AESWrap":      {gcm("AESWrap"), "context-unbound not-committing"},
		"V2 OAEP SHA-256": {gcm(wrapMixed), "context-unbound not-committing sha1-wrap"},
		"V2 OAEP SHA-1":   {gcm(wrapOAEP), "not-committing sha1-wrap"},
		"V3 02":           {v3("02"), ""},
		"V3 12":           {v3("12"), ""},
		"V3 22":           {v3("22"), "sha1-wrap"},
		"V3 01":           {v3("01"), "context-unbound"},
		"V3 11":           {v3("11"), "context-unbound"},
		"V3 21":           {v3("21"), "context-unbound sha1-wrap"},
	} {
		p, err := Inspect(Object{Metadata: c.metadata, Size: 100}, Options{})
		if err != nil || p.Verdict != envelope.Unknown {
			t.Errorf("%s: %v, %s", name, err, p.Verdict)
		}
		if got := weakIDs(p); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		for _, w := range p.Weaknesses {
			if w.Detail == "" {
				t.Errorf("%s: %s has no meaning", name, w.ID)
			}
		}
		if p.Authenticated && p.Bytes != 84 {
			t.Errorf("%s: %d bytes", name, p.Bytes)
		}
	}
}

func weakIDs(p envelope.Proof) string {
	var ids []string
	for _, w := range p.Weaknesses {
		ids = append(ids, w.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}
