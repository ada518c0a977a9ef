// Package legacy reads, verifies, opens and seals items of the DynamoDB
// Encryption Client (Java and Python), which AWS superseded by the AWS
// Database Encryption SDK (envelope/ddb/structured).
//
// An item has two attributes of its own: a material description, which says
// how the data key is wrapped and which nothing authenticates, and a
// signature over the table's name and every attribute but those two and the
// ones that the writer left out. The item does not say which attributes the
// writer encrypted, signed or left out: the caller does, or they are inferred
// (see [Config]).
package legacy

import (
	"context"
	"fmt"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// The client's own attributes (DynamoDB Encryption Client, "Material
// description" and "Signature").
const (
	DescriptionAttribute = "*amzn-ddb-map-desc*"
	SignatureAttribute   = "*amzn-ddb-map-sig*"
)

// Entries of the material description (DynamoDB Encryption Client, "Material
// description").
const (
	descMode      = "amzn-ddb-map-sym-mode"
	descSignature = "amzn-ddb-map-signingAlg"
	descKey       = "amzn-ddb-env-key"
	descKeyAlg    = "amzn-ddb-env-alg"
	descSignAlg   = "amzn-ddb-sig-alg"
	descWrap      = "amzn-ddb-wrap-alg"
	descMeta      = "amzn-ddb-meta-id"
	descKMS       = "aws-kms-ec-attr"

	modeCBC    = "/CBC/PKCS5Padding"
	wrapAES    = "AESWrap"
	wrapOAEP   = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"
	wrapPKCS1  = "RSA/ECB/PKCS1Padding"
	wrapKMS    = "kms"
	signHMAC   = "HmacSHA256"
	signRSA    = "SHA256withRSA"
	formatName = "DynamoDB Encryption Client"
)

// Action is what the writer did with an attribute.
type Action = item.Action

// The attribute actions.
const (
	EncryptAndSign = item.EncryptAndSign
	SignOnly       = item.SignOnly
	DoNothing      = item.DoNothing
)

// Config is what an item does not say about itself.
type Config struct {
	Table     string // its name, which the signature covers
	Partition string // name of the partition key attribute
	Sort      string // name of the sort key attribute, if any

	// Actions by attribute, and Default for the others, which is
	// EncryptAndSign when it is empty. When both are empty the actions are inferred: binary values that could be ciphertext were
	// encrypted, the others signed; when the signature does not hold for
	// that, the fewest deviations from it are searched for which it does, at
	// most MaxTrials of them.
	Actions map[string]Action
	Default Action

	Values bool // the proof shows the material description's values
}

// MaxTrials bounds the search for attribute actions.
const MaxTrials = 1 << 16

func (c Config) inferred() bool { return len(c.Actions) == 0 && c.Default == "" }

// check refuses unknown actions.
func (c Config) check() error {
	known := func(a Action) bool { return a == EncryptAndSign || a == SignOnly || a == DoNothing }
	ok := c.Default == "" || known(c.Default)
	for _, a := range c.Actions {
		ok = ok && known(a)
	}
	if !ok {
		return fmt.Errorf("%w: an attribute action is none of %s, %s and %s", envelope.ErrUnsupported, EncryptAndSign, SignOnly, DoNothing)
	}
	return nil
}

// isKey tells whether an attribute is part of the primary key, which cannot be
// encrypted.
func (c Config) isKey(name string) bool {
	return name == c.Partition || name == c.Sort && c.Sort != ""
}

// action is what the configuration says of an attribute.
func (c Config) action(name string) Action {
	a, ok := c.Actions[name]
	if !ok {
		a = c.Default
	}
	if a == "" {
		a = EncryptAndSign
	}
	if a == EncryptAndSign && c.isKey(name) {
		return SignOnly
	}
	return a
}

// Provider finds an item's keys, or makes those of a new item (DynamoDB
// Encryption Client, "Cryptographic materials provider").
type Provider interface {
	// open gives the materials for an item from its description.
	open(ctx context.Context, of subject) (*materials, error)
	// seal makes materials for a new item, and its description's entries.
	seal(ctx context.Context, of subject) (*materials, map[string]string, error)
}

// subject is the item whose keys are looked for.
type subject struct {
	item        item.Item
	description map[string]string
	config      Config
}
