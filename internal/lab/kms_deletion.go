package lab

import (
	"maps"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const pendingReplicas = "PendingReplicaDeletion"

// isDying says whether a key's deletion is scheduled.
func isDying(output map[string]any) bool {
	state := text(output, "KeyState")
	return state == "PendingDeletion" || state == pendingReplicas
}

// scheduleKeyDeletion starts the waiting period. A primary with replicas has no
// date yet: it waits until they are gone (KMS Developer Guide, "Deleting
// multi-Region primary keys"; API reference, ScheduleKeyDeletion and
// KeyMetadata).
func scheduleKeyDeletion(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	days, given := q.Int("PendingWindowInDays")
	if !given {
		days = 30
	}
	switch {
	case days < 7:
		return nil, constraint(q.String("PendingWindowInDays"), "pendingWindowInDays", "Member must have value greater than or equal to 7")
	case days > 30:
		return nil, constraint(q.String("PendingWindowInDays"), "pendingWindowInDays", "Member must have value less than or equal to 30")
	case isDying(k.Output):
		return nil, stateRefusal(arn, text(k.Output, "KeyState"))
	}
	if err := l.keys.ScheduleKeyDeletion(arn, days); err != nil && l.hasMaterial(arn) {
		return nil, kmsFailure(err)
	}
	k.Output["Enabled"] = false
	if told, err := l.keys.Describe(arn); err == nil && told.State == kms.PendingReplicaDeletion {
		k.Output["KeyState"], k.Output["PendingDeletionWindowInDays"] = pendingReplicas, days
		return map[string]any{"KeyId": arn, "KeyState": pendingReplicas, "PendingWindowInDays": days}, nil
	}
	due := l.now().UTC().Truncate(time.Second).Add(time.Duration(days) * 24 * time.Hour)
	k.Output["KeyState"], k.Output["DeletionDate"] = "PendingDeletion", due
	return map[string]any{"KeyId": arn, "DeletionDate": due, "KeyState": "PendingDeletion", "PendingWindowInDays": days}, nil
}

func cancelKeyDeletion(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if !isDying(k.Output) {
		return nil, refuse(400, "KMSInvalidStateException", arn+" is not pending deletion.")
	}
	if err := l.keys.CancelKeyDeletion(arn); err != nil && l.hasMaterial(arn) {
		return nil, kmsFailure(err)
	}
	k.Output["KeyState"], k.Output["Enabled"] = "Disabled", false
	delete(k.Output, "DeletionDate")
	delete(k.Output, "PendingDeletionWindowInDays")
	return map[string]any{"KeyId": arn}, nil
}

// forgetKeys drops the keys whose waiting period is over (KMS Developer Guide,
// "Deleting AWS KMS keys"), and dates the deletion of primaries whose replicas
// are gone.
func forgetKeys(l *Lab, now time.Time) {
	for _, region := range slices.Sorted(maps.Keys(l.index.regions)) {
		p := l.index.regions[region]
		for _, id := range slices.Clone(p.keys.names) {
			k := p.keys.by[id]
			due, ok := k.Output["DeletionDate"].(time.Time)
			if text(k.Output, "KeyState") == "PendingDeletion" && ok && !now.Before(due) {
				l.forgetKey(region, id)
			}
		}
	}
	for _, region := range slices.Sorted(maps.Keys(l.index.regions)) {
		p := l.index.regions[region]
		for _, id := range slices.Clone(p.keys.names) {
			if text(p.keys.by[id].Output, "KeyState") == pendingReplicas {
				l.datePrimary(region, id)
			}
		}
	}
}

// datePrimary starts the waiting period of a primary, if its replicas are gone.
func (l *Lab) datePrimary(region, id string) {
	told, err := l.keys.Describe(arnOf("kms", region, l.account.ID, "key/"+id))
	if err != nil { // its own period is over too
		l.forgetKey(region, id)
		return
	}
	if told.State != kms.PendingDeletion {
		return
	}
	k := *l.index.regions[region].keys.by[id]
	k.Output = maps.Clone(k.Output)
	k.Output["KeyState"], k.Output["DeletionDate"] = "PendingDeletion", told.Deletion
	delete(k.Output, "PendingDeletionWindowInDays")
	l.index.regions[region].keys.by[id] = &k
}

// forgetKey drops a key with its aliases, and from what its relatives tell.
func (l *Lab) forgetKey(region, id string) {
	p := l.index.regions[region]
	config, _ := p.keys.by[id].Output["MultiRegionConfiguration"].(map[string]any)
	p.keys.remove(id)
	for _, name := range slices.Clone(p.aliases.names) {
		if p.aliases.by[name].target == id {
			p.aliases.remove(name)
			_ = l.keys.DeleteAlias(arnOf("kms", region, l.account.ID, name))
		}
	}
	if text(config, "MultiRegionKeyType") != "REPLICA" {
		return
	}
	list, _ := config["ReplicaKeys"].([]any)
	primary, _ := config["PrimaryKey"].(map[string]any)
	rest := slices.DeleteFunc(slices.Clone(list), func(v any) bool { r, _ := v.(map[string]any); return text(r, "Region") == region })
	l.relate(text(primary, "Region"), id, "PRIMARY", primary, rest)
	for _, v := range rest {
		r, _ := v.(map[string]any)
		l.relate(text(r, "Region"), id, "REPLICA", primary, rest)
	}
}
