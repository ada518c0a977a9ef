package lab

import (
	"slices"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func marker(usual, most int) listing {
	return listing{token: "Marker", size: "Limit", usual: usual, most: most, badCode: "InvalidMarkerException"}
}

// truncated is KMS's way to end a page.
func truncated(output map[string]any, next string) map[string]any {
	output["Truncated"] = next != ""
	if next != "" {
		output["NextMarker"] = next
	}
	return output
}

func listKeys(l *Lab, q *wire.Request) answer {
	names := l.index.regions[q.Region].keys.names
	first, end, next, failure := l.page(q, marker(100, 1000), len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	list := make([]any, 0, end-first)
	for _, id := range names[first:end] {
		list = append(list, map[string]any{"KeyId": id, "KeyArn": l.keyARN(q, id)})
	}
	return answer{output: truncated(map[string]any{"Keys": list}, next)}
}

func listAliases(l *Lab, q *wire.Request) answer {
	aliases := l.index.regions[q.Region].aliases
	names := aliases.names
	if id := q.String("KeyId"); id != "" {
		k, failure := l.findKey(q, id)
		if failure != nil {
			return answer{resource: id, failure: failure}
		}
		names = k.Aliases
	}
	first, end, next, failure := l.page(q, marker(50, 100), len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	list := make([]any, 0, end-first)
	for _, name := range names[first:end] {
		a := aliases.by[name]
		entry := map[string]any{"AliasName": name, "AliasArn": arnOf("kms", q.Region, l.account.ID, name)}
		if a.target != "" {
			entry["TargetKeyId"], entry["CreationDate"], entry["LastUpdatedDate"] = a.target, created(), created()
		}
		list = append(list, filled(a.output, entry))
	}
	return answer{output: truncated(map[string]any{"Aliases": list}, next)}
}

func keyGrants(l *Lab, q *wire.Request, k *Key) (map[string]any, *wire.Failure) {
	grants := slices.DeleteFunc(slices.Clone(k.Grants), func(g map[string]any) bool {
		id, grantee := q.String("GrantId"), q.String("GranteePrincipal")
		return id != "" && id != text(g, "GrantId") || grantee != "" && grantee != text(g, "GranteePrincipal")
	})
	first, end, next, failure := l.page(q, marker(50, 100), len(grants))
	if failure != nil {
		return nil, failure
	}
	list := make([]any, 0, end-first)
	for _, g := range grants[first:end] {
		list = append(list, filled(g, map[string]any{
			"KeyId": l.keyARN(q, text(k.Output, "KeyId")), "IssuingAccount": arnOf("iam", "", l.account.ID, "root"), "CreationDate": created(),
		}))
	}
	return truncated(map[string]any{"Grants": list}, next), nil
}

func describeCustomKeyStores(l *Lab, q *wire.Request) answer {
	id, name := q.String("CustomKeyStoreId"), q.String("CustomKeyStoreName")
	var stores []any
	for _, s := range l.index.regions[q.Region].data.KMS.CustomKeyStores {
		if id != "" && id != text(s.Output, "CustomKeyStoreId") || name != "" && name != text(s.Output, "CustomKeyStoreName") {
			continue
		}
		stores = append(stores, filled(s.Output, map[string]any{
			"CustomKeyStoreName": text(s.Output, "CustomKeyStoreId"), "CustomKeyStoreType": "AWS_CLOUDHSM", "ConnectionState": "CONNECTED", "CreationDate": created(),
		}))
	}
	if len(stores) == 0 && id+name != "" {
		return answer{resource: id + name, failure: refuse(400, "CustomKeyStoreNotFoundException", "There is no such custom key store.")}
	}
	first, end, next, failure := l.page(q, marker(100, 1000), len(stores))
	if failure != nil {
		return answer{failure: failure}
	}
	return answer{output: truncated(map[string]any{"CustomKeyStores": append([]any{}, stores[first:end]...)}, next)}
}
