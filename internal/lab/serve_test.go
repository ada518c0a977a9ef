package lab_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/sealaudit/sealaudit/internal/lab"
)

func TestServesTLSToThoseWhoTrustIt(t *testing.T) {
	l := lab.New(emptyAccount())
	url, certificate, stop, err := l.Serve("", true)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, err := http.Get(url); err == nil { //nolint:noctx // it must fail at once
		t.Error("a client that was not given the certificate trusts it")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificate) {
		t.Fatalf("no certificate: %s", certificate)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	reply, err := client.Get(url + "/_lab/clock") //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close() //nolint:errcheck // read
}

func TestServesThisMachineAlone(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "localhost:0", "127.0.0.1"} {
		if _, _, stop, err := lab.New(emptyAccount()).Serve(address, false); err == nil {
			stop()
			t.Errorf("it serves %s", address)
		}
	}
}

func TestControl(t *testing.T) {
	cfg, l := serve(t, emptyAccount())
	ask := func(method, path string, want int) []byte {
		t.Helper()
		req, err := http.NewRequestWithContext(context.Background(), method, *cfg.BaseEndpoint+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close() //nolint:errcheck // read
		body, _ := io.ReadAll(reply.Body)
		if reply.StatusCode != want {
			t.Errorf("%s %s: %d %s", method, path, reply.StatusCode, body)
		}
		return body
	}
	before := l.Now()
	ask("POST", "/_lab/clock?advance=24h", 200)
	if passed := l.Now().Sub(before); passed < 24*time.Hour || passed > 25*time.Hour {
		t.Errorf("%s passed, not a day", passed)
	}
	ask("POST", "/_lab/clock?advance=-1h", 400)
	ask("POST", "/_lab/clock", 400)
	ask("GET", "/_lab/nothing", 404)
	var store map[string][]byte
	if err := json.Unmarshal(ask("GET", "/_lab/store", 200), &store); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(ask("GET", "/_lab/clock", 200)), "now") {
		t.Error("no time")
	}
}

// Expired credentials are spelled as each protocol does (Common Errors of the
// API references).
func TestExpiredCredentials(t *testing.T) {
	cfg, _ := serve(t, emptyAccount(), lab.Fail("expired", "kms:ListKeys"), lab.Fail("vanished", "kinesis:DescribeStreamSummary"))
	refused(t, "kms", second(kms.NewFromConfig(cfg).ListKeys(context.Background(), &kms.ListKeysInput{})), "ExpiredTokenException", "")
	name := "gone"
	refused(t, "kinesis", second(kinesis.NewFromConfig(cfg).DescribeStreamSummary(context.Background(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})), "ResourceNotFoundException", "")
}
