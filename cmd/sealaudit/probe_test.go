package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// A scan changes nothing, with --prove as well; with --probe it changes what was
// named, and nothing else.
func TestOnlyProbesWrite(t *testing.T) {
	const stream, table = "arn:aws:kinesis:eu-west-1:111122223333:stream/demo-orders", "arn:aws:dynamodb:eu-west-1:111122223333:table/demo-sessions"
	for name, tt := range map[string]struct {
		args    []string
		changes []string // operation and resource, without the canary's name
	}{
		"a scan":  {nil, nil},
		"a proof": {[]string{"--prove", "--prove-sample", "2"}, nil},
		"probes": {[]string{"--probe", "s3://demo-sse-s3", "--probe", "arn:aws:s3:::demo-sse-s3", "--probe", stream, "--probe", table}, []string{
			"s3:PutObject arn:aws:s3:::demo-sse-s3/", "s3:DeleteObject arn:aws:s3:::demo-sse-s3/", "kinesis:PutRecord " + stream,
			"dynamodb:PutItem " + table, "dynamodb:DeleteItem " + table}},
	} {
		l := lab.New(demoAccount(t))
		url, stop, err := l.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("AWS_ACCESS_KEY_ID", demoKey)
		t.Setenv("AWS_SECRET_ACCESS_KEY", demoSecret)
		path := filepath.Join(t.TempDir(), "evidence.zip")
		var stdout, stderr bytes.Buffer
		args := append([]string{"collect", path, "-q", "--timeout", "8s", "--endpoint-url", url, "--region", "eu-west-1", "--service", "dynamodb,s3"}, tt.args...)
		if code := run(t.Context(), args, streams{out: &stdout, err: &stderr}); code != exitUnknown && code != exitPass {
			t.Errorf("%s: exit %d: %s", name, code, stderr.String())
		}
		stop()
		var got []string
		for _, c := range l.Mutations() {
			resource, _, _ := strings.Cut(c.Resource, "sealaudit-probe-")
			got = append(got, c.Operation+" "+resource)
		}
		if !slices.Equal(got, tt.changes) {
			t.Errorf("%s: changes %q", name, got)
		}
		b, err := collectors.OpenBundle(path)
		if err != nil {
			t.Fatal(err)
		}
		probed := b.Manifest.Probes
		_ = b.Close()
		if want := len(tt.changes) > 0; (len(probed) == 3) != want || strings.Count(stderr.String(), "probe: writing") != len(probed) {
			t.Errorf("%s: the manifest says %q, the command %q", name, probed, stderr.String())
		}
	}
}
