package lab

import (
	"regexp"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const (
	firehoseService = "firehose.amazonaws.com"
	deliveryTurning = 2 * time.Second // ENABLING, and DISABLING
	// deliveryLag is how long records are still written as before: "It can take
	// up to 5 seconds after the encryption status changes to ENABLED before all
	// records written to the Firehose stream are encrypted" (Firehose API,
	// StartDeliveryStreamEncryption; the same of StopDeliveryStreamEncryption).
	// Here it is always this long.
	deliveryLag = time.Second
)

func encryptionInput(q *wire.Request) map[string]any {
	input, _ := q.Input["DeliveryStreamEncryptionConfigurationInput"].(map[string]any)
	return input
}

var keyARNForm = regexp.MustCompile(`^arn:[^:]*:kms:[a-zA-Z0-9-]+:\d{12}:key/[a-zA-Z_0-9+=,.@_/-]+$`)

// asksKey refuses a key that no attempt is made with: one that is not given as
// its type wants, and an asymmetric one (Firehose Developer Guide, "Data
// protection": symmetric keys only).
func (l *Lab) asksKey(region string, input map[string]any) *wire.Failure {
	if input == nil {
		return nil
	}
	kind, arn := firstOf(text(input, "KeyType"), "AWS_OWNED_CMK"), text(input, "KeyARN")
	var w wrongs
	w.oneOf("deliveryStreamEncryptionConfigurationInput.keyType", kind, "AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK")
	if arn != "" && !keyARNForm.MatchString(arn) {
		w.add("deliveryStreamEncryptionConfigurationInput.keyARN", "Member must satisfy regular expression pattern: arn:.*:kms:[a-zA-Z0-9\\-]+:\\d{12}:key/[a-zA-Z_0-9+=,.@\\-_/]+", arn)
	}
	switch {
	case w.failure() != nil:
		return w.failure()
	case kind == "CUSTOMER_MANAGED_CMK" && arn == "":
		return refuse(400, "InvalidArgumentException", "KeyARN must be given when KeyType is CUSTOMER_MANAGED_CMK.")
	case kind == "AWS_OWNED_CMK" && arn != "":
		return refuse(400, "InvalidArgumentException", "KeyARN must not be given when KeyType is AWS_OWNED_CMK.")
	}
	if arn == "" {
		return nil
	}
	if f := l.reachable(use{region: region, key: arn}); f != nil && f.Code == "InvalidKeyUsageException" {
		return refuse(400, "InvalidKMSResourceException", "KMS key "+arn+" can't be used: Firehose uses symmetric keys only.")
	}
	return nil
}

// startDeliveryEncryption turns encryption on, or changes its key (Firehose
// API, StartDeliveryStreamEncryption).
func startDeliveryEncryption(l *Lab, q *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	input := encryptionInput(q)
	if input == nil {
		input = map[string]any{"KeyType": "AWS_OWNED_CMK"}
	}
	failure := l.asksKey(d.region, input)
	if failure == nil {
		failure = l.mayTurn(d)
	}
	if failure != nil {
		return nil, failure
	}
	d.changed = append(d.changed, l.now())
	l.enable(d, input, deliveryTurning)
	return nil, nil
}

// enable sets the status to ENABLING, and later to what came of it.
func (l *Lab) enable(d *delivery, input map[string]any, takes time.Duration) {
	old, _ := l.deliveryDescription(d)["DeliveryStreamEncryptionConfiguration"].(map[string]any)
	kind, arn := firstOf(text(input, "KeyType"), "AWS_OWNED_CMK"), text(input, "KeyARN")
	config := map[string]any{"Status": "ENABLING", "KeyType": kind}
	if arn != "" {
		config["KeyARN"] = arn
	}
	set := func(c map[string]any) {
		l.describeDelivery(d, map[string]any{"DeliveryStreamEncryptionConfiguration": c})
	}
	set(config)
	when := l.now().Add(takes)
	d.later(l.now(), takes, func() {
		if why, details := l.refusesGrant(d.region, arn); why != "" {
			failed := map[string]any{"Status": "ENABLING_FAILED", "FailureDescription": map[string]any{"Type": why, "Details": details}}
			if d.sse.on { // it stays encrypted under the old key
				failed["KeyType"], failed["KeyARN"] = old["KeyType"], old["KeyARN"]
			}
			set(failed)
			return
		}
		set(filled(map[string]any{"Status": "ENABLED"}, config))
		d.later(when, deliveryLag, func() { d.sse, d.producing = sse{true, arn}, nil })
	})
}

// refusesGrant is why Firehose gets no grant on a key, as one of
// DeliveryStreamFailureType, "" when it does.
func (l *Lab) refusesGrant(region, arn string) (why, details string) {
	if arn == "" {
		return "", ""
	}
	u := use{region: region, invokedBy: firehoseService, key: arn}
	f := l.reachable(u)
	k, err := l.resolve(u)
	if f == nil {
		f = kmsFailure(err)
	}
	if f == nil {
		f = l.shut(region, "CreateGrant", k.ARN)
	}
	switch {
	case f == nil && k.State == kms.Disabled:
		return "DISABLED_KMS_KEY", k.ARN + " is disabled."
	case f == nil && k.State != kms.Enabled:
		return "INVALID_KMS_KEY", k.ARN + " is not in a state that can be used: " + string(k.State) + "."
	case f == nil:
		return "", ""
	case f.Code == "NotFoundException":
		return "KMS_KEY_NOT_FOUND", f.Message
	case strings.HasPrefix(f.Code, "AccessDenied"):
		return "KMS_ACCESS_DENIED", f.Message
	}
	return "CREATE_KMS_GRANT_FAILED", f.Message
}

func stopDeliveryEncryption(l *Lab, _ *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	if failure := l.mayTurn(d); failure != nil {
		return nil, failure
	}
	d.changed = append(d.changed, l.now())
	old, _ := l.deliveryDescription(d)["DeliveryStreamEncryptionConfiguration"].(map[string]any)
	l.describeDelivery(d, map[string]any{"DeliveryStreamEncryptionConfiguration": filled(map[string]any{"Status": "DISABLING"}, old)})
	d.later(l.now(), deliveryTurning, func() {
		l.describeDelivery(d, map[string]any{"DeliveryStreamEncryptionConfiguration": map[string]any{"Status": "DISABLED"}})
	})
	d.later(l.now(), deliveryTurning+deliveryLag, func() { d.sse, d.producing = sse{}, nil })
	return nil, nil
}

// mayTurn refuses a change of encryption that can't be made now: "You can
// enable SSE for a Firehose stream only if it's a Firehose stream that uses
// DirectPut as its source", and 25 calls of both kinds in 24 hours.
func (l *Lab) mayTurn(d *delivery) *wire.Failure {
	now := l.deliveryDescription(d)
	config, _ := now["DeliveryStreamEncryptionConfiguration"].(map[string]any)
	status := firstOf(text(config, "Status"), "DISABLED")
	switch {
	case text(now, "DeliveryStreamType") != "DirectPut":
		return refuse(400, "InvalidArgumentException", "This operation is not permitted on "+text(now, "DeliveryStreamType")+" delivery stream type.")
	case text(now, "DeliveryStreamStatus") != "ACTIVE":
		return refuse(400, "ResourceInUseException", "Firehose "+d.name+" under account "+l.account.ID+" is in state "+text(now, "DeliveryStreamStatus")+".")
	case status == "ENABLING" || status == "DISABLING":
		return refuse(400, "ResourceInUseException", "Encryption of firehose "+d.name+" under account "+l.account.ID+" is "+status+".")
	}
	if failure := l.mayChange(&d.changed, d.name); failure != nil {
		return refuse(400, "LimitExceededException", "Encryption of firehose "+d.name+" was started and stopped 25 times in the last 24 hours.")
	}
	return nil
}
