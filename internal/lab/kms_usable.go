package lab

import (
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// cryptoKey is the key of a cryptographic operation, which may be another
// account's if the data says that it lets this one in.
func (l *Lab) cryptoKey(q *wire.Request, id string) (arn string, a answer) {
	a.resource = id
	if l.isForeign(id) {
		r := l.index.regions[q.Region].foreign.by[id]
		if r == nil {
			a.failure = l.foreign(q)
			return "", a
		}
		a.errors = r.Errors
		return id, a
	}
	k, failure := l.findKey(q, id)
	if failure != nil {
		a.failure = failure
		return "", a
	}
	arn = l.keyARN(q, text(k.Output, "KeyId"))
	a.resource, a.errors = arn, k.Errors
	if usage := firstOf(text(k.Output, "KeyUsage"), "ENCRYPT_DECRYPT"); usage != "ENCRYPT_DECRYPT" {
		a.failure = refuse(400, "InvalidKeyUsageException", arn+" key usage is "+usage+" which is not valid for "+q.Operation+".")
	}
	return arn, a
}

// symmetricKey is the key of an operation that takes no other.
func (l *Lab) symmetricKey(q *wire.Request, id string) (arn string, a answer) {
	if arn, a = l.cryptoKey(q, id); a.failure != nil {
		return "", a
	}
	if k := l.asymmetric(q, arn); k != nil {
		a.failure = refuse(400, "InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec "+text(k.Output, "KeySpec")+".")
	}
	return arn, a
}

// onKey is an answer about the key that a blob named: in another Region it
// can't be found, and a stranger's can't be used.
func (l *Lab) onKey(q *wire.Request, a answer, k kms.Key) answer {
	if k.ARN == "" {
		return a
	}
	parts := strings.Split(k.ARN, ":")
	switch {
	case parts[3] != q.Region && !k.MultiRegion:
		a.failure = refuse(400, "AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
	case l.isForeign(k.ARN):
		if r := l.index.regions[q.Region].foreign.by[k.ARN]; r == nil {
			a.failure = refuse(400, "AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
		} else {
			a.resource, a.errors = k.ARN, r.Errors
		}
	default:
		a.resource = k.ARN
		if known := l.index.regions[q.Region].keys.by[last(k.ARN)]; known != nil {
			a.errors = known.Errors
		}
	}
	return a
}

// dryRun ends what would have succeeded (KMS API, "DryRun"; the status, which
// the reference has as 412, is recorded).
func dryRun(q *wire.Request) *wire.Failure {
	if !q.Bool("DryRun", false) {
		return nil
	}
	return refuse(400, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}
