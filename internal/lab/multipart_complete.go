package lab

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// completeMultipartUpload makes an object of an upload's parts. They stay as
// they are on the disk.
func completeMultipartUpload(l *Lab, q *wire.Request, b located) (map[string]any, *wire.Failure) {
	u, failure := l.underWay(q, b)
	if failure != nil {
		return nil, failure
	}
	if failure := l.checkWrite(q); failure != nil {
		return nil, failure
	}
	h, etags, failure := u.assemble(q)
	if failure != nil {
		return nil, failure
	}
	customer, failure := customerKey(q, "")
	if failure != nil {
		return nil, failure
	}
	c, keys, failure := l.wholeChecksum(u, h, customer)
	if failure != nil {
		return nil, failure
	}
	if failure := u.checkWhole(q, h, c); failure != nil {
		return nil, failure
	}
	h.Modified = l.now().UTC().Truncate(time.Second)
	h.SSE.Checksum = sealChecksum(u.at.place, c, keys)
	v := h.indexed(u.key, u.at.place, etagOfParts(etags), c)
	l.dropUnused(u, v)
	l.enterVersion(b, v, h)
	delete(l.s3.shelf(b.Name).uploads, u.id)
	output := map[string]any{"Location": "https://" + b.Name + ".s3." + b.region + ".amazonaws.com/" + u.key, "Bucket": b.Name, "Key": u.key, "ETag": v.etag}
	c.describe(output)
	if h.SSE.Algorithm != ssec {
		h.SSE.describe(output, nil)
	}
	tellVersion(output, v)
	return output, nil
}

// assemble makes S3's checks of the list of parts.
func (u *multipart) assemble(q *wire.Request) (*objectHead, []string, *wire.Failure) {
	list, _ := q.Input["Parts"].([]any)
	if len(list) == 0 {
		return nil, nil, refuse(400, "InvalidRequest", "You must specify at least one part")
	}
	h, before := u.head, 0
	h.Parts = nil
	var etags []string
	var small *wire.Failure
	for i, v := range list {
		entry, _ := v.(map[string]any)
		n, err := strconv.Atoi(text(entry, "PartNumber"))
		part, known := u.parts[n]
		tag := strings.Trim(text(entry, "ETag"), `"`)
		switch {
		case err != nil:
			return nil, nil, malformedXML()
		case n <= before:
			f := refuse(400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
			f.Fields = map[string]string{"UploadId": u.id}
			return nil, nil, f
		case !known || !sameTag(tag, part.etag) || !part.isClaimed(entry):
			f := refuse(400, "InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
			f.Fields = map[string]string{"ETag": tag, "PartNumber": strconv.Itoa(n), "UploadId": u.id}
			return nil, nil, f
		case u.kind == composite && text(entry, "Checksum"+u.algorithm) == "":
			return nil, nil, refuse(400, "InvalidRequest", "The upload was created using a "+strings.ToLower(u.algorithm)+" checksum. The complete request must include the checksum for each part. It was missing for part "+strconv.Itoa(n)+" in the request.")
		}
		if part.size < minPart && i < len(list)-1 && small == nil {
			small = tooSmall(n, part, tag) // told only of a list that is right
		}
		kept := objectPart{Number: n, Size: part.size}
		if u.algorithm != "" {
			kept.Checksum = part.checksum.Value
		}
		h.Parts, etags, before = append(h.Parts, kept), append(etags, part.etag), n
	}
	if small != nil {
		return nil, nil, small
	}
	return &h, etags, nil
}

// isClaimed says whether the checksum that a list of parts claims is the
// part's, if it claims one.
func (p uploaded) isClaimed(entry map[string]any) bool {
	for member := range wire.Checksums() {
		if claimed := text(entry, member); claimed != "" && (member != "Checksum"+p.checksum.Algorithm || claimed != p.checksum.Value) {
			return false
		}
	}
	return true
}

func tooSmall(n int, part uploaded, tag string) *wire.Failure {
	f := refuse(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	f.Fields = map[string]string{"ETag": tag, "MinSizeAllowed": strconv.Itoa(minPart), "PartNumber": strconv.Itoa(n), "ProposedSize": strconv.FormatInt(part.size, 10)}
	return f
}

// wholeChecksum is the checksum of the whole object: of its parts' checksums,
// or of its bytes, which S3 reads for it if it has the key. Without one asked
// for, it is CRC64NVME (recorded by test_complete_multipart_parts_checksum_*;
// uploads under a customer's key have none).
func (l *Lab) wholeChecksum(u *multipart, h *objectHead, customer []byte) (c checksum, keys [][]byte, failure *wire.Failure) {
	if h.SSE.Algorithm == ssec && h.SSE.checkCustomer(customer) != nil {
		return checksum{}, nil, nil
	}
	if keys, failure = l.dataKeys(u.at, h.SSE, customer); failure != nil {
		return c, nil, failure
	}
	algorithm := firstOf(u.algorithm, usualChecksum)
	if u.kind == composite {
		var all []byte
		for _, p := range h.Parts {
			b, _ := base64.StdEncoding.DecodeString(p.Checksum) // our own
			all = append(all, b...)
		}
		return checksum{algorithm, sum(algorithm, all) + "-" + strconv.Itoa(len(h.Parts)), composite}, keys, nil
	}
	digest := newChecksum(algorithm)
	for _, p := range h.Parts {
		b, failure := l.part(u.at.place, p, keys)
		if failure != nil {
			return c, nil, failure
		}
		digest.Write(b) // a hash takes all
	}
	return checksum{algorithm, base64.StdEncoding.EncodeToString(digest.Sum(nil)), fullObject}, keys, nil
}

// checkWhole compares what a request claims of the whole object (recorded by
// test_multipart_size_validation and
// test_complete_multipart_parts_checksum_default).
func (u *multipart) checkWhole(q *wire.Request, h *objectHead, c checksum) *wire.Failure {
	if claimed, size := q.String("MpuObjectSize"), strconv.FormatInt(h.size(), 10); claimed != "" && claimed != size {
		return refuse(400, "InvalidRequest", "The provided 'x-amz-mp-object-size' header value "+claimed+" does not match what was computed: "+size)
	}
	if kind := q.String("ChecksumType"); kind != "" && kind != u.kind {
		return refuse(400, "InvalidRequest", "The upload was created using the "+firstOf(u.kind, "null")+" checksum mode. The complete request must use the same checksum mode.")
	}
	claimed := q.String("Checksum" + c.Algorithm)
	if c.Value != "" && claimed != "" && strings.TrimSuffix(claimed, "-"+strconv.Itoa(len(h.Parts))) != strings.TrimSuffix(c.Value, "-"+strconv.Itoa(len(h.Parts))) {
		return refuse(400, "BadDigest", "The "+strings.ToLower(c.Algorithm)+" you specified did not match the calculated checksum.")
	}
	return nil
}

// dropUnused removes parts that the object does not have.
func (l *Lab) dropUnused(u *multipart, v *version) {
	used := map[int]bool{}
	for _, n := range v.parts {
		used[n] = true
	}
	for n := range u.parts {
		if !used[n] {
			l.store.delete(partPlace(u.at.place, n))
		}
	}
}
