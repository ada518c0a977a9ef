package keyring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// arn is a key ARN: arn:partition:kms:region:account:key/id.
type arn struct{ partition, region, account, id string }

func (a arn) String() string {
	return "arn:" + a.partition + ":kms:" + a.region + ":" + a.account + ":key/" + a.id
}

func (a arn) multiRegion() bool { return strings.HasPrefix(a.id, "mrk-") }

// parseARN reads a key ARN (framework/aws-kms/aws-kms-key-arn.md).
func parseARN(s string) (arn, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" || slices.Contains(parts, "") {
		return arn{}, fmt.Errorf("%w: not a KMS key ARN", envelope.ErrFormat)
	}
	kind, id, ok := strings.Cut(parts[5], "/")
	if !ok || kind != "key" || id == "" || strings.Contains(id, "/") {
		return arn{}, fmt.Errorf("%w: not the ARN of a KMS key", envelope.ErrFormat)
	}
	return arn{parts[1], parts[3], parts[4], id}, nil
}

// Filter restricts a discovery keyring to accounts, so that a message cannot
// choose whose key is used (framework/aws-kms/aws-kms-discovery-keyring.md,
// "Discovery Filter"). The zero filter restricts nothing.
type Filter struct {
	Partition string
	Accounts  []string
}

func (f Filter) allows(a arn) bool {
	return (f.Partition == "" || f.Partition == a.partition) && (len(f.Accounts) == 0 || slices.Contains(f.Accounts, a.account))
}
