package cloudtrail

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/sealaudit/sealaudit/collectors"
)

// use is an event's record, as far as it matters here (CloudTrail User Guide,
// "CloudTrail record contents"; KMS Developer Guide, "CloudTrail log entries").
type use struct {
	Source    string `json:"eventSource"`
	Name      string `json:"eventName"`
	ErrorCode string `json:"errorCode"`
	Identity  struct {
		Type      string `json:"type"`
		InvokedBy string `json:"invokedBy"`
	} `json:"userIdentity"`
	Request   json.RawMessage `json:"requestParameters"`
	Resources []struct {
		ARN string `json:"ARN"`
	} `json:"resources"`
	asked struct { // of the request
		KeyID   string         `json:"keyId"`
		Context map[string]any `json:"encryptionContext"`
	}
}

// readUse reads a record. A request that can't be read names nothing: CloudTrail
// leaves out what is too long.
func readUse(text string) (u use, ok bool) {
	if err := json.Unmarshal([]byte(text), &u); err != nil {
		return u, false
	}
	if err := json.Unmarshal(u.Request, &u.asked); err != nil {
		u.asked.Context = nil
	}
	return u, true
}

// service is the one that asked KMS, by its principal: "s3". Principals are of
// the form SERVICE.amazonaws.com; what AWS keeps to itself is "AWS Internal",
// and then the context tells, if it names one service's resource only: callers
// of S3 may add to a context. It is "" for a caller's own call, whose context
// may say anything.
func (u *use) service() string {
	if u.Identity.InvokedBy == "AWS Internal" {
		return u.onlyNamed()
	}
	name, rest, _ := strings.Cut(u.Identity.InvokedBy, ".")
	if rest != "amazonaws.com" && rest != "amazonaws.com.cn" {
		return ""
	}
	return name
}

// The keys of encryption contexts by which services name a resource (the
// services' guides: S3, "Using server-side encryption with AWS KMS keys";
// Kinesis, "Permissions to use user-generated KMS keys"; DynamoDB, "Encryption
// at rest"; CloudTrail, "Granting encrypt permissions").
const (
	s3Context      = "aws:s3:arn"
	kinesisContext = "aws:kinesis:arn"
	tableContext   = "aws:dynamodb:tableName"
	accountContext = "aws:dynamodb:subscriberId"
	trailContext   = "aws:cloudtrail:arn"
)

func (u *use) onlyNamed() string {
	service := ""
	for key, of := range map[string]string{s3Context: "s3", kinesisContext: "kinesis", tableContext: "dynamodb", trailContext: "cloudtrail"} {
		if _, ok := u.asked.Context[key]; ok && service != "" {
			return ""
		} else if ok {
			service = of
		}
	}
	return service
}

// key is the KMS key's id, or its ARN in another account, and "" where the
// record has none: the name that a request gave may be any text.
func (u *use) key(scope collectors.Scope) string {
	ids := []string{u.asked.KeyID}
	for _, r := range u.Resources {
		ids = append(ids, r.ARN)
	}
	slices.Reverse(ids) // KMS's own word first
	for _, id := range ids {
		if keyName.MatchString(id) {
			return id
		}
		a, err := arn.Parse(id)
		name, isKey := strings.CutPrefix(a.Resource, "key/")
		if err != nil || !isKey || a.Service != "kms" || a.Partition != scope.Partition || !keyName.MatchString(name) {
			continue
		}
		if a.AccountID == scope.Account {
			return name
		}
		if accountName.MatchString(a.AccountID) && regionName.MatchString(a.Region) {
			return id
		}
	}
	return ""
}

var (
	keyName     = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	accountName = regexp.MustCompile(`^[0-9]{12}$`)
	regionName  = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	errorName   = regexp.MustCompile(`^[A-Za-z0-9.]{1,64}$`)
)

// code is the error's, "" without one.
func (u *use) code() string {
	if u.ErrorCode == "" || errorName.MatchString(u.ErrorCode) {
		return u.ErrorCode
	}
	return "unknown"
}

// ofCaller says that a denial is the service's caller's: the record then has the
// caller's identity, and the service's type where it asked for itself.
func (u *use) ofCaller() bool {
	return strings.Contains(u.ErrorCode, "AccessDenied") && u.Identity.Type != "AWSService"
}

// isTransient says that the service asks again (KMS API, "Common errors").
func (u *use) isTransient() bool {
	return slices.Contains([]string{"ThrottlingException", "KMSInternalException", "InternalFailure", "ServiceUnavailable",
		"DependencyTimeoutException", "RequestExpired"}, u.ErrorCode)
}
