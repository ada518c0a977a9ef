package lab

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// keySettingOperations change what belongs to a key: aliases, policy, grants,
// rotation, tags (KMS API reference).
func keySettingOperations() map[string]operation {
	return map[string]operation{
		"kms:CreateAlias":         createAlias,
		"kms:UpdateAlias":         updateAlias,
		"kms:DeleteAlias":         deleteAlias,
		"kms:PutKeyPolicy":        onKeyState(putKeyPolicy),
		"kms:CreateGrant":         onKeyState(createGrant),
		"kms:RevokeGrant":         onKeyState(revokeGrant),
		"kms:EnableKeyRotation":   onKeyState(enableKeyRotation),
		"kms:DisableKeyRotation":  onKeyState(disableKeyRotation),
		"kms:RotateKeyOnDemand":   onKeyState(rotateKeyOnDemand),
		"kms:ListKeyRotations":    ofKey(listKeyRotations),
		"kms:TagResource":         onKeyState(tagKey),
		"kms:UntagResource":       onKeyState(untagKey),
		"kms:ListResourceTags":    ofKey(listResourceTags),
		"kms:RetireGrant":         retireGrant,
		"kms:ListRetirableGrants": listRetirableGrants,
		"kms:ListKeyPolicies": ofKey(func(*Lab, *wire.Request, *Key) (map[string]any, *wire.Failure) {
			return map[string]any{"PolicyNames": []any{"default"}, "Truncated": false}, nil
		}),
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
	if isDying(old.Output) {
		return stateRefusal(l.keyARN(q, id), text(old.Output, "KeyState"))
	}
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
	var document struct{ Statement any }
	if err := json.Unmarshal([]byte(policy), &document); err != nil || document.Statement == nil {
		return nil, refuse(400, "MalformedPolicyDocumentException", "")
	}
	k.Policy = policy
	return nil, nil
}
