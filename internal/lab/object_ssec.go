package lab

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const customerRequests = "Requests specifying Server Side Encryption with Customer provided keys must "

// customerKey is the key that a request provides, nil for none; of the copy's
// source with the prefix "CopySource". S3's checks are made in its order, with
// its messages (recorded by test_put_object_validation_sse_c): the other kind
// of encryption, algorithm, key, its digest, its length. What S3 says of an
// absent digest is not recorded, since SDKs always send it.
func customerKey(q *wire.Request, prefix string) ([]byte, *wire.Failure) {
	algorithm, secret, digest := q.String(prefix+"SSECustomerAlgorithm"), q.String(prefix+"SSECustomerKey"), q.String(prefix+"SSECustomerKeyMD5")
	if algorithm == "" && secret == "" && digest == "" {
		return nil, nil
	}
	bad := func(message string) *wire.Failure { return badArgument("x-amz-server-side-encryption", "", message) }
	other := q.String("ServerSideEncryption")
	switch {
	case !q.Secure:
		return nil, refuse(400, "InvalidRequest", customerRequests+"be made over a secure connection.")
	case other != "" && prefix == "":
		return nil, badArgument("x-amz-server-side-encryption", other, "Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
	case algorithm == "":
		return nil, bad(customerRequests + "provide a valid encryption algorithm.")
	case algorithm != "AES256":
		f := refuse(400, "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.")
		f.Fields = map[string]string{"ArgumentName": "x-amz-server-side-encryption", "ArgumentValue": algorithm}
		return nil, f
	case secret == "":
		return nil, bad(customerRequests + "provide an appropriate secret key.")
	case digest == "":
		return nil, bad(customerRequests + "provide the client calculated MD5 of the secret key.")
	}
	key, err := base64.StdEncoding.DecodeString(secret)
	switch {
	case err != nil:
		return nil, bad("The secret key was invalid for the specified algorithm.")
	case digestOf(key) != digest:
		return nil, bad("The calculated MD5 hash of the key did not match the hash that was provided.")
	case len(key) != 32:
		return nil, bad("The secret key was invalid for the specified algorithm.")
	}
	return key, nil
}

// digestOf is a key's MD5 as headers carry it.
func digestOf(key []byte) string {
	sum := md5.Sum(key)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// customerMAC is what S3 keeps of a customer's key: enough to know it again,
// and not to decrypt with (S3 User Guide, "Using server-side encryption with
// customer-provided keys": a randomly salted HMAC).
func customerMAC(salt, key []byte) []byte {
	h := hmac.New(sha256.New, salt)
	h.Write(key)
	return h.Sum(nil)
}

// checkCustomer compares a reading request's key with an object's (recorded by
// test_object_retrieval_sse_c).
func (p protected) checkCustomer(key []byte) *wire.Failure {
	switch {
	case p.Algorithm != ssec && key == nil:
		return nil
	case p.Algorithm != ssec:
		return refuse(400, "InvalidRequest", "The encryption parameters are not applicable to this object.")
	case key == nil:
		return refuse(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
	case !hmac.Equal(p.MAC, customerMAC(p.Salt, key)):
		return refuse(403, "AccessDenied", customerRequests+"provide the correct secret key.")
	}
	return nil
}

// blocksCustomerKeys says whether a bucket refuses to write with such keys.
func blocksCustomerKeys(b *Bucket) bool {
	blocked, _ := encryptionRule(b)["BlockedEncryptionTypes"].(map[string]any)
	list, _ := blocked["EncryptionType"].([]any)
	for _, kind := range list {
		if kind == ssec {
			return true
		}
	}
	return false
}
