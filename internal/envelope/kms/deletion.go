package kms

import (
	"errors"
	"time"
)

// ScheduleKeyDeletion starts the waiting period of 7 to 30 days, after which
// the key is gone (KMS API, ScheduleKeyDeletion). A multi-Region primary with
// replicas is PendingReplicaDeletion first: its period starts when the last of
// them is gone (KMS Developer Guide, "Deleting multi-Region primary keys").
func (s *Service) ScheduleKeyDeletion(keyID string, days int) error {
	return s.change(keyID, "scheduling a key's deletion", func(k *key) error {
		switch {
		case days < 7 || days > 30:
			return fail(codeValidation, "the waiting period is 7 to 30 days, not %d", days)
		case k.dying():
			return k.enabled()
		case k.managed() != nil:
			return k.managed()
		}
		if s.hasReplicas(k) {
			k.State, k.Window = PendingReplicaDeletion, days
			return nil
		}
		k.State, k.Deletion = PendingDeletion, s.today().Add(time.Duration(days)*24*time.Hour)
		return nil
	})
}

// CancelKeyDeletion ends the waiting period, a primary's wait for its replicas
// too; the key is disabled then, or waits for import if it has no material (KMS
// API, CancelKeyDeletion).
func (s *Service) CancelKeyDeletion(keyID string) error {
	return s.change(keyID, "cancelling a key's deletion", func(k *key) error {
		if !k.dying() {
			return fail(codeInvalidState, "%s is not pending deletion.", k.ARN)
		}
		k.State, k.Deletion, k.Window = Disabled, time.Time{}, 0
		if len(s.material(k)) == 0 {
			k.State = PendingImport
		}
		return nil
	})
}

// dying says whether the key's deletion is scheduled.
func (k *key) dying() bool { return k.State == PendingDeletion || k.State == PendingReplicaDeletion }

// due is when the key is deleted; false while that is not known.
func (s *Service) due(k *key) (time.Time, bool) {
	if k.State != PendingReplicaDeletion {
		return k.Deletion, k.State == PendingDeletion
	}
	var last time.Time
	for _, other := range s.keys {
		if other.ReplicaOf != k.ARN {
			continue
		}
		if !s.gone(other) {
			return time.Time{}, false
		}
		if other.Deletion.After(last) {
			last = other.Deletion
		}
	}
	return last.Add(time.Duration(k.Window) * 24 * time.Hour), !last.IsZero()
}

// gone says whether the key's waiting period is over.
func (s *Service) gone(k *key) bool {
	due, ok := s.due(k)
	return ok && !s.now().Before(due)
}

func (s *Service) hasReplicas(k *key) bool {
	for _, other := range s.keys {
		if other.ReplicaOf == k.ARN && !s.gone(other) {
			return true
		}
	}
	return false
}

// checkDeletion holds what a file says of a key's deletion to the state.
func (k Key) checkDeletion() error {
	switch {
	case k.Deletion.IsZero() == (k.State == PendingDeletion):
		return errors.New("a date of deletion is there if it is pending, and only then")
	case (k.Window != 0) != (k.State == PendingReplicaDeletion):
		return errors.New("a waiting period is there if replicas hold it up, and only then")
	case k.Window != 0 && (k.Window < 7 || k.Window > 30 || !k.MultiRegion || k.ReplicaOf != ""):
		return errors.New("a waiting period that replicas hold up is a primary's, of 7 to 30 days")
	}
	return nil
}
