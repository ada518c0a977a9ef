package envelope_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// Neither evidence nor call log has content, a key or a value of an encryption
// context, and of replies that carry content not even a digest.
func TestNothingSecretIsKept(t *testing.T) {
	s := newStore()
	k := key(t, s)
	secret := bytes.Repeat([]byte("Z"), 32)
	v3, _ := sealed(t, s, k.ARN, s3ec.SealOptions{})
	broken := *v3
	broken.meta = map[string]string{}
	for name, value := range v3.meta {
		broken.meta[name] = strings.Replace(value, `"tenant"`, `"tenant`, 1)
	}
	for name, o := range map[string]*stored{
		"plain": {body: []byte(strings.Repeat(bodyText, 9))}, "v3": v3, "broken": &broken, "flipped": flipped(v3, 9),
		"sdk": message(t, kmsRing(t, s, k.ARN)), "raw": message(t, rawRing(t)),
		"mine": {body: []byte(strings.Repeat(bodyText, 9)), secret: secret}, "theirs": {body: []byte(bodyText), secret: bytes.Repeat([]byte("Y"), 32)},
	} {
		s.put("records", name, o)
	}
	var mu sync.Mutex
	var log []awsapi.Call
	session := s.session(t, &awsapi.CallLog{Add: func(c awsapi.Call) { mu.Lock(); defer mu.Unlock(); log = append(log, c) }})
	sink := collect(t.Context(), t, session, envelope.Options{Keys: envelope.Keys{
		Rings: keyring.Multi{rawRing(t)}, Customer: []envelope.CustomerKey{{Prefix: "records/", Key: secret}}}})
	verified := 0
	for _, r := range sink.Resources {
		if f, ok := r.Facts.(envelope.ObjectFacts); ok && f.Proof != nil {
			verified += f.Proof.Verified
		}
	}
	if verified != 4 { // or there was nothing to keep
		t.Fatalf("%d verified", verified)
	}
	text, err := json.Marshal(sink)
	if err != nil {
		t.Fatal(err)
	}
	carried := map[string]bool{}
	for _, c := range log {
		text = append(append(text, c.Reply...), c.Error...)
		if c.Operation == "s3:GetObject" || c.Operation == "kms:Decrypt" {
			carried[c.Operation] = true
			if c.Status < 300 && (c.Digest != "" || c.Reply != nil) {
				t.Errorf("of a reply with content there is %+v", c)
			}
			if c.RequestID == "" || c.Status == 0 {
				t.Errorf("a call without its reply: %+v", c)
			}
		}
	}
	if len(carried) != 2 {
		t.Fatalf("no content was asked for: %v", carried)
	}
	for _, canary := range []string{"CANARY", bodyText, string(secret), base64.StdEncoding.EncodeToString(secret), base64.StdEncoding.EncodeToString([]byte(bodyText))[:30]} {
		if bytes.Contains(text, []byte(canary)) {
			at := bytes.Index(text, []byte(canary))
			t.Errorf("%q is kept: …%s…", canary, text[max(0, at-80):min(len(text), at+80)])
		}
	}
}
