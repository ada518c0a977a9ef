package esdk

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// manyDataKeys is the number of data keys above which a message is unusual.
const manyDataKeys = 16

// proof is what was shown so far.
func (m *message) proof() envelope.Proof {
	p := envelope.Proof{Format: "AWS Encryption SDK", Bytes: -1}
	if known := m.head.parameters; known.name != "" {
		p.Version = strconv.Itoa(m.head.Version)
		p.Suite = known.name
		p.Committing, p.Signed, p.Authenticated = known.commits, known.curve != nil, true
	}
	p.Keys = make([]envelope.Key, 0, len(m.head.DataKeys))
	for i, edk := range m.head.DataKeys {
		id, wrap := keyID(edk)
		if i == m.used && m.wrap != "" {
			wrap = m.wrap // which the message does not say
		}
		p.Keys = append(p.Keys, envelope.Key{Provider: printable(edk.Provider), ID: id, Used: i == m.used, Wrap: wrap})
	}
	p.Context = envelope.Pairs(m.head.Context, m.opts.Values)
	if m.ended {
		p.Bytes = m.bytes
	}
	p.Steps = make([]envelope.Step, 0, len(m.steps))
	for _, s := range m.steps {
		p.Add(s.name, s.err, s.detail)
	}
	m.weaknesses(&p)
	return p
}

// weaknesses notes what no key is needed to see, and how the data key was
// wrapped, which the keyring knows that unwrapped it.
func (m *message) weaknesses(p *envelope.Proof) {
	if p.Suite == "" {
		return
	}
	if !p.Committing {
		p.Weak("not-committing")
	}
	if m.head.parameters.kdf == 0 {
		p.Weak("no-key-derivation")
	}
	if !p.Signed {
		p.Weak("unsigned")
	}
	if len(m.head.DataKeys) > manyDataKeys {
		p.Weak("many-data-keys")
	}
	if m.ivs.stray {
		p.Weak("frame-sequence")
	}
	if m.ivs.repeat {
		p.Weak("repeated-iv")
	}
	switch m.wrap {
	case keyring.WrapPKCS1:
		p.Weak("pkcs1-wrap")
	case keyring.WrapOAEPSHA1:
		p.Weak("sha1-wrap")
	}
	if m.net400 {
		p.Weak("net-4.0.0")
	}
}

// keyID reads a key provider's information (AWS Encryption SDK specification,
// the pages of the keyrings).
func keyID(edk envelope.EncryptedDataKey) (id, wrap string) {
	info := edk.Info
	switch edk.Provider {
	case "aws-kms":
		return printable(string(info)), "KMS"
	case "aws-kms-rsa":
		return printable(string(info)), "KMS RSA-OAEP"
	case "aws-kms-hierarchy":
		return printable(string(info)), "AES-256-GCM, branch key"
	case "raw-ecdh", "aws-kms-ecdh":
		if len(info) > 5 && info[0] == 1 {
			if n := int(binary.BigEndian.Uint32(info[1:])); n > 0 && n <= len(info)-5 {
				return base64.StdEncoding.EncodeToString(info[5 : 5+n]), "AES-256-GCM, ECDH" // the recipient
			}
		}
		return base64.StdEncoding.EncodeToString(info), "ECDH"
	}
	if n := len(info) - 8 - ivLen; n >= 0 && binary.BigEndian.Uint32(info[n:]) == 8*tagLen && binary.BigEndian.Uint32(info[n+4:]) == ivLen {
		return printable(string(info[:n])), "AES-GCM"
	}
	return printable(string(info)), ""
}

// printable is s, quoted if it is not text.
func printable(s string) string {
	if utf8.ValidString(s) {
		text := true
		for _, r := range s {
			text = text && unicode.IsPrint(r)
		}
		if text {
			return s
		}
	}
	return strconv.QuoteToASCII(s)
}
