package main

import (
	"bytes"
	"errors"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

func (k *envelopeKeys) addAES(namespace, name, path string) error {
	b, err := k.symmetric(path, 16, 24, 32)
	if err != nil {
		return err
	}
	k.s3.AES = append(k.s3.AES, b)
	k.aes = append(k.aes, envelope.NewDataKey(b))
	ring, err := keyring.NewAES(namespace, name, b)
	return k.push(ring, err)
}

func (k *envelopeKeys) addBranch(id, version, path string) error {
	b, err := k.symmetric(path, 32)
	if err != nil {
		return err
	}
	ring, err := keyring.NewHierarchy(id, version, b)
	return k.push(ring, err)
}

func (k *envelopeKeys) addRSA(namespace, name, padding, path string) error {
	text, err := k.secret(path)
	if err != nil {
		return err
	}
	private, public, err := keyring.ParseRSAKey(text)
	if err != nil {
		return err
	}
	if k.s3.RSAPublic = public; private != nil {
		k.s3.RSA = append(k.s3.RSA, private)
	}
	paddings := []keyring.Padding{keyring.Padding(padding)}
	if padding == "" {
		paddings = []keyring.Padding{keyring.OAEPSHA256, keyring.OAEPSHA1, keyring.OAEPSHA384, keyring.OAEPSHA512, keyring.PKCS1}
	}
	for _, p := range paddings {
		ring, err := keyring.ParseRSA(namespace, name, p, text)
		if err := k.push(ring, err); err != nil {
			return err
		}
	}
	return nil
}

func (k *envelopeKeys) addECDH(path string) error {
	text, err := k.secret(path)
	if err != nil {
		return err
	}
	ring, err := keyring.ParseECDH(text)
	return k.push(ring, err)
}

func (k *envelopeKeys) addKMS(path, only string) error {
	if k.s3.KMS != nil {
		return errors.New("one kms-file or data-key is enough; a second is not used")
	}
	s, err := kms.Load(path, nil)
	if err != nil {
		return err
	}
	k.service, k.client, k.s3.KMS = s, s, s
	if only == "" {
		k.ring = append(k.ring, keyring.NewKMSDiscovery(s, keyring.Filter{}), kmsPairs{s, ""})
		return nil
	}
	key, err := s.Describe(only)
	if err != nil {
		return err
	}
	k.kmsARN, k.s3.KMSKeyID = key.ARN, key.ARN
	if key.Spec != kms.Symmetric {
		return k.push(kmsPairs{s, key.ARN}, nil)
	}
	ring, err := keyring.NewKMSMRK(s, key.ARN)
	return k.push(ring, err)
}

func (k *envelopeKeys) addDataKey(path string) error {
	if k.s3.KMS != nil {
		return errors.New("one kms-file or data-key is enough; a second is not used")
	}
	b, err := k.symmetric(path, 16, 24, 32)
	if err != nil {
		return err
	}
	k.s3.KMS = givenKey{b}
	return k.push(givenKey{b}, nil)
}

func (k *envelopeKeys) addSigning(path string) error {
	text, err := k.secret(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte("-----BEGIN")) {
		k.signing.HMAC = envelope.NewDataKey(symmetricText(text))
		return nil
	}
	k.signing.Private, k.signing.Public, err = keyring.ParseRSAKey(text)
	return err
}
