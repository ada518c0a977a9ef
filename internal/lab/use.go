package lab

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// use is a service's call of KMS on somebody's behalf.
type use struct {
	region    string
	invokedBy string // "s3.amazonaws.com"
	key       string // id, ARN, alias or alias ARN; "" where a blob names it
	context   map[string]string
	resource  string // ARN of what is encrypted, for the event
}

// generate asks KMS for a data key of so many bytes: in plaintext, and
// encrypted under the key, whose ARN it tells. A failure has KMS's own name
// and message; services give it names of theirs.
func (l *Lab) generate(u use, size int) (plain, blob []byte, arn string, failure *wire.Failure) {
	k, err := l.resolve(u)
	if other := l.otherKey(u); err != nil && other != nil {
		return nil, nil, "", other
	}
	if err != nil {
		l.recordUse(u, "GenerateDataKey", u.key, err)
		return nil, nil, "", kmsFailure(err)
	}
	if failure := l.mayUse(u, "GenerateDataKey", k.ARN); failure != nil {
		l.recordAnswer(u, "GenerateDataKey", k.ARN, failure)
		return nil, nil, k.ARN, failure
	}
	data, blob, err := l.keys.GenerateDataKey(context.Background(), k.ARN, size, u.context)
	l.recordUse(u, "GenerateDataKey", k.ARN, err)
	if err != nil {
		return nil, nil, k.ARN, kmsFailure(err)
	}
	defer data.Zero()
	return append([]byte(nil), data.Bytes()...), blob, k.ARN, nil
}

// unwrap asks KMS to decrypt what generate encrypted.
func (l *Lab) unwrap(u use, blob []byte) (plain []byte, arn string, failure *wire.Failure) {
	data, k, err := l.keys.DecryptNaming(context.Background(), u.key, blob, u.context)
	if failure := l.mayUse(u, "Decrypt", k.ARN); failure != nil {
		l.recordAnswer(u, "Decrypt", k.ARN, failure)
		return nil, k.ARN, failure
	}
	l.recordUse(u, "Decrypt", firstOf(k.ARN, u.key), err)
	if err != nil {
		return nil, k.ARN, kmsFailure(err)
	}
	defer data.Zero()
	return append([]byte(nil), data.Bytes()...), k.ARN, nil
}

// mayUse refuses what the key's data refuses, and what the caller may not do
// anywhere: S3, Kinesis and DynamoDB use a key with their caller's permissions
// (KMS Developer Guide, "Forward access sessions"), Firehose with a grant of its
// own, and what the account does by itself with its roles.
func (l *Lab) mayUse(u use, operation, arn string) *wire.Failure {
	if failure := l.shut(u.region, operation, arn); failure != nil || arn == "" || !l.caller || u.invokedBy == "firehose.amazonaws.com" {
		return failure
	}
	if l.set.deny["kms:"+operation] != denied && l.account.Errors["kms:"+operation] != denied {
		return nil
	}
	return l.denial(&wire.Request{Service: "kms", Operation: operation, Region: u.region}, arn)
}

// shut is the failure that the account's data asks for on a key's use.
func (l *Lab) shut(region, operation, arn string) *wire.Failure {
	p, q := l.index.regions[region], &wire.Request{Service: "kms", Operation: operation, Region: region}
	if p == nil || arn == "" {
		return nil
	}
	var errors map[string]string
	if k := p.keys.by[last(arn)]; k != nil {
		errors = k.Errors
	}
	return l.barred(q, errors, arn)
}

// otherKey is KMS's refusal of a key of the account that is no symmetric
// encryption key.
func (l *Lab) otherKey(u use) *wire.Failure {
	p := l.index.regions[u.region]
	if p == nil || p.keys.by[last(u.key)] == nil {
		return nil
	}
	k := p.keys.by[last(u.key)]
	return refuse(400, "InvalidKeyUsageException", l.keyName(u.region, last(u.key))+" key usage is "+
		firstOf(text(k.Output, "KeyUsage"), "ENCRYPT_DECRYPT")+" or its spec "+text(k.Output, "KeySpec")+", which is not valid for GenerateDataKey.")
}

// resolve finds the key that a service was given.
func (l *Lab) resolve(u use) (kms.Key, error) {
	return l.keys.Describe(l.keyName(u.region, u.key))
}

// keyName completes a key id or alias to the ARN that it means in a region.
func (l *Lab) keyName(region, id string) string {
	switch {
	case len(id) > 4 && id[:4] == "arn:":
		return id
	case len(id) > 6 && id[:6] == "alias/":
		return arnOf("kms", region, l.account.ID, id)
	}
	return arnOf("kms", region, l.account.ID, "key/"+id)
}

func (l *Lab) recordUse(u use, name, key string, err error) {
	l.recordAnswer(u, name, key, kmsFailure(err))
}

// recordAnswer remembers a service's call of KMS, with a failure where KMS
// refused.
func (l *Lab) recordAnswer(u use, name, key string, f *wire.Failure) {
	e := event{Time: l.now(), Region: u.region, Source: "kms.amazonaws.com", Name: name, InvokedBy: u.invokedBy, ReadOnly: true,
		Request: map[string]any{"encryptionContext": u.context}}
	if name == "GenerateDataKey" {
		e.Request["keyId"] = key
	}
	for _, arn := range []string{key, u.resource} {
		if arn != "" {
			e.Resources = append(e.Resources, arn)
		}
	}
	if f != nil {
		e.ErrorCode, e.ErrorMessage = f.Code, f.Message
	}
	l.remember(e)
}

func incorrectKey() *wire.Failure {
	return refuse(400, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
}

// kmsFailure is a failure of the key service as KMS answers it.
func kmsFailure(err error) *wire.Failure {
	if err == nil {
		return nil
	}
	var named *kms.Error
	if errors.As(err, &named) && named.Code() == "InvalidCiphertextException" {
		return refuse(400, named.Code(), "") // KMS says no more
	}
	if errors.As(err, &named) && named.Code() == "IncorrectKeyException" {
		return incorrectKey()
	}
	if named == nil {
		return refuse(500, "KMSInternalException", "The embedded account's key service failed.")
	}
	status := 400
	if errors.Is(err, envelope.ErrUnavailable) && named.Code() != "ThrottlingException" {
		status = 500
	}
	return refuse(status, named.Code(), named.Message())
}

// uuidOf is an id that the same names always give.
func uuidOf(parts ...any) string {
	b := sha256.Sum256(fmt.Append(nil, parts...))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
