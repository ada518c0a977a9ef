package lab

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// since does something at a moment of the past: what it writes and asks for is
// of that time. Only what an account starts with is written so.
func (l *Lab) since(moment time.Time, do func() error) error {
	now := l.ahead.Load()
	defer l.ahead.Store(now)
	l.ahead.Add(int64(moment.Sub(l.now())))
	return do()
}

// asBefore does something as it was done when a key could still be used: before
// it was disabled, condemned, deleted or denied. After it the key is what it is
// now.
func (l *Lab) asBefore(region, key string, do func() error) error {
	arn := l.keyName(region, key)
	k, err := l.keys.Describe(arn)
	switch {
	case err != nil:
		return l.asDeleted(region, arn, do)
	case l.keys.Inject(k.ARN, "") != nil:
		return fmt.Errorf("the key %s can't be used; name another", arn)
	}
	defer l.again(k)
	l.wake(k)
	p := l.index.regions[region]
	if entry := p.keys.by[k.ID()]; entry != nil {
		open := *entry
		open.Errors = nil
		p.keys.by[k.ID()] = &open
		defer func() { p.keys.by[k.ID()] = entry }()
	}
	return do()
}

func (l *Lab) wake(k kms.Key) {
	if k.State == kms.PendingDeletion {
		_ = l.keys.CancelKeyDeletion(k.ARN) // it is pending
	}
	if k.State != kms.Enabled {
		_ = l.keys.EnableKey(k.ARN) // it is disabled; one without material stays as it is
	}
}

// again puts a key back into the state that it had.
func (l *Lab) again(k kms.Key) {
	switch k.State {
	case kms.Disabled:
		_ = l.keys.DisableKey(k.ARN) // it is enabled
	case kms.PendingDeletion:
		left := int(k.Deletion.Sub(l.now()) / (24 * time.Hour))
		_ = l.keys.ScheduleKeyDeletion(k.ARN, min(max(left, 7), 30))
	}
	if entry := l.index.regions[regionIn(k.ARN)]; entry != nil && entry.keys.by[k.ID()] != nil && text(entry.keys.by[k.ID()].Output, "KeyState") == "Unavailable" {
		_ = l.keys.Inject(k.ARN, "KMSInvalidStateException")
	}
}

// asDeleted does something under a key that is not there any more: it is made,
// used, and deleted, all in the past.
func (l *Lab) asDeleted(region, arn string, do func() error) error {
	if !strings.Contains(arn, ":key/") || regionIn(arn) != region {
		return fmt.Errorf("there is no key %s in %s; name a key by id, ARN or alias", arn, region)
	}
	now := l.now()
	err := l.since(now.AddDate(-2, 0, 0), func() error {
		_, err := l.keys.CreateKey(kms.KeySpec{ARN: arn, MultiRegion: strings.HasPrefix(last(arn), "mrk-")})
		return err
	})
	if err == nil {
		err = do()
	}
	if err == nil {
		err = l.since(now.AddDate(0, 0, -8), func() error { return l.keys.ScheduleKeyDeletion(arn, 7) })
	}
	return err
}

func regionIn(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[3]
	}
	return ""
}
