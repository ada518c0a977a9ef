package lab

import (
	"crypto"
	"crypto/md5" //nolint:gosec // CloudTrail's fingerprint of a public key
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// digestFile is a digest (CloudTrail User Guide, "CloudTrail digest file
// structure"). A starting one has no previous.
type digestFile struct {
	Account               string    `json:"awsAccountId"`
	Start                 string    `json:"digestStartTime"`
	End                   string    `json:"digestEndTime"`
	Bucket                string    `json:"digestS3Bucket"`
	Object                string    `json:"digestS3Object"`
	Fingerprint           string    `json:"digestPublicKeyFingerprint"`
	SignatureAlgorithm    string    `json:"digestSignatureAlgorithm"`
	Newest                *string   `json:"newestEventTime"`
	Oldest                *string   `json:"oldestEventTime"`
	PreviousBucket        *string   `json:"previousDigestS3Bucket"`
	PreviousObject        *string   `json:"previousDigestS3Object"`
	PreviousHash          *string   `json:"previousDigestHashValue"`
	PreviousHashAlgorithm *string   `json:"previousDigestHashAlgorithm"`
	PreviousSignature     *string   `json:"previousDigestSignature"`
	Files                 []logFile `json:"logFiles"`

	hash, signature string // of this one, for the next
}

// deliverDigest signs and delivers a region's digest for the time since the
// last one, and begins the next.
func (l *Lab) deliverDigest(t *homed, d *trailDelivery, region string, now time.Time) *wire.Failure {
	if stamp(now) == stamp(d.since) { // the last one ends in the second in which the one before did
		if len(d.files) == 0 {
			return nil
		}
		now = now.Add(time.Second)
	}
	key := l.signer(region, now)
	out := l.trail(t)
	f := &digestFile{Account: l.account.ID, Start: stamp(d.since), End: stamp(now), Bucket: text(out, "S3BucketName"),
		Object: l.logPrefix(t) + "CloudTrail-Digest/" + region + now.UTC().Format("/2006/01/02/") + l.account.ID + "_CloudTrail-Digest_" + region + "_" +
			text(out, "Name") + "_" + t.home + "_" + now.UTC().Format("20060102T150405Z") + ".json.gz",
		Fingerprint: key.fingerprint, SignatureAlgorithm: "SHA256withRSA", Files: append([]logFile{}, d.files...)}
	for i := range d.files {
		if i == 0 {
			f.Oldest = &d.files[i].OldestEventTime
		}
		f.Newest = &d.files[i].NewestEventTime
	}
	previous := "null"
	if p := d.before; p != nil {
		algorithm := "SHA-256"
		f.PreviousBucket, f.PreviousObject, f.PreviousHash, f.PreviousHashAlgorithm, f.PreviousSignature = &p.Bucket, &p.Object, &p.hash, &algorithm, &p.signature
		previous = p.signature
	}
	body, err := json.Marshal(f)
	if err != nil {
		return refuse(500, "InternalError", "The digest has no JSON.")
	}
	f.hash = hex.EncodeToString(sum256(body))
	signed := f.End + "\n" + f.Bucket + "/" + f.Object + "\n" + f.hash + "\n" + previous
	signature, err := rsa.SignPKCS1v15(rand.Reader, key.private, crypto.SHA256, sum256([]byte(signed)))
	if err != nil {
		return refuse(500, "InternalError", "The digest could not be signed.")
	}
	f.signature = hex.EncodeToString(signature)
	if failure := l.uploadFile(t, f.Object, body, map[string]string{"signature": f.signature, "signature-algorithm": "SHA256withRSA"}); failure != nil {
		return failure
	}
	d.before, d.files, d.since = f, nil, now
	return nil
}

// How long a key pair signs, and how long before its making it is listed.
const (
	signerLife  = 90 * 24 * time.Hour
	signerEarly = 24 * time.Hour
)

// signer is the key pair that signs a region's digests now. Making one takes a
// while, and is left until it is needed.
func (l *Lab) signer(region string, now time.Time) *digestKey {
	s := l.cloudTrail()
	if n := len(s.signers[region]); n > 0 && now.Before(s.signers[region][n-1].until) {
		return s.signers[region][n-1]
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("making an RSA key of 2,048 bits can't fail: " + err.Error())
	}
	sum := md5.Sum(x509.MarshalPKCS1PublicKey(&private.PublicKey)) //nolint:gosec // as above
	k := &digestKey{private: private, fingerprint: hex.EncodeToString(sum[:]), from: now.Add(-signerEarly), until: now.Add(signerLife)}
	s.signers[region] = append(s.signers[region], k)
	return k
}

// listPublicKeys lists the keys whose time overlaps the request's; without
// one, that is now.
func listPublicKeys(l *Lab, q *wire.Request) answer {
	start, hasStart := q.Time("StartTime")
	end, hasEnd := q.Time("EndTime")
	now := l.now()
	if !hasEnd {
		end = now
	}
	if !hasStart {
		start = end
	}
	if end.Before(start) {
		return answer{failure: refuse(400, "InvalidTimeRangeException", "The end time must be after the start time.")}
	}
	l.signer(q.Region, now)
	list := []any{}
	for _, k := range l.cloudTrail().signers[q.Region] {
		if k.from.After(end) || k.until.Before(start) {
			continue
		}
		list = append(list, map[string]any{"Value": base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&k.private.PublicKey)),
			"Fingerprint": k.fingerprint, "ValidityStartTime": k.from, "ValidityEndTime": k.until})
	}
	return answer{output: map[string]any{"PublicKeyList": list}}
}
