package esdk

import (
	"crypto"
	"crypto/elliptic"
	"fmt"
)

// Suite is an algorithm suite by its id (AWS Encryption SDK specification,
// "Algorithm Suites", "Supported Algorithm Suites").
type Suite uint16

// The algorithm suites of messages: AES-GCM with 12-byte initialisation
// vectors and 16-byte tags throughout.
const (
	AES128             Suite = 0x0014 // the data key itself
	AES192             Suite = 0x0046
	AES256             Suite = 0x0078
	AES128SHA256       Suite = 0x0114 // HKDF
	AES192SHA256       Suite = 0x0146
	AES256SHA256       Suite = 0x0178
	AES128SHA256P256   Suite = 0x0214 // HKDF and signed
	AES192SHA384P384   Suite = 0x0346
	AES256SHA384P384   Suite = 0x0378
	AES256Commit       Suite = 0x0478 // HKDF and key commitment
	AES256CommitSigned Suite = 0x0578 // HKDF, key commitment and signed
)

// Suites are all algorithm suites, by id.
func Suites() []Suite {
	return []Suite{
		AES128, AES192, AES256, AES128SHA256, AES192SHA256, AES256SHA256,
		AES128SHA256P256, AES192SHA384P384, AES256SHA384P384, AES256Commit, AES256CommitSigned,
	}
}

// parameters are what a suite fixes (AWS Encryption SDK specification,
// "Algorithm Suites", "Algorithm Suite Fields").
type parameters struct {
	name    string
	version byte           // message format version
	key     int            // bytes of the data key and of the encryption key
	kdf     crypto.Hash    // HKDF's hash, 0 for none
	commits bool           // key commitment in the suite data
	curve   elliptic.Curve // of the signature, nil for none
	sum     crypto.Hash    // of the signature
}

func (s Suite) parameters() (p parameters, known bool) {
	switch s {
	case AES128:
		return parameters{"0014 AES-128-GCM", 1, 16, 0, false, nil, 0}, true
	case AES192:
		return parameters{"0046 AES-192-GCM", 1, 24, 0, false, nil, 0}, true
	case AES256:
		return parameters{"0078 AES-256-GCM", 1, 32, 0, false, nil, 0}, true
	case AES128SHA256:
		return parameters{"0114 AES-128-GCM HKDF-SHA256", 1, 16, crypto.SHA256, false, nil, 0}, true
	case AES192SHA256:
		return parameters{"0146 AES-192-GCM HKDF-SHA256", 1, 24, crypto.SHA256, false, nil, 0}, true
	case AES256SHA256:
		return parameters{"0178 AES-256-GCM HKDF-SHA256", 1, 32, crypto.SHA256, false, nil, 0}, true
	case AES128SHA256P256:
		return parameters{"0214 AES-128-GCM HKDF-SHA256 ECDSA-P256", 1, 16, crypto.SHA256, false, elliptic.P256(), crypto.SHA256}, true
	case AES192SHA384P384:
		return parameters{"0346 AES-192-GCM HKDF-SHA384 ECDSA-P384", 1, 24, crypto.SHA384, false, elliptic.P384(), crypto.SHA384}, true
	case AES256SHA384P384:
		return parameters{"0378 AES-256-GCM HKDF-SHA384 ECDSA-P384", 1, 32, crypto.SHA384, false, elliptic.P384(), crypto.SHA384}, true
	case AES256Commit:
		return parameters{"0478 AES-256-GCM HKDF-SHA512 commit", 2, 32, crypto.SHA512, true, nil, 0}, true
	case AES256CommitSigned:
		return parameters{"0578 AES-256-GCM HKDF-SHA512 commit ECDSA-P384", 2, 32, crypto.SHA512, true, elliptic.P384(), crypto.SHA384}, true
	}
	return parameters{}, false
}

// String is the id and what it stands for: "0578 AES-256-GCM HKDF-SHA512
// commit ECDSA-P384".
func (s Suite) String() string {
	if p, known := s.parameters(); known {
		return p.name
	}
	return fmt.Sprintf("%04X unknown", uint16(s))
}

// Committing tells whether messages of the suite commit to their data key.
func (s Suite) Committing() bool {
	p, _ := s.parameters()
	return p.commits
}

// Signed tells whether messages of the suite carry a signature.
func (s Suite) Signed() bool {
	p, _ := s.parameters()
	return p.curve != nil
}
