package kms

import "github.com/sealaudit/sealaudit/collectors"

// Types are the resource types of this package and the shape of their facts.
func Types() []collectors.ResourceType {
	return []collectors.ResourceType{
		{Name: "AWS::KMS::Key", Facts: KeyFacts{}},
		{Name: "AWS::KMS::CustomKeyStore", Facts: StoreFacts{}},
	}
}

// KeyFacts is what is read of an AWS::KMS::Key. Rotation, policy and grants
// are read of customer managed keys only.
type KeyFacts struct {
	Manager          string    `json:"manager,omitempty"`      // AWS, CUSTOMER
	State            string    `json:"state,omitempty"`        // KeyState
	Spec             string    `json:"spec,omitempty"`         // KeySpec
	Usage            string    `json:"usage,omitempty"`        // KeyUsage
	Origin           string    `json:"origin,omitempty"`       // AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE
	MultiRegion      string    `json:"multi_region,omitempty"` // PRIMARY, REPLICA; absent for a single-region key
	PrimaryARN       string    `json:"primary_arn,omitempty"`  // of a replica
	CreatedAt        string    `json:"created_at,omitempty"`   // RFC 3339
	DeleteAt         string    `json:"delete_at,omitempty"`    // RFC 3339, when pending deletion
	ValidTo          string    `json:"valid_to,omitempty"`     // RFC 3339, when imported material expires
	ExpirationModel  string    `json:"expiration_model,omitempty"`
	CustomKeyStoreID string    `json:"custom_key_store_id,omitempty"`
	Aliases          []string  `json:"aliases,omitempty"` // sorted
	Rotation         *Rotation `json:"rotation,omitempty"`
	Policy           *Policy   `json:"policy,omitempty"`
	Grants           []Grant   `json:"grants,omitempty"`
}

// Rotation is GetKeyRotationStatus. Supported is false of keys that can't
// rotate by themselves: asymmetric and HMAC keys, custom key stores, imported
// material. There is none of a key that is to be deleted: KMS would say that
// it isn't enabled, whatever it was.
type Rotation struct {
	Supported  bool   `json:"supported"`
	Enabled    *bool  `json:"enabled,omitempty"`
	PeriodDays *int   `json:"period_days,omitempty"` // 90–2560
	NextAt     string `json:"next_at,omitempty"`     // RFC 3339
}

// Policy is what the key policy allows, worked out by evaluating it.
type Policy struct {
	Public            *bool    `json:"public,omitempty"` // anyone may use or read about the key, with no condition that narrows who
	PublicDetail      string   `json:"public_detail,omitempty"`
	RootEnabled       *bool    `json:"root_enabled,omitempty"` // the account's root, and so its IAM policies
	ExternalAccounts  []string `json:"external_accounts"`      // other accounts allowed, sorted
	UnguardedServices []string `json:"unguarded_services"`     // services that may use the key without a source condition, sorted; "*" is every service
	CloudTrail        string   `json:"cloudtrail,omitempty"`   // scoped, unscoped, none: for whose trails cloudtrail.amazonaws.com may use it
	// CloudTrailTrails are, when scoped, the trails it may use it for: ARNs in
	// which * and ? stand for any characters, sorted.
	CloudTrailTrails []string `json:"cloudtrail_trails,omitempty"`
}

// Grant is one grant on the key.
type Grant struct {
	ID             string   `json:"id"`
	Grantee        string   `json:"grantee,omitempty"`         // principal ARN; "AROA…" when it was deleted
	GranteeService string   `json:"grantee_service,omitempty"` // service principal
	GranteeAccount string   `json:"grantee_account,omitempty"`
	Operations     []string `json:"operations"`  // sorted
	Constrained    bool     `json:"constrained"` // an encryption context or source ARN is required
}

// StoreFacts is what is read of an AWS::KMS::CustomKeyStore (DescribeCustomKeyStores).
// CloudFormation has no such type; the name follows its pattern.
type StoreFacts struct {
	Kind            string `json:"kind,omitempty"`             // AWS_CLOUDHSM, EXTERNAL_KEY_STORE
	ConnectionState string `json:"connection_state,omitempty"` // CONNECTED, CONNECTING, FAILED, DISCONNECTED, DISCONNECTING
	ConnectionError string `json:"connection_error,omitempty"`
	ClusterID       string `json:"cluster_id,omitempty"`
}
