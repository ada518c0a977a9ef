package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// alias is one alias with its target, "" for a predefined one without a key.
type alias struct {
	name, target string
	output       map[string]any
}

func aliasesOf(r *Region) []alias {
	var list []alias
	for i := range r.KMS.Keys {
		for _, name := range r.KMS.Keys[i].Aliases {
			list = append(list, alias{name, text(r.KMS.Keys[i].Output, "KeyId"), nil})
		}
	}
	for _, a := range r.KMS.Aliases {
		list = append(list, alias{text(a.Output, "AliasName"), text(a.Output, "TargetKeyId"), a.Output})
	}
	return list
}

func (l *Lab) keyARN(q *wire.Request, id string) string {
	return arnOf("kms", q.Region, l.account.ID, "key/"+id)
}

// metadata is a key as DescribeKey answers it.
func (l *Lab) metadata(q *wire.Request, output map[string]any) map[string]any {
	state, spec := firstOf(text(output, "KeyState"), "Enabled"), firstOf(text(output, "KeySpec"), "SYMMETRIC_DEFAULT")
	defaults := map[string]any{
		"AWSAccountId": l.account.ID, "Arn": l.keyARN(q, text(output, "KeyId")), "KeyManager": "CUSTOMER", "KeyState": state,
		"Enabled": state == "Enabled", "KeySpec": spec, "CustomerMasterKeySpec": spec, "KeyUsage": "ENCRYPT_DECRYPT",
		"Origin": "AWS_KMS", "MultiRegion": false, "CreationDate": created(), "Description": "",
	}
	maps.Copy(defaults, algorithmsOf(spec, firstOf(text(output, "KeyUsage"), "ENCRYPT_DECRYPT")))
	all := filled(output, defaults)
	if id := l.materialOf(text(all, "Arn"), output); id != nil {
		all = filled(map[string]any{"CurrentKeyMaterialId": id}, all)
	}
	return all
}

func describeKey(l *Lab, q *wire.Request) answer {
	id := q.String("KeyId")
	a := answer{resource: id}
	if strings.HasPrefix(id[strings.LastIndexByte(id, ':')+1:], "alias/aws/") {
		a.mutates = true // AWS makes the key when there is none
	}
	if l.isForeign(id) {
		if r := l.index.regions[q.Region].foreign.by[id]; r != nil {
			a.errors = r.Errors
			account := strings.Split(id, ":")[4]
			a.output = map[string]any{"KeyMetadata": l.metadata(q, filled(r.Output, map[string]any{"AWSAccountId": account, "KeyId": last(id)}))}
			return a
		}
		a.failure = l.foreign(q)
		return a
	}
	k, failure := l.findKey(q, id)
	if failure != nil {
		a.failure = failure
		return a
	}
	a.resource, a.errors = l.keyARN(q, text(k.Output, "KeyId")), k.Errors
	a.output = map[string]any{"KeyMetadata": l.metadata(q, k.Output)}
	return a
}

// foreign is KMS's one answer for keys of others, whether or not they exist.
func (l *Lab) foreign(q *wire.Request) *wire.Failure {
	return refuse(400, "AccessDeniedException", "User: "+l.account.Caller+" is not authorized to perform: "+q.Name()+
		" on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access")
}

// findKey finds a key of the account by id, ARN, alias name or alias ARN.
func (l *Lab) findKey(q *wire.Request, id string) (*Key, *wire.Failure) {
	p := l.index.regions[q.Region]
	name := id
	if strings.HasPrefix(id, "arn:") {
		parts := strings.SplitN(id, ":", 6)
		if len(parts) < 6 || parts[2] != "kms" {
			return nil, refuse(400, "InvalidArnException", "Invalid arn "+id)
		}
		if parts[3] != q.Region {
			return nil, refuse(400, "NotFoundException", "Invalid arn "+parts[3])
		}
		name = strings.TrimPrefix(parts[5], "key/")
	}
	if strings.HasPrefix(name, "alias/") {
		target := p.aliases.by[name]
		if target == nil || p.keys.by[target.target] == nil {
			return nil, refuse(400, "NotFoundException", "Alias "+arnOf("kms", q.Region, l.account.ID, name)+" is not found.")
		}
		return p.keys.by[target.target], nil
	}
	if k := p.keys.by[name]; k != nil {
		return k, nil
	}
	if !isKeyID(name) {
		return nil, refuse(400, "NotFoundException", "Invalid keyId '"+name+"'")
	}
	return nil, l.missing(q, l.keyARN(q, name))
}

// isKeyID says whether a text has the shape of a key id: a UUID, or mrk- and
// 32 digits.
func isKeyID(s string) bool {
	if digits, multi := strings.CutPrefix(s, "mrk-"); multi {
		return len(digits) == 32
	}
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}

// ofKey makes an operation on one key of the account, named by id or ARN.
func ofKey(output func(*Lab, *wire.Request, *Key) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		id := q.String("KeyId")
		a := answer{resource: id}
		if l.isForeign(id) {
			a.failure = l.foreign(q)
			return a
		}
		if strings.Contains(id, "alias/") {
			a.failure = refuse(400, "NotFoundException", "Invalid keyId "+id)
			return a
		}
		k, failure := l.findKey(q, id)
		if failure != nil {
			a.failure = failure
			return a
		}
		a.resource, a.errors = l.keyARN(q, text(k.Output, "KeyId")), k.Errors
		a.output, a.failure = output(l, q, k)
		return a
	}
}

func keyPolicy(l *Lab, _ *wire.Request, k *Key) (map[string]any, *wire.Failure) {
	policy := policyText(k.Policy)
	if k.Policy == nil {
		policy = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` +
			l.account.ID + `:root"},"Action":"kms:*","Resource":"*"}]}`
	}
	return map[string]any{"Policy": policy, "PolicyName": "default"}, nil
}

// keyRotation is refused for keys that can't rotate (API reference,
// GetKeyRotationStatus); a key that waits for its deletion doesn't.
func keyRotation(l *Lab, q *wire.Request, k *Key) (map[string]any, *wire.Failure) {
	m := l.metadata(q, k.Output)
	arn := text(m, "Arn")
	if text(m, "KeySpec") != "SYMMETRIC_DEFAULT" || slices.Contains([]string{"AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"}, text(m, "Origin")) {
		return nil, refuse(400, "UnsupportedOperationException", "You cannot perform this operation on "+arn+": its key material can't be rotated.")
	}
	output := map[string]any{"KeyId": arn, "KeyRotationEnabled": text(m, "KeyManager") == "AWS"}
	if isDying(m) {
		return output, nil
	}
	output = filled(k.Rotation, output)
	if output["KeyRotationEnabled"] == true {
		output = filled(output, map[string]any{"RotationPeriodInDays": 365})
	}
	return output, nil
}
