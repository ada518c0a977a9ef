package lab

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // the format's
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
)

// What the S3 Encryption Client has written and the engine does not write any
// more: format V1, and V2 with the kms wrap or AES-CBC (S3 Encryption Client
// specification, "Content Metadata"). The demonstration has such objects so
// that their weaknesses are found.

// dataKeyOnce is a data key that several objects of a client share, with its
// IV: the mistake that one must never make.
type dataKeyOnce struct{ key, blob, iv []byte }

// sealV1 writes format V1: AES-CBC, and the data key wrapped with AES-ECB or
// RSA PKCS #1.
func sealV1(c *ClientSide, w *writing) (instruction []byte, err error) {
	key, iv := randomBytes(32), randomBytes(aes.BlockSize)
	wrapped, err := wrapV1(c, key)
	if err != nil {
		return nil, err
	}
	matdesc, err := description(c.Context)
	if err != nil {
		return nil, err
	}
	metadata := map[string]string{"x-amz-key": base64.StdEncoding.EncodeToString(wrapped), "x-amz-iv": base64.StdEncoding.EncodeToString(iv),
		"x-amz-matdesc": matdesc, "x-amz-unencrypted-content-length": fmt.Sprint(len(w.body))}
	if c.MD5 {
		sum := md5.Sum(w.body) //nolint:gosec // the format's
		metadata["x-amz-unencrypted-content-md5"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	w.body = cbc(key, iv, w.body)
	return envelopeIn(c, w, metadata)
}

func wrapV1(c *ClientSide, key []byte) ([]byte, error) {
	if c.wrap() == "rsa" {
		_, private, err := DemoRSA()
		if err != nil {
			return nil, err
		}
		//lint:ignore SA1019 what V1 wrote
		return rsa.EncryptPKCS1v15(rand.Reader, &private.PublicKey, key)
	}
	block, err := aes.NewCipher(DemoKey(c.name()))
	if err != nil {
		return nil, err
	}
	out := padded(key)
	for b := out; len(b) > 0; b = b[aes.BlockSize:] {
		block.Encrypt(b[:aes.BlockSize], b[:aes.BlockSize])
	}
	return out, nil
}

// sealOldV2 writes format V2 under KMS, with kms or kms+context, AES-GCM or
// AES-CBC, and all objects under one data key and IV if asked for.
func (l *Lab) sealOldV2(c *ClientSide, w *writing, once *dataKeyOnce) (instruction []byte, err error) {
	arn, err := l.clientKey(c, w.bucket.region)
	if err != nil {
		return nil, err
	}
	content, ivLen := "AES/GCM/NoPadding", 12
	if c.CBC {
		content, ivLen = "AES/CBC/PKCS5Padding", aes.BlockSize
	}
	pairs := maps.Clone(c.Context)
	if pairs == nil {
		pairs = map[string]string{}
	}
	if c.wrap() == "kms" {
		pairs["kms_cmk_id"] = arn
	} else {
		pairs["aws:x-amz-cek-alg"] = content
	}
	if !c.SameKey || once.key == nil {
		key, blob, err := l.keys.GenerateDataKey(context.Background(), arn, 32, pairs)
		if err != nil {
			return nil, err
		}
		*once = dataKeyOnce{bytes.Clone(key.Bytes()), blob, randomBytes(ivLen)}
		key.Zero()
	}
	matdesc, err := description(pairs)
	if err != nil {
		return nil, err
	}
	metadata := map[string]string{"x-amz-key-v2": base64.StdEncoding.EncodeToString(once.blob), "x-amz-iv": base64.StdEncoding.EncodeToString(once.iv),
		"x-amz-wrap-alg": c.wrap(), "x-amz-cek-alg": content, "x-amz-matdesc": matdesc, "x-amz-unencrypted-content-length": fmt.Sprint(len(w.body))}
	if c.CBC {
		w.body = cbc(once.key, once.iv, w.body)
		return envelopeIn(c, w, metadata)
	}
	metadata["x-amz-tag-len"] = "128"
	w.body = gcm(once.key).Seal(nil, once.iv, w.body, nil)
	return envelopeIn(c, w, metadata)
}

// envelopeIn puts an envelope into the metadata, or into an instruction file.
func envelopeIn(c *ClientSide, w *writing, metadata map[string]string) (instruction []byte, err error) {
	if !c.Instruction {
		w.metadata = metadata
		return nil, nil
	}
	w.metadata = map[string]string{"x-amz-unencrypted-content-length": metadata["x-amz-unencrypted-content-length"]}
	delete(metadata, "x-amz-unencrypted-content-length")
	return json.Marshal(metadata)
}

func description(pairs map[string]string) (string, error) {
	if len(pairs) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(pairs)
	return string(b), err
}

// padded is PKCS #7.
func padded(plain []byte) []byte {
	n := aes.BlockSize - len(plain)%aes.BlockSize
	return append(bytes.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...)
}

func cbc(key, iv, plain []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("lab: a data key has not 32 bytes") // ours alone
	}
	out := padded(plain)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out
}
