package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"time"
)

// Start serves on a free loopback port until stop is called, which cuts open
// connections.
func (l *Lab) Start() (url string, stop func(), err error) {
	url, _, stop, err = l.Serve("", false)
	return url, stop, err
}

// Serve serves on a loopback address, "" for a free port, until stop is
// called. Over TLS it has a certificate of its own, which clients must be
// given: PEM, for AWS_CA_BUNDLE. S3 takes customer-provided keys over TLS only.
func (l *Lab) Serve(address string, overTLS bool) (url string, certificate []byte, stop func(), err error) {
	scheme, config := "http://", (*tls.Config)(nil)
	if overTLS {
		cert, text, err := selfSigned()
		if err != nil {
			return "", nil, nil, err
		}
		scheme, certificate, config = "https://", text, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	listener, stop, err := l.listen(firstOf(address, "127.0.0.1:0"), config)
	if err != nil {
		return "", nil, nil, err
	}
	return scheme + listener.Addr().String(), certificate, stop, nil
}

func (l *Lab) listen(address string, config *tls.Config) (net.Listener, func(), error) {
	if err := l.seed(); err != nil {
		return nil, nil, err
	}
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, nil, fmt.Errorf("serving the embedded account on %q: it is for this machine alone; take a loopback address with a port, such as 127.0.0.1:4566", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("opening a loopback port for the embedded account: %w; check that programs may listen on %s", err, address)
	}
	server := &http.Server{Handler: l, ReadHeaderTimeout: 10 * time.Second, TLSConfig: config}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if config != nil {
			_ = server.ServeTLS(listener, "", "") // ends with ErrServerClosed
			return
		}
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	return listener, func() {
		_ = server.Close()
		<-done
	}, nil
}

// selfSigned makes a certificate for this machine's loopback addresses.
func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making the embedded account's certificate: %w; try again", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "sealaudit embedded account"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making the embedded account's certificate: %w; try again", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
