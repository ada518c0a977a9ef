package lab

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// keySettingOperations change what belongs to a key: aliases, policy, grants,
// rotation, tags (KMS API reference).
func keySettingOperations() map[string]operation {
	return map[string]operation{
		"kms:CreateAlias":        createAlias,
		"kms:UpdateAlias":        updateAlias,
		"kms:DeleteAlias":        deleteAlias,
		"kms:PutKeyPolicy":       onKeyState(putKeyPolicy),
		"kms:CreateGrant":        onKeyState(createGrant),
		"kms:RevokeGrant":        onKeyState(revokeGrant),
		"kms:EnableKeyRotation":  onKeyState(enableKeyRotation),
		"kms:DisableKeyRotation": onKeyState(disableKeyRotation),
		"kms:RotateKeyOnDemand":  onKeyState(rotateKeyOnDemand),
		"kms:ListKeyRotations":   ofKey(listKeyRotations),
		"kms:TagResource":        onKeyState(tagKey),
		"kms:UntagResource":      onKeyState(untagKey),
		"kms:ListResourceTags":   ofKey(listResourceTags),
	}
}

// aliasOf checks an alias that the caller makes or changes.
func aliasOf(q *wire.Request) (string, *wire.Failure) {
	name := q.String("AliasName")
	switch {
	case !strings.HasPrefix(name, "alias/") || name == "alias/":
		return "", refuse(400, "ValidationException", `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
	case strings.HasPrefix(name, "alias/aws/"):
		return "", refuse(400, "NotAuthorizedException", "")
	}
	return name, nil
}

func createAlias(l *Lab, q *wire.Request) answer {
	name, failure := aliasOf(q)
	a := answer{resource: name, mutates: true, failure: failure}
	if failure != nil {
		return a
	}
	if l.index.regions[q.Region].aliases.by[name] != nil {
		a.failure = refuse(400, "AlreadyExistsException", "An alias with the name "+arnOf("kms", q.Region, l.account.ID, name)+" already exists")
		return a
	}
	a.failure = l.point(q, name)
	a.output = map[string]any{}
	return a
}

func updateAlias(l *Lab, q *wire.Request) answer {
	name, failure := aliasOf(q)
	a := answer{resource: name, mutates: true, failure: failure, output: map[string]any{}}
	if failure != nil {
		return a
	}
	if l.index.regions[q.Region].aliases.by[name] == nil {
		a.failure = refuse(400, "NotFoundException", "Alias "+arnOf("kms", q.Region, l.account.ID, name)+" is not found.")
		return a
	}
	l.unpoint(q.Region, name)
	a.failure = l.point(q, name)
	return a
}

func deleteAlias(l *Lab, q *wire.Request) answer {
	name, failure := aliasOf(q)
	a := answer{resource: name, mutates: true, failure: failure, output: map[string]any{}}
	if failure != nil {
		return a
	}
	if l.index.regions[q.Region].aliases.by[name] == nil {
		a.failure = refuse(400, "NotFoundException", "Alias "+arnOf("kms", q.Region, l.account.ID, name)+" is not found.")
		return a
	}
	l.unpoint(q.Region, name)
	return a
}

// point gives an alias the key of the request.
func (l *Lab) point(q *wire.Request, name string) *wire.Failure {
	old, failure := l.findKey(q, q.String("TargetKeyId"))
	if failure != nil {
		return failure
	}
	p, id := l.index.regions[q.Region], text(old.Output, "KeyId")
	k := *old
	k.Aliases = append(slices.Clone(old.Aliases), name)
	p.keys.by[id] = &k
	p.aliases.add(name, &alias{name, id, nil})
	_ = l.keys.CreateAlias(name, l.keyARN(q, id)) // fails for keys without material here
	return nil
}

func (l *Lab) unpoint(region, name string) {
	p := l.index.regions[region]
	if old := p.keys.by[p.aliases.by[name].target]; old != nil {
		k := *old
		k.Aliases = slices.DeleteFunc(slices.Clone(old.Aliases), func(s string) bool { return s == name })
		p.keys.by[text(k.Output, "KeyId")] = &k
	}
	p.aliases.remove(name)
	_ = l.keys.DeleteAlias(arnOf("kms", region, l.account.ID, name))
}

func putKeyPolicy(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	policy := q.String("Policy")
	if !strings.HasPrefix(strings.TrimSpace(policy), "{") {
		return nil, refuse(400, "MalformedPolicyDocumentException", "")
	}
	k.Policy = policy
	return nil, nil
}

func createGrant(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if state := firstOf(text(k.Output, "KeyState"), "Enabled"); state != "Enabled" && state != "Disabled" {
		return nil, refuse(400, "KMSInvalidStateException", arn+" is pending deletion.")
	}
	grant := map[string]any{"GrantId": uuidOf("grant", arn, len(l.events)), "CreationDate": l.now().UTC().Truncate(time.Second)}
	for _, member := range []string{"GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints", "Name"} {
		if v, ok := q.Input[member]; ok {
			grant[member] = v
		}
	}
	k.Grants = append(slices.Clone(k.Grants), grant)
	return map[string]any{"GrantId": grant["GrantId"], "GrantToken": encoded([]byte(text(grant, "GrantId")))}, nil
}

func revokeGrant(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	n := len(k.Grants)
	k.Grants = slices.DeleteFunc(slices.Clone(k.Grants), func(g map[string]any) bool { return text(g, "GrantId") == q.String("GrantId") })
	if len(k.Grants) == n {
		return nil, refuse(400, "NotFoundException", "Grant ID "+q.String("GrantId")+" not found")
	}
	return nil, nil
}

// rotates says why a key's material can't be rotated.
func rotates(arn string, k *Key) *wire.Failure {
	switch {
	case firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
		return refuse(400, "UnsupportedOperationException", "")
	case text(k.Output, "Origin") == "EXTERNAL":
		return refuse(400, "UnsupportedOperationException", arn+" origin is EXTERNAL which is not valid for this operation.")
	case text(k.Output, "KeyState") == "Disabled":
		return refuse(400, "DisabledException", arn+" is disabled.")
	case text(k.Output, "KeyState") == "PendingDeletion":
		return refuse(400, "KMSInvalidStateException", arn+" is pending deletion.")
	}
	return nil
}

func enableKeyRotation(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if failure := rotates(arn, k); failure != nil {
		return nil, failure
	}
	days, given := q.Int("RotationPeriodInDays")
	if !given {
		days = 365
	}
	if days < 90 || days > 2560 {
		return nil, refuse(400, "ValidationException", "RotationPeriodInDays must be between 90 and 2560.")
	}
	k.Rotation = filled(map[string]any{"KeyRotationEnabled": true, "RotationPeriodInDays": days, "NextRotationDate": l.now().UTC().Add(time.Duration(days) * 24 * time.Hour)}, k.Rotation)
	return nil, nil
}

func disableKeyRotation(_ *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if failure := rotates(arn, k); failure != nil {
		return nil, failure
	}
	rotation := maps.Clone(k.Rotation)
	delete(rotation, "RotationPeriodInDays")
	delete(rotation, "NextRotationDate")
	k.Rotation = filled(map[string]any{"KeyRotationEnabled": false}, rotation)
	return nil, nil
}

// rotationsOnDemand is how many times a key can be rotated on demand (KMS
// Developer Guide, "Perform on-demand key rotation").
const rotationsOnDemand = 25

func rotateKeyOnDemand(l *Lab, _ *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	// Imported material is rotated when new material waits for it, which the
	// key service says (recorded in November 2025).
	if failure := rotates(arn, k); failure != nil && text(k.Output, "Origin") != "EXTERNAL" {
		return nil, failure
	}
	if len(k.rotations) >= rotationsOnDemand {
		return nil, refuse(400, "LimitExceededException", "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: "+arn)
	}
	if err := l.keys.RotateKey(arn); err != nil {
		return nil, kmsFailure(err)
	}
	k.rotations = append(slices.Clone(k.rotations), l.now().UTC().Truncate(time.Second))
	return map[string]any{"KeyId": arn}, nil
}

func listKeyRotations(l *Lab, q *wire.Request, k *Key) (map[string]any, *wire.Failure) {
	first, end, next, failure := l.page(q, marker(100, 1000), len(k.rotations))
	if failure != nil {
		return nil, failure
	}
	list := []any{}
	for _, t := range k.rotations[first:end] {
		list = append(list, map[string]any{"KeyId": l.keyARN(q, text(k.Output, "KeyId")), "RotationDate": t, "RotationType": "ON_DEMAND"})
	}
	return truncated(map[string]any{"Rotations": list}, next), nil
}

// tagsOf are the tags of a request, checked as KMS does.
func tagsOf(q *wire.Request) (map[string]string, *wire.Failure) {
	list, _ := q.Input["Tags"].([]any)
	tags := make(map[string]string, len(list))
	if len(list) > 50 {
		return nil, refuse(400, "TagException", "Too many tags")
	}
	for _, v := range list {
		t, _ := v.(map[string]any)
		key := text(t, "TagKey")
		_, twice := tags[key]
		switch {
		case twice:
			return nil, refuse(400, "TagException", "Duplicate tag keys")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, refuse(400, "TagException", "Tags beginning with aws: are reserved")
		}
		tags[key] = text(t, "TagValue")
	}
	return tags, nil
}

func tagKey(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	tags, failure := tagsOf(q)
	if failure != nil {
		return nil, failure
	}
	all := maps.Clone(k.Tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	k.Tags = all
	return nil, nil
}

func untagKey(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	tags := maps.Clone(k.Tags)
	for _, key := range q.Strings("TagKeys") {
		delete(tags, key)
	}
	k.Tags = tags
	return nil, nil
}

func listResourceTags(l *Lab, q *wire.Request, k *Key) (map[string]any, *wire.Failure) {
	keys := slices.Sorted(maps.Keys(k.Tags))
	first, end, next, failure := l.page(q, marker(50, 50), len(keys))
	if failure != nil {
		return nil, failure
	}
	list := []any{}
	for _, key := range keys[first:end] {
		list = append(list, map[string]any{"TagKey": key, "TagValue": k.Tags[key]})
	}
	return truncated(map[string]any{"Tags": list}, next), nil
}
