package lab

import (
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// useOf is S3's use of the KMS key that a request or a bucket names. S3 checks
// the name before it asks KMS (recorded: fake ids, ARNs of another region).
func (l *Lab) useOf(at spot, p protection) (use, *wire.Failure) {
	u := use{region: at.region, invokedBy: "s3.amazonaws.com", key: p.key, context: contextOf(at.arn(), p.context), resource: at.arn()}
	switch parts := strings.Split(p.key, ":"); {
	case p.key == "", p.key == "alias/aws/s3":
		u.key = l.managedS3Key(at.region)
	case strings.HasPrefix(p.key, "arn:"):
		if len(parts) != 6 || parts[2] != "kms" {
			return u, refuse(400, "KMS.NotFoundException", "Invalid arn "+p.key)
		}
		if parts[3] != at.region {
			return u, refuse(400, "KMS.NotFoundException", "Invalid arn "+parts[3])
		}
		if parts[5] == "alias/aws/s3" && parts[4] == l.account.ID {
			u.key = l.managedS3Key(at.region)
		}
	case strings.HasPrefix(p.key, "alias/"), isKeyID(p.key):
	default:
		return u, refuse(400, "KMS.NotFoundException", "Invalid keyId '"+p.key+"'")
	}
	return u, nil
}

func (l *Lab) managedS3Key(region string) string {
	return l.managedKey(region, "s3", "Default key that protects my S3 objects when no other key is defined")
}

// regionOf is the region in an ARN.
func regionOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}

// kmsRefusal is KMS's refusal as S3 tells it (recorded: KMS.DisabledException,
// KMS.KMSInvalidStateException and KMS.NotFoundException with 400, denials with
// 403).
func (l *Lab) kmsRefusal(key string, f *wire.Failure) *wire.Failure {
	parts := strings.Split(key, ":")
	foreign := len(parts) == 6 && parts[4] != l.account.ID
	switch {
	case f.Code == "AccessDeniedException":
		return refuse(403, "AccessDenied", f.Message)
	case f.Code == "NotFoundException" && foreign:
		return refuse(403, "AccessDenied", "User: "+l.account.Caller+" is not authorized to perform: kms:GenerateDataKey on this resource because the resource does not exist in this Region, "+
			"no resource-based policies allow access, or a resource-based policy explicitly denies access")
	case f.Code == "InvalidCiphertextException", f.Code == "IncorrectKeyException":
		return internalError() // what the disk has is not what KMS made
	case f.Status >= 500:
		return refuse(503, "ServiceUnavailable", "Reduce your request rate.")
	}
	return refuse(400, "KMS."+f.Code, f.Message)
}
