package lab

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// encryptedSince is when S3 began to encrypt every new object (S3 User Guide,
// "Setting default server-side encryption behavior for Amazon S3 buckets").
var encryptedSince = time.Date(2023, 1, 5, 0, 0, 0, 0, time.UTC)

// planted is one object of the data, with its moment.
type planted struct {
	*Object
	bucket located
	when   time.Time
}

// seedObjects writes the objects of the data, oldest first, each at its time.
func (l *Lab) seedObjects() error {
	now := l.now()
	var all []planted
	for _, name := range l.index.names {
		b := l.index.buckets[name]
		for i := range b.Objects {
			p := planted{&b.Objects[i], b, now}
			if p.LastModified != nil {
				p.when = at(p.LastModified, now)
			}
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b planted) int { return a.when.Compare(b.when) })
	reused := map[*Object]*dataKeyOnce{}
	for _, p := range all {
		reused[p.Object] = &dataKeyOnce{}
		for n := 1; n <= max(p.Count, 1); n++ {
			if err := l.plant(p, n, reused[p.Object]); err != nil {
				return fmt.Errorf("%s/%s: %w", p.bucket.Name, p.Key, err)
			}
		}
	}
	return nil
}

// plant writes one object as it was written then: at its time, under keys that
// could be used.
func (l *Lab) plant(p planted, n int, once *dataKeyOnce) error {
	ahead := l.ahead.Load()
	l.ahead.Store(int64(p.when.Sub(l.set.clock())))
	defer l.ahead.Store(ahead)
	return l.then(p, func() error {
		key := strings.ReplaceAll(p.Key, "{n}", strconv.Itoa(n))
		if p.DeleteMarker {
			l.remove(p.bucket, key, "")
			return nil
		}
		shield, err := l.shieldOf(p)
		if err != nil {
			return err
		}
		w := writing{bucket: p.bucket, key: key, body: p.content(n), shield: shield, tags: p.Tags, errors: p.Errors,
			headers: map[string]string{"ContentType": cmp.Or(p.ContentType, "binary/octet-stream")}}
		if p.StorageClass != "" {
			w.headers["StorageClass"] = p.StorageClass
		}
		instruction, err := l.encryptFor(p.Client, &w, once)
		if err != nil {
			return err
		}
		if p.Tampered {
			p.Client.tamper(w.body)
		}
		w.metadata = merged(w.metadata, p.Metadata)
		return l.plantWritten(p, w, instruction)
	})
}

// tamper changes one bit. AES-CBC notices nothing but a padding that can't be:
// there it is the bit that makes the padding longer than a block, which stands
// a block before it.
func (c *ClientSide) tamper(body []byte) {
	const block = 16
	if (c.CBC || c.Format == "s3ec-v1") && len(body) >= 2*block {
		body[len(body)-block-1] ^= 0x80
		return
	}
	body[len(body)/2] ^= 1
}

func (l *Lab) plantWritten(p planted, w writing, instruction []byte) error {
	if w.shield.algorithm != "" {
		w.checksum = checksum{usualChecksum, sum(usualChecksum, w.body), fullObject}
	}
	write := l.write
	if p.PartSize > 0 && len(w.body) > 0 {
		write = func(w writing) (*version, *objectHead, *wire.Failure) { return l.writeParts(w, p.PartSize) }
	}
	v, _, failure := write(w)
	if failure != nil {
		return failure
	}
	if p.Damaged {
		l.Flip(partPlace(v.place, v.parts[0]), 8*int(min(v.size/2, 1<<20))+1)
	}
	if instruction == nil {
		return nil
	}
	w.key, w.body, w.metadata = w.key+instructionSuffix, instruction, map[string]string{instructionMarker: ""}
	if w.shield.algorithm != "" {
		w.checksum = checksum{usualChecksum, sum(usualChecksum, w.body), fullObject}
	}
	if _, _, failure := l.write(w); failure != nil {
		return failure
	}
	return nil
}

// content is the plaintext of the n-th object.
func (o *Object) content(n int) []byte {
	body := strings.ReplaceAll(o.Body, "{n}", strconv.Itoa(n))
	if o.Size == 0 {
		return []byte(body)
	}
	body = cmp.Or(body, "sealaudit demo ")
	return []byte(strings.Repeat(body, o.Size/len(body)+1)[:o.Size])
}

// shieldOf is the protection that the request asked for which wrote an object.
func (l *Lab) shieldOf(p planted) (protection, error) {
	switch p.ServerSideEncryption {
	case "none":
		if !p.when.Before(encryptedSince) {
			return protection{}, fmt.Errorf("no object is without encryption since %s; give it an older LastModified", encryptedSince.Format(time.DateOnly))
		}
		return protection{}, nil
	case ssec: // the bucket may block it since
		return protection{algorithm: ssec, customer: DemoKey(p.SSECustomerKey)}, nil
	}
	q := &wire.Request{Service: "s3", Operation: "PutObject", Region: p.bucket.region, Now: l.now(), Input: map[string]any{"Bucket": p.bucket.Name, "Key": p.Key}}
	for member, v := range map[string]string{"ServerSideEncryption": p.ServerSideEncryption, "SSEKMSKeyId": p.SSEKMSKeyId} {
		if v != "" {
			q.Input[member] = v
		}
	}
	if p.BucketKeyEnabled != nil {
		q.Input["BucketKeyEnabled"] = *p.BucketKeyEnabled
	}
	if len(p.SSEKMSEncryptionContext) > 0 {
		b, err := json.Marshal(p.SSEKMSEncryptionContext)
		if err != nil {
			return protection{}, fmt.Errorf("writing its encryption context: %w; it must be texts", err)
		}
		q.Input["SSEKMSEncryptionContext"] = base64.StdEncoding.EncodeToString(b)
	}
	shield, failure := l.protectionOf(q, p.bucket)
	if failure != nil {
		return shield, failure
	}
	return shield, nil
}

func merged(over, more map[string]string) map[string]string {
	out := maps.Clone(over)
	if out == nil {
		out = map[string]string{}
	}
	for name, value := range more {
		out[strings.ToLower(name)] = value
	}
	return out
}
