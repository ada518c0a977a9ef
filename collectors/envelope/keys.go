package envelope

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// Keys are what a user gives to open artefacts with, beside AWS KMS, which is
// asked for every key that an artefact names. The zero value is none.
type Keys struct {
	Rings    keyring.Multi           // for messages, and for items
	S3       s3ec.Keys               // for objects; without a KMS of its own it is the session's
	Legacy   func(ddb.Item) ddb.Keys // for items of the DynamoDB Encryption Client; nil is KMS
	Customer []CustomerKey           // of SSE-C
}

// CustomerKey is a key of SSE-C for the objects whose bucket and key, joined by
// a slash, begin with the prefix.
type CustomerKey struct {
	Prefix string
	Key    []byte // 32 bytes; never shown
}

// KMS is AWS KMS as one artefact asks it: Decrypt only, with the encryption
// context that the artefact claims. It remembers which keys KMS used.
type KMS struct {
	run    *Run
	region string // where an artefact names no key

	mu   sync.Mutex
	used []string
}

// KMS returns the key service for one artefact that was found in the region.
func (r *Run) KMS(region string) *KMS { return &KMS{run: r, region: region} }

// Ring are the given keyrings and then KMS, for a message or an item.
func (k *KMS) Ring() envelope.Keyring {
	return append(slices.Clone(k.run.options.Keys.Rings), keyring.NewKMSDiscovery(k, keyring.Filter{}))
}

// S3 are the keys for an object of the S3 Encryption Client.
func (k *KMS) S3() s3ec.Keys {
	keys := k.run.options.Keys.S3
	if keys.KMS == nil {
		keys.KMS = k
	}
	return keys
}

// Used are the ARNs of the keys that KMS says it used, sorted.
func (k *KMS) Used() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.used)
}

var regionName = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$`)

// named is the region of a key that an artefact names by ARN. An artefact is
// hostile input: KMS of another partition, or of no region, is not asked.
func (r *Run) named(keyARN string) (region string, err error) {
	a, err := arn.Parse(keyARN)
	if err != nil || a.Service != "kms" || a.Partition != r.session.Partition || !regionName.MatchString(a.Region) || !strings.HasPrefix(a.Resource, "key/") {
		return "", fmt.Errorf("%w: it names its key as %q, which is no KMS key of partition %s", envelope.ErrNoKey, text(keyARN), r.session.Partition)
	}
	return a.Region, nil
}

// Decrypt implements keyring.KMS and s3ec.KMS (KMS API, Decrypt). Objects of
// the S3 Encryption Client name no key: then the blob does.
func (k *KMS) Decrypt(ctx context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	in := &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: encryptionContext}
	region := k.region
	if keyID != "" {
		var err error
		if region, err = k.run.named(keyID); err != nil {
			return envelope.DataKey{}, err
		}
		in.KeyId = aws.String(keyID)
	}
	out, err := k.run.kms(region).Decrypt(ctx, in)
	if err != nil {
		return envelope.DataKey{}, decryptError(err)
	}
	key, used := envelope.NewDataKey(out.Plaintext), aws.ToString(out.KeyId)
	if keyID != "" && used != keyID {
		key.Zero()
		return envelope.DataKey{}, fmt.Errorf("%w: KMS answered with another key", envelope.ErrWrongKey)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used = lowestFew(k.used, maxOpened, text(used))
	return key, nil
}

// GenerateDataKey implements keyring.KMS and refuses: nothing is sealed here.
func (k *KMS) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, fmt.Errorf("%w: a proof only reads", envelope.ErrUnsupported)
}

// decryptError gives KMS's refusal the class of what it says about the
// ciphertext (KMS API, "Errors" of Decrypt). A key that is gone, disabled or
// denied says nothing about it. An invalid ciphertext is a changed blob or
// another encryption context, which KMS does not tell apart.
func decryptError(err error) error {
	class := RefusalClass(awsapi.Code(err))
	if e := (*awsapi.Error)(nil); class == nil && errors.As(err, &e) && e.Reason == collectors.Denied {
		class = envelope.ErrRefused
	}
	if class == nil {
		class = envelope.ErrUnavailable
	}
	return &askedError{class, err}
}

// askedError is KMS's refusal in few words: the operation and its answer,
// without the request's id, which differs in every run.
type askedError struct{ class, err error }

func (e *askedError) Error() string {
	named := (*awsapi.Error)(nil)
	if !errors.As(e.err, &named) {
		return e.class.Error() + ": " + e.err.Error()
	}
	return e.class.Error() + ": " + strings.TrimRight(named.Error(), ": ")
}

func (e *askedError) Unwrap() []error { return []error{e.class, e.err} }

// RefusalClass is what an error code of KMS's says about the ciphertext, a class
// of the crypto engine (KMS API, "Errors" of Decrypt); nil for any other code. A
// request that KMS finds invalid may be so for our sake.
func RefusalClass(code string) error {
	switch code {
	case "NotFoundException", "DisabledException", "KMSInvalidStateException", "InvalidGrantTokenException":
		return envelope.ErrRefused
	case "KeyUnavailableException", "DependencyTimeoutException", "KMSInternalException":
		return envelope.ErrUnavailable
	case "InvalidCiphertextException":
		return envelope.ErrTampered
	case "IncorrectKeyException":
		return envelope.ErrWrongKey
	case "InvalidKeyUsageException", "InvalidArnException", "ValidationException", "UnsupportedOperationException":
		return envelope.ErrUnsupported
	}
	return nil
}

// kms is the region's client.
func (r *Run) kms(region string) *kms.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[region]
	if c == nil {
		c = kms.NewFromConfig(r.session.Config(region))
		r.clients[region] = c
	}
	return c
}

// clientKeys sets the KMS keys of a cohort: those that its artefacts name by
// ARN and those that KMS used.
func (r *Run) clientKeys(ctx context.Context, scope collectors.Scope, c *ClientSide, opened []string) []collectors.Gap {
	ids := slices.Clone(opened)
	for _, id := range c.Keys {
		if _, err := r.named(id); err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var gaps []collectors.Gap
	for _, id := range slices.Compact(ids) {
		key, missing := r.keys.Resolve(ctx, scope, id, "", "facts.client_side.kms_keys")
		c.KMSKeys = append(c.KMSKeys, *key)
		gaps = append(gaps, missing...)
	}
	for i := range gaps { // which of them, a path can't say
		gaps[i].Attributes = []string{"facts.client_side.kms_keys"}
	}
	return gaps
}
