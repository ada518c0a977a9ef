// Package crosscheck holds messages of this repository against the official
// Go module of the AWS Encryption SDK. It is a module of its own, so that
// sealaudit itself depends on nothing of AWS's cryptography.
package crosscheck

import (
	"context"
	"testing"

	mpl "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygenerated"
	mpltypes "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygeneratedtypes"
	client "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygenerated"
	esdktypes "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygeneratedtypes"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

var wrappingKey = []byte("0123456789abcdef0123456789ABCDEF")

// official is the official library with a raw AES keyring.
type official struct {
	mpl  *mpl.Client
	esdk *client.Client
	ring mpltypes.IKeyring
}

func newOfficial(tb testing.TB) *official {
	tb.Helper()
	providers, err := mpl.NewClient(mpltypes.MaterialProvidersConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	// It reads what does not commit; what it writes is set for each message.
	policy := mpltypes.ESDKCommitmentPolicyForbidEncryptAllowDecrypt
	forbid, err := client.NewClient(esdktypes.AwsEncryptionSdkConfig{CommitmentPolicy: &policy})
	if err != nil {
		tb.Fatal(err)
	}
	o := &official{mpl: providers, esdk: forbid}
	o.ring = o.aes(tb, "namespace", "name")
	return o
}

func (o *official) aes(tb testing.TB, namespace, name string) mpltypes.IKeyring {
	tb.Helper()
	ring, err := o.mpl.CreateRawAesKeyring(context.Background(), mpltypes.CreateRawAesKeyringInput{
		KeyNamespace: namespace, KeyName: name, WrappingKey: wrappingKey,
		WrappingAlg: mpltypes.AesWrappingAlgAlgAes256GcmIv12Tag16,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return ring
}

// manager leaves required pairs out of the header.
func (o *official) manager(tb testing.TB, required []string) mpltypes.ICryptographicMaterialsManager {
	tb.Helper()
	base, err := o.mpl.CreateDefaultCryptographicMaterialsManager(context.Background(),
		mpltypes.CreateDefaultCryptographicMaterialsManagerInput{Keyring: o.ring})
	if err != nil {
		tb.Fatal(err)
	}
	manager, err := o.mpl.CreateRequiredEncryptionContextCMM(context.Background(), mpltypes.CreateRequiredEncryptionContextCMMInput{
		UnderlyingCMM: base, RequiredEncryptionContextKeys: required,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return manager
}

// writer is a client that may write the suite.
func writer(tb testing.TB, s esdk.Suite) *client.Client {
	tb.Helper()
	policy := mpltypes.ESDKCommitmentPolicyForbidEncryptAllowDecrypt
	if s.Committing() {
		policy = mpltypes.ESDKCommitmentPolicyRequireEncryptRequireDecrypt
	}
	c, err := client.NewClient(esdktypes.AwsEncryptionSdkConfig{CommitmentPolicy: &policy})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// suites are the official library's names of ours.
var suites = map[esdk.Suite]mpltypes.ESDKAlgorithmSuiteId{
	esdk.AES128:             mpltypes.ESDKAlgorithmSuiteIdAlgAes128GcmIv12Tag16NoKdf,
	esdk.AES192:             mpltypes.ESDKAlgorithmSuiteIdAlgAes192GcmIv12Tag16NoKdf,
	esdk.AES256:             mpltypes.ESDKAlgorithmSuiteIdAlgAes256GcmIv12Tag16NoKdf,
	esdk.AES128SHA256:       mpltypes.ESDKAlgorithmSuiteIdAlgAes128GcmIv12Tag16HkdfSha256,
	esdk.AES192SHA256:       mpltypes.ESDKAlgorithmSuiteIdAlgAes192GcmIv12Tag16HkdfSha256,
	esdk.AES256SHA256:       mpltypes.ESDKAlgorithmSuiteIdAlgAes256GcmIv12Tag16HkdfSha256,
	esdk.AES128SHA256P256:   mpltypes.ESDKAlgorithmSuiteIdAlgAes128GcmIv12Tag16HkdfSha256EcdsaP256,
	esdk.AES192SHA384P384:   mpltypes.ESDKAlgorithmSuiteIdAlgAes192GcmIv12Tag16HkdfSha384EcdsaP384,
	esdk.AES256SHA384P384:   mpltypes.ESDKAlgorithmSuiteIdAlgAes256GcmIv12Tag16HkdfSha384EcdsaP384,
	esdk.AES256Commit:       mpltypes.ESDKAlgorithmSuiteIdAlgAes256GcmHkdfSha512CommitKey,
	esdk.AES256CommitSigned: mpltypes.ESDKAlgorithmSuiteIdAlgAes256GcmHkdfSha512CommitKeyEcdsaP384,
}

func (o *official) encrypt(tb testing.TB, s esdk.Suite, frame int64, pairs map[string]string, required []string, plaintext []byte) []byte {
	tb.Helper()
	id := suites[s]
	in := esdktypes.EncryptInput{Plaintext: plaintext, AlgorithmSuiteId: &id, EncryptionContext: pairs, FrameLength: &frame}
	if len(required) > 0 {
		in.MaterialsManager = o.manager(tb, required)
	} else {
		in.Keyring = o.ring
	}
	out, err := writer(tb, s).Encrypt(context.Background(), in)
	if err != nil {
		tb.Fatalf("the official library writes %s: %v", s, err)
	}
	return out.Ciphertext
}

func (o *official) decrypt(tb testing.TB, message []byte, pairs map[string]string, required []string) ([]byte, error) {
	tb.Helper()
	in := esdktypes.DecryptInput{Ciphertext: message}
	if len(required) > 0 {
		in.EncryptionContext, in.MaterialsManager = pairs, o.manager(tb, required)
	} else {
		in.Keyring = o.ring
	}
	out, err := o.esdk.Decrypt(context.Background(), in)
	if err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

// ours is our keyring of the same key.
func ours(tb testing.TB) envelope.Keyring {
	tb.Helper()
	k, err := keyring.NewAES("namespace", "name", wrappingKey)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}
