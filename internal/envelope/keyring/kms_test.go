package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

var ctx = context.Background()

const (
	east  = "arn:aws:kms:us-east-1:111122223333:key/mrk-1"
	west  = "arn:aws:kms:us-west-2:111122223333:key/mrk-1"
	plain = "arn:aws:kms:us-east-1:111122223333:key/plain"
	alien = "arn:aws-cn:kms:cn-north-1:444455556666:key/alien"
)

func service(t testing.TB) *kms.Service {
	t.Helper()
	s := kms.New(kms.Config{Account: "111122223333"})
	for _, spec := range []kms.KeySpec{{ARN: east, MultiRegion: true}, {ARN: plain}, {ARN: alien}} {
		if _, err := s.CreateKey(spec); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ReplicateKey(east, "us-west-2"); err != nil {
		t.Fatal(err)
	}
	return s
}

// strict is a strict keyring, or one for multi-Region keys.
func strict(t testing.TB, s keyring.KMS, arn string, mrk bool) *keyring.KMSKeyring {
	t.Helper()
	k, err := keyring.NewKMS(s, arn)
	if mrk {
		k, err = keyring.NewKMSMRK(s, arn)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhichKMSKeyIsAsked(t *testing.T) {
	s := service(t)
	edks := map[string]envelope.EncryptedDataKey{}
	for _, arn := range []string{east, west, plain, alien} {
		key, edk, err := strict(t, s, arn, false).Generate(ctx, 32, map[string]string{"a": "b"})
		if err != nil || key.Len() != 32 || edk.Provider != "aws-kms" || string(edk.Info) != arn {
			t.Fatalf("%s: %v", arn, err)
		}
		edks[arn] = edk
	}
	for _, tc := range []struct {
		name  string
		ring  *keyring.KMSKeyring
		opens []string
	}{
		{"strict", strict(t, s, west, false), []string{west}},
		{"multi-Region", strict(t, s, west, true), []string{west, east}},
		{"multi-Region of a plain key", strict(t, s, plain, true), []string{plain}},
		{"discovery", keyring.NewKMSDiscovery(s, keyring.Filter{}), []string{east, west, plain, alien}},
		{"discovery in a partition", keyring.NewKMSDiscovery(s, keyring.Filter{Partition: "aws-cn"}), []string{alien}},
		{"discovery in an account", keyring.NewKMSDiscovery(s, keyring.Filter{Partition: "aws", Accounts: []string{"111122223333"}}), []string{east, west, plain}},
		{"multi-Region discovery", keyring.NewKMSMRKDiscovery(s, "us-west-2", keyring.Filter{}), []string{east, west}},
	} {
		opened := 0
		for arn, edk := range edks {
			_, err := tc.ring.Unwrap(ctx, edk, map[string]string{"a": "b"})
			if err == nil {
				opened++
			} else if !errors.Is(err, envelope.ErrNoKey) {
				t.Errorf("%s of %s: %v", tc.name, arn, err)
			}
		}
		for _, arn := range tc.opens {
			if _, err := tc.ring.Unwrap(ctx, edks[arn], map[string]string{"a": "b"}); err != nil {
				t.Errorf("%s of %s: %v", tc.name, arn, err)
			}
		}
		if opened != len(tc.opens) {
			t.Errorf("%s opens %d, want %d", tc.name, opened, len(tc.opens))
		}
	}
}

func TestKMSKeyringClasses(t *testing.T) {
	s := service(t)
	k := strict(t, s, plain, false)
	want := []byte("0123456789abcdef")
	edk, err := k.Wrap(ctx, envelope.NewDataKey(bytes.Clone(want)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range []string{plain, ""} { // named by the artefact, or by the blob
		c := edk
		c.Info = []byte(info)
		for _, ring := range []*keyring.KMSKeyring{k, keyring.NewKMSDiscovery(s, keyring.Filter{})} {
			if key, err := ring.Unwrap(ctx, c, nil); err != nil || !bytes.Equal(key.Bytes(), want) {
				t.Errorf("%q: %v", info, err)
			}
		}
	}
	other := edk
	other.Provider = "aws-kms-rsa"
	lies := edk
	lies.Info = []byte(east)
	broken := edk
	broken.Info = []byte("arn:aws:kms:::key/")
	discovery := keyring.NewKMSDiscovery(s, keyring.Filter{})
	check := func(what string, err, class error) {
		t.Helper()
		if !errors.Is(err, class) {
			t.Errorf("%s: %v, want %v", what, err, class)
		}
	}
	_, err = discovery.Unwrap(ctx, other, nil)
	check("another provider", err, envelope.ErrNoKey)
	_, err = discovery.Unwrap(ctx, lies, nil)
	check("an ARN that is not the blob's", err, envelope.ErrWrongKey)
	_, err = discovery.Unwrap(ctx, broken, nil)
	check("no ARN", err, envelope.ErrFormat)
	_, err = k.Unwrap(ctx, edk, map[string]string{"a": "b"})
	check("another context", err, envelope.ErrTampered)
	_, err = discovery.Wrap(ctx, envelope.NewDataKey(want), nil)
	check("wrapping by discovery", err, envelope.ErrUnsupported)
	_, _, err = discovery.Generate(ctx, 32, nil)
	check("generating by discovery", err, envelope.ErrUnsupported)
	_, err = k.Wrap(ctx, envelope.NewDataKey(nil), nil)
	check("wrapping nothing", err, envelope.ErrFormat)
	big, err := s.Encrypt(ctx, plain, envelope.NewDataKey(make([]byte, 1025)), nil)
	check("encrypting", err, nil)
	_, err = k.Unwrap(ctx, envelope.EncryptedDataKey{Provider: "aws-kms", Ciphertext: big}, nil)
	check("no data key", err, envelope.ErrFormat)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = k.Unwrap(over, edk, nil)
	check("an ended context", err, envelope.ErrUnavailable)
	for code, class := range map[string]error{"AccessDeniedException": envelope.ErrRefused, "ThrottlingException": envelope.ErrUnavailable, "DisabledException": envelope.ErrRefused} {
		check(code, s.Inject(plain, code), nil)
		_, err = k.Unwrap(ctx, edk, nil)
		check(code, err, class)
		_, err = k.Wrap(ctx, envelope.NewDataKey(want), nil)
		check(code, err, class)
		_, _, err = k.Generate(ctx, 32, nil)
		check(code, err, class)
		var aws *kms.Error
		if !errors.As(err, &aws) || aws.Code() != code {
			t.Errorf("%v does not tell AWS's code", err)
		}
	}
}

// bare is a KMS that wraps nothing, fails without a class and answers with keys
// of another length.
type bare struct{}

func (bare) Decrypt(context.Context, string, []byte, map[string]string) (envelope.DataKey, error) {
	return envelope.DataKey{}, errors.New("connection reset")
}

func (bare) GenerateDataKey(context.Context, string, int, map[string]string) (envelope.DataKey, []byte, error) {
	return envelope.NewDataKey(make([]byte, 5)), nil, nil
}

func TestOtherKMSClients(t *testing.T) {
	k := strict(t, bare{}, plain, false)
	_, err := k.Unwrap(ctx, envelope.EncryptedDataKey{Provider: "aws-kms"}, nil)
	if !errors.Is(err, envelope.ErrUnavailable) {
		t.Errorf("an error without a class: %v", err)
	}
	if _, err := k.Wrap(ctx, envelope.NewDataKey([]byte{1}), nil); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("wrapping: %v", err)
	}
	if _, _, err := k.Generate(ctx, 32, nil); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("another length: %v", err)
	}
}

func TestMulti(t *testing.T) {
	right, _ := keyring.NewAES("ns", "key", bytes.Repeat([]byte{1}, 32))
	wrong, _ := keyring.NewAES("ns", "key", bytes.Repeat([]byte{2}, 32))
	other, _ := keyring.NewAES("ns", "other", bytes.Repeat([]byte{3}, 32))
	edk, err := right.Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (keyring.Multi{other, wrong, right}).Unwrap(ctx, edk, nil); err != nil {
		t.Errorf("a wrong key is fatal: %v", err)
	}
	for name, tc := range map[string]struct {
		ring keyring.Multi
		want error
	}{
		"empty": {nil, envelope.ErrNoKey}, "no key": {keyring.Multi{other, other}, envelope.ErrNoKey},
		"wrong": {keyring.Multi{other, wrong, other}, envelope.ErrWrongKey},
	} {
		if _, err := tc.ring.Unwrap(ctx, edk, nil); !errors.Is(err, tc.want) || tc.want == envelope.ErrWrongKey && errors.Is(err, envelope.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := (keyring.Multi{right}).Unwrap(over, edk, nil); !errors.Is(err, context.Canceled) || !errors.Is(err, envelope.ErrUnavailable) {
		t.Errorf("an ended context: %v", err)
	}
	edks, err := keyring.Multi{right, other}.WrapAll(ctx, envelope.NewDataKey(make([]byte, 32)), nil)
	if err != nil || len(edks) != 2 {
		t.Errorf("%d wrapped: %v", len(edks), err)
	}
	reads := keyring.NewKMSDiscovery(bare{}, keyring.Filter{})
	if _, err := (keyring.Multi{right, reads}).WrapAll(ctx, envelope.NewDataKey(make([]byte, 32)), nil); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("one that cannot wrap: %v", err)
	}
	if edk, err := (keyring.Multi{right, other}).Wrap(ctx, envelope.NewDataKey(make([]byte, 32)), nil); err != nil || !bytes.HasPrefix(edk.Info, []byte("key")) {
		t.Errorf("the first does not wrap: %v", err)
	}
	_, err = keyring.Multi{}.WrapAll(ctx, envelope.NewDataKey([]byte{1}), nil)
	_, err2 := keyring.Multi{}.Wrap(ctx, envelope.NewDataKey([]byte{1}), nil)
	if !errors.Is(err, envelope.ErrNoKey) || !errors.Is(err2, envelope.ErrNoKey) {
		t.Errorf("an empty keyring wraps: %v %v", err, err2)
	}
}

// Joined errors have one class, the most informative, whatever their order.
func TestJoin(t *testing.T) {
	order := []error{envelope.ErrUnavailable, envelope.ErrRefused, envelope.ErrUnsupported,
		envelope.ErrTampered, envelope.ErrWrongKey, envelope.ErrFormat, envelope.ErrNoKey}
	for i, first := range order {
		for _, second := range order[i:] {
			for _, err := range []error{keyring.Join(first, nil, second), keyring.Join(second, first)} {
				for _, class := range order {
					if errors.Is(err, class) != (class == first) {
						t.Errorf("%v joined with %v: %q is %v", first, second, err, class)
					}
				}
				if envelope.Says(err) != envelope.Says(first) {
					t.Errorf("%v says %v", err, envelope.Says(err))
				}
			}
		}
	}
	if keyring.Join() != nil || keyring.Join(nil) != nil {
		t.Error("nothing joins to an error")
	}
	if err := keyring.Join(context.DeadlineExceeded, envelope.ErrWrongKey); !errors.Is(err, envelope.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an error without a class: %v", err)
	}
	if got := keyring.Join(envelope.ErrNoKey, envelope.ErrWrongKey, envelope.ErrWrongKey, envelope.ErrFormat).Error(); got != "wrong key; malformed" {
		t.Errorf("%q", got)
	}
}
