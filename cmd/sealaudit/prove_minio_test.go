//go:build emulator

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// TestMinIOProofs samples objects of a server that nobody here wrote and that
// really encrypts what it stores (MinIO, with a static KMS key), over TLS. What
// the evidence says is testdata/minio_proofs.json: the headers as MinIO sends
// them; objects under a customer-provided key verified where the right key is
// given, refuted where a wrong one is, unknown without. What MinIO keeps on disk
// holds no plaintext but that of what it was not asked to encrypt.
//
// MinIO has no STS GetCallerIdentity, by which a scan begins, so STS is asked at
// an address of its own. All the rest, KMS and tags too, goes to MinIO itself;
// what it does not know is a gap.
func TestMinIOProofs(t *testing.T) {
	m := startMinIO(t)
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::%[1]s:user/minio</Arn><Account>%[1]s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", emulated)
	}))
	t.Cleanup(identity.Close)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": minioUser, "AWS_SECRET_ACCESS_KEY": minioSecret, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL": m.url, "AWS_ENDPOINT_URL_STS": identity.URL, "AWS_CA_BUNDLE": m.certificate, "AWS_REGION": minioRegion} {
		t.Setenv(name, value)
	}
	k := seedMinIO(t)
	rows, written := proofScan(t, "--region", minioRegion, "--service", "s3", "--prove-sse-c", k.customer, "--prove-keyring", k.keyring)
	goldenRows(t, "minio_proofs.json", rows, nil)
	withoutCanary(t, written)
	for name, text := range written {
		for _, key := range k.secrets {
			if bytes.Contains(text, key) {
				t.Errorf("%s holds a key", name)
			}
		}
	}
	checkDisk(t, m.data)
}

// minioKeys are what a user of the objects has.
type minioKeys struct {
	customer, keyring string
	secrets           [][]byte // as they would be written
}

// seedMinIO stores two objects of each kind of encryption by the server, and
// some that a client encrypted.
func seedMinIO(t *testing.T) minioKeys {
	t.Helper()
	cfg := emulatorConfig(t, minioRegion)
	c := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	for _, name := range []string{"objects", "default"} {
		must[*s3.CreateBucketOutput](t)(c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)}))
	}
	must[*s3.PutBucketEncryptionOutput](t)(c.PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{Bucket: aws.String("default"),
		ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String(minioKey)}}}}}))
	put := func(bucket, key string, a sealedText, more func(*s3.PutObjectInput)) {
		in := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader(a.body), Metadata: a.metadata}
		if more != nil {
			more(in)
		}
		must[*s3.PutObjectOutput](t)(c.PutObject(t.Context(), in))
	}
	sseS3 := func(in *s3.PutObjectInput) { in.ServerSideEncryption = s3types.ServerSideEncryptionAes256 }
	sseKMS := func(in *s3.PutObjectInput) {
		in.ServerSideEncryption, in.SSEKMSKeyId = s3types.ServerSideEncryptionAwsKms, aws.String(minioKey)
	}
	given, other, raw := bytes.Repeat([]byte{0x5a}, 32), bytes.Repeat([]byte{0xa5}, 32), bytes.Repeat([]byte{0x3c}, 32)
	sseC := func(key []byte) func(*s3.PutObjectInput) {
		return func(in *s3.PutObjectInput) {
			in.SSECustomerAlgorithm = aws.String("AES256")
			in.SSECustomerKey, in.SSECustomerKeyMD5 = aws.String(base64Text(key)), aws.String(ssec.Digest(key))
		}
	}
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	out := minioKeys{keyring: "raw-aes:a:b=" + file("raw.key", raw)}
	file("given.key", given)
	out.customer = file("sse-c", []byte("objects/sse-c/given=given.key\nobjects/sse-c/wrong=given.key\nobjects/sealed/=given.key\n"))
	for _, key := range [][]byte{given, other, raw} {
		out.secrets = append(out.secrets, key, []byte(base64Text(key)), fmt.Appendf(nil, "%x", key))
	}
	s := &sealers{t: t}
	keys := s.load(&keyFlags{keyrings: []string{out.keyring}})
	for i := range 2 {
		n := fmt.Sprint(i + 1)
		put("objects", "open/"+n, sealedText{body: openText()}, nil)
		put("objects", "sse-s3/"+n, sealedText{body: canaryText()}, sseS3)
		put("objects", "sse-kms/"+n, sealedText{body: canaryText()}, sseKMS)
		put("objects", "sse-c/given/"+n, sealedText{body: canaryText()}, sseC(given))
		put("objects", "sse-c/wrong/"+n, sealedText{body: canaryText()}, sseC(other))
		put("objects", "sse-c/none/"+n, sealedText{body: canaryText()}, sseC(given))
		put("default", "kms/"+n, sealedText{body: canaryText()}, nil)
	}
	v3 := s3ec.SealOptions{Version: "V3"}
	put("objects", "sealed/v3", s.object(keys, v3), nil)
	put("objects", "sealed/v3-tampered", s.object(keys, v3).tampered(), nil)
	put("objects", "sealed/v3-sse-c", s.object(keys, v3), sseC(given))
	put("objects", "sealed/message-sse-kms", s.message(keys), sseKMS)
	return out
}

// openCanary is in what the server is not asked to encrypt.
const openCanary = "OPEN-CANARY-4712"

func openText() []byte { return bytes.Repeat([]byte(openCanary+" "), 300) }

// checkDisk searches all that the server keeps.
func checkDisk(t *testing.T, dir string) {
	t.Helper()
	files, open := 0, 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		text := fileBytes(t, path)
		if bytes.Contains(text, []byte("CANARY-4711")) {
			t.Errorf("%s holds plaintext that was to be encrypted", path)
		}
		if bytes.Contains(text, []byte(openCanary)) {
			open++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if open != 2 || files < 18 { // else the search could find nothing
		t.Errorf("of %d files %d hold what is not encrypted, which are 2", files, open)
	}
}
