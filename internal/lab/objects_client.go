package lab

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

const (
	instructionSuffix = s3ec.InstructionSuffix
	instructionMarker = s3ec.InstructionMarker
)

// DemoNamespace is the key namespace of messages under the demonstration keys
// of a name.
const DemoNamespace = demoNamespace

const demoNamespace = "sealaudit demo"

// encryptFor encrypts an object's body as a client did, if one did, and
// returns the body of its instruction file, nil for none.
func (l *Lab) encryptFor(c *ClientSide, w *writing, once *dataKeyOnce) (instruction []byte, err error) {
	switch {
	case c == nil:
		return nil, nil
	case c.Format == "esdk":
		w.body, err = l.message(c, w)
		return nil, err
	case c.Format == "s3ec-v1":
		return sealV1(c, w)
	case c.Format == "s3ec-v2" && (c.wrap() == "kms" || c.CBC || c.SameKey):
		return l.sealOldV2(c, w, once)
	}
	keys, wrap, err := l.clientKeys(c, w.bucket.region)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w.metadata, instruction, err = s3ec.Seal(context.Background(), &out, bytes.NewReader(w.body), keys,
		s3ec.SealOptions{Version: strings.ToUpper(strings.TrimPrefix(c.Format, "s3ec-")), Wrap: wrap, Context: c.Context, Instruction: c.Instruction})
	w.body = out.Bytes()
	return instruction, err
}

// clientKeys are the wrapping keys of a client, and what the format calls its
// way to wrap.
func (l *Lab) clientKeys(c *ClientSide, region string) (s3ec.Keys, string, error) {
	switch c.wrap() {
	case "aes":
		return s3ec.Keys{AES: [][]byte{DemoKey(c.name())}}, "AES/GCM", nil
	case "rsa":
		_, key, err := DemoRSA()
		if err != nil {
			return s3ec.Keys{}, "", err
		}
		return s3ec.Keys{RSAPublic: &key.PublicKey}, "RSA-OAEP-SHA1", nil
	}
	arn, err := l.clientKey(c, region)
	return s3ec.Keys{KMS: l.keys, KMSKeyID: arn}, "kms+context", err
}

// name is the name of a raw key.
func (c *ClientSide) name() string { return cmp.Or(c.Key, "client") }

// clientKey is the ARN of a client's KMS key.
func (l *Lab) clientKey(c *ClientSide, region string) (string, error) {
	k, err := l.keys.Describe(l.keyName(region, c.Key))
	if err != nil {
		return "", fmt.Errorf("finding the client's key: %w; name a symmetric key of the account", err)
	}
	return k.ARN, nil
}

// message is an object's body as a message of the AWS Encryption SDK.
func (l *Lab) message(c *ClientSide, w *writing) ([]byte, error) {
	kr, err := l.clientKeyring(c, w.bucket.region)
	if err != nil {
		return nil, err
	}
	options := esdk.WriteOptions{Suite: esdk.Suite(c.Suite), Context: c.Context}
	if c.Suite != 0 && !options.Suite.Committing() {
		options.Policy = esdk.ForbidEncryptAllowDecrypt
	}
	var out bytes.Buffer
	writer, err := esdk.NewWriter(context.Background(), &out, kr, options)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(w.body); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (l *Lab) clientKeyring(c *ClientSide, region string) (envelope.Keyring, error) {
	switch c.wrap() {
	case "aes":
		return keyring.NewAES(demoNamespace, c.name(), DemoKey(c.name()))
	case "rsa":
		_, key, err := DemoRSA()
		if err != nil {
			return nil, err
		}
		return keyring.NewRSA(demoNamespace, c.name(), keyring.OAEPSHA256, key)
	}
	arn, err := l.clientKey(c, region)
	if err != nil {
		return nil, err
	}
	return keyring.NewKMS(l.keys, arn)
}
