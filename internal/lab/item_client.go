package lab

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// isLibrarys says whether an attribute is a client-side library's own.
func isLibrarys(name string) bool {
	return name == legacy.DescriptionAttribute || name == legacy.SignatureAttribute || strings.HasPrefix(name, "aws_dbe_")
}

// itemNamespace is the provider id of keyrings with a DemoKey; the key's name
// is what DemoKey takes.
const itemNamespace = "sealaudit demo"

// sealItem encrypts an item as an application does before it sends it.
func (l *Lab) sealItem(t *tableState, s keySchema, it item.Item, c *ClientItem) (item.Item, error) {
	config := ddb.Config{Table: t.name, Partition: s.partition, Sort: s.sort, NoSign: c.Signed != nil && !*c.Signed, Actions: map[string]ddb.Action{}}
	for name := range it {
		config.Actions[name] = item.EncryptAndSign
	}
	for _, name := range s.names() {
		config.Actions[name] = item.SignOnly
	}
	for name, action := range c.Actions {
		switch a := ddb.Action(action); a {
		case item.EncryptAndSign, item.SignOnly, item.SignAndInclude, item.DoNothing:
			config.Actions[name] = a
			if a == item.DoNothing {
				config.Unsigned = append(config.Unsigned, name)
			}
		default:
			return nil, fmt.Errorf("no action %q of %s; take ENCRYPT_AND_SIGN, SIGN_ONLY, SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT or DO_NOTHING", action, name)
		}
	}
	format, known := map[string]ddb.Format{"ddbec": ddb.Legacy, "dbesdk": ddb.Structured}[c.Format]
	if !known {
		return nil, fmt.Errorf("no format %q of items; take ddbec or dbesdk", c.Format)
	}
	if format == ddb.Structured && includesContext(config.Actions) {
		for _, name := range s.names() { // version 2 wants the keys in the context too
			config.Actions[name] = item.SignAndInclude
		}
	}
	keys, restore, err := l.itemKeys(t.region, c.Key)
	if err != nil {
		return nil, err
	}
	defer restore()
	return ddb.Seal(context.Background(), it, format, keys, config)
}

func includesContext(actions map[string]ddb.Action) bool {
	for _, a := range actions {
		if a == item.SignAndInclude {
			return true
		}
	}
	return false
}

// itemKeys are the application's keys: a KMS key, usable until restore is
// called, or a raw one that DemoKey gives.
func (l *Lab) itemKeys(region, name string) (keys ddb.Keys, restore func(), err error) {
	restore = func() {}
	if raw, isRaw := strings.CutPrefix(name, "raw:"); isRaw {
		ring, err := keyring.NewAES(itemNamespace, raw, DemoKey(raw))
		return ddb.Keys{Keyring: ring, Legacy: legacy.Wrapped{AES: envelope.NewDataKey(DemoKey(raw)), Signing: legacy.Signing{HMAC: envelope.NewDataKey(DemoKey(raw))}}}, restore, err
	}
	k, err := l.keys.Describe(l.keyName(region, name))
	if err != nil {
		return keys, restore, fmt.Errorf("the client's key %s: %w; name a KMS key of the account, or raw: and a name", name, err)
	}
	if restore, err = l.usable(k); err != nil {
		return keys, func() {}, err
	}
	ring, err := keyring.NewKMS(itemKMS{clientKMS{l, region}}, k.ARN)
	return ddb.Keys{Keyring: ring, Legacy: legacy.KMSDirect{Client: clientKMS{l, region}, KeyID: k.ARN}}, restore, err
}

// itemKMS also wraps a key that exists already. The library asks KMS for one
// instead, which is what CloudTrail shows.
type itemKMS struct{ clientKMS }

// Encrypt implements keyring.Encrypter.
func (k itemKMS) Encrypt(ctx context.Context, keyID string, key envelope.DataKey, encryptionContext map[string]string) ([]byte, error) {
	blob, err := k.l.keys.Encrypt(ctx, keyID, key, encryptionContext)
	k.l.recordUse(use{region: k.region, key: keyID, context: encryptionContext}, "GenerateDataKey", keyID, err)
	return blob, err
}
