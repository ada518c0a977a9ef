package item

// Action is what a writer did with an attribute (DynamoDB Encryption Client,
// "Attribute actions"; AWS Database Encryption SDK for DynamoDB specification,
// "Crypto Action").
type Action string

// The attribute actions.
const (
	EncryptAndSign Action = "ENCRYPT_AND_SIGN"
	SignOnly       Action = "SIGN_ONLY"
	// SignAndInclude is the AWS Database Encryption SDK's alone.
	SignAndInclude Action = "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT"
	DoNothing      Action = "DO_NOTHING"
)
