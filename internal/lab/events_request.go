package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// sseApplied is what CloudTrail tells of a new object's encryption: that it was
// asked for, or the bucket's default (S3 User Guide, "Monitoring default
// encryption with AWS CloudTrail and Amazon EventBridge").
func sseApplied(q *wire.Request, a answer) string {
	if q.Service != "s3" || a.failure != nil {
		return ""
	}
	switch q.Operation {
	case "PutObject", "CopyObject", "CreateMultipartUpload":
	default:
		return ""
	}
	if text(a.output, "SSECustomerAlgorithm") != "" {
		return "SSE_C"
	}
	kind := map[string]string{sseS3: "SSE_S3", sseKMS: "SSE_KMS", sseDSSE: "DSSE_KMS"}[text(a.output, "ServerSideEncryption")]
	if kind != "" && q.String("ServerSideEncryption") == "" {
		return "Default_" + kind
	}
	return kind
}

// hideKeys leaves the keys of items out: they are contents.
func hideKeys(request map[string]any) {
	for _, member := range []string{"key", "exclusiveStartKey", "expected", "attributeUpdates", "keyConditions", "scanFilter", "queryFilter"} {
		delete(request, member)
	}
}

// shown is an input without secrets, with names as CloudTrail spells them.
func shown(input map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		if name == "" || isSecret(name) {
			continue
		}
		out[strings.ToLower(name[:1])+name[1:]] = input[name]
	}
	return out
}
