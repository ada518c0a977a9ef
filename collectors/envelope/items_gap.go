package envelope

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// itemGap is AskedGap for calls on tables. DynamoDB has no errors of its own for
// what KMS says of a table's key: it says that in others' text.
func itemGap(err error, attributes ...string) collectors.Gap {
	g := awsapi.GapOf(err, attributes...)
	switch code := awsapi.Code(err); {
	case code == "ResourceNotFoundException": // which AskedGap takes for a key's
		return g
	case code == "ResourceInUseException":
		g.Reason, g.Remedy = collectors.Transition, "Scan again when the table is ACTIVE."
		return g
	case strings.Contains(g.Detail, "KMS key access denied"):
		g.Permission = "kms:Decrypt"
		g.Remedy = "Allow kms:Decrypt with the table's key to the scanning identity, and to the table's own grants (sealaudit permissions --prove prints the whole statement)."
		return g
	case strings.Contains(g.Detail, "KMS key disabled error"), strings.Contains(g.Detail, "KMS validation error"):
		g.Reason, g.Remedy = collectors.Denied, "Nobody can use the table's key as it is: enable it, or cancel its deletion, and scan again; DynamoDB archives the table after seven days."
		return g
	}
	return AskedGap(err, attributes...)
}

// closed is the gap of a table that has a description and gives no items, nil
// for others (DynamoDB API, TableStatus).
func closed(status types.TableStatus) *collectors.Gap {
	g := collectors.Gap{Attributes: []string{"facts"}, Detail: "The table is " + string(status) + "."}
	switch status {
	case types.TableStatusArchiving, types.TableStatusArchived:
		g.Reason, g.Remedy = collectors.OutOfScope, "DynamoDB took its items away when its key could not be used for seven days; restore the backup that it made under a key that can be used."
	case types.TableStatusCreating, types.TableStatusDeleting:
		g.Reason, g.Remedy = collectors.Transition, "Scan again when it is ACTIVE."
	default:
		return nil
	}
	return &g
}

// unreadable is the gap of an item that is beyond the bounds of DynamoDB's.
func unreadable(err error) collectors.Gap {
	return collectors.Gap{Attributes: []string{clientPath, proofPath}, Reason: collectors.Unmodelled, Detail: sentence(err.Error()),
		Remedy: "Look at the item yourself; the endpoint gave what DynamoDB can't hold."}
}
