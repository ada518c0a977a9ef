// Package structured reads, verifies, opens and seals items of the AWS
// Database Encryption SDK for DynamoDB (structured encryption).
//
// An item has a header, which says how its fields are treated and how its
// data key is wrapped and commits to that key, and a footer, which has a tag
// per wrapped key and, in flavor 1, a signature. Both cover the table's name
// and the primary key, so that an item cannot be moved, and every field but
// those that the writer's configuration left unsigned.
package structured

import (
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// The SDK's own attributes (AWS Database Encryption SDK for DynamoDB
// specification, "Encrypt Structure").
const (
	HeaderAttribute = "aws_dbe_head"
	FooterAttribute = "aws_dbe_foot"

	beaconPrefix  = "aws_dbe_b_" // truncated HMACs for searching, not signed
	versionPrefix = "aws_dbe_v_" // versions of beacons, not signed
	ownPrefix     = "aws_dbe_"
	formatName    = "AWS Database Encryption SDK for DynamoDB"
)

// Action is what the writer did with an attribute.
type Action = item.Action

// The crypto actions.
const (
	EncryptAndSign = item.EncryptAndSign
	SignOnly       = item.SignOnly
	SignAndInclude = item.SignAndInclude // header version 2
	DoNothing      = item.DoNothing
)

// Config is what an item does not say about itself.
type Config struct {
	Table     string // logical table name
	Partition string // name of the partition key attribute
	Sort      string // name of the sort key attribute, if any

	// Unsigned names the attributes that are left out of the signature, and
	// UnsignedPrefix what their names start with. When both are empty and the
	// header counts fewer fields than the item has, the ones left out are
	// searched for among at most MaxTrials choices.
	Unsigned       []string
	UnsignedPrefix string

	Actions map[string]Action // by attribute, to seal
	NoSign  bool              // seals flavor 0, without a signature

	Values bool // the proof shows the encryption context's values
}

// MaxTrials bounds the search for unsigned attributes.
const MaxTrials = 1 << 16

func (c Config) inferred() bool { return len(c.Unsigned) == 0 && c.UnsignedPrefix == "" }

// unsigned tells whether an attribute is left out of the signature, by the
// SDK's rules or the configuration.
func (c Config) unsigned(name string) bool {
	return own(name) || slices.Contains(c.Unsigned, name) ||
		c.UnsignedPrefix != "" && strings.HasPrefix(name, c.UnsignedPrefix)
}

// own tells of the attributes that the SDK adds.
func own(name string) bool {
	return name == HeaderAttribute || name == FooterAttribute || beacon(name)
}

func beacon(name string) bool {
	return strings.HasPrefix(name, beaconPrefix) || strings.HasPrefix(name, versionPrefix)
}

// isKey tells whether an attribute is part of the primary key.
func (c Config) isKey(name string) bool {
	return name == c.Partition || name == c.Sort && c.Sort != ""
}
