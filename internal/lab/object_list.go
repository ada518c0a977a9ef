package lab

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// maxKeys is the most entries of one page.
const maxKeys = 1000

// walk is one page of a listing: keys with a prefix, those that go on behind
// the delimiter rolled up.
type walk struct {
	prefix, delimiter string
	after             string // the key or rolled-up prefix that the page comes after
	rolled            bool   // after is a rolled-up prefix, with all its keys
	max               int
}

// keyPage is what a walk found, in order.
type keyPage struct {
	entries []listedName
	more    bool
}

// listedName is a key of a page, or a prefix that stands for its keys.
type listedName struct {
	name   string
	prefix bool
}

// walk lists keys for which there is something to show.
func (s *shelf) walk(w walk, shown func(key string) bool) (p keyPage) {
	start, _ := slices.BinarySearch(s.names, max(w.prefix, w.after))
	for _, key := range s.names[start:] {
		switch {
		case !strings.HasPrefix(key, w.prefix):
			if key > w.prefix {
				return p
			}
			continue
		case key <= w.after && w.after != "", w.rolled && strings.HasPrefix(key, w.after), !shown(key):
			continue
		}
		e := listedName{name: key}
		if i := strings.Index(key[len(w.prefix):], w.delimiter); w.delimiter != "" && i >= 0 {
			e = listedName{key[:len(w.prefix)+i+len(w.delimiter)], true}
			if n := len(p.entries); n > 0 && p.entries[n-1] == e {
				continue
			}
		}
		if len(p.entries) == w.max {
			p.more = true
			return p
		}
		p.entries = append(p.entries, e)
	}
	return p
}

// walkOf reads what listings share.
func (l *Lab) walkOf(q *wire.Request) (walk, *wire.Failure) {
	w := walk{prefix: q.String("Prefix"), delimiter: q.String("Delimiter"), max: maxKeys}
	if asked := q.String("MaxKeys"); asked != "" {
		n, err := strconv.ParseInt(asked, 10, 32)
		switch {
		case err != nil:
			return w, badArgument("max-keys", asked, "Provided max-keys not an integer or within integer range")
		case n < 0:
			return w, badArgument("max-keys", asked, "Argument maxKeys must be an integer between 0 and 2147483647")
		}
		w.max = min(int(n), maxKeys)
	}
	if kind := q.String("EncodingType"); kind != "" && kind != "url" {
		return w, badArgument("encoding-type", kind, "Invalid Encoding Method specified in Request")
	}
	return w, nil
}

// limited is a walk of the account's page size.
func (l *Lab) limited(w walk) walk {
	if l.account.PageSize > 0 {
		w.max = min(w.max, l.account.PageSize)
	}
	return w
}

func (s *shelf) live(key string) bool { v := s.current(key); return v != nil && !v.marker }

func listObjectsV2(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	w, failure := l.walkOf(q)
	if failure != nil {
		return nil, failure
	}
	output := listed(q, b, w)
	w.after = q.String("StartAfter")
	if token := q.String("ContinuationToken"); token != "" {
		var ok bool
		if w.after, w.rolled, ok = openListToken(q, token); !ok {
			return nil, badArgument("continuation-token", "", "The continuation token provided is incorrect")
		}
		output["ContinuationToken"] = token
	}
	if after := q.String("StartAfter"); after != "" {
		output["StartAfter"] = encodeKey(q, after)
	}
	shelf := l.s3.shelf(b.Name)
	p := shelf.walk(l.limited(w), shelf.live)
	owner := q.Bool("FetchOwner", false)
	shelf.show(q, output, p, owner)
	output["KeyCount"] = len(p.entries)
	if p.more && len(p.entries) > 0 {
		last := p.entries[len(p.entries)-1]
		output["IsTruncated"], output["NextContinuationToken"] = true, sealListToken(q, last)
	}
	return output, nil
}

func listObjects(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	w, failure := l.walkOf(q)
	if failure != nil {
		return nil, failure
	}
	output := listed(q, b, w)
	w.after = q.String("Marker")
	w.rolled = w.delimiter != "" && strings.HasSuffix(w.after, w.delimiter)
	output["Marker"] = encodeKey(q, w.after)
	shelf := l.s3.shelf(b.Name)
	p := shelf.walk(l.limited(w), shelf.live)
	shelf.show(q, output, p, true)
	if p.more && len(p.entries) > 0 {
		output["IsTruncated"] = true
		if w.delimiter != "" {
			output["NextMarker"] = encodeKey(q, p.entries[len(p.entries)-1].name)
		}
	}
	return output, nil
}

// listed is what all listings of objects tell.
func listed(q *wire.Request, b located, w walk) map[string]any {
	output := map[string]any{"Name": b.Name, "Prefix": encodeKey(q, w.prefix), "MaxKeys": w.max, "IsTruncated": false}
	if w.delimiter != "" {
		output["Delimiter"] = encodeKey(q, w.delimiter)
	}
	if kind := q.String("EncodingType"); kind != "" {
		output["EncodingType"] = kind
	}
	return output
}

// show puts a page into an answer.
func (s *shelf) show(q *wire.Request, output map[string]any, p keyPage, owner bool) {
	contents, prefixes := []any{}, []any{}
	for _, e := range p.entries {
		if e.prefix {
			prefixes = append(prefixes, map[string]any{"Prefix": encodeKey(q, e.name)})
			continue
		}
		shown := s.current(e.name).listed(q)
		if owner {
			shown["Owner"] = owning()
		}
		contents = append(contents, shown)
	}
	output["Contents"], output["CommonPrefixes"] = contents, prefixes
}

func owning() map[string]any { return map[string]any{"ID": "demo"} }

// listed is a version as listings show it.
func (v *version) listed(q *wire.Request) map[string]any {
	shown := map[string]any{"Key": encodeKey(q, v.key), "LastModified": v.modified, "ETag": v.etag, "Size": int(v.size), "StorageClass": v.class}
	if v.checksum != "" {
		shown["ChecksumAlgorithm"], shown["ChecksumType"] = []any{v.checksum}, v.kind
	}
	return shown
}
