package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// loadKeys gives the account's keys, and those of others that it may describe,
// their material and their state.
func (l *Lab) loadKeys() {
	for _, region := range slices.Sorted(maps.Keys(l.account.Regions)) {
		r := l.account.Regions[region]
		for i := range r.KMS.Keys {
			k := &r.KMS.Keys[i]
			l.loadKey(arnOf("kms", region, l.account.ID, "key/"+text(k.Output, "KeyId")), k.Output, k.Aliases...)
		}
		for i := range r.KMS.ForeignKeys {
			l.loadKey(text(r.KMS.ForeignKeys[i].Output, "Arn"), r.KMS.ForeignKeys[i].Output)
		}
	}
}

// loadKey makes one key. Other than symmetric encryption keys have none: AWS's
// services refuse them.
func (l *Lab) loadKey(arn string, output map[string]any, aliases ...string) {
	if firstOf(text(output, "KeySpec"), "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT" || firstOf(text(output, "KeyUsage"), "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT" {
		return
	}
	external, state := text(output, "Origin") == "EXTERNAL", text(output, "KeyState")
	k, err := l.keys.CreateKey(kms.KeySpec{ARN: arn, External: external, MultiRegion: strings.HasPrefix(last(arn), "mrk-")})
	if err != nil {
		return // twice in the data, or no ARN of a key: DescribeKey answers from the data alone
	}
	for _, name := range aliases {
		_ = l.keys.CreateAlias(name, k.ARN) // fails for a name that AWS has not, which ListAliases answers from the data alone
	}
	if external && state != "PendingImport" {
		material := fmt.Sprintf("%-32.32s", "imported "+last(k.ARN)) // anything: it protects a demonstration
		_ = l.keys.ImportKeyMaterial(k.ARN, []byte(material))
	}
	switch state {
	case "Disabled":
		_ = l.keys.DisableKey(k.ARN)
	case "PendingDeletion":
		days := int(at(output["DeletionDate"], l.now()).Sub(l.now()) / (24 * time.Hour))
		_ = l.keys.ScheduleKeyDeletion(k.ARN, min(max(days, 7), 30))
	case "Unavailable":
		_ = l.keys.Inject(k.ARN, "KMSInvalidStateException")
	}
}
