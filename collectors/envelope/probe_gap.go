package envelope

import (
	"errors"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// probeGap is the gap of a call of a probe. A refused write is no failure: the
// identity may lack the permission, the key may refuse, and a bucket's policy
// may want headers that the canary does not send.
func probeGap(service string, err error) collectors.Gap {
	var asked *awsapi.Error
	if !errors.As(err, &asked) {
		reason := collectors.Failed
		if errors.Is(err, errInterrupted) {
			reason = collectors.TimedOut
		}
		return collectors.Gap{Reason: reason, Detail: sentence(err.Error()), Remedy: "Scan again with the same --probe."}
	}
	gap := map[string]func(error, ...string) collectors.Gap{"kinesis": recordGap, "dynamodb": itemGap}[service]
	if gap == nil {
		gap = AskedGap
	}
	g := gap(err)
	g.Remedy = strings.NewReplacer("permissions --prove prints", "permissions --probe prints", "permissions prints", "permissions --probe prints").Replace(g.Remedy)
	g.Detail = strings.TrimPrefix(g.Detail, "The key that the stream's records were encrypted under refuses: ")
	switch writes := strings.Contains(asked.Operation, ":Put"); {
	case g.Reason != collectors.Denied:
	case strings.Contains(g.Detail, "kms:GenerateDataKey"), writes && awsapi.Code(err) == "KMSAccessDeniedException":
		g.Permission = "kms:GenerateDataKey"
		g.Remedy = "Allow kms:GenerateDataKey with the key to the scanning identity (sealaudit permissions --probe prints the whole statement)."
	case writes && service == "s3" && awsapi.Code(err) == "AccessDenied":
		g.Remedy += " The bucket's policy may also want encryption headers, which a canary does not send, or the bucket may be of another account."
	}
	return g
}

// unsafe is the gap of a canary that was not written because it would stay.
func unsafe(detail, remedy string) collectors.Gap {
	return collectors.Gap{Reason: collectors.OutOfScope, Detail: detail, Remedy: remedy}
}
