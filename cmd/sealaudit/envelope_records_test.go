package main

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// Published records of Database Activity Streams, under a given data key.
func TestEnvelopeActivityRecords(t *testing.T) {
	vectors := filepath.Join(vectorFiles(t), "kinesis-generated")
	e := newEnvelopes(t)
	var all struct {
		Vectors []struct {
			Data   string `json:"kinesis_record_data"`
			Key    []byte `json:"kms_plaintext_data_key_b64"`
			Expect string `json:"expect"`
			Plain  string `json:"plaintext_json"`
		}
	}
	readVectors(t, filepath.Join(vectors, "database-activity-streams.json"), &all)
	opened, refused := 0, 0
	for _, v := range all.Vectors {
		file := e.put("record", []byte(v.Data))
		key := "data-key:" + e.put("key", v.Key)
		if v.Expect == "ok" {
			opened++
			out := e.wants(exitPass, "verify", file, "--keyring", key)
			if !strings.Contains(out, "Database Activity Stream record") || !strings.Contains(out, "compression") {
				t.Error(out)
			}
			e.wants(exitPass, "inspect", file)
			e.opens([]byte(v.Plain), file, "--keyring", key)
		} else {
			refused++
			e.wants(exitFail, "verify", file, "--keyring", key)
			e.opens(nil, file, "--keyring", key)
		}
		if v.Expect == "ok" {
			e.wants(exitUnknown, "verify", file)
		}
	}
	if opened != 3 || refused != 5 {
		t.Errorf("%d opened and %d refused; want 3 and 5", opened, refused)
	}
}

// Published aggregates of the Kinesis Producer Library.
func TestEnvelopeAggregates(t *testing.T) {
	vectors := filepath.Join(vectorFiles(t), "kinesis-generated")
	e := newEnvelopes(t)
	var all struct {
		Vectors []struct {
			Name   string
			Record string `json:"kinesis_record_hex"`
			User   []struct {
				Plain string `json:"plaintext"`
			} `json:"user_records"`
			Key []byte `json:"aes_key_b64"`
		}
	}
	readVectors(t, filepath.Join(vectors, "kpl-aggregated.json"), &all)
	for _, v := range all.Vectors {
		b, err := hex.DecodeString(v.Record)
		if err != nil {
			t.Fatal(err)
		}
		file := e.put(v.Name, b)
		switch {
		case v.Name == "kpl-bad-md5":
			if out := e.wants(exitNothing, "inspect", file); !strings.Contains(out, "MD5 is another") {
				t.Error(out)
			}
		case len(v.User) == 0:
			if out := e.wants(exitUnknown, "verify", file); !strings.Contains(out, "nothing that AWS's clients encrypt") {
				t.Error(out)
			}
			e.wants(exitPass, "inspect", file)
		default:
			spec := "raw-aes:ns:name=" + e.put("key", v.Key)
			out := e.wants(exitPass, "verify", file, file, "--keyring", spec)
			if !strings.Contains(out, "record 3: body") || !strings.Contains(out, "duplicate-data-key") || strings.Count(out, "duplicate-data-key") != 1 {
				t.Errorf("the second reading is of the same keys\n%s", out)
			}
			plain := filepath.Join(e.dir, "plain.json")
			e.wants(exitPass, "open", file, "-o", plain, "--keyring", spec)
			text, err := os.ReadFile(plain)
			var got struct {
				Records []struct {
					PartitionKey string
					Data         []byte
				}
			}
			if err != nil || json.Unmarshal(text, &got) != nil || len(got.Records) != len(v.User) || string(got.Records[0].Data) != v.User[0].Plain || got.Records[0].PartitionKey == "" {
				t.Errorf("%s %v", text, err)
			}
			// Changed, it is no aggregate; with an MD5 that fits, it is refuted.
			changed := flipped(b, 200)
			e.wants(exitUnknown, "verify", e.put("changed", changed), file, "--keyring", spec)
			sum := md5.Sum(changed[4 : len(changed)-md5.Size])
			copy(changed[len(changed)-md5.Size:], sum[:])
			e.wants(exitFail, "verify", e.put("changed", changed), file, "--keyring", spec)
			e.opens(nil, filepath.Join(e.dir, "changed"), "--keyring", spec)
		}
	}
}

// A bare ciphertext of KMS is what it says, and only KMS tells more.
func TestEnvelopeBlobs(t *testing.T) {
	e := newEnvelopes(t)
	s := kms.New(kms.Config{})
	key, err := s.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	_, blob, err := s.GenerateDataKey(t.Context(), key.ARN, 24, map[string]string{"tenant": "blue"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(e.dir, "kms.json")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	spec := "kms-file:" + path
	file := e.put("blob", blob)
	out := e.wants(exitPass, "inspect", file, e.put("text", []byte(base64.StdEncoding.EncodeToString(blob)+"\n")))
	if strings.Count(out, "24 bytes") < 2 || !strings.Contains(out, hex.EncodeToString(blob[5:37])) || !strings.Contains(out, "AWS KMS ciphertext") {
		t.Error(out)
	}
	e.wants(exitPass, "verify", file, "--keyring", spec, "--context", "tenant=blue")
	e.wants(exitFail, "verify", file, "--keyring", spec, "--context", "tenant=red")
	if out := e.wants(exitUnknown, "verify", file, "--keyring", spec); !strings.Contains(out, "--context") {
		t.Error(out)
	}
	e.wants(exitUnknown, "verify", file)
	// A given data key proves nothing about a ciphertext of KMS.
	e.wants(exitUnknown, "verify", file, "--keyring", "data-key:"+e.put("key", make([]byte, 24)))
	e.opens(nil, file, "--keyring", spec, "--context", "tenant=blue")
}

// Messages under RSA and elliptic-curve keys of a kms-file open without naming
// the key, and a disabled one leaves them unknown.
func TestEnvelopeKMSPairs(t *testing.T) {
	e := newEnvelopes(t)
	s := kms.New(kms.Config{})
	path := filepath.Join(e.dir, "kms.json")
	spec := "kms-file:" + path
	files := map[string]string{}
	for _, kind := range []kms.Spec{kms.RSA2048, kms.P256, kms.P384} {
		k, err := s.CreateKey(kms.KeySpec{Spec: kind})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(path); err != nil {
			t.Fatal(err)
		}
		keys, err := (&keyFlags{keyrings: []string{spec}, kmsKey: k.ARN}).load()
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.settle(); err != nil {
			t.Fatal(err)
		}
		trial, err := (&trialFlags{format: "esdk", suite: "0478"}).trial(t.Context(), keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		files[k.ARN] = e.put("message-"+string(kind), trial.parts[0].bytes)
	}
	for _, file := range files {
		e.wants(exitPass, "verify", file, "--keyring", spec)
	}
	// Under SHA-1, which the message does not say, it is named.
	var rsaKey string
	for arn := range files {
		if k, _ := s.Describe(arn); k.Spec == kms.RSA2048 {
			rsaKey = arn
		}
	}
	ring, err := keyring.NewKMSRSA(t.Context(), s, rsaKey, kms.OAEPSHA1)
	if err != nil {
		t.Fatal(err)
	}
	keys := &envelopeKeys{ring: keyring.Multi{ring}}
	trial, err := (&trialFlags{format: "esdk", suite: "0478"}).trial(t.Context(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out := e.wants(exitPass, "verify", e.put("sha1", trial.parts[0].bytes), "--keyring", spec); !strings.Contains(out, "sha1-wrap") {
		t.Error(out)
	}
	for arn, file := range files {
		if err := s.DisableKey(arn); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(path); err != nil {
			t.Fatal(err)
		}
		if out := e.wants(exitUnknown, "verify", file, "--keyring", spec); !strings.Contains(out, "DisabledException") {
			t.Error(out)
		}
	}
	if _, err := (kmsPairs{s, ""}).Unwrap(t.Context(), envelope.EncryptedDataKey{Provider: "aws-kms"}, nil); envelope.Says(err) != envelope.Unknown {
		t.Error(err)
	}
}

// Two items of a run that share what wraps their data key are named.
func TestEnvelopeSharedItemKeys(t *testing.T) {
	e := newEnvelopes(t)
	trial, err := func() (*trial, error) {
		keys := &envelopeKeys{}
		if err := keys.settle(); err != nil {
			return nil, err
		}
		return (&trialFlags{format: "ddb"}).trial(t.Context(), keys, nil)
	}()
	if err != nil {
		t.Fatal(err)
	}
	it := map[string]map[string][]byte{}
	for _, p := range trial.parts {
		if p.name == "aws_dbe_head" || p.name == "aws_dbe_foot" {
			it[p.name] = map[string][]byte{"B": bytes.Clone(p.bytes)}
		}
	}
	one, _ := json.Marshal(it)
	it["aws_dbe_foot"]["B"][0] ^= 1
	two, _ := json.Marshal(it)
	out := e.wants(exitFail, "inspect", e.put("one", one), e.put("copy", one), e.put("two", two))
	if strings.Count(out, "duplicate-data-key") != 1 || strings.Count(out, "duplicate-iv") != 1 {
		t.Error(out)
	}
}
