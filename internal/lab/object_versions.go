package lab

import (
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// listObjectVersions lists all versions and delete markers, by key and newest
// first.
func listObjectVersions(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	w, failure := l.walkOf(q)
	if failure != nil {
		return nil, failure
	}
	key, id := q.String("KeyMarker"), q.String("VersionIdMarker")
	if id != "" && key == "" {
		return nil, badArgument("version-id-marker", id, "A version-id marker cannot be specified without a key marker.")
	}
	output := listed(q, b, w)
	output["KeyMarker"], output["VersionIdMarker"] = encodeKey(q, key), id
	w = l.limited(w)
	list := l.s3.shelf(b.Name).history(w, key, id)
	versions, markers, prefixes := []any{}, []any{}, []any{}
	for i, h := range list {
		if i == w.max {
			last := list[i-1]
			output["IsTruncated"], output["NextKeyMarker"] = true, encodeKey(q, last.name)
			if last.version != nil {
				output["NextVersionIdMarker"] = last.version.id
			}
			break
		}
		switch {
		case h.version == nil:
			prefixes = append(prefixes, map[string]any{"Prefix": encodeKey(q, h.name)})
		case h.version.marker:
			markers = append(markers, h.shown(map[string]any{"Key": encodeKey(q, h.name), "LastModified": h.version.modified}))
		default:
			versions = append(versions, h.shown(h.version.listed(q)))
		}
	}
	output["Versions"], output["DeleteMarkers"], output["CommonPrefixes"] = versions, markers, prefixes
	return output, nil
}

// past is one entry of a history: a version, or a prefix without one.
type past struct {
	name    string
	version *version
	latest  bool
}

func (h past) shown(entry map[string]any) map[string]any {
	entry["VersionId"], entry["IsLatest"], entry["Owner"] = h.version.id, h.latest, owning()
	return entry
}

// history is what comes after a key and one of its versions, and one entry more
// than a page takes if there is one.
func (s *shelf) history(w walk, key, id string) (list []past) {
	if id != "" {
		for i, v := range s.objects[key] {
			if v.id == id {
				list = s.pasts(list, s.objects[key][i+1:])
			}
		}
	}
	limit := w.max
	w.after, w.max = key, w.max+1
	w.rolled = key != "" && len(s.objects[key]) == 0 && w.delimiter != ""
	for _, e := range s.walk(w, func(string) bool { return true }).entries {
		if len(list) > limit {
			break
		}
		if e.prefix {
			list = append(list, past{name: e.name})
			continue
		}
		list = s.pasts(list, s.objects[e.name])
	}
	return list
}

func (s *shelf) pasts(list []past, versions []*version) []past {
	for _, v := range versions {
		list = append(list, past{v.key, v, v == s.current(v.key)})
	}
	return list
}
