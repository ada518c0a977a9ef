package lab_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/sealaudit/sealaudit/internal/lab"
)

// tables is a client of an account with nothing in it but a key.
type tables struct {
	*testing.T
	*dynamodb.Client
	lab   *lab.Lab
	kms   *kms.Client
	trail *cloudtrail.Client
	key   string // ARN
}

const tableKeyID = "0d000000-0000-4000-8000-000000000001"

func tablesAccount() *lab.Account {
	r := &lab.Region{}
	r.KMS.Keys = []lab.Key{{Output: map[string]any{"KeyId": tableKeyID}, Aliases: []string{"alias/tables"}}}
	return &lab.Account{ID: own, Caller: "arn:aws:sts::" + own + ":assumed-role/audit/demo", Regions: map[string]*lab.Region{"eu-west-1": r}}
}

func newTables(t *testing.T) tables {
	t.Helper()
	cfg, l := serve(t, tablesAccount())
	return tables{t, dynamodb.NewFromConfig(cfg), l, kms.NewFromConfig(cfg), cloudtrail.NewFromConfig(cfg), "arn:aws:kms:eu-west-1:" + own + ":key/" + tableKeyID}
}

// create makes a table with the keys pk and sk, a text and a number.
func (c tables) create(name string, sse *types.SSESpecification) {
	c.Helper()
	_, err := c.CreateTable(c.Context(), &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest, SSESpecification: sse,
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeN}}})
	if err != nil {
		c.Fatal(err)
	}
	c.lab.Advance(2 * time.Second)
}

func (c tables) customer() *types.SSESpecification {
	return &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms, KMSMasterKeyId: aws.String("alias/tables")}
}

func keyed(pk string, sk int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberN{Value: fmt.Sprint(sk)}}
}

func (c tables) put(table, pk string, sk int, value string) error {
	it := keyed(pk, sk)
	it["v"] = &types.AttributeValueMemberS{Value: value}
	_, err := c.PutItem(c.Context(), &dynamodb.PutItemInput{TableName: &table, Item: it})
	return err
}

// value is the attribute v of an item, "" where there is none.
func (c tables) value(table, pk string, sk int) (string, error) {
	out, err := c.GetItem(c.Context(), &dynamodb.GetItemInput{TableName: &table, Key: keyed(pk, sk)})
	if err != nil {
		return "", err
	}
	v, _ := out.Item["v"].(*types.AttributeValueMemberS)
	if v == nil {
		return "", nil
	}
	return v.Value, nil
}

func (c tables) describe(table string) *types.TableDescription {
	c.Helper()
	out, err := c.DescribeTable(c.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		c.Fatal(err)
	}
	return out.Table
}

func (c tables) holds(plain string) bool {
	for place, b := range c.lab.Dump() {
		if strings.Contains(place, plain) || bytes.Contains(b, []byte(plain)) {
			return true
		}
	}
	return false
}

// DynamoDB Developer Guide, "DynamoDB encryption at rest: How it works": all
// table data is encrypted, primary keys too, under the key that AWS owns, the
// one that it manages in the account, or one of the customer's.
func TestTablesHoldCiphertextOnly(t *testing.T) {
	c := newTables(t)
	for name, sse := range map[string]*types.SSESpecification{"owned": nil, "managed": {Enabled: aws.Bool(true)}, "customer": c.customer()} {
		c.create(name, sse)
		if err := c.put(name, "partition-of-"+name, 7123456, "plaintext-of-"+name); err != nil {
			t.Fatal(err)
		}
		if v, err := c.value(name, "partition-of-"+name, 7123456); v != "plaintext-of-"+name || err != nil {
			t.Errorf("%s: read back %q, %v", name, v, err)
		}
		for _, plain := range []string{"partition-of-", "7123456", "plaintext-of-"} {
			if c.holds(plain) {
				t.Errorf("%s: the store holds %q", name, plain)
			}
		}
	}
	if d := c.describe("owned").SSEDescription; d != nil {
		t.Errorf("the key that AWS owns shows as %+v", d)
	}
	if d := c.describe("customer").SSEDescription; *d.KMSMasterKeyArn != c.key || d.SSEType != types.SSETypeKms || d.Status != types.SSEStatusEnabled {
		t.Errorf("the customer's key shows as %+v", d)
	}
	managed := c.describe("managed").SSEDescription.KMSMasterKeyArn
	k, err := c.kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: managed})
	if err != nil || k.KeyMetadata.KeyManager != "AWS" {
		t.Errorf("the managed key is %+v, %v", k, err)
	}
	for _, name := range []string{"owned", "managed", "customer"} {
		if _, err := c.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, place := range c.lab.Stored() {
		if strings.HasPrefix(place, "dynamodb/") {
			t.Errorf("%s is left of a deleted table", place)
		}
	}
}

// DynamoDB Developer Guide, "DynamoDB encryption context": tableName and
// subscriberId, in every call that DynamoDB makes to KMS, as CloudTrail shows.
func TestTableKeysHaveTheirContext(t *testing.T) {
	c := newTables(t)
	c.create("orders", c.customer())
	c.lab.Advance(6 * time.Minute)
	if err := c.put("orders", "a", 1, "v"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"GenerateDataKey", "Decrypt"} {
		out, err := c.trail.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{LookupAttributes: []cttypes.LookupAttribute{{AttributeKey: "EventName", AttributeValue: &name}}})
		if err != nil || len(out.Events) != 1 {
			t.Fatalf("%s: %d events, %v", name, len(out.Events), err)
		}
		record := *out.Events[0].CloudTrailEvent
		for _, want := range []string{`"encryptionContext":{"aws:dynamodb:subscriberId":"` + own + `","aws:dynamodb:tableName":"orders"}`, `"invokedBy":"dynamodb.amazonaws.com"`} {
			if !strings.Contains(record, want) {
				t.Errorf("%s lacks %s: %s", name, want, record)
			}
		}
	}
}

// DynamoDB Developer Guide, "DynamoDB encryption at rest: How it works" (Table
// key caching): KMS is asked again after five minutes without a request. API
// reference, SSEDescription and ArchivalSummary: the status changes when
// DynamoDB detects it, and after seven days the table is archived. What a
// request is told is what DynamoDB tells of KMS's exception.
func TestDisabledKeyShutsItsTable(t *testing.T) {
	c := newTables(t)
	c.create("orders", c.customer())
	if err := c.put("orders", "a", 1, "v"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.kms.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &c.key}); err != nil {
		t.Fatal(err)
	}
	for range 3 { // in use, the table key stays cached
		c.lab.Advance(4 * time.Minute)
		if v, err := c.value("orders", "a", 1); v != "v" || err != nil {
			t.Fatalf("a cached key opened %q, %v", v, err)
		}
	}
	c.lab.Advance(6 * time.Minute)
	_, err := c.value("orders", "a", 1)
	if got, status := code(err); got != "ValidationException" || status != 400 || !strings.Contains(err.Error(), "KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: "+c.key+" is disabled.") {
		t.Errorf("a disabled key answers %v", err)
	}
	d := c.describe("orders") // tells what the request was told
	if d.TableStatus != "INACCESSIBLE_ENCRYPTION_CREDENTIALS" || c.lab.Now().Sub(aws.ToTime(d.SSEDescription.InaccessibleEncryptionDateTime)).Abs() > 5*time.Minute {
		t.Errorf("after the refusal, at %s, the table is %s, %+v", c.lab.Now(), d.TableStatus, d.SSEDescription)
	}
	c.lab.Advance(time.Hour)
	d = c.describe("orders")
	if d.TableStatus != "INACCESSIBLE_ENCRYPTION_CREDENTIALS" || d.SSEDescription.InaccessibleEncryptionDateTime == nil || d.SSEDescription.Status != types.SSEStatusEnabled {
		t.Errorf("an hour later the table is %s, %+v", d.TableStatus, d.SSEDescription)
	}
	if _, err := c.kms.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &c.key}); err != nil {
		t.Fatal(err)
	}
	if v, err := c.value("orders", "a", 1); v != "v" || err != nil {
		t.Errorf("the enabled key opens %q, %v", v, err)
	}
	if d := c.describe("orders"); d.TableStatus != types.TableStatusActive || d.SSEDescription.InaccessibleEncryptionDateTime != nil {
		t.Errorf("with its key enabled the table is %s, %+v", d.TableStatus, d.SSEDescription)
	}
	if _, err := c.kms.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &c.key, PendingWindowInDays: aws.Int32(30)}); err != nil {
		t.Fatal(err)
	}
	c.lab.Advance(6 * 24 * time.Hour)
	if d := c.describe("orders"); d.TableStatus != types.TableStatusInaccessibleEncryptionCredentials {
		t.Errorf("after six days the table is %s", d.TableStatus)
	}
	c.lab.Advance(2 * 24 * time.Hour)
	if d := c.describe("orders"); d.TableStatus != types.TableStatusArchived || d.ArchivalSummary == nil || *d.ArchivalSummary.ArchivalReason != "INACCESSIBLE_ENCRYPTION_CREDENTIALS" {
		t.Errorf("after eight days the table is %s, %+v", d.TableStatus, d.ArchivalSummary)
	}
	if _, err := c.value("orders", "a", 1); err == nil {
		t.Error("an archived table answers")
	}
}

// DynamoDB Developer Guide, "Managing encrypted tables in DynamoDB": the key
// can be changed while the table is in use; its status is UPDATING, with the
// old key first, then ENABLED. The old key is of no use for the items then.
func TestKeyOfATableChanges(t *testing.T) {
	c := newTables(t)
	c.create("orders", c.customer())
	if err := c.put("orders", "a", 1, "v"); err != nil {
		t.Fatal(err)
	}
	before := c.lab.Dump()
	change := func(spec *types.SSESpecification) *types.SSEDescription {
		t.Helper()
		out, err := c.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), SSESpecification: spec})
		if err != nil {
			t.Fatal(err)
		}
		return out.TableDescription.SSEDescription
	}
	if d := change(&types.SSESpecification{Enabled: aws.Bool(true)}); d.Status != types.SSEStatusUpdating || *d.KMSMasterKeyArn != c.key {
		t.Errorf("the change begins with %+v", d)
	}
	for place, b := range c.lab.Dump() {
		if bytes.Equal(before[place], b) && strings.HasPrefix(place, "dynamodb/") {
			t.Errorf("%s is as it was under the old key", place)
		}
	}
	c.lab.Advance(10 * time.Second)
	if d := c.describe("orders").SSEDescription; d.Status != types.SSEStatusEnabled || *d.KMSMasterKeyArn == c.key {
		t.Errorf("the change ends with %+v", d)
	}
	if _, err := c.kms.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &c.key}); err != nil {
		t.Fatal(err)
	}
	c.lab.Advance(time.Hour)
	if v, err := c.value("orders", "a", 1); v != "v" || err != nil {
		t.Errorf("without the old key the table gives %q, %v", v, err)
	}
	change(&types.SSESpecification{Enabled: aws.Bool(false)})
	c.lab.Advance(10 * time.Second)
	if d := c.describe("orders"); d.SSEDescription != nil || d.TableStatus != types.TableStatusActive {
		t.Errorf("back under the key that AWS owns it is %+v", d)
	}
	if v, err := c.value("orders", "a", 1); v != "v" || err != nil {
		t.Errorf("the table gives %q, %v", v, err)
	}
}

// What can't be had is refused as DynamoDB refuses it.
func TestTablesThatCantBe(t *testing.T) {
	c := newTables(t)
	c.create("orders", nil)
	disabled, err := c.kms.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.kms.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: disabled.KeyMetadata.Arn}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		in   dynamodb.UpdateTableInput
		want string
	}{
		{"default again", dynamodb.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: aws.Bool(false)}}, "Table is already encrypted by default"},
		{"AES256", dynamodb.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeAes256}}, "SSEType AES256 is not supported"},
		{"key without type", dynamodb.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: aws.Bool(true), KMSMasterKeyId: &c.key}}, "SSEType KMS is required if KMSMasterKeyId is specified"},
		{"disabled key", dynamodb.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms, KMSMasterKeyId: disabled.KeyMetadata.Arn}}, "KMS key disabled error"},
		{"no key", dynamodb.UpdateTableInput{SSESpecification: &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms, KMSMasterKeyId: aws.String("alias/none")}}, "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Alias arn:aws:kms:eu-west-1:" + own + ":alias/none is not found."},
		{"two changes", dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(true), SSESpecification: c.customer()}, "must be the only operation"},
		{"nothing", dynamodb.UpdateTableInput{}, "At least one of"},
	} {
		tc.in.TableName = aws.String("orders")
		_, err := c.UpdateTable(t.Context(), &tc.in)
		if got, _ := code(err); got != "ValidationException" || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if v, err := c.value("orders", "a", 1); v != "" || err != nil {
		t.Errorf("the table gives %q, %v", v, err)
	}
	if _, err := c.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), DeletionProtectionEnabled: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
	if got, _ := code(err); got != "ValidationException" {
		t.Errorf("a protected table's deletion answers %v", err)
	}
}

// Whatever bit changes at rest, nothing that was changed reads as good: it is
// read as it was written, or not at all.
func TestDamageOfATableIsNoticed(t *testing.T) {
	c := newTables(t)
	c.create("orders", c.customer())
	for i := range 3 {
		if err := c.put("orders", "a", i, fmt.Sprint("value ", i)); err != nil {
			t.Fatal(err)
		}
	}
	var failed, places int
	for _, place := range c.lab.Stored() {
		if !strings.HasPrefix(place, "dynamodb/") {
			continue
		}
		places++
		bits := 8 * len(c.lab.Dump()[place])
		for n := range 40 {
			bit := n * bits / 40
			c.lab.Flip(place, bit)
			c.lab.Advance(6 * time.Minute) // no key is cached
			for i := range 3 {
				v, err := c.value("orders", "a", i)
				if got, status := code(err); err != nil && (got != "InternalServerError" || status != 500) {
					t.Fatalf("bit %d of %s: %v", bit, place, err)
				}
				if err == nil && v != fmt.Sprint("value ", i) {
					t.Fatalf("bit %d of %s: item %d reads %q", bit, place, i, v)
				}
				if err != nil {
					failed++
				}
			}
			c.lab.Flip(place, bit)
		}
	}
	if places != 5 || failed < 40*5 { // a table key, a data encryption key, three items
		t.Errorf("%d places, %d reads failed", places, failed)
	}
	if v, err := c.value("orders", "a", 1); v != "value 1" || err != nil {
		t.Errorf("whole again, the item reads %q, %v", v, err)
	}
}
