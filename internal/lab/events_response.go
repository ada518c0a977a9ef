package lab

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// responseElements are what CloudTrail tells of the answer to a call that
// changed something (CloudTrail User Guide, "CloudTrail record contents"); nil
// where the answer says nothing. Of KMS's they always have the key's ARN (KMS
// Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail"). S3's
// answers of that kind are headers.
func responseElements(q *wire.Request, a answer) map[string]any {
	if q.Service == "s3" || q.Service == "s3control" {
		return nil
	}
	out, _ := responseValue(a.output).(map[string]any)
	if q.Service == "kms" && strings.HasPrefix(a.resource, "arn:") {
		if out == nil {
			out = map[string]any{}
		}
		out["keyId"] = a.resource
	}
	return out
}

// responseValue is a value with names and times as CloudTrail spells them.
func responseValue(v any) any {
	switch v := v.(type) {
	case nil, bool, string, int, int64, float64:
		return v
	case time.Time:
		return v.UTC().Format("Jan 2, 2006, 3:04:05 PM")
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			if name != "" && !isSecret(name) && name != "GrantToken" && member != nil {
				out[strings.ToLower(name[:1])+name[1:]] = responseValue(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = responseValue(v[i])
		}
		return out
	case []string:
		return v
	}
	return fmt.Sprint(v)
}
