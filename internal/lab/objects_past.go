package lab

import (
	"fmt"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// then runs with the KMS keys of an object as they were when it was written:
// usable, and there even if they have been deleted since.
func (l *Lab) then(p planted, write func() error) error {
	names := []string{p.SSEKMSKeyId}
	if p.SSEKMSKeyId == "" && p.ServerSideEncryption == "" {
		names = append(names, defaultProtection(p.bucket.Bucket).key)
	}
	if p.Client != nil {
		names = append(names, p.Client.Key)
	}
	if p.KeyGone {
		return l.withOthers(names, write)
	}
	for _, name := range names {
		k, err := l.keys.Describe(l.keyName(p.bucket.region, name))
		if name == "" || err != nil {
			continue // the write will say so, if it uses it
		}
		restore, err := l.usable(k)
		if err != nil {
			return err
		}
		defer restore()
	}
	return write()
}

// withOthers runs with a key service of its own, whose keys nobody has
// afterwards.
func (l *Lab) withOthers(names []string, write func() error) error {
	keys := l.keys
	defer func() { l.keys = keys }()
	l.keys = kms.New(kms.Config{Account: l.account.ID, Now: l.now})
	for _, name := range names {
		if len(name) < 4 || name[:4] != "arn:" {
			continue
		}
		if _, err := keys.Describe(name); err == nil {
			return fmt.Errorf("KeyGone: %s is in the account; leave KeyGone out, or name another key", name)
		}
		if _, err := l.keys.CreateKey(kms.KeySpec{ARN: name}); err != nil {
			return fmt.Errorf("KeyGone: %w; it must be the ARN of a KMS key", err)
		}
	}
	return write()
}

// usable makes a key usable, and returns what makes it again what it is now.
func (l *Lab) usable(k kms.Key) (restore func(), err error) {
	p, id := l.index.regions[regionOf(k.ARN)], last(k.ARN)
	var known *Key
	if p != nil {
		known = p.keys.by[id]
	}
	if known != nil { // what its data says it answers with
		plain := *known
		plain.Errors = nil
		p.keys.by[id] = &plain
	}
	_ = l.keys.Inject(k.ARN, "") // there may be none
	if k.State == kms.PendingDeletion {
		if err := l.keys.CancelKeyDeletion(k.ARN); err != nil {
			return nil, err
		}
	}
	if k.State == kms.PendingDeletion || k.State == kms.Disabled {
		if err := l.keys.EnableKey(k.ARN); err != nil {
			return nil, err
		}
	}
	days := int((k.Deletion.Sub(l.now()) + 12*time.Hour) / (24 * time.Hour))
	return func() {
		switch k.State { // it could be changed, and so can be changed back
		case kms.Disabled:
			_ = l.keys.DisableKey(k.ARN)
		case kms.PendingDeletion:
			_ = l.keys.ScheduleKeyDeletion(k.ARN, min(max(days, 7), 30))
		}
		if known == nil {
			return
		}
		p.keys.by[id] = known
		if text(known.Output, "KeyState") == "Unavailable" {
			_ = l.keys.Inject(k.ARN, "KMSInvalidStateException")
		}
	}, nil
}
