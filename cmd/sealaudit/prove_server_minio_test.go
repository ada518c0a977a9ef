//go:build emulator

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	minioUser, minioSecret = "minio-test-user", "minio-test-secret"
	minioRegion            = "us-east-1"
	minioKey               = "proof-key" // of its static KMS
)

// minio is a running server.
type minio struct {
	url         string
	certificate string // file
	data        string // folder of what it stores
}

func base64Text(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// startMinIO starts the server that SEALAUDIT_MINIO is the program of, with a
// certificate for 127.0.0.1, and ends it with the test.
func startMinIO(t *testing.T) minio {
	t.Helper()
	program := os.Getenv("SEALAUDIT_MINIO")
	if program == "" {
		t.Fatal("SEALAUDIT_MINIO is not set; run .ci/run emulator")
	}
	dir := t.TempDir()
	m := minio{certificate: filepath.Join(dir, "certs", "public.crt"), data: filepath.Join(dir, "data")}
	roots := writeCertificate(t, m.certificate, filepath.Join(dir, "certs", "private.key"))
	address := freeAddress(t)
	m.url = "https://" + address
	master := make([]byte, 32)
	_, _ = rand.Read(master)                                                                                                                      // never fails
	c := exec.CommandContext(t.Context(), program, "server", "--quiet", "--address", address, "--certs-dir", filepath.Join(dir, "certs"), m.data) //nolint:gosec // of the test's caller
	c.Env = append(os.Environ(), "MINIO_ROOT_USER="+minioUser, "MINIO_ROOT_PASSWORD="+minioSecret, "MINIO_BROWSER=off", "MINIO_UPDATE=off",
		"MINIO_KMS_SECRET_KEY="+minioKey+":"+base64Text(master), "HOME="+dir)
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // it is killed, or the log says why it ended
		close(ended)
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended
		<-ended
	})
	if !ready(t, m.url+"/minio/health/ready", roots, ended) {
		_ = c.Process.Kill()
		<-ended
		t.Fatalf("MinIO does not come up\n%s", log.String())
	}
	return m
}

// ready waits until the server answers, or has ended.
func ready(t *testing.T, url string, roots *x509.CertPool, ended <-chan struct{}) bool {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	for range 300 {
		if out, err := client.Get(url); err == nil {
			_ = out.Body.Close() // unread
			if out.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-ended:
			return false
		case <-time.After(200 * time.Millisecond):
		}
	}
	return false
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it only found a port
	return l.Addr().String()
}

// writeCertificate writes a self-signed certificate for 127.0.0.1 and its key.
func writeCertificate(t *testing.T, certificate, private string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	sheet := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, sheet, sheet, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(certificate), 0o700); err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, content := range map[string][]byte{certificate: text, private: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return roots
}
