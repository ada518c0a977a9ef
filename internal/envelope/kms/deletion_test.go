package kms_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// A primary with replicas waits for them, and its own period starts when the
// last is gone (KMS Developer Guide, "Deleting multi-Region primary keys"). A
// file keeps the wait and the date.
func TestPrimaryWaitsForReplicas(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s := kms.New(kms.Config{Now: clock})
	made, err := s.CreateKey(kms.KeySpec{MultiRegion: true})
	if err != nil {
		t.Fatal(err)
	}
	replica, err := s.ReplicateKey(made.ARN, "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	data, blob, err := s.GenerateDataKey(t.Context(), replica.ARN, 32, nil)
	if err != nil {
		t.Fatal(err)
	}
	data.Zero()
	told := func(want kms.State, deletion time.Time) {
		t.Helper()
		k, err := s.Describe(made.ARN)
		if err != nil || k.State != want || !k.Deletion.Equal(deletion) {
			t.Fatalf("got %s, %v, %v; want %s, %v", k.State, k.Deletion, err, want, deletion)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.ScheduleKeyDeletion(made.ARN, 10))
	told(kms.PendingReplicaDeletion, time.Time{})
	if _, err := s.Decrypt(t.Context(), made.ARN, blob, nil); !errors.Is(err, envelope.ErrRefused) {
		t.Errorf("a primary that waits for its replicas decrypts: %v", err)
	}
	_, err = s.Decrypt(t.Context(), replica.ARN, blob, nil)
	must(err) // the replica stays usable
	if s.EnableKey(made.ARN) == nil || s.ScheduleKeyDeletion(made.ARN, 7) == nil {
		t.Error("a primary that waits for its replicas can be changed")
	}
	must(s.CancelKeyDeletion(made.ARN))
	told(kms.Disabled, time.Time{})
	must(s.ScheduleKeyDeletion(made.ARN, 10))
	must(s.ScheduleKeyDeletion(replica.ARN, 7))
	now = now.Add(7*24*time.Hour - time.Second)
	told(kms.PendingReplicaDeletion, time.Time{})
	path := filepath.Join(t.TempDir(), "keys.json")
	for range 2 { // while the replica is there, and when it is gone
		must(s.Save(path))
		s, err = kms.Load(path, clock)
		must(err)
		now = now.Add(time.Second)
		told(kms.PendingDeletion, time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC))
	}
	now = time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)
	if _, err := s.Describe(made.ARN); err == nil {
		t.Error("the primary is there after its period")
	}
}

// A ciphertext from before a rotation names the material of that time (KMS API,
// Decrypt: KeyMaterialId).
func TestDecryptNamesMaterial(t *testing.T) {
	s := kms.New(kms.Config{})
	k, err := s.CreateKey(kms.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	data, old, err := s.GenerateDataKey(t.Context(), k.ARN, 32, nil)
	if err == nil {
		data.Zero()
		err = s.RotateKey(k.ARN)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, used, err := s.DecryptNaming(t.Context(), "", old, nil)
	if now, _ := s.Describe(k.ARN); err != nil || used.Material != k.Material || now.Material == k.Material {
		t.Errorf("before %s, used %s, now %s, %v", k.Material, used.Material, now.Material, err)
	}
}
