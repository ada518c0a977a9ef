package main

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/dsse"
)

// signedDemo is a judged and signed bundle of the demo account, with its key's
// files.
func signedDemo(t *testing.T) (bundle, private, public string) {
	t.Helper()
	dir := t.TempDir()
	private, public, bundle = filepath.Join(dir, "k.pem"), filepath.Join(dir, "k.pub.pem"), filepath.Join(dir, "b.zip")
	if _, err := dsse.GenerateKey(private, public); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	args := []string{"scan", "--demo", "-q", "--service", "dynamodb", "--region", "us-east-1", "-o", "json=" + filepath.Join(dir, "r.json"), "--bundle", bundle, "--sign-key", private}
	if code := run(t.Context(), args, streams{out: &stderr, err: &stderr}); code != exitFail {
		t.Fatalf("exit %d\n%s", code, stderr.String())
	}
	return bundle, private, public
}

func openBundle(t *testing.T, path string) *collectors.Bundle {
	t.Helper()
	b, err := collectors.OpenBundle(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// Whoever puts a bundle together anew can change any bit of its signature: each
// is refused, or is in the hint at the key, which nobody relies on.
func TestEveryBitOfASignature(t *testing.T) {
	bundle, _, public := signedDemo(t)
	b := openBundle(t, bundle)
	f := verifyFlags{files: []string{public}}
	if err := f.load(); err != nil {
		t.Fatal(err)
	}
	if _, all, err := f.verifySignatures(b); err != nil || !all {
		t.Fatal(all, err)
	}
	text := slices.Clone(b.Attestations)
	whole, err := dsse.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	hint := bytes.Index(text, []byte(`keyid":"`))
	end := hint + len(`keyid":"`) + len(whole[0].Signatures[0].KeyID)
	harmless := 0
	for i := range text {
		for bit := range 8 {
			b.Attestations = slices.Clone(text)
			b.Attestations[i] ^= 1 << bit
			if _, all, err := f.verifySignatures(b); err != nil || !all {
				continue
			}
			harmless++
			if i < hint || i >= end {
				t.Fatalf("bit %d of byte %d of the signature is not missed when flipped", bit, i)
			}
		}
	}
	t.Logf("%d bits: %d are of the key's hint, all others refused", 8*len(text), harmless)
	if harmless == 0 {
		t.Error("no bit is harmless: the test looks at something else")
	}
}

// What a key signed of something else, or in another form, counts for nothing:
// a good signature over it is refused too.
func TestSignedStatementsOfSomethingElse(t *testing.T) {
	bundle, private, public := signedDemo(t)
	key, err := dsse.LoadPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	b := openBundle(t, bundle)
	statement, err := b.Statement()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, fresh string) []byte { return bytes.Replace(statement, []byte(old), []byte(fresh), 1) }
	for want, e := range map[string]dsse.Envelope{
		"payload type":      {PayloadType: "application/json", Payload: statement},
		"Statement/v1":      {PayloadType: collectors.PayloadType, Payload: edit("Statement/v1", "Statement/v0.1")},
		"its predicate is":  {PayloadType: collectors.PayloadType, Payload: edit("evidence/v1", "evidence/v9")},
		"other evidence":    {PayloadType: collectors.PayloadType, Payload: edit(strings.TrimPrefix(b.Evidence, "sha256:"), strings.Repeat("0", 64))},
		"the manifest says": {PayloadType: collectors.PayloadType, Payload: edit(`"services":["dynamodb"]`, `"services":["dynamodb","s3"]`)},
		"has something":     {PayloadType: collectors.PayloadType, Payload: edit(`"predicateType"`, `"x":1,"predicateType"`)},
		"no statement":      {PayloadType: collectors.PayloadType},
		"findings are not":  {PayloadType: collectors.PayloadType, Payload: edit(strings.TrimPrefix(b.JudgementDigest, "sha256:"), strings.Repeat("0", 64))},
	} {
		e.Signatures = []dsse.Signature{{KeyID: key.Public.ID, Sig: key.Sign(e.PAE())}}
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		forged := filepath.Join(t.TempDir(), "forged.zip")
		if err := b.Attest(forged, line); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"evidence", "verify", forged, "--key", public}, streams{out: &stdout, err: &stderr})
		if code != exitNothing || !strings.Contains(stderr.String(), want) || stdout.Len() > 0 {
			t.Errorf("exit %d, %q, %q, want %s", code, stdout.String(), stderr.String(), want)
		}
	}
}

// A key id is anybody's text: it makes no line of its own, in the answer or in
// the error, and steers no terminal.
func TestAKeyIDForgesNothing(t *testing.T) {
	bundle, _, public := signedDemo(t)
	b := openBundle(t, bundle)
	list, err := dsse.Read(b.Attestations)
	if err != nil {
		t.Fatal(err)
	}
	bad := list[0]
	bad.Signatures = []dsse.Signature{{KeyID: "x\nsignature good: by key y\x1b[2J", Sig: []byte("no signature")}}
	line, err := bad.Line()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"alone": line, "beside a good one": slices.Concat(line, b.Attestations)} {
		forged := filepath.Join(t.TempDir(), "forged.zip")
		if err := b.Attest(forged, text); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"--key", public}, nil} {
			var out bytes.Buffer
			run(t.Context(), append([]string{"evidence", "verify", forged}, args...), streams{out: &out, err: &out})
			for l := range strings.Lines(out.String()) {
				if strings.HasPrefix(l, "signature good: by key y") || strings.Contains(l, "\x1b") {
					t.Errorf("%s: forged: %q", name, l)
				}
			}
			if !strings.Contains(out.String(), "signature good: by key y") {
				t.Errorf("%s: the key id is not shown: %q", name, out.String())
			}
		}
	}
}

// Neither a bundle nor a message has anything of the private key, and signing
// the same again gives the same bytes.
func TestSigningKeepsTheKey(t *testing.T) {
	bundle, private, public := signedDemo(t)
	text, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	seed := block.Bytes[len(block.Bytes)-32:] // RFC 8410, section 7
	before, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	for _, args := range [][]string{{"sign", bundle, "--key", private}, {"verify", bundle, "--key", public}, {"verify", bundle, "--key", private}, {"sign", bundle, "--key", public}} {
		run(t.Context(), append([]string{"evidence"}, args...), streams{out: &said, err: &said})
	}
	after, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("signing again changes the bundle")
	}
	for name, written := range map[string][]byte{"the bundle": after, "a message": said.Bytes()} {
		for _, secret := range [][]byte{seed, []byte(base64.StdEncoding.EncodeToString(seed)), []byte(strings.Split(string(text), "\n")[1])} {
			if bytes.Contains(written, secret) {
				t.Errorf("%s has the key", name)
			}
		}
	}
}

// A chain is of one account.
func TestPreviousRunIsOfTheSameAccount(t *testing.T) {
	p := previousRun{path: "old.zip", accounts: []string{"111122223333"}}
	if err := p.of("111122223333"); err != nil {
		t.Error(err)
	}
	if err := p.of("444455556666"); err == nil || !strings.Contains(err.Error(), "old.zip is a run of account [111122223333]") {
		t.Error(err)
	}
	if err := (previousRun{}).of("444455556666"); err != nil {
		t.Error(err)
	}
}
