package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// secrets are what no output may show, in every spelling that a program gives
// them by accident, and what each is.
type secrets map[string]string

func (s secrets) add(what string, b []byte) {
	if len(b) < 8 {
		panic(what + " is too short to be looked for")
	}
	list := strings.Trim(fmt.Sprint(b), "[]")
	for _, spelling := range []string{string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), list, strings.ReplaceAll(list, " ", ","),
		base64.StdEncoding.EncodeToString(b), base64.URLEncoding.EncodeToString(b), fmt.Sprintf("%q", b), fmt.Sprintf("%#v", b)} {
		s[strings.Trim(strings.TrimRight(spelling, "="), `"`)] = what
	}
}

// addText adds a text line by line, as that of a key file.
func (s secrets) addText(what string, text []byte) {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); len(line) > 30 && !strings.HasPrefix(line, "-----") {
			s[line] = what
		}
	}
}

// found are the secrets that a text shows.
func (s secrets) found(text []byte) []string {
	var out []string
	plain := []byte(html.UnescapeString(string(text)))
	for spelling, what := range s {
		if bytes.Contains(text, []byte(spelling)) || bytes.Contains(plain, []byte(spelling)) {
			out = append(out, what)
		}
	}
	return out
}

// A test that can't fail is a defect: each spelling is found.
func TestSecretsAreFound(t *testing.T) {
	b := []byte("\xfb\xff secret\x00\x01<+>")
	s := secrets{}
	s.add("it", b)
	for _, text := range []string{string(b), fmt.Sprintf("%x %X", b, b), fmt.Sprint(b), fmt.Sprint([][]byte{b}), fmt.Sprintf("%q", b), fmt.Sprintf("%#v", b),
		base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b), string(jsonText(t, b)), html.EscapeString(base64.StdEncoding.EncodeToString(b)), string(jsonText(t, []any{251, 255, 32, 115, 101, 99, 114, 101, 116, 0, 1, 60, 43, 62}))} {
		if len(s.found([]byte("before "+text+" after"))) == 0 {
			t.Errorf("not found in %q", text)
		}
	}
	if got := s.found([]byte("secret")); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

// scene is all that a whole run needs, and the secrets in it.
type scene struct {
	*envelopes
	t       *testing.T
	account *account
	secrets secrets
	keys    map[string]string // --keyring by kind
	curve   *ecdh.PublicKey   // of the ECDH key, which the command only unwraps with
	sse     string            // file of the customer's key
	digest  string            // of the plaintext under it
}

func (s *scene) random(what string, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	s.secrets.add(what, b)
	return b
}

func (s *scene) pem(name, kind string, key any) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	s.secrets.addText(name, text)
	s.secrets.add(name+", DER", der)
	s.secrets.add(name+", whole", text)
	return s.put(name, text)
}

const scenePlain = "demo-secret-plaintext that nobody may see"

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{account: newAccount(t), envelopes: newEnvelopes(t), t: t, secrets: secrets{}, keys: map[string]string{}}
	s.account.secrets = s.secrets
	s.secrets.add("a plaintext", []byte(scenePlain))
	s.secrets.add("AWS's secret access key", []byte("secretexample"))
	s.keys["raw-aes"] = "raw-aes:demo:key=" + s.put("aes", s.random("a raw AES key", 32))
	s.keys["raw-aes, hex"] = "raw-aes:demo:key=" + s.put("aes.hex", []byte(hex.EncodeToString(s.random("a raw AES key in hex", 32))+"\n"))
	branch := s.random("a branch key", 32)
	s.keys["branch"] = "branch:tenant:11111111-2222-4333-8444-555555555555=" + s.put("branch", branch)
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s.keys["raw-rsa"] = "raw-rsa-oaep-sha256:demo:key=" + s.pem("rsa.pem", "PRIVATE KEY", pair)
	s.secrets.add("an RSA key's exponent", pair.D.Bytes())
	s.secrets.add("an RSA key's prime", pair.Primes[0].Bytes())
	curve, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s.keys["raw-ecdh"] = "raw-ecdh:" + s.pem("ecdh.pem", "PRIVATE KEY", curve)
	s.secrets.add("an ECDH key", curve.Bytes())
	s.curve = curve.PublicKey()
	s.keys["kms-file"] = s.account.file(s.envelopes)
	text, err := os.ReadFile(strings.TrimPrefix(s.keys["kms-file"], "kms-file:"))
	if err != nil {
		t.Fatal(err)
	}
	s.addMaterials(text)
	s.keys["aws-kms"] = "aws-kms:" + s.account.key
	s.keys["signing"] = "signing:" + s.put("mac", s.random("a signing key", 32))
	s.sse = s.put("sse", s.random("a customer-provided key", 32))
	sum := sha256.Sum256([]byte(scenePlain))
	s.digest = hex.EncodeToString(sum[:])
	return s
}

// addMaterials adds the keys in a key file, which are its long base64 values.
func (s *scene) addMaterials(text []byte) {
	n := 0
	for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" \n\t\",:{}[]", r) }) {
		if b, err := base64.StdEncoding.DecodeString(word); err == nil && len(b) == 32 {
			s.secrets.add("material of a kms-file", b)
			n++
		}
	}
	if n == 0 {
		s.t.Fatal("the key file has no material of 32 bytes")
	}
}

// sealed are files and objects of each format under a keyring, and the data
// keys in them are secrets. Formats that the keyring does not seal are left out.
func (s *scene) sealed(kind string) (paths []string) {
	k, err := (&keyFlags{keyrings: []string{s.keys[kind], s.keys["signing"]}, cloud: s.cloud()}).load()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := k.settle(); err != nil {
		s.t.Fatal(err)
	}
	name := strings.NewReplacer(",", "", " ", "-").Replace(kind)
	seals := *k
	if kind == "raw-ecdh" {
		ring, err := keyring.NewECDHEphemeral(s.curve)
		if err != nil {
			s.t.Fatal(err)
		}
		seals.ring = keyring.Multi{ring}
	}
	message, err := messageTrial(s.t.Context(), &seals, []byte(scenePlain), esdk.Suite(0x0578), map[string]string{"tenant": "demo-secret-value"})
	if err != nil {
		s.t.Fatalf("%s: %v", kind, err)
	}
	paths = append(paths, s.put(name+".message", message.parts[0].bytes))
	h, err := esdk.ParseHeader(bytes.NewReader(message.parts[0].bytes), 0)
	if err != nil {
		s.t.Fatal(err)
	}
	if key, err := k.ring.Unwrap(s.t.Context(), h.DataKeys[0], h.Context); err != nil {
		s.t.Fatal(err)
	} else {
		s.secrets.add("a data key under "+kind, bytes.Clone(key.Bytes()))
		if kind == "raw-aes" {
			s.keys["data-key"] = "data-key:" + s.put("data-key", bytes.Clone(key.Bytes()))
		}
	}
	for _, version := range []string{"V2", "V3"} {
		t, err := objectTrial(s.t.Context(), k, []byte(scenePlain), version, nil)
		if err != nil {
			continue // not a kind that S3 objects have
		}
		metadata := map[string]string{}
		for _, p := range t.parts[1:] {
			metadata[p.name] = string(p.bytes)
		}
		path := s.put(name+"."+version, t.parts[0].bytes)
		s.put(name+"."+version+".metadata.json", jsonText(s.t, metadata))
		paths = append(paths, path)
		s.account.put("b/"+name+"."+version, t, nil)
	}
	for _, format := range []ddb.Format{ddb.Structured, ddb.Legacy} {
		plain := ddb.Item{"id": item.Text("id-1"), "text": item.Text(scenePlain)}
		sealed, err := ddb.Seal(s.t.Context(), plain, format, k.forItem(plain), ddb.Config{Table: "sample", Partition: "id", Default: item.EncryptAndSign, Actions: map[string]ddb.Action{"id": item.SignOnly}})
		if err != nil {
			continue
		}
		paths = append(paths, s.put(fmt.Sprintf("%s.item%d", name, len(paths)), marshalItem(sealed)))
	}
	return paths
}

func (s *scene) cloud() *cloud {
	f := awsFlags{timeout: demoTimeout, attempt: demoTimeout}
	c, err := f.open(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// A whole run shows none of the secrets that it uses: not on stdout or stderr,
// and in no file but the one that open was told to write.
func TestNoSecretLeaves(t *testing.T) {
	s := newScene(t)
	written, temporary := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temporary)
	runs, plaintexts := 0, 0
	check := func(args ...string) int {
		t.Helper()
		var out, errs bytes.Buffer
		code := run(t.Context(), args, streams{out: &out, err: &errs})
		runs++
		for name, text := range map[string][]byte{"stdout": out.Bytes(), "stderr": errs.Bytes()} {
			if found := s.secrets.found(text); len(found) > 0 {
				t.Errorf("%v: %s shows %v\n%s", args, name, found, text)
			}
		}
		if out.Len()+errs.Len() == 0 {
			t.Errorf("%v says nothing", args)
		}
		return code
	}
	files := map[string][]string{}
	for kind := range s.keys {
		if kind != "signing" {
			files[kind] = s.sealed(kind)
		}
	}
	files["data-key"] = files["raw-aes"][:1]
	wrong := []string{"--keyring", "raw-aes:demo:key=" + s.put("wrong", s.random("a wrong key", 32)), "--keyring", "signing:" + s.put("wrongmac", s.random("a wrong signing key", 32))}
	for kind, paths := range files {
		with := []string{"--keyring", s.keys[kind], "--keyring", s.keys["signing"], "--table", "sample", "--partition-key", "id", "--default-action", "ENCRYPT_AND_SIGN"}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := path + ".broken"
			s.put(filepath.Base(broken), flipped(b, -1))
			if m, err := os.ReadFile(path + ".metadata.json"); err == nil {
				s.put(filepath.Base(broken)+".metadata.json", m)
			}
			for _, format := range [][]string{nil, {"--json"}} {
				check(append([]string{"envelope", "inspect", path, broken}, format...)...)
				if code := check(append(append([]string{"envelope", "verify", path}, with...), format...)...); code != exitPass {
					t.Errorf("%s does not verify under %s", path, kind)
				}
				check(append(append([]string{"envelope", "verify", path, broken}, with...), format...)...)
				check(append(append([]string{"envelope", "verify", path, broken, "--table", "sample", "--partition-key", "id", "--default-action", "ENCRYPT_AND_SIGN"}, wrong...), format...)...)
				opened := filepath.Join(t.TempDir(), "opened")
				if code := check(append(append([]string{"envelope", "open", path, "-o", opened}, with...), format...)...); code != exitPass {
					t.Errorf("%s does not open under %s", path, kind)
				} else if plain, err := os.ReadFile(opened); err != nil || !bytes.Contains(plain, []byte(scenePlain)) {
					t.Errorf("%s opens to something else", path)
				} else {
					plaintexts++
				}
				check(append(append([]string{"envelope", "open", broken, "-o", filepath.Join(written, "never")}, with...), format...)...)
			}
		}
	}
	for kind, spec := range s.keys {
		path := s.put("plain.txt", []byte(scenePlain))
		for _, format := range []string{"esdk", "s3", "ddb", "ddb-legacy"} {
			args := []string{"envelope", "roundtrip", "--format", format, "--flips", "5", "--keyring", spec}
			if !strings.HasPrefix(format, "ddb") {
				args = append(args, path)
			}
			check(args...)
			check(append(args, "--json", "--keyring", s.keys["signing"])...)
		}
		short := s.put("short", s.random("a key of another length", 31))
		_, file, _ := strings.Cut(spec, "=")
		if kind == "raw-ecdh" || kind == "signing" || kind == "data-key" {
			_, file, _ = strings.Cut(spec, ":")
		}
		for _, bad := range []string{"raw-aes:a:b=", "raw-rsa:a:b=", "raw-ecdh:", "branch:a:b=", "kms-file:", "data-key:", "aws-kms:", "key:"} {
			check("envelope", "verify", path, "--keyring", bad+file) // mostly a key of another kind
			check("envelope", "verify", path, "--keyring", bad+short)
		}
	}
	s.servedUnderKey(check)
	s.scan(check, written)
	// Whatever else was written holds none of it, and nothing is left over.
	for _, dir := range []string{written, temporary} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if dir == temporary || strings.HasPrefix(d.Name(), ".") {
				t.Errorf("%s was left over", path)
			}
			text, err := os.ReadFile(path)
			if found := s.secrets.found(text); len(found) > 0 {
				t.Errorf("%s shows %v", path, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if runs < 200 || plaintexts < 30 || len(s.secrets) < 200 {
		t.Errorf("only %d runs, %d plaintexts and %d spellings of secrets", runs, plaintexts, len(s.secrets))
	}
}

// servedUnderKey reads objects from S3, with and without a key of the customer.
func (s *scene) servedUnderKey(check func(...string) int) {
	secret, err := os.ReadFile(s.sse)
	if err != nil {
		s.t.Fatal(err)
	}
	s.account.objects["b/sse"] = storedObject{body: []byte(scenePlain), sse: ssec.Digest(secret)}
	other := s.put("sse.other", s.random("another customer-provided key", 32))
	if check("envelope", "verify", "--from", "s3://b/sse", "--sse-c-key", s.sse, "--sha256", s.digest) != exitPass {
		s.t.Error("an object under a customer-provided key does not verify")
	}
	for _, extra := range [][]string{nil, {"--json"}} {
		for _, args := range [][]string{
			{"inspect", "--from", "s3://b/sse", "--sse-c-key", s.sse},
			{"verify", "--from", "s3://b/sse", "--sse-c-key", s.sse},
			{"verify", "--from", "s3://b/sse", "--sse-c-key", s.sse, "--sha256", strings.Repeat("00", 32)},
			{"verify", "--from", "s3://b/sse", "--sse-c-key", other},
			{"verify", "--from", "s3://b/sse"},
			{"verify", "--from", "s3://b/raw-aes.V3", "--sse-c-key", s.sse},
			{"verify", "--from", "s3://b/raw-aes.V3", "--keyring", s.keys["raw-aes"]},
			{"verify", "--from", "s3://b/none", "--sse-c-key", s.sse},
		} {
			check(append(append([]string{"envelope"}, args...), extra...)...)
		}
	}
	// An endpoint that echoes what it was sent.
	s.account.echo = true
	check("envelope", "verify", "--from", "s3://b/sse", "--sse-c-key", s.sse, "--timeout", "1s")
	s.account.echo = false
	// KMS that fails.
	for _, code := range []string{"AccessDeniedException", "InvalidCiphertextException", "KMSInternalException"} {
		s.account.fail("kms:Decrypt", code)
		check("envelope", "verify", filepath.Join(s.dir, "aws-kms.message"), "--keyring", "aws-kms", "--timeout", "1s")
	}
	s.account.fail("kms:Decrypt", "")
}

// scan audits the demo account into every format and a bundle.
func (s *scene) scan(check func(...string) int, dir string) {
	at := func(name string) string { return filepath.Join(dir, name) }
	s.t.Setenv("AWS_ENDPOINT_URL", "")
	check("scan", "--demo", "--timeout", "3s", "--policy-profile", "all", "--bundle", at("evidence.zip"),
		"-o", "table", "-o", "json="+at("report.json"), "-o", "sarif="+at("report.sarif"), "--sarif-profile", "full", "-o", "html="+at("report.html"))
	entries := map[string][]byte{}
	unzip(s.t, at("evidence.zip"), entries)
	for name, text := range entries {
		if found := s.secrets.found(text); len(found) > 0 {
			s.t.Errorf("%s of the bundle shows %v", name, found)
		}
	}
	if len(entries) < 4 {
		s.t.Errorf("the bundle has %d entries", len(entries))
	}
}
