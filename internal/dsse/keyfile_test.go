package dsse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func generate(t *testing.T) (private, public string, id PublicKey) {
	t.Helper()
	dir := t.TempDir()
	private, public = filepath.Join(dir, "k.pem"), filepath.Join(dir, "k.pub.pem")
	id, err := GenerateKey(private, public)
	if err != nil {
		t.Fatal(err)
	}
	return private, public, id
}

func TestGeneratedKeySigns(t *testing.T) {
	private, public, id := generate(t)
	for path, want := range map[string]fs.FileMode{private: 0o600, public: 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^want != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	key, err := LoadPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := LoadPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if key.Public.ID != id.ID || verifier.ID != id.ID || !verifier.Verify([]byte("text"), key.Sign([]byte("text"))) {
		t.Error("the key does not fit its public half")
	}
	other, _, _ := generate(t)
	if wrong, err := LoadPrivateKey(other); err != nil || verifier.Verify([]byte("text"), wrong.Sign([]byte("text"))) {
		t.Error("another key's signature is accepted")
	}
}

func TestKeysAreNeverOverwritten(t *testing.T) {
	private, public, _ := generate(t)
	before, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "fresh.pem")
	for _, paths := range [][2]string{{private, fresh}, {fresh, public}} {
		if _, err := GenerateKey(paths[0], paths[1]); err == nil || !strings.Contains(err.Error(), "never overwritten") {
			t.Errorf("%v: %v", paths, err)
		}
		if _, err := os.Stat(fresh); err == nil {
			t.Error("half a key is left")
		}
	}
	if after, err := os.ReadFile(private); err != nil || !bytes.Equal(before, after) {
		t.Error("the key is another one")
	}
}

// A key file that everybody may read, or others may change, is refused.
func TestOpenKeyFilesAreRefused(t *testing.T) {
	private, _, _ := generate(t)
	for mode, ok := range map[fs.FileMode]bool{0o600: true, 0o400: true, 0o440: true, 0o640: true, 0o644: false, 0o604: false, 0o660: false, 0o602: false} {
		if err := os.Chmod(private, mode); err != nil {
			t.Fatal(err)
		}
		_, err := LoadPrivateKey(private)
		if (err == nil) != ok {
			t.Errorf("%04o: %v", mode, err)
		}
		if err != nil && !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%v does not say what to do", err)
		}
	}
}

// Whatever is wrong with a key file, its error shows none of it.
func TestBadKeyFiles(t *testing.T) {
	private, public, _ := generate(t)
	text, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	secret := string(bytes.Split(text, []byte("\n"))[1])
	write := func(text []byte) string {
		path := filepath.Join(t.TempDir(), "bad.pem")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, path := range map[string]string{
		"missing":       filepath.Join(t.TempDir(), "none.pem"),
		"public":        public,
		"empty":         write(nil),
		"two keys":      write(append(bytes.Clone(text), text...)),
		"a line after":  write(append(bytes.Clone(text), secret...)),
		"another block": write(pem.EncodeToMemory(&pem.Block{Type: secret[:32], Bytes: block.Bytes})),
		"encrypted":     write(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: block.Bytes})),
		"cut":           write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: block.Bytes[:40]})),
		"raw":           write(block.Bytes),
		"long":          write(append(bytes.Clone(text), bytes.Repeat([]byte("\n"), maxKeyFile)...)),
		"a directory":   t.TempDir(),
	} {
		_, err := LoadPrivateKey(path)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), secret[:16]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
	if _, err := LoadPublicKey(private); err == nil || !strings.Contains(err.Error(), "no public key") || strings.Contains(err.Error(), secret[:16]) {
		t.Errorf("a private key as public one: %v", err)
	}
}

// Keys and signatures are OpenSSL's, both ways.
func TestOpenSSLAgrees(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI compares with openssl, which is not here")
		}
		t.Skip("there is no openssl on this machine, and the tests need Go alone")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	openssl := func(args ...string) []byte {
		t.Helper()
		out, err := exec.Command("openssl", args...).Output() //nolint:gosec // of this test
		if err != nil {
			t.Fatalf("openssl %v: %v", args, err)
		}
		return out
	}
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(at(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := []byte("DSSEv1 1 t 4 text")
	write("text", text)

	openssl("genpkey", "-algorithm", "ed25519", "-out", at("theirs.pem"))
	openssl("pkey", "-in", at("theirs.pem"), "-pubout", "-out", at("theirs.pub.pem"))
	if err := os.Chmod(at("theirs.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := LoadPrivateKey(at("theirs.pem"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := LoadPublicKey(at("theirs.pub.pem"))
	if err != nil || public.ID != key.Public.ID {
		t.Fatalf("%v, %v", public.ID, err)
	}
	sum := sha256.Sum256(openssl("pkey", "-pubin", "-in", at("theirs.pub.pem"), "-outform", "DER"))
	if public.ID != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Errorf("the key id is %s", public.ID)
	}
	openssl("pkeyutl", "-sign", "-rawin", "-inkey", at("theirs.pem"), "-in", at("text"), "-out", at("theirs.sig"))
	if sig, err := os.ReadFile(at("theirs.sig")); err != nil || !bytes.Equal(sig, key.Sign(text)) {
		t.Errorf("openssl makes another signature: %v", err)
	}

	private, pub, _ := generate(t)
	ours, err := LoadPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write("ours.sig", ours.Sign(text))
	openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", pub, "-in", at("text"), "-sigfile", at("ours.sig"))
	openssl("pkey", "-in", private, "-noout")

	for curve, hash := range map[string]string{"P-256": "-sha256", "P-384": "-sha384", "P-521": "-sha512"} {
		openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+curve, "-out", at("ec.pem"))
		openssl("pkey", "-in", at("ec.pem"), "-pubout", "-out", at("ec.pub.pem"))
		key, err := LoadPublicKey(at("ec.pub.pem"))
		if err != nil {
			t.Fatal(err)
		}
		sig := openssl("dgst", hash, "-sign", at("ec.pem"), at("text"))
		if !key.Verify(text, sig) || key.Verify(text[1:], sig) {
			t.Errorf("%s: openssl's signature is refused, or any accepted", curve)
		}
		if _, err := LoadPrivateKey(at("ec.pem")); err == nil || !strings.Contains(err.Error(), "no ed25519 key") {
			t.Errorf("an ECDSA key is taken to sign: %v", err)
		}
	}
	openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", at("rsa.pem"))
	openssl("pkey", "-in", at("rsa.pem"), "-pubout", "-out", at("rsa.pub.pem"))
	if _, err := LoadPublicKey(at("rsa.pub.pem")); err == nil || !strings.Contains(err.Error(), "ed25519 or ECDSA") {
		t.Errorf("an RSA key: %v", err)
	}
}
