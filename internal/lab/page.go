package lab

import (
	"encoding/base64"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// listing is one operation's way of paging.
type listing struct {
	token   string // input member that goes on
	size    string // input member that asks for a size
	usual   int    // entries without one
	least   int    // smallest size that may be asked for; 0 is 1
	most    int    // largest
	badCode string // error for a token that was never given
}

// page is the part of n entries that a request asks for, from first to end,
// and the token of the next one, "" after the last.
func (l *Lab) page(q *wire.Request, how listing, n int) (first, end int, next string, failure *wire.Failure) {
	size, given := q.Int(how.size)
	switch {
	case !given:
		size = how.usual
	case size < max(how.least, 1) || size > how.most:
		return 0, 0, "", refuse(400, invalidSize(q.Service), "1 validation error detected: Value '"+strconv.Itoa(size)+"' at '"+how.size+"' failed to satisfy constraint")
	}
	if l.account.PageSize > 0 {
		size = min(size, l.account.PageSize)
	}
	if token := q.String(how.token); token != "" {
		var ok bool
		if first, ok = openToken(q, token); !ok || first > n {
			return 0, 0, "", refuse(400, how.badCode, "The token is not valid.")
		}
	}
	end = min(first+size, n)
	if end < n {
		next = sealToken(q, end)
	}
	return first, end, next, nil
}

func invalidSize(service string) string {
	switch service {
	case "s3":
		return "InvalidArgument"
	case "dax":
		return "InvalidParameterValueException"
	case "tagging":
		return "InvalidParameterException"
	}
	return "ValidationException"
}

// sealToken makes a token that only this operation in this region takes back.
func sealToken(q *wire.Request, at int) string {
	text := strconv.Itoa(at)
	return base64.RawURLEncoding.EncodeToString([]byte(text + " " + seal(q, text)))
}

func seal(q *wire.Request, text string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(q.Name()+" "+q.Region+" "+text))), 36)
}

func openToken(q *wire.Request, token string) (at int, ok bool) {
	body, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	text, sum, _ := strings.Cut(string(body), " ")
	at, err = strconv.Atoi(text)
	return at, err == nil && at > 0 && sum == seal(q, text)
}
