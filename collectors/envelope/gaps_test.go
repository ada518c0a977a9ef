package envelope_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// answer is a fault that answers some requests.
func answer(method string, status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method {
			return false
		}
		refuse(w, r, status, code, message)
		return true
	}
}

// cbc is an object of format V1: AES-CBC, its key wrapped with AES-ECB.
func cbc(t *testing.T, wrapping []byte) *stored {
	t.Helper()
	key, iv := bytes.Repeat([]byte("d"), 32), bytes.Repeat([]byte("i"), 16)
	pad := func(b []byte) []byte { return append(b, bytes.Repeat([]byte{byte(16 - len(b)%16)}, 16-len(b)%16)...) }
	block, err := aes.NewCipher(wrapping)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := pad(bytes.Clone(key))
	for i := 0; i < len(wrapped); i += 16 {
		block.Encrypt(wrapped[i:], wrapped[i:])
	}
	if block, err = aes.NewCipher(key); err != nil {
		t.Fatal(err)
	}
	body := pad([]byte(strings.Repeat(bodyText, 10)))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(body, body)
	return &stored{body: body, meta: map[string]string{"x-amz-key": base64.StdEncoding.EncodeToString(wrapped),
		"x-amz-iv": base64.StdEncoding.EncodeToString(iv), "x-amz-matdesc": "{}"}}
}

// Whatever could not be read is a gap with its reason, where it belongs, and
// never a verdict.
func TestGaps(t *testing.T) {
	const all = "facts.server_side facts.client_side facts.proof"
	const content = "facts.client_side facts.proof"
	noKMS := "User: x is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"
	for _, tc := range []struct {
		name       string
		change     func(t *testing.T, o *stored, s *store)
		attributes string
		reason     collectors.Reason
		permission string
		says       string
	}{
		{"headers denied", func(_ *testing.T, o *stored, _ *store) { o.fault = answer(http.MethodHead, 403, "", "") },
			all, collectors.Denied, "s3:GetObject", "permissions --prove"},
		{"gone", func(_ *testing.T, o *stored, _ *store) { o.fault = answer(http.MethodHead, 404, "", "") },
			all, collectors.Vanished, "", "deleted"},
		{"an endpoint without objects", func(_ *testing.T, o *stored, _ *store) { o.fault = answer(http.MethodHead, 501, "", "") },
			all, collectors.Unsupported, "", ""},
		{"first bytes denied", func(_ *testing.T, o *stored, _ *store) {
			o.fault = answer(http.MethodGet, 403, "AccessDenied", "Access Denied")
		},
			content, collectors.Denied, "s3:GetObject", ""},
		{"the bucket's key denied", func(_ *testing.T, o *stored, _ *store) { o.fault = answer(http.MethodGet, 403, "AccessDenied", noKMS) },
			content, collectors.Denied, "kms:Decrypt", "kms:Decrypt"},
		{"the bucket's key disabled", func(_ *testing.T, o *stored, _ *store) {
			o.fault = answer(http.MethodGet, 400, "KMS.DisabledException", "arn:aws:kms:x:key/y is disabled.")
		}, content, collectors.Denied, "", "enable it"},
		{"the bucket's key gone", func(_ *testing.T, o *stored, _ *store) {
			o.fault = answer(http.MethodGet, 400, "KMS.NotFoundException", "Key does not exist")
		}, content, collectors.Denied, "", "lost"},
		{"archived", func(_ *testing.T, o *stored, _ *store) {
			o.fault = answer(http.MethodGet, 403, "InvalidObjectState", "The operation is not valid for the object's storage class")
		}, content, collectors.OutOfScope, "", "restore"},
		{"overwritten", func(_ *testing.T, o *stored, _ *store) {
			stale := answer(http.MethodGet, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
			o.fault = func(w http.ResponseWriter, r *http.Request) bool {
				return r.Header.Get("If-Match") == `"etag"` && stale(w, r)
			}
		}, content, collectors.Transition, "", "overwritten"},
		{"first bytes cut off", func(_ *testing.T, o *stored, _ *store) {
			o.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodGet {
					w.Header().Set("Content-Length", "16")
					fmt.Fprint(w, "four")
				}
				return r.Method == http.MethodGet
			}
		}, content, collectors.Failed, "", ""},
		{"instruction file denied", func(t *testing.T, o *stored, s *store) {
			sealed, _ := sealed(t, s, key(t, s).ARN, s3ec.SealOptions{Instruction: true})
			*o = *sealed
			s.put("records", "o"+s3ec.InstructionSuffix, &stored{fault: answer(http.MethodGet, 403, "AccessDenied", "Access Denied")})
		}, content, collectors.Denied, "s3:GetObject", ""},
		{"key denied", func(t *testing.T, o *stored, s *store) {
			sealed, _ := sealed(t, s, key(t, s).ARN, s3ec.SealOptions{})
			*o = *sealed
			s.fault = func(w http.ResponseWriter, _ *http.Request, operation string) bool {
				if operation == "Decrypt" {
					w.WriteHeader(400)
					fmt.Fprint(w, `{"__type":"AccessDeniedException","message":"User: x is not authorized to perform: kms:Decrypt"}`)
				}
				return operation == "Decrypt"
			}
		}, "facts.proof", collectors.Denied, "kms:Decrypt", "--prove"},
		{"key in no region", func(t *testing.T, o *stored, s *store) {
			hostile, err := s.keys.CreateKey(kmsKeySpec("arn:aws:kms:evil.example:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"))
			if err != nil {
				t.Fatal(err)
			}
			*o = *message(t, kmsRing(t, s, hostile.ARN))
		}, "facts.proof", collectors.OutOfScope, "", ""},
		{"body denied", func(t *testing.T, o *stored, s *store) {
			sealed, _ := sealed(t, s, key(t, s).ARN, s3ec.SealOptions{})
			*o = *sealed
			o.fault = answer(http.MethodGet, 403, "AccessDenied", "Access Denied")
		}, "facts.proof", collectors.Denied, "s3:GetObject", ""},
		{"body cut off", func(t *testing.T, o *stored, s *store) {
			sealed, _ := sealed(t, s, key(t, s).ARN, s3ec.SealOptions{})
			*o = *sealed
			o.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodGet {
					w.Header().Set("Content-Length", fmt.Sprint(len(o.body)))
					_, _ = w.Write(o.body[:len(o.body)/2])
				}
				return r.Method == http.MethodGet
			}
		}, "facts.proof", collectors.Failed, "", ""},
		{"too long", func(t *testing.T, o *stored, s *store) {
			sealed, _ := sealed(t, s, key(t, s).ARN, s3ec.SealOptions{})
			*o = *sealed
			o.body = append(o.body, make([]byte, sampling.MaxBytes)...)
		}, "facts.proof", collectors.OutOfScope, "", "--prove-max-bytes"},
		{"too long a message", func(t *testing.T, o *stored, s *store) {
			*o = *message(t, kmsRing(t, s, key(t, s).ARN))
			o.body = append(o.body, make([]byte, sampling.MaxBytes)...)
		}, "facts.proof", collectors.OutOfScope, "", "--prove-max-bytes"},
		{"nothing authenticates it", func(t *testing.T, o *stored, _ *store) { *o = *cbc(t, bytes.Repeat([]byte("k"), 32)) },
			"facts.proof", collectors.Unmodelled, "", "AES-CBC"},
		{"no key for it", func(t *testing.T, o *stored, _ *store) { *o = *cbc(t, bytes.Repeat([]byte("k"), 32)) },
			"facts.proof", collectors.OutOfScope, "", "--prove-keyring"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStore()
			o := &stored{body: []byte(strings.Repeat(bodyText, 10)), headers: map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}}
			s.put("records", "o", o)
			tc.change(t, o, s)
			options := envelope.Options{}
			if tc.name != "no key for it" {
				options.Keys.S3.AES = [][]byte{bytes.Repeat([]byte("k"), 32)}
			}
			r, f := cohort(t, objects(t, s, options), "o")
			if len(r.Gaps) != 1 {
				t.Fatalf("gaps %+v, %+v", r.Gaps, f)
			}
			g := r.Gaps[0]
			if strings.Join(g.Attributes, " ") != tc.attributes || g.Reason != tc.reason || g.Permission != tc.permission {
				t.Errorf("gap %+v", g)
			}
			if g.Detail == "" || g.Remedy == "" || !strings.Contains(g.Detail+g.Remedy, tc.says) {
				t.Errorf("it says %q %q", g.Detail, g.Remedy)
			}
			if f.Proof != nil && f.Proof.Unknown != 1 || f.Proof == nil && tc.attributes == "facts.proof" {
				t.Errorf("proof %+v", f.Proof)
			}
			if strings.Contains(tc.attributes, "client_side") && f.ClientSide != nil || tc.attributes == all && f.ServerSide != nil {
				t.Errorf("what was not read is a fact: %+v", f)
			}
		})
	}
}

func TestTooLongAMessageKeepsItsClaims(t *testing.T) {
	s := newStore()
	k := key(t, s)
	o := message(t, kmsRing(t, s, k.ARN))
	o.body = append(o.body, make([]byte, sampling.MaxBytes)...)
	s.put("records", "o", o)
	_, f := cohort(t, objects(t, s, envelope.Options{}), "o")
	if f.ClientSide.Format != "esdk-v2" || !slices.Contains(f.ClientSide.Keys, k.ARN) || !slices.Contains(f.ClientSide.Context, "tenant") {
		t.Errorf("%+v", f.ClientSide)
	}
	if slices.Contains(s.calls, "Decrypt") {
		t.Error("KMS was asked")
	}
}

// only is the one row that there is.
func only(t *testing.T, sink *awsapitest.Sink) (collectors.Resource, envelope.ObjectFacts) {
	t.Helper()
	if len(sink.Resources) != 1 {
		t.Fatalf("%d rows", len(sink.Resources))
	}
	f, _ := sink.Resources[0].Facts.(envelope.ObjectFacts)
	return sink.Resources[0], f
}

// A bucket that can't be listed, or not to its end, says so.
func TestListings(t *testing.T) {
	deny := func(operation string, after int) func(http.ResponseWriter, *http.Request, string) bool {
		n := 0
		return func(w http.ResponseWriter, r *http.Request, got string) bool {
			if got != operation {
				return false
			}
			if n++; n <= after {
				return false
			}
			refuse(w, r, 403, "AccessDenied", "Access Denied")
			return true
		}
	}
	small := func() *store {
		s := newStore()
		for i := range 30 {
			s.put("records", fmt.Sprintf("k%02d", i), &stored{body: []byte("x")})
		}
		s.page = 10
		return s
	}
	t.Run("whole", func(t *testing.T) {
		_, f := only(t, objects(t, small(), envelope.Options{}))
		if f.Count != 30 || !f.Sampling.Complete || f.Sampling.Population != 30 || f.Sampling.Share != 1 {
			t.Errorf("%+v %+v", f, f.Sampling)
		}
	})
	t.Run("denied", func(t *testing.T) {
		s := small()
		s.fault = deny("ListObjectsV2", 0)
		sink := objects(t, s, envelope.Options{})
		r := sink.Find(t, "arn:aws:s3:::records/*")
		if len(sink.Resources) != 1 || r.Name != "records · not sampled" || r.Gaps[0].Attributes[0] != "facts" || r.Gaps[0].Permission != "s3:ListBucket" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("broken off", func(t *testing.T) {
		s := small()
		s.fault = deny("ListObjectsV2", 2)
		r, f := only(t, objects(t, s, envelope.Options{}))
		if f.Count != 20 || f.Sampling.Complete || f.Sampling.Population != 20 || !strings.Contains(f.Sampling.Method, "the first 20 keys") {
			t.Errorf("%+v %+v", f, f.Sampling)
		}
		if len(r.Gaps) != 1 || r.Gaps[0].Attributes[0] != "facts.sampling.complete" || r.Gaps[0].Permission != "s3:ListBucket" {
			t.Errorf("gaps %+v", r.Gaps)
		}
	})
	t.Run("at its limit", func(t *testing.T) {
		s := small()
		r, f := only(t, objects(t, s, envelope.Options{Sampling: collectors.Sampling{Size: 50, List: 15, MaxBytes: 1}}))
		if f.Count != 15 || f.Sampling.Complete || f.Sampling.Population != 15 || len(r.Gaps) != 0 || f.Sampling.ShareLow == f.Sampling.Share {
			t.Errorf("%+v %+v %+v", f, f.Sampling, r.Gaps)
		}
	})
	t.Run("no listing", func(t *testing.T) {
		s := small()
		s.fault = func(w http.ResponseWriter, _ *http.Request, operation string) bool {
			if operation == "ListObjectsV2" {
				fmt.Fprint(w, "<html>Welcome</html>")
			}
			return operation == "ListObjectsV2"
		}
		if r := objects(t, s, envelope.Options{}).Find(t, "arn:aws:s3:::records/*"); r.Gaps[0].Reason != collectors.Failed {
			t.Errorf("a web page is an empty bucket: %+v", r)
		}
	})
	t.Run("no buckets", func(t *testing.T) {
		s := small()
		s.fault = deny("ListBuckets", 0)
		gap := objects(t, s, envelope.Options{}).Gaps["AWS::S3::Object "+region]
		if gap == nil || gap.Permission != "s3:ListAllMyBuckets" {
			t.Errorf("gap %+v", gap)
		}
	})
	t.Run("no place", func(t *testing.T) {
		s := small()
		s.regions["records"] = "-"
		s.fault = deny("GetBucketLocation", 0)
		r := objects(t, s, envelope.Options{}).Find(t, "arn:aws:s3:::records/*")
		if r.Scope.Region != "" || r.Gaps[0].Permission != "s3:GetBucketLocation" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		s := small()
		s.regions["records"] = "ap-southeast-2"
		if sink := objects(t, s, envelope.Options{}); len(sink.Resources) != 0 {
			t.Errorf("%+v", sink.Resources)
		}
	})
}

// What was read before an interruption stays, the rest is a gap.
func TestInterrupted(t *testing.T) {
	s := newStore()
	for i := range 200 {
		s.put("records", fmt.Sprintf("k%03d", i), &stored{body: []byte("x")})
	}
	ctx, cancel := context.WithCancel(t.Context())
	heads := 0
	s.fault = func(_ http.ResponseWriter, r *http.Request, operation string) bool {
		if operation == "HeadObject" {
			s.mu.Lock()
			defer s.mu.Unlock()
			if heads++; heads == 60 {
				cancel()
				<-r.Context().Done()
			}
		}
		return false
	}
	sink := collect(ctx, t, s.session(t, nil), envelope.Options{Sampling: collectors.Sampling{Size: 200, List: 1000}})
	read, unread := 0, 0
	for _, r := range sink.Resources {
		f := r.Facts.(envelope.ObjectFacts)
		switch {
		case f.ServerSide != nil:
			read += f.Count
		case r.Gaps[0].Reason == collectors.TimedOut && r.Name == "records · not read":
			unread += f.Count
		}
	}
	if read == 0 || unread == 0 || read+unread != 200 {
		t.Errorf("%d read, %d unread, %+v", read, unread, sink.Resources)
	}
}

// A throttle that lasts is told from a deadline that passes.
func TestThrottled(t *testing.T) {
	s := newStore()
	s.put("records", "o", &stored{body: []byte("x"), fault: answer(http.MethodHead, 429, "", "")})
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	r, _ := cohort(t, collect(ctx, t, s.session(t, nil), envelope.Options{}), "o")
	if r.Gaps[0].Reason != collectors.Throttled {
		t.Errorf("%+v", r.Gaps)
	}
}
