package lab

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func listParts(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	u, failure := l.underWay(q, b)
	if failure != nil {
		return nil, failure
	}
	most, marker := maxKeys, 0
	if n, given := q.Int("MaxParts"); given {
		most = min(n, maxKeys)
	}
	if n, given := q.Int("PartNumberMarker"); given {
		marker = n
	}
	if most < 0 {
		return nil, badArgument("max-parts", q.String("MaxParts"), "Argument max-parts must be an integer between 0 and 2147483647")
	}
	output := map[string]any{"Bucket": b.Name, "Key": u.key, "UploadId": u.id, "Initiator": initiator(), "Owner": owning(),
		"StorageClass": firstOf(u.head.Headers["StorageClass"], "STANDARD"), "PartNumberMarker": marker, "MaxParts": most, "IsTruncated": false}
	if u.algorithm != "" {
		output["ChecksumAlgorithm"], output["ChecksumType"] = u.algorithm, u.kind
	}
	list, last := []any{}, 0
	for _, n := range u.numbers() {
		if n <= marker {
			continue
		}
		if len(list) == most {
			output["IsTruncated"] = true
			break
		}
		p := u.parts[n]
		shown := map[string]any{"PartNumber": n, "ETag": p.etag, "Size": int(p.size), "LastModified": p.modified}
		if u.algorithm != "" {
			shown["Checksum"+u.algorithm] = p.checksum.Value
		}
		list, last = append(list, shown), n
	}
	output["Parts"], output["NextPartNumberMarker"] = list, last
	return output, nil
}

func initiator() map[string]any { return map[string]any{"ID": "demo", "DisplayName": "demo"} }

func listMultipartUploads(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	most := maxKeys
	if n, given := q.Int("MaxUploads"); given {
		most = min(max(n, 0), maxKeys)
	}
	key, id, prefix, delimiter := q.String("KeyMarker"), q.String("UploadIdMarker"), q.String("Prefix"), q.String("Delimiter")
	output := map[string]any{"Bucket": b.Name, "KeyMarker": encodeKey(q, key), "UploadIdMarker": id, "MaxUploads": most, "IsTruncated": false,
		"NextKeyMarker": "", "NextUploadIdMarker": ""}
	if prefix != "" {
		output["Prefix"] = encodeKey(q, prefix)
	}
	uploads := slices.SortedFunc(maps.Values(l.s3.shelf(b.Name).uploads), func(a, b *multipart) int {
		return cmp.Or(cmp.Compare(a.key, b.key), a.begun.Compare(b.begun), cmp.Compare(a.id, b.id))
	})
	list, prefixes, passed := []any{}, []any{}, id == ""
	rolled := ""
	for _, u := range uploads {
		switch {
		case !strings.HasPrefix(u.key, prefix), u.key < key, u.key == key && id == "" && key != "":
			continue
		case u.key == key && !passed:
			passed = u.id == id
			continue
		}
		if i := strings.Index(u.key[len(prefix):], delimiter); delimiter != "" && i >= 0 {
			if common := u.key[:len(prefix)+i+len(delimiter)]; common != rolled {
				rolled = common
				prefixes = append(prefixes, map[string]any{"Prefix": encodeKey(q, common)})
			}
			continue
		}
		if len(list) == most {
			output["IsTruncated"] = true
			break
		}
		list = append(list, u.listed(q))
		output["NextKeyMarker"], output["NextUploadIdMarker"] = encodeKey(q, u.key), u.id
	}
	output["Uploads"], output["CommonPrefixes"] = list, prefixes
	return output, nil
}

func (u *multipart) listed(q *wire.Request) map[string]any {
	shown := map[string]any{"Key": encodeKey(q, u.key), "UploadId": u.id, "Initiated": u.begun, "Initiator": initiator(), "Owner": owning(),
		"StorageClass": firstOf(u.head.Headers["StorageClass"], "STANDARD")}
	if u.algorithm != "" {
		shown["ChecksumAlgorithm"], shown["ChecksumType"] = u.algorithm, u.kind
	}
	return shown
}
