package lab

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// shard is a part of a stream: a range of the hashes of partition keys (Kinesis
// Developer Guide, "Shard"). Streams are not resharded here.
type shard struct {
	id          string // "shardId-000000000000"
	number      int
	first, last *big.Int // hash keys
	born        time.Time
	written     int64    // records so far
	records     []*entry // those that are kept, oldest first
}

// newShards splits the hash keys evenly.
func newShards(n int, born time.Time) []*shard {
	width := new(big.Int).Div(hashKeys(), big.NewInt(int64(n)))
	shards := make([]*shard, n)
	for i := range shards {
		s := &shard{id: fmt.Sprintf("shardId-%012d", i), number: i, born: born, first: new(big.Int).Mul(width, big.NewInt(int64(i)))}
		s.last = new(big.Int).Sub(new(big.Int).Add(s.first, width), big.NewInt(1))
		if i == n-1 {
			s.last = new(big.Int).Sub(hashKeys(), big.NewInt(1))
		}
		shards[i] = s
	}
	return shards
}

// hashKeys is how many hash keys there are, 2^128.
func hashKeys() *big.Int { return new(big.Int).Lsh(big.NewInt(1), 128) }

// hashOf is the hash key of a partition key (Kinesis API, PutRecord: "An MD5
// hash function is used to map partition keys to 128-bit integer values").
func hashOf(partitionKey string) *big.Int {
	sum := md5.Sum([]byte(partitionKey)) // places records; protects nothing
	return new(big.Int).SetBytes(sum[:])
}

// holding is the shard of a hash key.
func (s *stream) holding(hash *big.Int) *shard {
	for _, sh := range s.shards {
		if hash.Cmp(sh.last) <= 0 {
			return sh
		}
	}
	return s.shards[len(s.shards)-1]
}

// shard finds one by its id, "shardId-000000000001", or by its number alone.
func (s *stream) shard(id string) *shard {
	digits := id[strings.LastIndexByte(id, '-')+1:]
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n >= len(s.shards) || strings.HasPrefix(id, "shardId-") && id != s.shards[n].id {
		return nil
	}
	return s.shards[n]
}

// after are the shards after one by its id.
func (s *stream) after(id string) []*shard {
	for i, sh := range s.shards {
		if sh.id > id {
			return s.shards[i:]
		}
	}
	return nil
}

// sequence is a sequence number: the 56 digits that AWS's have, of which the
// stream's birth, the record's place in its shard and the shard can be told.
// AWS does not publish the layout of its own.
func (sh *shard) sequence(n int64) string {
	v := new(big.Int).Lsh(big.NewInt(1), 185)
	v.Add(v, new(big.Int).Lsh(big.NewInt(sh.born.Unix()), 148))
	v.Add(v, new(big.Int).Lsh(big.NewInt(n), 40))
	return v.Add(v, big.NewInt(int64(sh.number)<<4|2)).String()
}

// placeOf is the place in the shard that a sequence number means, and whether it
// is one of this shard's.
func (sh *shard) placeOf(number string) (n int64, ok bool) {
	v, ok := new(big.Int).SetString(number, 10)
	if !ok {
		return 0, false
	}
	n = new(big.Int).And(new(big.Int).Rsh(v, 40), new(big.Int).SetUint64(1<<62-1)).Int64()
	return n, sh.sequence(n) == number
}

func shardList(shards []*shard) []any {
	list := make([]any, 0, len(shards))
	for _, sh := range shards {
		list = append(list, map[string]any{"ShardId": sh.id,
			"HashKeyRange":        map[string]any{"StartingHashKey": sh.first.String(), "EndingHashKey": sh.last.String()},
			"SequenceNumberRange": map[string]any{"StartingSequenceNumber": sh.sequence(0)}})
	}
	return list
}

// tokenLife is how long ListShards' tokens last (Kinesis API, ListShards:
// "Tokens expire after 300 seconds").
const tokenLife = 300 * time.Second

func listShards(l *Lab, q *wire.Request) answer {
	from := q.String("ExclusiveStartShardId")
	filter, _ := q.Input["ShardFilter"].(map[string]any)
	if text(filter, "Type") == "AFTER_SHARD_ID" {
		from = text(filter, "ShardId")
	}
	if token := q.String("NextToken"); token != "" {
		if q.String("StreamName") != "" || q.String("StreamARN") != "" || from != "" {
			return answer{failure: refuse(400, "InvalidArgumentException", "NextToken and StreamName cannot be provided together.")}
		}
		parts, ok := l.openParts("shards", token, 3)
		if !ok {
			return answer{failure: refuse(400, "InvalidArgumentException", "Invalid NextToken.")}
		}
		if issued, _ := strconv.ParseInt(parts[2], 10, 64); l.now().Sub(time.UnixMilli(issued)) > tokenLife {
			return answer{failure: refuse(400, "ExpiredNextTokenException", "The NextToken has expired.")}
		}
		q.Input["StreamName"], from = parts[0], parts[1]
	}
	s, a := l.namedStream(q)
	if a.failure != nil {
		return a
	}
	most, given := q.Int("MaxResults")
	if !given {
		most = 1000
	}
	if most < 1 || most > 10000 {
		a.failure = constraint(strconv.Itoa(most), "maxResults", "Member must have value between 1 and 10000")
		return a
	}
	if l.account.PageSize > 0 {
		most = min(most, l.account.PageSize)
	}
	shards := s.after(from)
	if l.streamStatus(s) == "CREATING" {
		shards = nil
	}
	end := min(len(shards), most, 1000)
	a.output = map[string]any{"Shards": shardList(shards[:end])}
	if end < len(shards) {
		a.output["NextToken"] = l.sealParts("shards", s.name, shards[end-1].id, strconv.FormatInt(l.now().UnixMilli(), 10))
	}
	return a
}

// sealParts makes a token of parts, none of which has a space, that only
// openParts of the same account and purpose reads.
func (l *Lab) sealParts(purpose string, parts ...string) string {
	body := strings.Join(parts, " ")
	return base64.StdEncoding.EncodeToString(append(l.mark(purpose, body), body...))
}

func (l *Lab) openParts(purpose, token string, n int) (parts []string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(b) < markLen || !hmac.Equal(b[:markLen], l.mark(purpose, string(b[markLen:]))) {
		return nil, false
	}
	parts = strings.Split(string(b[markLen:]), " ")
	return parts, len(parts) == n
}

const markLen = 16

func (l *Lab) mark(purpose, body string) []byte {
	m := hmac.New(sha256.New, l.kinesis.secret[:])
	m.Write([]byte(purpose + " " + body))
	return m.Sum(nil)[:markLen]
}
