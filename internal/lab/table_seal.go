package lab

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// sealTableData encrypts with AES-256-GCM under a nonce of its own, for one place.
func sealTableData(key, plain []byte, place string) []byte {
	gcm, err := aesGCM(key)
	if err != nil {
		return nil // nothing opens it: keys have 32 bytes
	}
	nonce := freshBytes(gcm.NonceSize())
	return gcm.Seal(nonce, nonce, plain, []byte(place))
}

// openTableData opens what sealTableData made, if it is that of the same place, unchanged.
func openTableData(key, blob []byte, place string) ([]byte, bool) {
	gcm, err := aesGCM(key)
	if err != nil || len(blob) < gcm.NonceSize() {
		return nil, false
	}
	plain, err := gcm.Open(nil, blob[:gcm.NonceSize()], blob[gcm.NonceSize():], []byte(place))
	return plain, err == nil
}

func aesGCM(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, errors.New("a key at rest has not 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// damagedTable is DynamoDB's answer where the disk does not hold what it wrote.
func damagedTable() *wire.Failure { return refuse(500, "InternalServerError", "Internal server error") }

// keyRefusal is DynamoDB's answer to a refusal of KMS: the API has no error of
// its own for it, and tells KMS's in its message.
func (l *Lab) keyRefusal(f *wire.Failure) *wire.Failure {
	if f == nil {
		return nil
	}
	exception := "com.amazonaws.services.kms.model." + f.Code
	tail := " (Service: AWSKMS; Status Code: 400; Error Code: " + f.Code + "; Request ID: " + uuidOf("request", l.now().UnixNano()) + "; Proxy: null)"
	switch {
	case f.Status >= 500 || f.Code == "InvalidKeyUsageException":
		return refuse(500, "InternalServerError", "KMS internal error: com.amazonaws.services.kms.model.AWSKMSException: "+f.Message+tail)
	case f.Code == "DisabledException":
		return refuse(400, "ValidationException", "KMS key disabled error: "+exception+": "+f.Message+tail)
	case f.Code == "AccessDeniedException":
		return refuse(400, "AccessDeniedException", "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: "+f.Message+tail)
	case strings.HasPrefix(f.Code, "Throttl"):
		return refuse(400, "ThrottlingException", "KMS throttling error: "+exception+": "+f.Message+tail)
	}
	return refuse(400, "ValidationException", "KMS validation error: "+exception+": "+f.Message+tail)
}
