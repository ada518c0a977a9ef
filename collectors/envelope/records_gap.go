package envelope

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// recordGap is AskedGap for calls on streams: what refuses a read may be the
// key that records were encrypted under (Kinesis API, "Errors" of GetRecords).
func recordGap(err error, attributes ...string) collectors.Gap {
	var stuck *unreachedError
	switch code := awsapi.Code(err); {
	case errors.As(err, &stuck):
		return collectors.Gap{Attributes: attributes, Reason: collectors.NoData, Detail: sentence(stuck.Error()),
			Remedy: "Scan again; records that are far apart may need more reads than a sample makes."}
	case code == "ResourceNotFoundException": // which AskedGap takes for a key's
		return awsapi.GapOf(err, attributes...)
	case code == "ResourceInUseException":
		g := awsapi.GapOf(err, attributes...)
		g.Reason, g.Remedy = collectors.Transition, "Scan again when the stream is ACTIVE."
		return g
	case code == "KMSOptInRequired":
		g := awsapi.GapOf(err, attributes...)
		g.Reason, g.Remedy = collectors.Denied, "The account can't use KMS; sign it up for KMS and scan again."
		return g
	case code == "KMSAccessDeniedException":
		g := awsapi.GapOf(err, attributes...)
		g.Permission = "kms:Decrypt"
		g.Remedy = "Allow kms:Decrypt with the stream's key to the scanning identity (sealaudit permissions --prove prints the whole statement)."
		return g
	case strings.HasPrefix(code, "KMS"):
		g := AskedGap(err, attributes...)
		g.Detail = "The key that the stream's records were encrypted under refuses: " + g.Detail
		return g
	}
	return AskedGap(err, attributes...)
}

// isKeys says whether an error is a key's: records under another one, or none,
// may still be read.
func isKeys(err error) bool { return strings.HasPrefix(awsapi.Code(err), "KMS") }

// unreachedError is a shard where no record came before the reads were used up.
type unreachedError struct{ reads int }

func (e *unreachedError) Error() string {
	return fmt.Sprintf("kinesis:GetRecords gave no record in %d reads, and the shard went on", e.reads)
}
