package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// envelopes runs the envelope commands in a folder of their own.
type envelopes struct {
	t   *testing.T
	dir string
}

func newEnvelopes(t *testing.T) *envelopes {
	t.Helper()
	t.Chdir(t.TempDir()) // no sealaudit.yaml
	return &envelopes{t, t.TempDir()}
}

// put writes a file and returns its path.
func (e *envelopes) put(name string, b []byte) string {
	e.t.Helper()
	path := filepath.Join(e.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		e.t.Fatal(err)
	}
	return path
}

func (e *envelopes) run(args ...string) (code int, stdout, stderr string) {
	e.t.Helper()
	var out, errs bytes.Buffer
	c := newEnvelope(streams{out: &out, err: &errs})
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&errs)
	err := c.ExecuteContext(context.Background())
	var v verdict
	switch {
	case errors.As(err, &v):
		code = int(v)
	case err != nil:
		code = exitNothing
		errs.WriteString(printable(err.Error()))
	}
	return code, out.String(), errs.String()
}

// wants runs a command that must end with the code, and returns its output.
func (e *envelopes) wants(code int, args ...string) string {
	e.t.Helper()
	got, out, errs := e.run(args...)
	if got != code {
		e.t.Errorf("%s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, errs)
	}
	return out + errs
}

func readVectors(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// vectorFiles are the published vectors, found before the test changes folder.
func vectorFiles(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "fixtures", "vectors"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// opens checks that open gives the plaintext, or nothing.
func (e *envelopes) opens(want []byte, file string, args ...string) {
	e.t.Helper()
	out := filepath.Join(e.dir, "plain")
	_ = os.Remove(out)
	code, _, _ := e.run(append([]string{"open", file, "-o", out}, args...)...)
	got, err := os.ReadFile(out)
	if want == nil {
		if err == nil || code == exitPass {
			e.t.Errorf("%s: exit %d, and plaintext was written", file, code)
		}
		return
	}
	if err != nil || !bytes.Equal(got, want) || code != exitPass {
		e.t.Errorf("%s: exit %d, another plaintext: %v", file, code, err)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		e.t.Errorf("%s: the plaintext is not its owner's alone: %v", file, err)
	}
}

func TestEnvelopeMessages(t *testing.T) {
	vectors := vectorFiles(t)
	e := newEnvelopes(t)
	var kat struct {
		Tests []struct {
			Ciphertext string   `json:"ciphertext"`
			DEK        []byte   `json:"decrypted-dek"`
			Frames     []string `json:"plaintext-frames"`
			Status     bool     `json:"status"`
		} `json:"tests"`
	}
	readVectors(t, filepath.Join(vectors, "esdk-commitment-kat", "commitment-test-vectors.json"), &kat)
	passed, refused := 0, 0
	for _, v := range kat.Tests {
		file := e.put("message", []byte(v.Ciphertext))
		key := "data-key:" + e.put("key", v.DEK)
		if v.Status {
			passed++
			e.wants(exitPass, "verify", file, "--keyring", key)
			e.opens([]byte(strings.Join(v.Frames, "")), file, "--keyring", key)
		} else {
			refused++
			e.wants(exitFail, "verify", file, "--keyring", key)
			e.opens(nil, file, "--keyring", key)
		}
	}
	if passed != 41 || refused != 5 {
		t.Errorf("%d passed and %d refused; want 41 and 5", passed, refused)
	}
}

func TestEnvelopeObjects(t *testing.T) {
	vectors := vectorFiles(t)
	e := newEnvelopes(t)
	var all struct {
		Vectors []struct {
			Name        string            `json:"name"`
			Metadata    map[string]string `json:"object_metadata"`
			Instruction json.RawMessage   `json:"instruction_file"`
			Body        string            `json:"body_hex"`
			Key         []byte            `json:"kms_plaintext_data_key_b64"`
			Expect      string            `json:"expect"`
			Plain       string            `json:"plaintext_hex"`
		} `json:"vectors"`
	}
	readVectors(t, filepath.Join(vectors, "s3ec-go", "objects.json"), &all)
	counts := map[int]int{}
	for _, v := range all.Vectors {
		body, _ := hex.DecodeString(v.Body)
		plain, _ := hex.DecodeString(v.Plain)
		metadata, _ := json.Marshal(v.Metadata)
		file := e.put("object", body)
		e.put("object.metadata.json", metadata)
		key := "data-key:" + e.put("key", v.Key)
		code, out, errs := e.run("verify", file, "--keyring", key)
		cbc := strings.Contains(v.Metadata["x-amz-cek-alg"], "CBC") || v.Metadata["x-amz-key"] != ""
		want := exitPass
		switch {
		case v.Expect != "ok":
			want = exitFail
		case cbc:
			want = exitUnknown
		}
		if counts[want]++; code != want {
			t.Errorf("%s: exit %d, want %d\n%s%s", v.Name, code, want, out, errs)
		}
		if want == exitPass {
			e.opens(plain, file, "--keyring", key)
		} else {
			e.opens(nil, file, "--keyring", key)
		}
		if want == exitUnknown && !strings.Contains(out, "unauthenticated-cbc") {
			t.Errorf("%s: the padding oracle is not named\n%s", v.Name, out)
		}
	}
	if counts[exitPass] != 5 || counts[exitUnknown] != 3 || counts[exitFail] != 2 {
		t.Errorf("%v by exit code; want 5 verified, 3 unknown and 2 refuted", counts)
	}
}

func TestEnvelopeItems(t *testing.T) {
	vectors := vectorFiles(t)
	e := newEnvelopes(t)
	var all struct {
		Tests map[string]struct {
			Type      string          `json:"type"`
			Encrypted json.RawMessage `json:"encrypted"`
			Config    struct {
				Unsigned []string `json:"allowedUnsignedAttributes"`
			} `json:"config"`
		} `json:"tests"`
	}
	readVectors(t, filepath.Join(vectors, "dbesdk", "decrypt_java_32.json"), &all)
	branch, _ := base64.StdEncoding.DecodeString("tJwf65epYvUt5HMiQsl/6jlvLxS0tgdjIuvFy2BLIwg=")
	key := "branch:bd3842ff-3076-4092-9918-4395730050b8:e9ce18a3-edb5-4272-9f86-1cacb7997ff6=" + e.put("branch", branch)
	for name, v := range all.Tests {
		file := e.put("item"+name, v.Encrypted)
		want := exitPass
		if strings.HasPrefix(v.Type, "negative") {
			want = exitFail
		}
		args := []string{file, "--keyring", key, "--table", "GazelleVectorTable", "--partition-key", "RecNum"}
		for _, name := range v.Config.Unsigned {
			args = append(args, "--unsigned", name)
		}
		if out := e.wants(want, append([]string{"verify"}, args...)...); want == exitPass && !strings.Contains(out, "aws-kms-hierarchy bd3842ff-3076-4092-9918-4395730050b8, used") {
			t.Errorf("item %s: the key is not named\n%s", name, out)
		}
	}
	file := filepath.Join(e.dir, "item1")
	out := filepath.Join(e.dir, "plain.json")
	e.wants(exitPass, "open", file, "-o", out, "--keyring", key, "--table", "GazelleVectorTable", "--partition-key", "RecNum")
	if got, err := os.ReadFile(out); err != nil || !bytes.Contains(got, []byte("StuffData")) || bytes.Contains(got, []byte("aws_dbe_head")) {
		t.Errorf("%s %v", got, err)
	}
	e.wants(exitUnknown, "verify", file, "--table", "GazelleVectorTable", "--partition-key", "RecNum")
	e.wants(exitFail, "verify", file, "--keyring", key, "--table", "Another", "--partition-key", "RecNum")
	e.wants(exitPass, "inspect", file)
}

func TestEnvelopeLegacyItems(t *testing.T) {
	vectors := filepath.Join(vectorFiles(t), "ddbec-legacy-python", "encrypted_item")
	e := newEnvelopes(t)
	var keys map[string]struct {
		Material []byte `json:"material"`
	}
	readVectors(t, filepath.Join(vectors, "keys.json"), &keys)
	aes := "raw-aes:any:key=" + e.put("aes", keys["aesKey"].Material)
	mac := "signing:" + e.put("mac", keys["hmacKey"].Material)
	verified := 0
	for _, name := range []string{"static-aes-hmac-1", "wrapped-aes-hmac-1"} {
		var tables map[string][]json.RawMessage
		readVectors(t, filepath.Join(vectors, "ciphertext", "python", name+".json"), &tables)
		for _, it := range tables["HashKeyOnly"] {
			if !bytes.Contains(it, []byte("*amzn-ddb-map-sig*")) {
				continue
			}
			file := e.put("item", it)
			e.wants(exitPass, "verify", file, "--keyring", aes, "--keyring", mac, "--table", "HashKeyOnly", "--partition-key", "hashKey")
			e.wants(exitFail, "verify", file, "--keyring", aes, "--keyring", mac, "--table", "Another", "--partition-key", "hashKey")
			verified++
		}
	}
	if verified < 4 {
		t.Errorf("%d items verified", verified)
	}
}

// Raw keys of each kind open what was published for them.
func TestEnvelopeRawKeys(t *testing.T) {
	vectors := filepath.Join(vectorFiles(t), "esdk-c-from-dafny")
	e := newEnvelopes(t)
	var keys struct {
		Keys map[string]struct {
			Material  string `json:"material"`
			Recipient string `json:"recipient-material"`
		} `json:"keys"`
	}
	readVectors(t, filepath.Join(vectors, "keys.json"), &keys)
	var manifest struct {
		Tests map[string]struct {
			Scenario struct {
				Ciphertext string `json:"ciphertext"`
				Key        struct {
					Type, Key, Schema, Recipient string
					Namespace                    string `json:"provider-id"`
					Padding                      string `json:"padding-algorithm"`
				} `json:"decryptKeyDescription"`
				Reproduced map[string]string `json:"reproduced-encryption-context"`
			} `json:"decryption-scenario"`
		} `json:"tests"`
	}
	readVectors(t, filepath.Join(vectors, "decrypt-manifest.json"), &manifest)
	passed := 0
	seen := map[string]int{}
	for _, v := range manifest.Tests {
		k := v.Scenario.Key
		kind := k.Type + k.Key + k.Padding + k.Schema + k.Recipient
		if k.Type != "raw" && (k.Type != "raw-ecdh" || k.Schema != "discovery") || len(v.Scenario.Reproduced) > 0 || seen[kind] == 2 {
			continue
		}
		seen[kind]++
		var spec string
		switch {
		case k.Type == "raw-ecdh":
			spec = "raw-ecdh:" + e.put("ecdh.pem", []byte(keys.Keys[k.Recipient].Recipient))
		case strings.HasPrefix(k.Key, "aes"):
			spec = "raw-aes:" + k.Namespace + ":" + k.Key + "=" + e.put("aes.txt", []byte(keys.Keys[k.Key].Material+"\n"))
		default:
			spec = "raw-rsa:" + k.Namespace + ":rsa-4096=" + e.put("rsa.pem", []byte(keys.Keys[k.Key].Material))
		}
		file := filepath.Join(vectors, strings.TrimPrefix(v.Scenario.Ciphertext, "file://"))
		e.wants(exitPass, "verify", file, "--keyring", spec)
		e.wants(exitPass, "inspect", file)
		passed++
	}
	if passed != 14 {
		t.Errorf("%d passed, want 14: %v", passed, seen)
	}
}

// A key that is disabled leaves a message unknown; another context refutes it.
func TestEnvelopeKMSFile(t *testing.T) {
	e := newEnvelopes(t)
	s := kms.New(kms.Config{})
	key, err := s.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(e.dir, "kms.json")
	save := func() {
		if err := s.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	save()
	spec := "kms-file:" + path
	for _, format := range []string{"esdk", "s3", "s3-v2", "ddb", "ddb-legacy"} {
		out := e.wants(exitPass, "roundtrip", "--format", format, "--keyring", spec, "--size", "20", "--flips", "500")
		if !strings.Contains(out, "it came back as it was") || !strings.Contains(out, " 0 changed") {
			t.Errorf("%s: %s", format, out)
		}
	}
	k, err := (&keyFlags{keyrings: []string{spec}, kmsKey: key.ID()}).load()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.settle(); err != nil {
		t.Fatal(err)
	}
	trial, err := (&trialFlags{format: "esdk", suite: "0478", envelopeFlags: envelopeFlags{context: []string{"tenant=demo-blue"}}}).trial(t.Context(), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := e.put("message", trial.parts[0].bytes)
	again := e.put("message2", trial.parts[0].bytes)
	out := e.wants(exitPass, "verify", file, again, "--keyring", spec, "--context", "tenant=demo-blue")
	if strings.Contains(out, "demo-blue\n") || !strings.Contains(out, "context    tenant\n") || !strings.Contains(out, "2 files: 2 verified") || !strings.Contains(out, "duplicate-data-key") {
		t.Error(out)
	}
	if out := e.wants(exitPass, "verify", file, "--keyring", spec, "--values"); !strings.Contains(out, "tenant=demo-blue") || strings.Contains(out, "duplicate-data-key") {
		t.Error(out)
	}
	e.wants(exitFail, "verify", file, "--keyring", spec, "--context", "tenant=red")
	e.wants(exitUnknown, "verify", file)
	e.wants(exitNothing, "roundtrip", "--keyring", spec, "--kms-key", "nobody")
	e.wants(exitNothing, "roundtrip", "--kms-key", key.ARN)
	if err := s.DisableKey(key.ARN); err != nil {
		t.Fatal(err)
	}
	save()
	if out := e.wants(exitUnknown, "verify", file, "--keyring", spec); !strings.Contains(out, "DisabledException") {
		t.Error(out)
	}
	if _, err := s.CreateKey(kms.KeySpec{}); err != nil {
		t.Fatal(err)
	}
	save()
	if out := e.wants(exitNothing, "roundtrip", "--keyring", spec); !strings.Contains(out, "2 keys; choose one with --kms-key") {
		t.Error(out)
	}
	e.wants(exitNothing, "roundtrip", "--keyring", spec, "--kms-key", key.ARN)
}

// What a file says of itself steers no terminal, and no output has a secret.
func TestEnvelopeHostileAndSecret(t *testing.T) {
	e := newEnvelopes(t)
	secret := bytes.Repeat([]byte("demo-secret-key!"), 2)
	plain := []byte("demo-secret-plaintext")
	name := "key\x1b]0;owned\a\u202e\n"
	spec := "raw-aes:name\x1b[31mspace:" + name + "=" + e.put("key", secret)
	k, err := (&keyFlags{keyrings: []string{spec}}).load()
	if err != nil {
		t.Fatal(err)
	}
	trial, err := (&trialFlags{format: "esdk", suite: "0178", envelopeFlags: envelopeFlags{context: []string{"a\x1b[2J=demo-secret-value"}}}).trial(t.Context(), k, []string{e.put("plain.txt", plain)})
	if err != nil {
		t.Fatal(err)
	}
	file := e.put("mes\x1bsage", trial.parts[0].bytes)
	broken := e.put("broken", flipped(trial.parts[0].bytes, -1))
	wrong := "raw-aes:name\x1b[31mspace:" + name + "=" + e.put("wrong", bytes.Repeat([]byte("demo-secret-wrong"), 2)[:32])
	var all string
	all += e.wants(exitPass, "inspect", file)
	all += e.wants(exitPass, "verify", file, "--keyring", spec)
	all += e.wants(exitFail, "verify", file, broken, "--keyring", spec)
	all += e.wants(exitFail, "verify", file, "--keyring", wrong)
	all += e.wants(exitFail, "open", broken, "-o", filepath.Join(e.dir, "out"), "--keyring", spec)
	all += e.wants(exitPass, "roundtrip", "--keyring", spec, filepath.Join(e.dir, "plain.txt"), "--flips", "50")
	machine := e.wants(exitFail, "verify", file, broken, "--keyring", spec, "--json")
	for _, out := range []string{all, machine} {
		if strings.Contains(strings.ReplaceAll(out, e.dir, ""), "demo-secret") || strings.Contains(out, hex.EncodeToString(secret)) || strings.Contains(out, base64.StdEncoding.EncodeToString(secret)) {
			t.Errorf("a secret is shown:\n%s", out)
		}
	}
	if i := strings.IndexFunc(all, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
		t.Errorf("the table holds a character that steers: %q", all[i:min(i+40, len(all))])
	}
	var doc struct {
		Envelopes []envelopeResult `json:"envelopes"`
	}
	if err := json.Unmarshal([]byte(machine), &doc); err != nil || len(doc.Envelopes) != 2 || doc.Envelopes[0].Proof.Verdict != "verified" || doc.Envelopes[1].Proof.Verdict != "refuted" {
		t.Errorf("%v\n%s", err, machine)
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[(at+len(b))%len(b)] ^= 1
	return b
}

func TestEnvelopeUsage(t *testing.T) {
	e := newEnvelopes(t)
	plain := e.put("plain.txt", []byte("nothing encrypted here"))
	item := e.put("item.json", []byte(`{"id": {"S": "a"}}`))
	twice := e.put("twice.json", []byte(`{"id": {"S": "a"}, "id": {"S": "b"}}`))
	blob := e.put("blob", []byte{1, 2, 2, 0, 0x78, 1, 2, 3})
	object := e.put("object", []byte("x"))
	e.put("object.metadata.json", []byte(`{"a": 1}`))
	ambiguous := e.put("hex32", []byte("00112233445566778899aabbccddeeff"))
	short := e.put("short", []byte("short"))
	ec := e.put("ec.pem", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	for _, tc := range []struct {
		says string
		args []string
	}{
		{"needs a command", nil},
		{"takes files, and got none", []string{"verify"}},
		{"no such file", []string{"verify", filepath.Join(e.dir, "none")}},
		{"not a regular file", []string{"verify", e.dir}},
		{"nothing that AWS's clients encrypt", []string{"inspect", plain}},
		{"bare KMS ciphertext", []string{"inspect", blob}},
		{"no client encrypted", []string{"inspect", item}},
		{"reading it as an item", []string{"inspect", twice}},
		{"JSON object of strings", []string{"inspect", object}},
		{"only to a named file", []string{"open", plain}},
		{"only to a named file", []string{"open", plain, "-o", "-"}},
		{"exists; remove it", []string{"open", plain, "-o", plain}},
		{"takes one file", []string{"open", plain, plain, "-o", "x"}},
		{"KEY=VALUE", []string{"verify", plain, "--context", "x"}},
		{"KEY=VALUE", []string{"verify", plain, "--context", "x=1", "--context", "x=2"}},
		{"NAME=ACTION", []string{"verify", plain, "--action", "x"}},
		{"it takes KIND", []string{"verify", plain, "--keyring", "x"}},
		{`no kind "key"`, []string{"verify", plain, "--keyring", "key:a:b=c"}},
		{"two names and a file", []string{"verify", plain, "--keyring", "raw-aes:a=c"}},
		{"may be 32 bytes or the text of 16", []string{"verify", plain, "--keyring", "raw-aes:a:b=" + ambiguous}},
		{"no hex or base64", []string{"verify", plain, "--keyring", "raw-aes:a:b=" + short}},
		{"does not hold such a key", []string{"verify", plain, "--keyring", "raw-rsa:a:b=" + ec}},
		{"does not hold such a key", []string{"verify", plain, "--keyring", "raw-ecdh:" + ec}},
		{"does not hold such a key", []string{"verify", plain, "--keyring", "signing:" + ec}},
		{"not the JSON of a key file", []string{"verify", plain, "--keyring", "kms-file:" + short}},
		{"no --format", []string{"roundtrip", "--format", "tar"}},
		{"take one of 0014", []string{"roundtrip", "--suite", "9999x"}},
		{"--size 0 to", []string{"roundtrip", "--size", "-1"}},
		{"needs its --table", []string{"roundtrip", "--format", "ddb", item}},
	} {
		code, out, errs := e.run(tc.args...)
		if code != exitNothing || !strings.Contains(errs, tc.says) || strings.Contains(errs, "\n") {
			t.Errorf("%v: exit %d, want 2 and %q\n%s%s", tc.args, code, tc.says, out, errs)
		}
	}
	t.Setenv("SEALAUDIT_OUTPUT", filepath.Join(e.dir, "from-environment"))
	e.wants(exitNothing, "open", plain)
	good := e.put("good", []byte("AgR4broken"))
	if out := e.wants(exitFail, "inspect", good, plain); !strings.Contains(out, "1 not read") {
		t.Error(out)
	}
	if out := e.wants(exitPass, "roundtrip", "--json", "--flips", "10", "--suite", "0014"); !strings.Contains(out, `"returned": true`) {
		t.Error(out)
	}
	e.wants(exitPass, "roundtrip", "--format", "ddb", item, "--table", "t", "--partition-key", "id", "--flips", "50")
}
