package dsse

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

const (
	privateBlock = "PRIVATE KEY" // PKCS#8, RFC 5958
	publicBlock  = "PUBLIC KEY"  // SubjectPublicKeyInfo, RFC 5280 section 4.1
	maxKeyFile   = 64 << 10      // bytes
)

// GenerateKey makes an ed25519 key and writes it to two new files: the private
// key as PKCS#8 (RFC 8410, section 7) for the owner's eyes only, and the public
// key. Neither may be there.
func GenerateKey(private, public string) (PublicKey, error) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return PublicKey{}, fmt.Errorf("making a key: %w", err)
	}
	defer clear(key)
	id, err := newPublicKey(pub)
	if err != nil {
		return id, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return id, fmt.Errorf("encoding the key: %w", err)
	}
	defer clear(secret)
	open, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return id, fmt.Errorf("encoding the public key: %w", err)
	}
	if err := writeNew(private, 0o600, privateBlock, secret); err != nil {
		return id, err
	}
	if err := writeNew(public, 0o644, publicBlock, open); err != nil {
		_ = os.Remove(private) // it is ours, and of use to nobody
		return id, err
	}
	return id, nil
}

func writeNew(path string, mode fs.FileMode, block string, der []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and a key is never overwritten; choose another name", path)
	}
	if err != nil {
		return fmt.Errorf("writing a key: %w; check that the directory exists and may be written", err)
	}
	if err := errors.Join(pem.Encode(f, &pem.Block{Type: block, Bytes: der}), f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("writing the key %s: %w", path, err)
	}
	return nil
}

// LoadPrivateKey reads an ed25519 key from a PEM file as GenerateKey or openssl
// genpkey -algorithm ed25519 writes it. A file that everybody may read, or
// others may write, is refused. One that its group may read is not: a secret
// mounted into a pod has that mode (0440), and no other can be had there.
func LoadPrivateKey(path string) (PrivateKey, error) {
	block, mode, err := load(path)
	if err != nil {
		return PrivateKey{}, err
	}
	defer clear(block.Bytes)
	open := mode.IsRegular() && mode.Perm()&0o027 != 0 && runtime.GOOS != "windows" // which has no such rights
	switch {
	case block.Type == publicBlock:
		return PrivateKey{}, fmt.Errorf("%s is a public key; sign with the private one", path)
	case open:
		return PrivateKey{}, fmt.Errorf("the key %s may be read or changed by others (mode %04o); chmod 600 it, and make a new one if others could have read it", path, mode.Perm())
	case block.Type != privateBlock: // which is the file's text, and not shown
		return PrivateKey{}, fmt.Errorf("%s is no unencrypted PKCS#8 key (PEM, PRIVATE KEY); a key that is kept otherwise signs through a command", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil { // which may quote the key
		return PrivateKey{}, fmt.Errorf("%s is damaged: it is not PKCS#8; make a key with sealaudit evidence keygen", path)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return PrivateKey{}, fmt.Errorf("%s is no ed25519 key; make one with sealaudit evidence keygen, or sign through a command", path)
	}
	public, err := newPublicKey(key.Public())
	return PrivateKey{Public: public, key: key}, err
}

// LoadPublicKey reads a public key from a PEM file as GenerateKey or openssl
// pkey -pubout writes it.
func LoadPublicKey(path string) (PublicKey, error) {
	block, _, err := load(path)
	if err != nil {
		return PublicKey{}, err
	}
	if block.Type != publicBlock {
		clear(block.Bytes)
		return PublicKey{}, fmt.Errorf("%s is no public key (PEM, PUBLIC KEY); openssl pkey -in KEY -pubout makes one of a private key", path)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return PublicKey{}, fmt.Errorf("%s is damaged: it is not a SubjectPublicKeyInfo; take another copy", path)
	}
	key, err := newPublicKey(parsed)
	if err != nil {
		return key, fmt.Errorf("%s can't verify: %w", path, err)
	}
	return key, nil
}

// load reads the one PEM block of a file, and the file's mode.
func load(path string) (*pem.Block, fs.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the key: %w", err)
	}
	defer f.Close() //nolint:errcheck // reading
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("reading the key: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	defer clear(text)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the key: %w", err)
	}
	block, rest := pem.Decode(text)
	if len(text) > maxKeyFile || block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, 0, fmt.Errorf("%s is not one key in PEM", path)
	}
	return block, info.Mode(), nil
}
