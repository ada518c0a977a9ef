package lab

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// encodeKey is a key as a listing spells it, where it was asked to encode keys.
func encodeKey(q *wire.Request, key string) string {
	if q.String("EncodingType") != "url" {
		return key
	}
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// sealListToken makes a token that goes on after an entry, and that only this
// listing takes back.
func sealListToken(q *wire.Request, last listedName) string {
	text := "k" + last.name
	if last.prefix {
		text = "p" + last.name
	}
	return base64.RawURLEncoding.EncodeToString([]byte(seal(q, text) + " " + text))
}

func openListToken(q *wire.Request, token string) (after string, rolled, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	sum, text, found := strings.Cut(string(b), " ")
	if err != nil || !found || len(text) < 2 || sum != seal(q, text) {
		return "", false, false
	}
	return text[1:], text[0] == 'p', true
}
