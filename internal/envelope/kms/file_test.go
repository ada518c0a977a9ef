package kms

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// full is a service with every kind of key, and a blob under the rotated one.
func full(t testing.TB) (*Service, []byte) {
	t.Helper()
	s := New(Config{Region: "eu-central-1", Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }})
	var err error
	check := func(e error) { err = errors.Join(err, e) }
	key := func(spec KeySpec) string {
		k, e := s.CreateKey(spec)
		check(e)
		return k.ARN
	}
	plain := key(KeySpec{ARN: "arn:aws:kms:eu-central-1:000000000000:key/plain"})
	_, blob, e := s.GenerateDataKey(context.Background(), plain, 32, map[string]string{"a": "b"})
	check(e)
	check(s.RotateKey(plain))
	check(s.CreateAlias("alias/app", plain))
	primary := key(KeySpec{MultiRegion: true})
	_, e = s.ReplicateKey(primary, "us-west-2")
	check(e)
	key(KeySpec{External: true})
	imported := key(KeySpec{External: true})
	check(s.ImportKeyMaterial(imported, bytes.Repeat([]byte{1}, 32)))
	gone := key(KeySpec{External: true})
	check(s.ImportKeyMaterial(gone, bytes.Repeat([]byte{2}, 32)))
	check(s.DeleteImportedKeyMaterial(gone))
	check(s.ScheduleKeyDeletion(gone, 30))
	for _, spec := range []KeySpec{{Spec: RSA2048}, {Spec: P256}, {Spec: P521, Usage: SignVerify}, {Manager: AWS}, {Spec: P384, External: true}} {
		key(spec)
	}
	disabled := key(KeySpec{})
	check(s.DisableKey(disabled))
	if err != nil {
		t.Fatal(err)
	}
	return s, blob
}

func TestCiphertextOutlivesTheProcess(t *testing.T) {
	s, blob := full(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	for range 2 { // also over an old file
		if err := s.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	again, err := Load(path, s.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Decrypt(context.Background(), "alias/app", blob, map[string]string{"a": "b"}); err != nil {
		t.Error(err)
	}
	if got, want := again.Keys(), s.Keys(); len(got) != len(want) || got[0] != want[0] || len(got) != 12 {
		t.Errorf("%v, want %v", got, want)
	}
	other := filepath.Join(t.TempDir(), "again.json")
	if err := again.Save(other); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(path)
	b, _ := os.ReadFile(other)
	if !bytes.Equal(a, b) {
		t.Error("saved again, the file differs")
	}
	if err := s.Save(filepath.Join(t.TempDir(), "no", "such")); err == nil {
		t.Error("saved nowhere")
	}
	// A month later the key is gone, and so it is from the file.
	s.now = func() time.Time { return time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC) }
	if n := len(s.stored().Keys); n != 11 {
		t.Errorf("%d keys are saved, want 11", n)
	}
}

func TestLoadIsStrict(t *testing.T) {
	s, _ := full(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	key := text[strings.Index(text, `"key": "`)+8:][:44]
	for _, tc := range []struct {
		old, with string
		class     error
	}{
		{`"sealauditKMS": 2`, `"sealauditKMS": 3`, envelope.ErrUnsupported},
		{`"sealauditKMS": 2`, `"sealauditKMS": 1`, envelope.ErrFormat},
		{`"spec": "RSA_2048"`, `"spec": "RSA_3072"`, envelope.ErrFormat},
		{`"spec": "RSA_2048"`, `"spec": "RSA_512"`, envelope.ErrFormat},
		{`"spec": "RSA_2048"`, `"spec": "SYMMETRIC_DEFAULT"`, envelope.ErrFormat},
		{`"usage": "KEY_AGREEMENT"`, `"usage": "ENCRYPT_DECRYPT"`, envelope.ErrFormat},
		{`"spec": "ECC_NIST_P521",`, `"spec": "ECC_NIST_P256",`, envelope.ErrFormat},
		{`"manager": "AWS"`, `"manager": "CUSTOMER"`, envelope.ErrFormat},
		{`"manager": "AWS"`, `"manager": "ME"`, envelope.ErrFormat},
		{`"partition"`, `"Partition"`, envelope.ErrFormat},
		{`"region": "eu-central-1",`, `"region": "eu-central-1", "region": "eu-central-1",`, envelope.ErrFormat},
		{`"region": "eu-central-1",`, `"region": "eu-central-1", "colour": "red",`, envelope.ErrFormat},
		{`"region": "eu-central-1"`, `"region": "eu:central-1"`, envelope.ErrFormat},
		{`"region": "eu-central-1"`, `"region": null`, envelope.ErrFormat},
		{`"state": "Disabled"`, `"state": "Sleeping"`, envelope.ErrFormat},
		{`"state": "Enabled"`, `"state": "PendingImport"`, envelope.ErrFormat},
		{`"state": "PendingDeletion"`, `"state": "Disabled"`, envelope.ErrFormat},
		{`"state": "PendingImport"`, `"state": "Enabled"`, envelope.ErrFormat},
		{key, "AAAA", envelope.ErrFormat},
		{`key/plain",` + "\n" + `      "state"`, `key/zzz",` + "\n" + `      "state"`, envelope.ErrFormat},
		{`"alias/app"`, `"alias/app`, envelope.ErrFormat},
		{`:alias/app": "arn:aws:kms:eu-central-1:000000000000:key/plain"`, `:alias/app": "nothing"`, envelope.ErrFormat},
		{`:alias/app"`, `:key/app"`, envelope.ErrFormat},
		{`"replicaOf": "arn:aws:kms:eu-central-1:`, `"replicaOf": "arn:aws:kms:eu-central-2:`, envelope.ErrFormat},
		{`AQEBAQEB`, `AQEBAQEC`, envelope.ErrFormat}, // imported material and its digest
		{text, text + "{}", envelope.ErrFormat},
		{text, "", envelope.ErrFormat},
		{text, "[]", envelope.ErrFormat},
	} {
		changed := strings.Replace(text, tc.old, tc.with, 1)
		if changed == text && tc.old != `"alias/app"` {
			t.Errorf("%q is not in the file", tc.old)
		}
		if tc.old == `"alias/app"` {
			continue
		}
		_, err := parse([]byte(changed), nil)
		if !errors.Is(err, tc.class) {
			t.Errorf("%.60q for %.60q: %v, want %v", tc.with, tc.old, err, tc.class)
		}
		if err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("the error shows a key: %v", err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, envelope.ErrNoKey) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Load(t.TempDir(), nil); !errors.Is(err, envelope.ErrNoKey) {
		t.Errorf("a folder: %v", err)
	}
	if err := os.WriteFile(path, []byte(text+"x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("a changed file: %v", err)
	}
	if err := os.Truncate(path, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("a huge file: %v", err)
	}
}

func TestStoredKeyRules(t *testing.T) {
	now := time.Now()
	m := []material{{now, make([]byte, 32)}}
	d := digest(m[0].Key)
	ok := Key{ARN: "arn:aws:kms:r:1:key/x", State: Enabled, Spec: Symmetric, Usage: EncryptDecrypt, Manager: Customer}
	with := func(change func(*Key)) Key { k := ok; change(&k); return k }
	for name, sk := range map[string]storedKey{
		"no ARN":                        {Key: Key{ARN: "x", State: Enabled}, Materials: m},
		"no material":                   {Key: ok},
		"too much material":             {Key: ok, Materials: make([]material, maxMaterials+1)},
		"a digest of its own material":  {Key: ok, Materials: m, Imported: d[:]},
		"a replica of no mrk":           {Key: with(func(k *Key) { k.ReplicaOf = "y" })},
		"imported twice":                {Key: with(func(k *Key) { k.External = true }), Materials: append(m, m...), Imported: d[:]},
		"two materials of one pair":     {Key: with(func(k *Key) { k.Spec = RSA2048 }), Materials: append(m, m...)},
		"imported without a digest":     {Key: with(func(k *Key) { k.External = true }), Materials: m},
		"imported, pending import":      {Key: with(func(k *Key) { k.External, k.State = true, PendingImport }), Materials: m, Imported: d[:]},
		"a short digest":                {Key: with(func(k *Key) { k.External, k.State = true, PendingImport }), Imported: d[:5]},
		"another digest":                {Key: with(func(k *Key) { k.External = true }), Materials: m, Imported: make([]byte, 32)},
		"deletion without being so":     {Key: with(func(k *Key) { k.Deletion = now }), Materials: m},
		"pending deletion without date": {Key: with(func(k *Key) { k.State = PendingDeletion }), Materials: m},
	} {
		if err := sk.check(); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (storedKey{Key: ok, Materials: m}).check(); err != nil {
		t.Error(err)
	}
	if err := (&key{Key: Key{State: "Sleeping"}}).enabled(); err == nil {
		t.Error("an unknown state can be used")
	}
}

// A file of before there were kinds of keys loads, and is written as it was.
func TestOldFilesLoad(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "version-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := parse(text, func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	keys := s.Keys()
	if len(keys) != 2 || keys[0].Spec != Symmetric || keys[0].Usage != EncryptDecrypt || keys[0].Manager != Customer {
		t.Errorf("%+v", keys)
	}
	blob, _ := base64.StdEncoding.DecodeString("AQICAHgMtzavEFCyFyvGU9ur0zOrSMJUQRK8Ldh91KbGl9hmzQAAAH4wfAYJKoZIhvcNAQcGoG8wbQIBADBoBgkqhkiG9w0BBwEwHgYJYIZIAWUDBAEuMBEEDD6YAf0wEeQaVWfV8AIBEIA7hVI9XONPXAnZ0RfECBTYufOWVU8Q4vBnWAPdAAwBGCsSB8GtCwztxTYKwkwEFSD7dDesZJA8phdAhK4=")
	if _, err := s.Decrypt(context.Background(), "alias/old", blob, map[string]string{"a": "b"}); err != nil {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "again.json")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, text) {
		t.Errorf("written again it differs: %v\n%s", err, again)
	}
}

// Each kind of key alone needs version 2, and loads.
func TestFileVersions(t *testing.T) {
	for _, tc := range []struct {
		spec KeySpec
		want int
	}{
		{KeySpec{}, plainVersion}, {KeySpec{External: true}, plainVersion}, {KeySpec{MultiRegion: true}, plainVersion},
		{KeySpec{Spec: RSA2048}, kindsVersion}, {KeySpec{Spec: P256}, kindsVersion}, {KeySpec{Manager: AWS}, kindsVersion},
	} {
		s := New(Config{})
		made, err := s.CreateKey(tc.spec)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := s.Save(path); err != nil {
			t.Fatal(err)
		}
		again, err := Load(path, nil)
		if got := s.stored().Version; got != tc.want || err != nil || again.Keys()[0] != made {
			t.Errorf("%+v has version %d, want %d: %v", tc.spec, got, tc.want, err)
		}
	}
}

func FuzzParseBlob(f *testing.F) {
	s, blob := full(f)
	f.Add(blob)
	f.Add([]byte{1, 2, 2, 0, 0x78})
	f.Fuzz(func(t *testing.T, b []byte) {
		if parsed, err := parseBlob(b); err == nil {
			if again, err := parsed.bytes(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%x was read and is written as %x: %v", b, again, err)
			}
		} else if !errors.Is(err, envelope.ErrFormat) {
			t.Error(err)
		}
		if _, err := s.Decrypt(context.Background(), "", b, map[string]string{"a": "b"}); err == nil && !bytes.Equal(b, blob) {
			t.Errorf("a changed blob opens: %x", b)
		}
	})
}

func FuzzFile(f *testing.F) {
	s, _ := full(f)
	path := filepath.Join(f.TempDir(), "keys.json")
	if err := s.Save(path); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parse(b, nil)
		if err != nil {
			if !errors.Is(err, envelope.ErrFormat) && !errors.Is(err, envelope.ErrUnsupported) {
				t.Error(err)
			}
			return
		}
		for _, k := range s.Keys() { // whatever was read must not panic when used
			_, _ = s.GetPublicKey(context.Background(), k.ARN)
			_, _ = s.DecryptRSA(context.Background(), k.ARN, OAEPSHA256, make([]byte, 256))
			_, blob, err := s.GenerateDataKey(context.Background(), k.ARN, 32, nil)
			if err == nil {
				if _, err := s.Decrypt(context.Background(), k.ARN, blob, nil); err != nil {
					t.Errorf("%s does not open what it sealed: %v", k.ARN, err)
				}
			}
		}
	})
}
