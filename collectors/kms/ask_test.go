package kms_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/kms"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// The region that answers for a key is the one in its ARN.
func TestResolveAsksTheKeysRegion(t *testing.T) {
	srv := awsapitest.Serve(t, resolving(t))
	kms.NewKeys(srv.Session(t)).Resolve(t.Context(), awsapitest.Scope(), usARN, "", at)
	if got := srv.Requests("kms:DescribeKey")[0].Region; got != "us-east-1" {
		t.Errorf("asked in %s", got)
	}
}

// However many ask, and however they name it, a key is asked for once.
func TestResolveAsksOnce(t *testing.T) {
	srv := awsapitest.Serve(t, resolving(t))
	keys := kms.NewKeys(srv.Session(t))
	var wg sync.WaitGroup
	for i := range 60 {
		id := []string{keyID, keyARN, "alias/data"}[i%3]
		wg.Go(func() {
			key, gaps := keys.Resolve(t.Context(), awsapitest.Scope(), id, "", at)
			if key.State != "Enabled" || len(gaps) > 0 {
				t.Errorf("%s: %+v, gaps %+v", id, key, gaps)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"kms:DescribeKey", "kms:ListAliases", "kms:ListAliases"}, srv.Calls()); diff != "" {
		t.Error(diff)
	}
}

// An asker that gives up takes nobody with him: who asked after him and has
// time still gets the answer.
func TestResolveOutlivesAnAsker(t *testing.T) {
	answers := resolving(t)
	asked := make(chan struct{}, 8)
	release := make(chan struct{})
	answers["kms:DescribeKey"] = func(awsapitest.Request) awsapitest.Reply {
		asked <- struct{}{}
		<-release
		return metadata(keyARN, nil)
	}
	srv := awsapitest.Serve(t, answers)
	keys := kms.NewKeys(srv.Session(t))
	hurried, giveUp := context.WithCancel(t.Context())
	ended := make(chan []collectors.Gap)
	go func() {
		_, gaps := keys.Resolve(hurried, awsapitest.Scope(), keyID, "", at)
		ended <- gaps
	}()
	<-asked
	impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, gaps := keys.Resolve(impatient, awsapitest.Scope(), keyID, "", at); len(gaps) != 1 || gaps[0].Reason != collectors.TimedOut {
		t.Errorf("who waits no longer: %+v", gaps)
	}
	giveUp()
	if gaps := <-ended; len(gaps) != 1 || gaps[0].Reason != collectors.TimedOut {
		t.Errorf("who gave up: %+v", gaps)
	}
	close(release)
	if key, gaps := keys.Resolve(t.Context(), awsapitest.Scope(), keyID, "", at); len(gaps) > 0 || key.State != "Enabled" {
		t.Errorf("who has time: %+v, gaps %+v", key, gaps)
	}
}

// A refusal is an answer, and is kept.
func TestResolveKeepsRefusals(t *testing.T) {
	srv := awsapitest.Serve(t, resolving(t))
	keys := kms.NewKeys(srv.Session(t))
	for range 3 {
		keys.Resolve(t.Context(), awsapitest.Scope(), "arn:aws:kms:eu-west-1:777788889999:key/secret", "", at)
	}
	if got := len(srv.Requests("kms:DescribeKey")); got != 1 {
		t.Errorf("asked %d times", got)
	}
}
