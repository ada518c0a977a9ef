package s3ec

import "encoding/binary"

// suite is a content algorithm ("Algorithm Suite and Message Format Version
// Compatibility").
type suite struct {
	id     uint16
	text   string // as a proof has it
	iv     int    // bytes of x-amz-iv
	tagged bool   // AES-GCM: the body ends with a tag of 16 bytes
	commit bool
}

func suiteCBC() suite { return suite{id: 0x0070, text: "0070 AES-256-CBC", iv: 16} }
func suiteGCM() suite { return suite{id: 0x0072, text: "0072 AES-256-GCM", iv: 12, tagged: true} }
func suiteCommit() suite {
	return suite{id: 0x0073, text: "0073 AES-256-GCM HKDF-SHA512 commit", tagged: true, commit: true}
}

// aad is the additional data of the body's tag: the suite's id in V3, else
// nothing.
func (s suite) aad() []byte {
	if !s.commit {
		return nil
	}
	return binary.BigEndian.AppendUint16(nil, s.id)
}

// wrap is a key wrapping algorithm ("x-amz-wrap-alg (V2) / x-amz-w (V3)").
type wrap struct {
	name     string
	provider string // who can unwrap: "aws-kms", "raw-aes", "raw-rsa"
	weak     []string
}

// Names of wrapping algorithms.
const (
	wrapECB     = "AES"
	wrapPKCS1   = "RSA"
	wrapAES     = "AESWrap"
	wrapGCM     = "AES/GCM"
	wrapMixed   = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding" // MGF1 is over SHA-1
	wrapOAEP    = "RSA-OAEP-SHA1"
	wrapKMS     = "kms"
	wrapContext = "kms+context"
)

// Providers of data keys, as a proof names them.
const (
	providerKMS = "aws-kms"
	providerAES = "raw-aes"
	providerRSA = "raw-rsa"
)

// wrapOf is a wrapping algorithm by its name, with the weaknesses it has.
func wrapOf(name string) (w wrap, ok bool) {
	switch name {
	case wrapECB:
		return wrap{name, providerAES, []string{"unauthenticated-ecb-wrap"}}, true
	case wrapPKCS1:
		return wrap{name, providerRSA, []string{"pkcs1-wrap"}}, true
	case wrapAES:
		return wrap{name, providerAES, []string{"context-unbound"}}, true
	case wrapGCM:
		return wrap{name, providerAES, nil}, true
	case wrapMixed:
		return wrap{name, providerRSA, []string{"context-unbound", "sha1-wrap"}}, true
	case wrapOAEP:
		return wrap{name, providerRSA, []string{"sha1-wrap"}}, true
	case wrapKMS:
		return wrap{name, providerKMS, []string{"context-unbound"}}, true
	case wrapContext:
		return wrap{name, providerKMS, nil}, true
	}
	return wrap{}, false
}

// wrapCode is the wrapping algorithm of a V3 code of x-amz-w. The second three
// are of clients before V3 was final; nothing writes them.
func wrapCode(code string) (name string, ok bool) {
	switch code {
	case "02":
		return wrapGCM, true
	case "12":
		return wrapContext, true
	case "22":
		return wrapOAEP, true
	case "01":
		return wrapAES, true
	case "11":
		return wrapKMS, true
	case "21":
		return wrapMixed, true
	}
	return "", false
}
