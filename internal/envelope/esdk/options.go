package esdk

import (
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// CommitmentPolicy says which suites may be written and which read (AWS
// Encryption SDK specification, "Commitment Policy").
type CommitmentPolicy int

// The commitment policies. The zero value writes only what commits and reads
// everything, naming what does not commit as a weakness.
const (
	RequireEncryptAllowDecrypt CommitmentPolicy = iota
	RequireEncryptRequireDecrypt
	ForbidEncryptAllowDecrypt
)

// String is the specification's name of the policy.
func (p CommitmentPolicy) String() string {
	switch p {
	case RequireEncryptAllowDecrypt:
		return "REQUIRE_ENCRYPT_ALLOW_DECRYPT"
	case RequireEncryptRequireDecrypt:
		return "REQUIRE_ENCRYPT_REQUIRE_DECRYPT"
	case ForbidEncryptAllowDecrypt:
		return "FORBID_ENCRYPT_ALLOW_DECRYPT"
	}
	return "unknown commitment policy"
}

func (p CommitmentPolicy) read(s Suite) error {
	if p == RequireEncryptRequireDecrypt && !s.Committing() {
		return fmt.Errorf("%w: suite %s does not commit to its key and %s excludes it; choose a policy that allows it", envelope.ErrUnsupported, s, p)
	}
	return nil
}

func (p CommitmentPolicy) write(s Suite) error {
	if s.Committing() == (p == ForbidEncryptAllowDecrypt) {
		return fmt.Errorf("%w: writing suite %s is excluded by %s; choose another suite or policy", envelope.ErrUnsupported, s, p)
	}
	return nil
}

// Options are choices of a reader of messages. The zero value reads every
// suite, strictly by the specification.
type Options struct {
	// Policy is the commitment policy.
	Policy CommitmentPolicy
	// Context holds pairs that the message must have been made under (the
	// specification's reproduced encryption context). A pair whose key the
	// header has must equal it; the others are taken for the required pairs
	// that the header leaves out.
	Context map[string]string
	// MaxDataKeys refuses a header with more encrypted data keys, while
	// parsing and before any is unwrapped; 0 sets no limit other than the
	// header's size.
	MaxDataKeys int
	// AllowNET400 retries what fails strictly as ESDK-NET 4.0.0 wrote it, and
	// names the weakness net-4.0.0.
	AllowNET400 bool
	// Values puts the values of the encryption context into the proof.
	Values bool
	// MaxFrame bounds the memory of a Reader and of Open: the longest frame or
	// unframed body that a Reader releases, and the longest message that Open
	// holds in memory; 0 is 16 MiB. Verify has no such bound.
	MaxFrame int
}

func (o Options) maxFrame() int64 {
	if o.MaxFrame <= 0 {
		return 16 << 20
	}
	return int64(o.MaxFrame)
}

// reserved is the prefix of keys that only the format itself puts into an
// encryption context, and publicKey the one that it has (AWS Encryption SDK
// specification, "Encryption Context", "Reserved Encryption Context Keys").
const (
	reserved  = "aws-crypto-"
	publicKey = "aws-crypto-public-key"
)

func checkReserved(context map[string]string) error {
	for key := range context {
		if strings.HasPrefix(key, reserved) {
			return fmt.Errorf("%w: an encryption context key starts with %q, which is reserved; use another key", envelope.ErrUnsupported, reserved)
		}
	}
	return nil
}
