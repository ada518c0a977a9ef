package kms_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

var (
	_ keyring.KMS       = (*kms.Service)(nil)
	_ keyring.Encrypter = (*kms.Service)(nil)
)

var ctx = context.Background()

// newKey is a service with one key, and its ARN.
func newKey(t testing.TB, spec kms.KeySpec) (*kms.Service, string) {
	t.Helper()
	s := kms.New(kms.Config{Account: "111122223333"})
	k, err := s.CreateKey(spec)
	if err != nil {
		t.Fatal(err)
	}
	return s, k.ARN
}

// refused checks AWS's name of an error and the class.
func refused(t *testing.T, doing string, err error, code string, class error) {
	t.Helper()
	var e *kms.Error
	if !errors.As(err, &e) || e.Code() != code || !errors.Is(err, class) || !strings.HasSuffix(err.Error(), e.Code()+": "+e.Message()) {
		t.Errorf("%s: %v; want %s (%v)", doing, err, code, class)
	}
}

func TestDataKeysComeBack(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	ec := map[string]string{"tenant": "blue", "": "empty key", "ü": ""}
	for _, n := range []int{1, 16, 24, 32, 1024} {
		plain, blob, err := s.GenerateDataKey(ctx, key, n, ec)
		if err != nil || plain.Len() != n {
			t.Fatalf("%d: %v %v", n, plain, err)
		}
		for _, keyID := range []string{"", key, key[strings.LastIndex(key, "/")+1:]} {
			got, used, err := s.DecryptNaming(ctx, keyID, blob, maps.Clone(ec))
			if err != nil || !bytes.Equal(got.Bytes(), plain.Bytes()) || used.ARN != key {
				t.Errorf("%d under %q: %v %v", n, keyID, used, err)
			}
		}
		for what, other := range map[string]map[string]string{"none": nil, "less": {"tenant": "blue", "": "empty key"}, "case": {"Tenant": "blue", "": "empty key", "ü": ""}, "value": {"tenant": "red", "": "empty key", "ü": ""}} {
			_, err := s.Decrypt(ctx, key, blob, other)
			refused(t, what, err, "InvalidCiphertextException", envelope.ErrTampered)
		}
	}
	blob, err := s.GenerateDataKeyWithoutPlaintext(ctx, key, 32, ec)
	if got, err2 := s.Decrypt(ctx, key, blob, ec); err != nil || err2 != nil || got.Len() != 32 {
		t.Errorf("without plaintext: %v %v", err, err2)
	}
}

// A blob has the size and the outer shape of AWS's.
func TestBlobShape(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	for n, want := range map[int]int{16: 151, 24: 159, 32: 167} {
		_, blob, err := s.GenerateDataKey(ctx, key, n, nil)
		if err != nil || len(blob) != want || !bytes.HasPrefix(blob, []byte{1, 2, 2, 0, 0x78}) || !bytes.Contains(blob, []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06}) {
			t.Errorf("%d bytes make a blob of %d, want %d: %v", n, len(blob), want, err)
		}
	}
}

func TestEncryptBounds(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	for n, ok := range map[int]bool{0: false, 1: true, 4096: true, 4097: false} {
		text := bytes.Repeat([]byte{7}, n)
		blob, err := s.Encrypt(ctx, key, envelope.NewDataKey(text), nil)
		if !ok {
			refused(t, "encrypting", err, "ValidationException", envelope.ErrFormat)
			continue
		}
		if got, err2 := s.Decrypt(ctx, "", blob, nil); err != nil || err2 != nil || !bytes.Equal(got.Bytes(), text) || len(blob) > 6144 {
			t.Errorf("%d bytes: %v %v", n, err, err2)
		}
	}
	for _, n := range []int{-1, 0, 1025} {
		_, _, err := s.GenerateDataKey(ctx, key, n, nil)
		refused(t, "generating", err, "ValidationException", envelope.ErrFormat)
	}
	_, err := s.Encrypt(ctx, key, envelope.NewDataKey([]byte{1}), map[string]string{"k": strings.Repeat("v", 1<<16)})
	refused(t, "a long context", err, "ValidationException", envelope.ErrFormat)
	_, err = s.Decrypt(ctx, key, nil, nil)
	refused(t, "an empty blob", err, "ValidationException", envelope.ErrFormat)
	_, err = s.Decrypt(ctx, key, make([]byte, 6145), nil)
	refused(t, "a long blob", err, "ValidationException", envelope.ErrFormat)
}

// Every single-bit flip, cut and appended byte of a blob is refused.
func TestChangedBlobsAreRefused(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	_, blob, err := s.GenerateDataKey(ctx, key, 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(blob) * 8 {
		b := bytes.Clone(blob)
		b[i/8] ^= 1 << (i % 8)
		got, err := s.Decrypt(ctx, key, b, nil)
		var e *kms.Error
		if err == nil || got.Len() != 0 || !errors.As(err, &e) || envelope.Says(err) != envelope.Refuted {
			t.Fatalf("bit %d: %v", i, err)
		}
		if _, err := s.Decrypt(ctx, "", b, nil); err == nil {
			t.Fatalf("bit %d: opened without a key id", i)
		}
	}
	for n := range len(blob) {
		if _, err := s.Decrypt(ctx, key, blob[:n], nil); err == nil {
			t.Fatalf("cut to %d bytes: opened", n)
		}
	}
	_, err = s.Decrypt(ctx, key, append(bytes.Clone(blob), 0), nil)
	refused(t, "a byte more", err, "InvalidCiphertextException", envelope.ErrFormat)
}

func TestWhichKey(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	other, err := s.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateAlias("alias/app", key); err != nil {
		t.Fatal(err)
	}
	_, blob, err := s.GenerateDataKey(ctx, "alias/app", 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"alias/app", "arn:aws:kms:us-east-1:111122223333:alias/app"} {
		if _, err := s.Decrypt(ctx, id, blob, nil); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	_, err = s.Decrypt(ctx, other.ARN, blob, nil)
	refused(t, "another key", err, "IncorrectKeyException", envelope.ErrWrongKey)
	_, err = s.Decrypt(ctx, "nobody", blob, nil)
	refused(t, "no key", err, "NotFoundException", envelope.ErrRefused)
	_, err = s.Decrypt(ctx, "alias/nobody", blob, nil)
	refused(t, "no alias", err, "NotFoundException", envelope.ErrRefused)
	_, err = s.Decrypt(ctx, "arn:aws:s3:::bucket", blob, nil)
	refused(t, "no ARN of a key", err, "InvalidArnException", envelope.ErrFormat)
	_, err = kms.New(kms.Config{}).Decrypt(ctx, "", blob, nil)
	refused(t, "another service", err, "AccessDeniedException", envelope.ErrRefused)
	if err := s.DeleteAlias("alias/app"); err != nil || len(s.Aliases()) != 0 {
		t.Errorf("deleting an alias: %v", err)
	}
	refused(t, "deleting it again", s.DeleteAlias("arn:aws:kms:us-east-1:111122223333:alias/app"), "NotFoundException", envelope.ErrRefused)
	for _, bad := range []string{"app", "alias/", "alias/a b", "alias/" + strings.Repeat("x", 251)} {
		refused(t, bad, s.CreateAlias(bad, key), "ValidationException", envelope.ErrFormat)
	}
	if err := errors.Join(s.CreateAlias("alias/x", key), s.CreateAlias("alias/x", key)); err == nil {
		t.Error("an alias twice")
	}
	if n := len(s.Keys()); n != 2 || len(s.Aliases()) != 1 {
		t.Errorf("%d keys, %v", n, s.Aliases())
	}
}

func TestStates(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	s := kms.New(kms.Config{Partition: "aws-cn", Region: "cn-north-1", Account: "111122223333", Now: func() time.Time { return now }})
	k, err := s.CreateKey(kms.KeySpec{})
	if err != nil || !strings.HasPrefix(k.ARN, "arn:aws-cn:kms:cn-north-1:111122223333:key/") {
		t.Fatalf("%v %v", k, err)
	}
	_, blob, err := s.GenerateDataKey(ctx, k.ID(), 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	use := func(code string) {
		t.Helper()
		_, err := s.Decrypt(ctx, "", blob, nil)
		_, _, err2 := s.GenerateDataKey(ctx, k.ARN, 32, nil)
		_, err3 := s.ReEncrypt(ctx, blob, kms.Blob{}, kms.Blob{KeyID: k.ARN})
		for _, err := range []error{err, err2, err3} {
			if code != "" {
				refused(t, code, err, code, envelope.ErrRefused)
			} else if err != nil {
				t.Error(err)
			}
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	check(s.DisableKey(k.ID()))
	use("DisabledException")
	_, err = s.Decrypt(ctx, "", blob, nil)
	says(t, err, k.ARN+" is disabled.")
	refused(t, "rotating", s.RotateKey(k.ID()), "DisabledException", envelope.ErrRefused)
	check(s.EnableKey(k.ID()))
	use("")
	refused(t, "6 days", s.ScheduleKeyDeletion(k.ID(), 6), "ValidationException", envelope.ErrFormat)
	refused(t, "cancelling", s.CancelKeyDeletion(k.ID()), "KMSInvalidStateException", envelope.ErrRefused)
	check(s.ScheduleKeyDeletion(k.ID(), 7))
	use("KMSInvalidStateException")
	refused(t, "enabling", s.EnableKey(k.ID()), "KMSInvalidStateException", envelope.ErrRefused)
	refused(t, "naming", s.CreateAlias("alias/late", k.ID()), "KMSInvalidStateException", envelope.ErrRefused)
	_, err = s.Decrypt(ctx, "", blob, nil)
	says(t, err, k.ARN+" is pending deletion.")
	if _, err := s.Rotations(k.ID()); err != nil {
		t.Errorf("listing the rotations of a key that is pending deletion: %v", err)
	}
	refused(t, "twice", s.ScheduleKeyDeletion(k.ID(), 7), "KMSInvalidStateException", envelope.ErrRefused)
	check(s.CancelKeyDeletion(k.ID()))
	use("DisabledException")
	check(s.ScheduleKeyDeletion(k.ID(), 7))
	now = now.Add(8 * 24 * time.Hour)
	_, err = s.Decrypt(ctx, k.ARN, blob, nil)
	refused(t, "gone", err, "NotFoundException", envelope.ErrRefused)
	_, err = s.Decrypt(ctx, "", blob, nil)
	refused(t, "gone", err, "AccessDeniedException", envelope.ErrRefused)
	_, err = s.Describe(k.ARN)
	refused(t, "describing", err, "NotFoundException", envelope.ErrRefused)
	if len(s.Keys()) != 0 {
		t.Error("a key that is gone is listed")
	}
}

func TestRotationKeepsOldMaterial(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	var blobs [][]byte
	for range 26 {
		_, blob, err := s.GenerateDataKey(ctx, key, 32, nil)
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, blob)
		if len(blobs) < 26 {
			if err := s.RotateKey(key); err != nil {
				t.Fatal(err)
			}
		}
	}
	refused(t, "rotating for ever", s.RotateKey(key), "LimitExceededException", envelope.ErrRefused)
	for i, blob := range blobs {
		if _, err := s.Decrypt(ctx, key, blob, nil); err != nil {
			t.Errorf("generation %d: %v", i, err)
		}
	}
	rotations, err := s.Rotations(key)
	k, err2 := s.Describe(key)
	if err != nil || err2 != nil || len(rotations) != 25 || !rotations[24].Current || rotations[0].Current || rotations[24].Material != k.Material || len(k.Material) != 64 {
		t.Errorf("%d rotations: %v %v", len(rotations), err, err2)
	}
	ids := map[string]bool{}
	for _, r := range rotations {
		ids[r.Material] = true
	}
	if len(ids) != 25 {
		t.Errorf("%d materials have ids of their own", len(ids))
	}
	_, err = s.Rotations("nobody")
	refused(t, "of no key", err, "NotFoundException", envelope.ErrRefused)
}

func TestImportedMaterial(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{External: true})
	_, _, err := s.GenerateDataKey(ctx, key, 32, nil)
	refused(t, "pending import", err, "KMSInvalidStateException", envelope.ErrRefused)
	says(t, err, key+" is pending import.")
	for what, err := range map[string]error{"enabling": s.EnableKey(key), "disabling": s.DisableKey(key), "rotating": s.RotateKey(key)} {
		refused(t, what+" a key that is pending import", err, "KMSInvalidStateException", envelope.ErrRefused)
	}
	material := bytes.Repeat([]byte{5}, 32)
	refused(t, "31 bytes", s.ImportKeyMaterial(key, material[:31]), "IncorrectKeyMaterialException", envelope.ErrWrongKey)
	if err := errors.Join(s.DeleteImportedKeyMaterial(key), s.ImportKeyMaterial(key, material), s.ImportKeyMaterial(key, material)); err != nil {
		t.Fatalf("nothing to delete, and the same material twice: %v", err)
	}
	refused(t, "other material", s.ImportKeyMaterial(key, bytes.Repeat([]byte{6}, 32)), "IncorrectKeyMaterialException", envelope.ErrWrongKey)
	err = s.RotateKey(key)
	refused(t, "rotating", err, "KMSInvalidStateException", envelope.ErrRefused)
	says(t, err, "No available key material pending rotation for the key: "+key+".")
	_, blob, err := s.GenerateDataKey(ctx, key, 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.DisableKey(key), s.DeleteImportedKeyMaterial(key)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Decrypt(ctx, "", blob, nil)
	refused(t, "material deleted", err, "KMSInvalidStateException", envelope.ErrRefused)
	refused(t, "other material", s.ImportKeyMaterial(key, bytes.Repeat([]byte{6}, 32)), "IncorrectKeyMaterialException", envelope.ErrWrongKey)
	if err := errors.Join(s.ScheduleKeyDeletion(key, 30), s.CancelKeyDeletion(key), s.ImportKeyMaterial(key, material)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Decrypt(ctx, "", blob, nil); err != nil {
		t.Errorf("imported again: %v", err)
	}
	if err := s.ScheduleKeyDeletion(key, 30); err != nil {
		t.Fatal(err)
	}
	refused(t, "importing", s.ImportKeyMaterial(key, material), "KMSInvalidStateException", envelope.ErrRefused)
	if err := s.DeleteImportedKeyMaterial(key); err != nil {
		t.Errorf("deleting material of a key that is pending deletion: %v", err)
	}
	if k, err := s.Describe(key); err != nil || k.State != kms.PendingDeletion || k.Material != "" {
		t.Errorf("%+v %v", k, err)
	}
	if err := s.CancelKeyDeletion(key); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Describe(key); err != nil || k.State != kms.PendingImport {
		t.Errorf("%+v %v", k, err)
	}
	own, _ := s.CreateKey(kms.KeySpec{})
	err = s.ImportKeyMaterial(own.ARN, material)
	refused(t, "importing", err, "UnsupportedOperationException", envelope.ErrUnsupported)
	says(t, err, own.ARN+" origin is AWS_KMS which is not valid for this operation.")
	refused(t, "deleting", s.DeleteImportedKeyMaterial(own.ARN), "UnsupportedOperationException", envelope.ErrUnsupported)
}

// says checks AWS's words.
func says(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.HasSuffix(err.Error(), words) {
		t.Errorf("%v; want %s", err, words)
	}
}

func TestReplicas(t *testing.T) {
	s, primary := newKey(t, kms.KeySpec{MultiRegion: true})
	replica, err := s.ReplicateKey(primary, "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RotateKey(primary); err != nil {
		t.Fatal(err)
	}
	_, blob, err := s.GenerateDataKey(ctx, replica.ARN, 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	for keyID, want := range map[string]string{"": primary, primary: primary, replica.ARN: replica.ARN} {
		if _, used, err := s.DecryptNaming(ctx, keyID, blob, nil); err != nil || used.ARN != want {
			t.Errorf("%q used %s: %v", keyID, used.ARN, err)
		}
	}
	refused(t, "rotating a replica", s.RotateKey(replica.ARN), "UnsupportedOperationException", envelope.ErrUnsupported)
	_, err = s.ReplicateKey(primary, "eu-west-1")
	refused(t, "twice", err, "AlreadyExistsException", envelope.ErrFormat)
	_, err = s.ReplicateKey(primary, "a:b")
	refused(t, "no region", err, "ValidationException", envelope.ErrFormat)
	if got, _ := s.Rotations(replica.ARN); len(got) != 1 {
		t.Errorf("a replica has %d rotations, its primary one", len(got))
	}
	imported, _ := s.CreateKey(kms.KeySpec{MultiRegion: true, External: true})
	if err := s.ImportKeyMaterial(imported.ARN, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	_, err = s.ReplicateKey(imported.ARN, "eu-west-2")
	refused(t, "imported material", err, "UnsupportedOperationException", envelope.ErrUnsupported)
	_, err = s.ReplicateKey(replica.ARN, "eu-west-2")
	refused(t, "of a replica", err, "UnsupportedOperationException", envelope.ErrUnsupported)
	if err := s.DisableKey(primary); err != nil {
		t.Fatal(err)
	}
	_, err = s.ReplicateKey(primary, "eu-west-2")
	refused(t, "of a disabled key", err, "DisabledException", envelope.ErrRefused)
}

func TestReEncrypt(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	other, _ := s.CreateKey(kms.KeySpec{})
	before, after := map[string]string{"a": "1"}, map[string]string{"b": "2"}
	plain, blob, err := s.GenerateDataKey(ctx, key, 32, before)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.ReEncrypt(ctx, blob, kms.Blob{Context: before}, kms.Blob{KeyID: other.ARN, Context: after})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Decrypt(ctx, other.ARN, again, after); err != nil || !bytes.Equal(got.Bytes(), plain.Bytes()) {
		t.Error(err)
	}
	_, err = s.ReEncrypt(ctx, blob, kms.Blob{}, kms.Blob{KeyID: other.ARN})
	refused(t, "another context", err, "InvalidCiphertextException", envelope.ErrTampered)
	_, err = s.ReEncrypt(ctx, blob, kms.Blob{Context: before}, kms.Blob{KeyID: other.ARN, Context: map[string]string{"k": strings.Repeat("v", 1<<16)}})
	refused(t, "a long context", err, "ValidationException", envelope.ErrFormat)
}

func TestInjectedErrorsAndEndedContexts(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	for code, class := range map[string]error{"AccessDeniedException": envelope.ErrRefused, "ThrottlingException": envelope.ErrUnavailable, "KMSInternalException": envelope.ErrUnavailable} {
		if err := s.Inject(key, code); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.GenerateDataKey(ctx, key, 32, nil)
		refused(t, code, err, code, class)
	}
	if err := s.Inject(key, ""); err != nil {
		t.Fatal(err)
	}
	_, blob, err := s.GenerateDataKey(ctx, key, 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "no code", s.Inject(key, "Oops"), "ValidationException", envelope.ErrFormat)
	refused(t, "no key", s.Inject("nobody", ""), "NotFoundException", envelope.ErrRefused)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.Decrypt(over, key, blob, nil)
	_, err2 := s.Encrypt(over, key, envelope.NewDataKey([]byte{1}), nil)
	_, err3 := s.ReEncrypt(over, blob, kms.Blob{}, kms.Blob{KeyID: key})
	for _, err := range []error{err, err2, err3} {
		if !errors.Is(err, envelope.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func TestCreateKeyRefusals(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	for arn, code := range map[string]string{
		key: "AlreadyExistsException", "arn:aws:kms:us-east-1:1:alias/x": "InvalidArnException", "key": "InvalidArnException",
		"arn:aws:kms:us-east-1:1:key/mrk-x": "ValidationException", "arn:aws:kms:us-east-1:1:key/a/b": "InvalidArnException",
	} {
		_, err := s.CreateKey(kms.KeySpec{ARN: arn})
		refused(t, arn, err, code, envelope.ErrFormat)
	}
}

func TestManyAtOnce(t *testing.T) {
	s, key := newKey(t, kms.KeySpec{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				_, blob, err := s.GenerateDataKey(ctx, key, 32, nil)
				if err == nil {
					_, err = s.Decrypt(ctx, "", blob, nil)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 10 {
			if err := s.RotateKey(key); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}
