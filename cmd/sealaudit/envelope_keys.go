package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

const keyringHelp = `Keys come from files, never from the command line. --keyring takes, as often as
you like:

  raw-aes:NAMESPACE:NAME=FILE   an AES key: 16, 24 or 32 bytes, or their hex or base64
  raw-rsa:NAMESPACE:NAME=FILE   an RSA key in PEM; with a padding of your choice
                                raw-rsa-oaep-sha1, -oaep-sha256, -oaep-sha384,
                                -oaep-sha512 or -pkcs1 (default: tries them all)
  raw-ecdh:FILE                 an ECDH private key in PEM
  branch:ID:VERSION=FILE        a hierarchical keyring's branch key, 32 bytes
  kms-file:FILE                 the keys of this program's own key service, symmetric,
                                RSA and of curves; envelope kms create makes one
  aws-kms, aws-kms:ARN          AWS KMS: any key that a message names, or only this
                                one, which is needed for what names none (S3
                                objects, curves); it is sent wrapped data keys and
                                encryption contexts
  data-key:FILE                 the plaintext data key itself, for messages and objects
  signing:FILE                  for the DynamoDB Encryption Client: its signing key,
                                HMAC bytes or an RSA key in PEM

NAMESPACE and NAME are what messages carry. S3 objects carry neither, and try
every raw key; items of the DynamoDB Encryption Client use the first.`

// keyFlags say which keys may be used.
type keyFlags struct {
	keyrings []string
	kmsKey   string
	stores   storeFlags
	cloud    *cloud // AWS, where a keyring needs it
}

func (f *keyFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.keyrings, "keyring", nil, "use a key from a file: `SPEC`, see above")
	fs.StringVar(&f.kmsKey, "kms-key", "", "use only this `key` of the kms-file, by ARN, id or alias (default: the one that the artefact names)")
}

// envelopeKeys are the keys of a run, as each format takes them.
type envelopeKeys struct {
	ring    keyring.Multi
	s3      s3ec.Keys
	service *kms.Service
	client  keyring.KMS // the service, or AWS
	kmsARN  string
	aes     []envelope.DataKey
	signing legacy.Signing
	secrets [][]byte // what to zero
}

func (k *envelopeKeys) zero() {
	for _, b := range k.secrets {
		clear(b)
	}
}

// load reads the keys.
func (f *keyFlags) load() (*envelopeKeys, error) {
	k := &envelopeKeys{}
	for _, spec := range f.keyrings {
		var err error
		if arn, ok := awsKMSSpec(spec); ok {
			err = k.addAWSKMS(arn, f.cloud)
		} else {
			err = k.add(spec, f.kmsKey)
		}
		if err != nil {
			k.zero()
			return nil, fmt.Errorf("--keyring %s: %w", spec, err)
		}
	}
	if err := k.addStore(&f.stores, f.cloud); err != nil {
		k.zero()
		return nil, err
	}
	if f.kmsKey != "" && k.service == nil {
		k.zero()
		return nil, errors.New("--kms-key names a key of a kms-file, and --keyring has none")
	}
	return k, nil
}

// add reads the key of one spec.
func (k *envelopeKeys) add(spec, kmsKey string) error {
	kind, rest, ok := strings.Cut(spec, ":")
	if !ok || rest == "" {
		return errors.New("it takes KIND:…FILE; see --help for the kinds")
	}
	switch kind {
	case "raw-ecdh":
		return k.addECDH(rest)
	case "kms-file":
		return k.addKMS(rest, kmsKey)
	case "data-key":
		return k.addDataKey(rest)
	case "signing":
		return k.addSigning(rest)
	}
	names, path, named := strings.Cut(rest, "=")
	first, second, both := strings.Cut(names, ":")
	padding, isRSA := strings.CutPrefix(kind, "raw-rsa")
	if kind != "raw-aes" && kind != "branch" && !isRSA {
		return fmt.Errorf("there is no kind %q; take raw-aes, raw-rsa, raw-ecdh, branch, kms-file, aws-kms, data-key or signing", kind)
	}
	if !named || !both || path == "" {
		return fmt.Errorf("%s takes two names and a file: %s:A:B=FILE", kind, kind)
	}
	switch kind {
	case "raw-aes":
		return k.addAES(first, second, path)
	case "branch":
		return k.addBranch(first, second, path)
	}
	return k.addRSA(first, second, strings.TrimPrefix(padding, "-"), path)
}

// push adds a keyring.
func (k *envelopeKeys) push(ring envelope.Keyring, err error) error {
	if err == nil {
		k.ring = append(k.ring, ring)
	}
	return err
}

// forItem are the keys as an item takes them: the DynamoDB Encryption Client
// has a provider for all items of a table, which its item does not name.
func (k *envelopeKeys) forItem(it ddb.Item) ddb.Keys {
	keys := ddb.Keys{Keyring: k.ring}
	description, sealed := it[legacy.DescriptionAttribute]
	wrapped := !sealed || bytes.Contains([]byte(description.Data), []byte("amzn-ddb-env-key"))
	switch {
	case k.client != nil:
		keys.Legacy = legacy.KMSDirect{Client: k.client, KeyID: k.kmsARN}
	case wrapped && len(k.aes) > 0:
		keys.Legacy = legacy.Wrapped{AES: k.aes[0], Signing: k.signing}
	case wrapped && len(k.s3.RSA) > 0:
		keys.Legacy = legacy.Wrapped{Private: k.s3.RSA[0], Signing: k.signing}
	case len(k.aes) > 0:
		keys.Legacy = legacy.Static{Key: k.aes[0], Signing: k.signing}
	case k.signing.HMAC.Len() > 0 || k.signing.Public != nil:
		keys.Legacy = legacy.Static{Signing: k.signing}
	}
	return keys
}
