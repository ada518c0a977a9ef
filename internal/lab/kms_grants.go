package lab

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func createGrant(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	if state := firstOf(text(k.Output, "KeyState"), "Enabled"); state != "Enabled" && state != "Disabled" {
		return nil, stateRefusal(arn, state)
	}
	if failure := checkGrant(q); failure != nil {
		return nil, failure
	}
	if failure := grantable(q, k); failure != nil {
		return nil, failure
	}
	grant := map[string]any{"GrantId": hex.EncodeToString(randomBytes(32)), "CreationDate": l.now().UTC().Truncate(time.Second)}
	for _, member := range grantMembers() {
		if v, ok := q.Input[member]; ok {
			grant[member] = v
		}
	}
	for _, old := range k.Grants { // a named one is made once, so that it can be tried again
		if text(grant, "Name") != "" && sameGrant(old, grant) {
			return map[string]any{"GrantId": old["GrantId"], "GrantToken": encoded([]byte(text(old, "GrantId")))}, nil
		}
	}
	k.Grants = append(slices.Clone(k.Grants), grant)
	return map[string]any{"GrantId": grant["GrantId"], "GrantToken": encoded([]byte(text(grant, "GrantId")))}, nil
}

func grantMembers() []string {
	return []string{"GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints", "Name"}
}

// sameGrant compares what was asked for (KMS API, CreateGrant: Name).
func sameGrant(a, b map[string]any) bool {
	return !slices.ContainsFunc(grantMembers(), func(member string) bool { return jsonOf(a[member]) != jsonOf(b[member]) })
}

// grantable refuses operations that the key can't do (KMS API, CreateGrant:
// Operations).
func grantable(q *wire.Request, k *Key) *wire.Failure {
	usage := firstOf(text(k.Output, "KeyUsage"), "ENCRYPT_DECRYPT")
	can := map[string][]string{"ENCRYPT_DECRYPT": {"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"}, "SIGN_VERIFY": {"Sign", "Verify"},
		"GENERATE_VERIFY_MAC": {"GenerateMac", "VerifyMac"}, "KEY_AGREEMENT": {"DeriveSharedSecret"}}[usage]
	can = append(slices.Clone(can), "CreateGrant", "DescribeKey", "RetireGrant")
	switch symmetric := firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"; {
	case symmetric:
		can = append(can, "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext")
	case usage != "GENERATE_VERIFY_MAC":
		can = append(can, "GetPublicKey")
	}
	for _, operation := range q.Strings("Operations") {
		if !slices.Contains(can, operation) {
			return refuse(400, "ValidationException", "The operation "+operation+" is not valid for a key of usage "+usage+" and spec "+firstOf(text(k.Output, "KeySpec"), "SYMMETRIC_DEFAULT")+".")
		}
	}
	return nil
}

// checkGrant checks who is granted what (KMS API, CreateGrant).
func checkGrant(q *wire.Request) *wire.Failure {
	known := []string{"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify", "GetPublicKey", "CreateGrant",
		"RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateMac", "VerifyMac", "DeriveSharedSecret"}
	var w wrongs
	if q.String("GranteePrincipal") == "" {
		w.missing("granteePrincipal")
	}
	if len(q.Strings("Operations")) == 0 {
		w.missing("operations")
	}
	for _, operation := range q.Strings("Operations") {
		if !slices.Contains(known, operation) {
			w.add("operations", "Member must satisfy constraint: [Member must satisfy enum value set: ["+strings.Join(known, ", ")+"]]", "["+strings.Join(q.Strings("Operations"), ", ")+"]")
			break
		}
	}
	return w.failure()
}

// retireGrant ends a grant, which it finds by its key and id, or by the token
// that CreateGrant gave (KMS API, RetireGrant).
func retireGrant(l *Lab, q *wire.Request) answer {
	id, key := q.String("GrantId"), q.String("KeyId")
	if token, ok := decoded(q, "GrantToken"); ok && len(token) > 0 {
		id = string(token)
		for _, name := range l.index.regions[q.Region].keys.names {
			if slices.ContainsFunc(l.index.regions[q.Region].keys.by[name].Grants, func(g map[string]any) bool { return text(g, "GrantId") == id }) {
				key = name
			}
		}
	}
	by := &wire.Request{Service: "kms", Operation: q.Operation, Region: q.Region, Input: map[string]any{"KeyId": key, "GrantId": id}}
	return onKeyState(revokeGrant)(l, by)
}

// listRetirableGrants lists what a principal may retire, of all keys.
func listRetirableGrants(l *Lab, q *wire.Request) answer {
	var grants []any
	for _, id := range l.index.regions[q.Region].keys.names {
		for _, g := range l.index.regions[q.Region].keys.by[id].Grants {
			if text(g, "RetiringPrincipal") == q.String("RetiringPrincipal") {
				grants = append(grants, filled(g, map[string]any{"KeyId": l.keyARN(q, id), "IssuingAccount": arnOf("iam", "", l.account.ID, "root"), "CreationDate": created()}))
			}
		}
	}
	first, end, next, failure := l.page(q, marker(50, 100), len(grants))
	if failure != nil {
		return answer{failure: failure}
	}
	return answer{output: truncated(map[string]any{"Grants": append([]any{}, grants[first:end]...)}, next)}
}

func revokeGrant(_ *Lab, q *wire.Request, _ string, k *Key) (map[string]any, *wire.Failure) {
	n := len(k.Grants)
	k.Grants = slices.DeleteFunc(slices.Clone(k.Grants), func(g map[string]any) bool { return text(g, "GrantId") == q.String("GrantId") })
	if len(k.Grants) == n {
		return nil, refuse(400, "NotFoundException", "Grant ID "+q.String("GrantId")+" not found")
	}
	return nil, nil
}
