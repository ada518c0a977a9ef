package lab

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// statement is one of a bucket's policy. Members that may be a text or a list
// are decoded by oneOrMore.
type statement struct {
	Effect                               string
	Action, Resource                     oneOrMore
	NotAction, NotResource, NotPrincipal any
	Principal                            any
	Condition                            map[string]map[string]oneOrMore
}

type oneOrMore []string

// UnmarshalJSON takes a text, a truth value or a list of texts.
func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, v := range list {
		switch v := v.(type) {
		case string:
			*o = append(*o, v)
		case bool:
			*o = append(*o, map[bool]string{true: "true", false: "false"}[v])
		}
	}
	return nil
}

// deniedByPolicy refuses a new object that the bucket's policy denies for its
// encryption (S3 User Guide, "Protecting data with server-side encryption":
// "Require server-side encryption"). The account evaluates no more of a policy
// than this: Deny for everybody, of s3:PutObject, with conditions on the
// encryption headers alone. What it can't evaluate it leaves out.
func (l *Lab) deniedByPolicy(q *wire.Request, b located) *wire.Failure {
	if permission(q.Operation) != "PutObject" || q.String("Key") == "" || strings.HasPrefix(q.Operation, "UploadPart") || q.Operation == "CompleteMultipartUpload" {
		return nil
	}
	var policy struct{ Statement []statement }
	if text := policyText(b.Policy); text == "" || json.Unmarshal([]byte(text), &policy) != nil {
		return nil
	}
	for _, s := range policy.Statement {
		if s.denies(q) {
			return refuse(403, "AccessDenied", "User: "+l.account.Caller+" is not authorized to perform: s3:PutObject on resource: \""+objectARN(q)+"\" with an explicit deny in a resource-based policy")
		}
	}
	return nil
}

func (s statement) denies(q *wire.Request) bool {
	if s.Effect != "Deny" || s.NotAction != nil || s.NotResource != nil || s.NotPrincipal != nil || len(s.Condition) == 0 || !isEverybody(s.Principal) {
		return false
	}
	like := func(subject string) func(string) bool {
		return func(pattern string) bool { return isLike(pattern, subject) }
	}
	if !slices.ContainsFunc(s.Action, like("s3:PutObject")) || !slices.ContainsFunc(s.Resource, like(objectARN(q))) {
		return false
	}
	for operator, conditions := range s.Condition {
		for key, values := range conditions {
			if !meets(q, operator, strings.ToLower(key), values) {
				return false
			}
		}
	}
	return true
}

func isEverybody(principal any) bool {
	if m, ok := principal.(map[string]any); ok {
		principal = m["AWS"]
	}
	return principal == "*"
}

// meets evaluates one condition (IAM User Guide, "IAM JSON policy elements:
// Condition operators"): a key that the request has not fails every operator
// but the negated ones, Null and …IfExists.
func meets(q *wire.Request, operator, key string, values []string) bool {
	member := map[string]string{"s3:x-amz-server-side-encryption": "ServerSideEncryption", "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
		"s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm"}[key]
	if member == "" {
		return false
	}
	have := q.String(member)
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	if have == "" && ifExists {
		return true
	}
	switch operator {
	case "Null":
		return slices.Contains(values, "true") == (have == "")
	case "StringEquals", "ArnEquals":
		return have != "" && slices.Contains(values, have)
	case "StringNotEquals", "ArnNotEquals":
		return !slices.Contains(values, have)
	case "StringLike", "ArnLike":
		return have != "" && slices.ContainsFunc(values, func(p string) bool { return isLike(p, have) })
	case "StringNotLike", "ArnNotLike":
		return !slices.ContainsFunc(values, func(p string) bool { return have != "" && isLike(p, have) })
	}
	return false
}

// isLike matches a text with a pattern of * and ?, which go across slashes.
func isLike(pattern, s string) bool {
	flat := strings.NewReplacer("/", "\x00", "[", "\x01", "\\", "\x02")
	ok, err := path.Match(flat.Replace(pattern), flat.Replace(s))
	return err == nil && ok
}
