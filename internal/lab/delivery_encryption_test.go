package lab_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func (d delivering) start(name string, in *types.DeliveryStreamEncryptionConfigurationInput) error {
	_, err := d.StartDeliveryStreamEncryption(d.ctx, &firehose.StartDeliveryStreamEncryptionInput{DeliveryStreamName: &name, DeliveryStreamEncryptionConfigurationInput: in})
	return err
}

func (d delivering) stop(name string) error {
	_, err := d.StopDeliveryStreamEncryption(d.ctx, &firehose.StopDeliveryStreamEncryptionInput{DeliveryStreamName: &name})
	return err
}

// status is the encryption of a delivery stream in words.
func (d delivering) status(name string) string {
	d.Helper()
	c := d.described(name).DeliveryStreamEncryptionConfiguration
	why := ""
	if c.FailureDescription != nil {
		why = " " + string(c.FailureDescription.Type)
	}
	return fmt.Sprintf("%s %s %s%s", c.Status, c.KeyType, aws.ToString(c.KeyARN), why)
}

// Firehose API, StartDeliveryStreamEncryption and StopDeliveryStreamEncryption:
// the statuses, and the seconds in which records are written as before, which
// PutRecordOutput.Encrypted tells.
func TestDeliveryEncryptionStartsAndStops(t *testing.T) {
	d := deliveries(t)
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d")})
	key := d.key()
	if err := d.start("d", customers(key)); err != nil {
		t.Fatal(err)
	}
	if got := d.status("d"); got != "ENABLING CUSTOMER_MANAGED_CMK "+key {
		t.Errorf("at once: %s", got)
	}
	refused(t, "a start while ENABLING", d.start("d", customers(key)), "ResourceInUseException", "")
	if out := d.mustPut("d", "while enabling"); *out.Encrypted {
		t.Error("encrypted while ENABLING")
	}
	d.lab.Advance(7 * time.Second)
	if got := d.status("d"); got != "ENABLED CUSTOMER_MANAGED_CMK "+key {
		t.Errorf("7 seconds later: %s", got)
	}
	if out := d.mustPut("d", "enabled"); !*out.Encrypted {
		t.Error("not encrypted 5 seconds after ENABLED")
	}
	if err := d.stop("d"); err != nil {
		t.Fatal(err)
	}
	if got := d.status("d"); got != "DISABLING CUSTOMER_MANAGED_CMK "+key {
		t.Errorf("after the stop: %s", got)
	}
	if out := d.mustPut("d", "while disabling"); !*out.Encrypted {
		t.Error("not encrypted while DISABLING")
	}
	d.lab.Advance(7 * time.Second)
	if got := d.status("d"); got != "DISABLED  " {
		t.Errorf("7 seconds later: %s", got)
	}
	if out := d.mustPut("d", "disabled"); *out.Encrypted {
		t.Error("encrypted 5 seconds after DISABLED")
	}
}

// Firehose API, DeliveryStreamEncryptionConfiguration, "FailureDescription": why
// encryption was not enabled; a failed change leaves the old key in force
// (StartDeliveryStreamEncryption).
func TestDeliveryEncryptionFailsWithAReason(t *testing.T) {
	d := deliveries(t)
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d")})
	disabled, condemned, good := d.key(), d.key(), d.key()
	if _, err := d.kms.DisableKey(d.ctx, &kms.DisableKeyInput{KeyId: &disabled}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.kms.ScheduleKeyDeletion(d.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &condemned}); err != nil {
		t.Fatal(err)
	}
	try := func(key string) string {
		t.Helper()
		if err := d.start("d", customers(key)); err != nil {
			t.Fatal(err)
		}
		d.lab.Advance(7 * time.Second)
		return d.status("d")
	}
	for _, tc := range []struct{ key, want string }{
		{disabled, "ENABLING_FAILED   DISABLED_KMS_KEY"},
		{condemned, "ENABLING_FAILED   INVALID_KMS_KEY"},
		{"arn:aws:kms:eu-west-1:111122223333:key/dead0000-0000-4000-8000-000000000001", "ENABLING_FAILED   KMS_KEY_NOT_FOUND"},
		{"arn:aws:kms:eu-west-1:999988887777:key/f9000000-0000-4000-8000-000000000001", "ENABLING_FAILED   KMS_ACCESS_DENIED"},
		{good, "ENABLED CUSTOMER_MANAGED_CMK " + good},
		{disabled, "ENABLING_FAILED CUSTOMER_MANAGED_CMK " + good + " DISABLED_KMS_KEY"},
	} {
		if got := try(tc.key); got != tc.want {
			t.Errorf("with %s: %s, want %s", tc.key, got, tc.want)
		}
	}
	if out := d.mustPut("d", "under the old key"); !*out.Encrypted {
		t.Error("a failed change of the key ended encryption")
	}
	in := firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("broken"), ExtendedS3DestinationConfiguration: into("in/"), DeliveryStreamEncryptionConfigurationInput: customers(disabled)}
	d.making(in)
	if got := d.described("broken"); got.DeliveryStreamStatus != "CREATING_FAILED" || got.FailureDescription == nil || got.FailureDescription.Type != "DISABLED_KMS_KEY" {
		t.Errorf("%+v", got)
	}
}

// Firehose Developer Guide, "Data protection": symmetric keys only; Firehose API,
// StartDeliveryStreamEncryption: 25 calls of both kinds in 24 hours.
func TestDeliveryEncryptionIsRefused(t *testing.T) {
	d := deliveries(t)
	d.making(firehose.CreateDeliveryStreamInput{DeliveryStreamName: aws.String("d")})
	rsa, err := d.kms.CreateKey(d.ctx, &kms.CreateKeyInput{KeySpec: kmstypes.KeySpecRsa2048, KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "an RSA key", d.start("d", customers(*rsa.KeyMetadata.Arn)), "InvalidKMSResourceException", "symmetric")
	refused(t, "an alias", d.start("d", customers("arn:aws:kms:eu-west-1:111122223333:alias/a")), "ValidationException", "keyARN")
	refused(t, "no key", d.start("d", &types.DeliveryStreamEncryptionConfigurationInput{KeyType: types.KeyTypeCustomerManagedCmk}), "InvalidArgumentException", "KeyARN")
	refused(t, "a key of AWS's and a key", d.start("d", &types.DeliveryStreamEncryptionConfigurationInput{KeyType: types.KeyTypeAwsOwnedCmk, KeyARN: aws.String(d.key())}), "InvalidArgumentException", "KeyARN")
	for i := range 25 {
		if i%2 == 0 {
			err = d.start("d", nil)
		} else {
			err = d.stop("d")
		}
		if err != nil {
			t.Fatalf("change %d: %v", i+1, err)
		}
		d.lab.Advance(10 * time.Second)
	}
	refused(t, "the 26th change", d.stop("d"), "LimitExceededException", "")
	d.lab.Advance(23 * time.Hour)
	refused(t, "the 26th change in 23 hours", d.stop("d"), "LimitExceededException", "")
	d.lab.Advance(time.Hour)
	if err := d.stop("d"); err != nil {
		t.Errorf("a day later: %v", err)
	}
}
