package lab_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// bucketYAML has an object of each kind that the data can have.
const bucketYAML = `
Buckets:
- Name: bucket
  Encryption: {Rules: [{ApplyServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: alias/a}, BucketKeyEnabled: true, BlockedEncryptionTypes: {EncryptionType: [SSE-C]}}]}
  Versioning: {Status: Enabled}
  Objects:
  - {Key: "default/{n}.json", Count: 3, Body: '{"number": {n}}', LastModified: now-40d, Metadata: {Note: seeded}, Tags: {a: b}}
  - {Key: old, Body: from long ago, ServerSideEncryption: none, LastModified: 2021-05-06}
  - {Key: managed, Body: managed, ServerSideEncryption: "aws:kms", BucketKeyEnabled: false}
  - {Key: dsse, Body: two layers, ServerSideEncryption: "aws:kms:dsse", SSEKMSKeyId: alias/a}
  - {Key: context, Body: with a context, ServerSideEncryption: "aws:kms", SSEKMSKeyId: alias/a, SSEKMSEncryptionContext: {project: a}}
  - {Key: customer, Body: under a customer's key, ServerSideEncryption: SSE-C, SSECustomerKey: customer, LastModified: now-400d}
  - {Key: parts, Size: 1000, PartSize: 300, ServerSideEncryption: AES256}
  - {Key: twice, Body: first, LastModified: now-2d}
  - {Key: twice, Body: second, LastModified: now-1d}
  - {Key: gone, Body: deleted, LastModified: now-3d}
  - {Key: gone, DeleteMarker: true, LastModified: now-1d}
  - {Key: disabled, Body: locked, ServerSideEncryption: "aws:kms", SSEKMSKeyId: d0000000-0000-4000-8000-00000000000d}
  - {Key: condemned, Body: locked, ServerSideEncryption: "aws:kms", SSEKMSKeyId: c0000000-0000-4000-8000-00000000000c}
  - {Key: deleted key, Body: lost, ServerSideEncryption: "aws:kms", SSEKMSKeyId: "arn:aws:kms:eu-west-1:111122223333:key/dead0000-0000-4000-8000-000000000001", KeyGone: true}
  - {Key: denied key, Body: denied, ServerSideEncryption: "aws:kms", SSEKMSKeyId: e0000000-0000-4000-8000-00000000000e}
  - {Key: denied, Body: denied, Errors: {GetObject: denied}}
  - {Key: damaged, Body: damaged, Damaged: true}
  - {Key: c/v1-aes, Body: plaintext, Client: {Format: s3ec-v1}}
  - {Key: c/v1-md5, Body: plaintext, Client: {Format: s3ec-v1, MD5: true}}
  - {Key: c/v1-rsa, Body: plaintext, Client: {Format: s3ec-v1, Wrap: rsa}}
  - {Key: c/v2-kms, Body: plaintext, Client: {Format: s3ec-v2, Wrap: kms, Key: alias/a}}
  - {Key: c/v2-cbc, Body: plaintext, Client: {Format: s3ec-v2, Wrap: kms, Key: alias/a, CBC: true}}
  - {Key: c/v2-context, Body: plaintext, Client: {Format: s3ec-v2, Key: alias/a, Context: {tenant: a}, Instruction: true}}
  - {Key: c/v2-aes, Body: plaintext, Client: {Format: s3ec-v2, Wrap: aes, Key: client}}
  - {Key: "c/v2-same-{n}", Count: 2, Body: "plaintext {n}", Client: {Format: s3ec-v2, Wrap: kms, Key: alias/a, SameKey: true}}
  - {Key: c/v3-context, Body: plaintext, Client: {Format: s3ec-v3, Wrap: kms+context, Key: alias/a, Context: {tenant: a}}}
  - {Key: c/v3-rsa, Body: plaintext, Client: {Format: s3ec-v3, Wrap: rsa, Instruction: true}}
  - {Key: c/v3-tampered, Body: plaintext, Tampered: true, Client: {Format: s3ec-v3, Key: alias/a}}
  - {Key: c/v3-context-changed, Body: plaintext, Metadata: {x-amz-t: '{"aws:x-amz-cek-alg":"115","tenant":"b"}'}, Client: {Format: s3ec-v3, Key: alias/a, Context: {tenant: a}}}
  - {Key: c/v3-disabled, Body: plaintext, ServerSideEncryption: AES256, Client: {Format: s3ec-v3, Key: d0000000-0000-4000-8000-00000000000d}}
  - {Key: c/v3-deleted-key, Body: plaintext, ServerSideEncryption: AES256, KeyGone: true, Client: {Format: s3ec-v3, Key: "arn:aws:kms:eu-west-1:111122223333:key/dead0000-0000-4000-8000-000000000002"}}
  - {Key: m/signed, Body: plaintext, Client: {Format: esdk, Key: alias/a, Context: {tenant: a}}}
  - {Key: m/weak, Body: plaintext, Client: {Format: esdk, Wrap: aes, Suite: 0x0178}}
  - {Key: m/tampered, Body: plaintext, Tampered: true, Client: {Format: esdk, Wrap: rsa}}
`

const bucketKeysYAML = `
Keys:
- {KeyId: a0000000-0000-4000-8000-00000000000a, Aliases: [alias/a]}
- {KeyId: d0000000-0000-4000-8000-00000000000d, KeyState: Disabled}
- {KeyId: c0000000-0000-4000-8000-00000000000c, KeyState: PendingDeletion, DeletionDate: now+20d}
- {KeyId: e0000000-0000-4000-8000-00000000000e, Errors: {Decrypt: denied, GenerateDataKey: denied}}
`

func bucketAccount(t *testing.T) *lab.Account {
	t.Helper()
	account, err := lab.Load(fstest.MapFS{"account.yaml": {Data: []byte("Account: \"" + own + "\"\nCaller: arn:aws:iam::" + own + ":user/tester\n")},
		"eu-west-1/s3.yaml": {Data: []byte(bucketYAML)}, "eu-west-1/kms.yaml": {Data: []byte(bucketKeysYAML)}})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// seededBucket serves the account over TLS.
func seededBucket(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, lab: lab.New(bucketAccount(t))}
	b.serve()
	return b
}

func TestSeededObjects(t *testing.T) {
	b := seededBucket(t)
	for key, body := range map[string]string{"default/2.json": `{"number": 2}`, "old": "from long ago", "managed": "managed", "dsse": "two layers", "context": "with a context",
		"parts": strings.Repeat("sealaudit demo ", 67)[:1000], "twice": "second"} {
		b.reads("bucket", key, body)
	}
	for key, want := range map[string]string{"gone": "NoSuchKey", "disabled": "KMS.DisabledException", "condemned": "KMS.KMSInvalidStateException", "deleted key": "KMS.NotFoundException",
		"denied key": "AccessDenied", "denied": "AccessDenied", "damaged": "InternalError", "customer": "InvalidRequest"} {
		_, err := b.get("bucket", key, nil)
		if got, _ := code(err); got != want {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
	customer := customer(lab.DemoKey("customer"))
	if _, err := b.get("bucket", "customer", customer.get); err != nil {
		t.Error(err)
	}
	head, err := b.head("bucket", "default/1.json")
	if err != nil || time.Since(*head.LastModified).Round(24*time.Hour) != 40*24*time.Hour || head.Metadata["note"] != "seeded" || !*head.BucketKeyEnabled || *head.TagCount != 1 {
		t.Errorf("%+v, %v", head, err)
	}
	if head, err := b.head("bucket", "condemned"); err != nil || head.ServerSideEncryption != "aws:kms" {
		t.Errorf("HEAD tells no headers: %+v, %v", head, err)
	}
	key, err := kms.NewFromConfig(b.cfg).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("c0000000-0000-4000-8000-00000000000c")})
	if left := time.Until(*key.KeyMetadata.DeletionDate); err != nil || key.KeyMetadata.KeyState != "PendingDeletion" || left.Round(24*time.Hour) != 20*24*time.Hour {
		t.Errorf("%+v, %v", key.KeyMetadata, err)
	}
	for key, body := range b.lab.Dump() {
		if bytes.Contains(body, []byte("plaintext")) {
			t.Errorf("%s shows a plaintext", key)
		}
	}
}

// objectKMS asks the account's KMS over the wire.
type objectKMS struct{ *kms.Client }

func (w objectKMS) Decrypt(ctx context.Context, keyID string, blob []byte, pairs map[string]string) (envelope.DataKey, error) {
	in := &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: pairs}
	if keyID != "" {
		in.KeyId = &keyID
	}
	out, err := w.Client.Decrypt(ctx, in)
	if err != nil {
		class := envelope.ErrRefused
		if got, _ := code(err); got == "InvalidCiphertextException" {
			class = envelope.ErrTampered
		}
		return envelope.DataKey{}, classedError{class, err}
	}
	return envelope.NewDataKey(out.Plaintext), nil
}

func (w objectKMS) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.DataKey{}, nil, envelope.ErrUnsupported
}

type classedError struct{ class, error error }

func (j classedError) Error() string   { return j.error.Error() }
func (j classedError) Unwrap() []error { return []error{j.class, j.error} }

// TestSeededClientSideObjects opens what clients encrypted, with the engine, as
// the scan does.
func TestSeededClientSideObjects(t *testing.T) {
	b := seededBucket(t)
	_, private, err := lab.DemoRSA()
	b.must("DemoRSA", err)
	keys := s3ec.Keys{KMS: objectKMS{kms.NewFromConfig(b.cfg)}, AES: [][]byte{lab.DemoKey("client")}, RSA: []*rsa.PrivateKey{private}}
	for key, want := range map[string]struct {
		verdict  envelope.Verdict
		weakness string
	}{
		// Nothing authenticates AES-CBC.
		"c/v1-aes": {envelope.Unknown, "unauthenticated-cbc"}, "c/v1-rsa": {envelope.Unknown, "pkcs1-wrap"}, "c/v2-cbc": {envelope.Unknown, "unauthenticated-cbc"},
		"c/v1-md5": {envelope.Verified, "plaintext-md5"}, // but whose plaintext is known can be compared
		"c/v2-kms": {envelope.Verified, "context-unbound"}, "c/v2-context": {envelope.Verified, "not-committing"},
		"c/v2-aes": {envelope.Verified, "not-committing"}, "c/v3-context": {envelope.Verified, ""}, "c/v3-rsa": {envelope.Verified, ""},
		"c/v3-tampered": {envelope.Refuted, ""}, "c/v3-context-changed": {envelope.Refuted, ""}, "c/v3-disabled": {envelope.Unknown, ""}, "c/v3-deleted-key": {envelope.Unknown, ""},
	} {
		out, err := b.get("bucket", key, nil)
		b.must(key, err)
		object := s3ec.Object{Metadata: out.Metadata, Body: out.Body, Size: *out.ContentLength}
		if file, err := b.get("bucket", key+s3ec.InstructionSuffix, nil); err == nil {
			object.Instruction, err = io.ReadAll(file.Body)
			b.must(key, err)
			if _, marked := file.Metadata[s3ec.InstructionMarker]; !marked {
				t.Errorf("%s: the instruction file has the metadata %v", key, file.Metadata)
			}
		}
		var plain bytes.Buffer
		p, err := s3ec.Open(t.Context(), &plain, object, keys, s3ec.Options{Unauthenticated: true})
		if p.Verdict != want.verdict || (err == nil) != (plain.String() == "plaintext") || (want.weakness != "") && err != nil {
			t.Errorf("%s: %s, %q, %v", key, p.Verdict, &plain, err)
		}
		if want.weakness != "" && !slices.ContainsFunc(p.Weaknesses, func(w envelope.Weakness) bool { return strings.Contains(w.ID, want.weakness) }) {
			t.Errorf("%s: weaknesses %v, want %s", key, p.Weaknesses, want.weakness)
		}
	}
	run, weak := s3ec.NewRun(), ""
	for _, key := range []string{"c/v2-same-1", "c/v2-same-2"} {
		out, err := b.get("bucket", key, nil)
		b.must(key, err)
		p, err := s3ec.Verify(t.Context(), s3ec.Object{Metadata: out.Metadata, Body: out.Body, Size: *out.ContentLength}, keys, s3ec.Options{Run: run})
		b.must(key, err)
		for _, w := range p.Weaknesses {
			weak += " " + w.ID
		}
	}
	if !strings.Contains(weak, "duplicate-data-key") {
		t.Errorf("objects of one key and IV have the weaknesses%s", weak)
	}
	known, err := keyring.NewKMS(objectKMS{kms.NewFromConfig(b.cfg)}, keyARN+keyA)
	b.must("keyring", err)
	raw, err := keyring.NewAES(lab.DemoNamespace, "client", lab.DemoKey("client"))
	b.must("keyring", err)
	padded, err := keyring.NewRSA(lab.DemoNamespace, "client", keyring.OAEPSHA256, private)
	b.must("keyring", err)
	for key, verdict := range map[string]envelope.Verdict{"m/signed": envelope.Verified, "m/weak": envelope.Verified, "m/tampered": envelope.Refuted} {
		out, err := b.get("bucket", key, nil)
		b.must(key, err)
		p, err := esdk.Verify(t.Context(), out.Body, keyring.Multi{known, raw, padded}, esdk.Options{})
		if p.Verdict != verdict {
			t.Errorf("%s: %s, %v", key, p.Verdict, err)
		}
	}
}

// What can't be is found when the data is loaded.
func TestObjectsThatCannotBe(t *testing.T) {
	for object, want := range map[string]string{
		"{Body: x}": "has no Key", "{Key: a, Count: 2}": "Count needs {n}", "{Key: a, Tampered: true}": "Tampered needs a Client", "{Key: a, Nonsense: 1}": "Nonsense",
		"{Key: a, ServerSideEncryption: SSE-C}": "needs a SSECustomerKey", "{Key: a, Errors: {Nothing: denied}}": "no operation s3:Nothing",
		"{Key: a, Client: {Format: pgp}}": "Client.Format is", "{Key: a, Client: {Format: s3ec-v1, Wrap: kms, Key: alias/a}}": "of s3ec-v2", "{Key: a, Client: {Format: esdk}}": "needs a Key", "{Key: a, Client: {Format: s3ec-v2, Wrap: aes, MD5: true}}": "MD5 is of s3ec-v1",
		"{Key: a, KeyGone: true, SSEKMSKeyId: alias/a}": "needs the ARN", "{Key: a, LastModified: now-2x}": "is no time",
	} {
		_, err := lab.Load(fstest.MapFS{"account.yaml": {Data: []byte("Account: \"" + own + "\"\nCaller: me\n")}, "eu-west-1/s3.yaml": {Data: []byte("Buckets: [{Name: bucket, Objects: [" + object + "]}]")}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", object, err, want)
		}
	}
	for object, want := range map[string]string{"{Key: a, ServerSideEncryption: none}": "no object is without encryption since 2023-01-05", "{Key: a, ServerSideEncryption: 'aws:kms', SSEKMSKeyId: alias/none}": "KMS.NotFoundException",
		"{Key: a, Client: {Format: esdk, Key: alias/none}}": "finding the client's key"} {
		account, err := lab.Load(fstest.MapFS{"account.yaml": {Data: []byte("Account: \"" + own + "\"\nCaller: me\n")}, "eu-west-1/s3.yaml": {Data: []byte("Buckets: [{Name: bucket, Objects: [" + object + "]}]")}})
		if err != nil {
			t.Fatal(err)
		}
		if _, stop, err := lab.New(account).Start(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bucket/a") {
			if stop != nil {
				stop()
			}
			t.Errorf("%s: %v, want %s", object, err, want)
		}
	}
}
