package envelope_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	engine "github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// table is a table of the account, with items.
func table(name string, items ...lab.Item) lab.Resource {
	return lab.Resource{Output: map[string]any{"TableName": name}, Items: items}
}

func underKey(r lab.Resource, id string) lab.Resource {
	r.Output["SSEDescription"] = map[string]any{"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": keyARN(id)}
	return r
}

func tablesOf(tables ...lab.Resource) *lab.Account {
	return labAccount(func(r *lab.Region) { r.DynamoDB.Tables = tables })
}

// entry is an item with a secret, sealed in a format with a key if one is given.
func entry(id, format, key string, actions ...string) lab.Item {
	it := lab.Item{Item: map[string]map[string]any{"id": {"S": "CANARY-" + id}, "name": {"S": secretText}, "n": {"N": "4711"}}}
	if format == "" {
		return it
	}
	it.Client = &lab.ClientItem{Format: format, Key: key, Actions: map[string]string{}}
	for i := 0; i < len(actions); i += 2 {
		it.Client.Actions[actions[i]] = actions[i+1]
	}
	return it
}

func tampered(it lab.Item) lab.Item {
	it.Tampered = true
	return it
}

func nameOf(id string) string {
	sum := sha256.Sum256([]byte("CANARY-" + id))
	return "id sha256:" + hex.EncodeToString(sum[:4])
}

// itemRow is the row that has the item as an example.
func itemRow(t *testing.T, rows []collectors.Resource, tableName, id string) (collectors.Resource, envelope.ItemFacts) {
	t.Helper()
	for _, r := range rows {
		f, _ := r.Facts.(envelope.ItemFacts)
		if f.TableName == tableName && strings.Contains(strings.Join(f.Examples, " "), nameOf(id)) {
			return r, f
		}
	}
	t.Fatalf("no row of %s has %s", tableName, id)
	return collectors.Resource{}, envelope.ItemFacts{}
}

// Items of both libraries are verified with the table's name and keys; a plain
// one among them can be told.
func TestItems(t *testing.T) {
	account := tablesOf(
		table("new", entry("a", "dbesdk", goodID), entry("b", "dbesdk", goodID, "n", "SIGN_ONLY"), tampered(entry("c", "dbesdk", goodID)), entry("d", "dbesdk", offID),
			entry("e", "dbesdk", deniedID), entry("f", "dbesdk", "raw:mine"), entry("plain", "", "")),
		table("old", entry("a", "ddbec", goodID), entry("b", "ddbec", goodID, "n", "DO_NOTHING"), tampered(entry("c", "ddbec", goodID)), entry("d", "ddbec", offID), entry("f", "ddbec", "raw:mine")),
		table("plain", entry("a", "", ""), entry("b", "", "")),
		table("empty"),
		underKey(table("sealed", entry("a", "", "")), goodID),
	)
	session, l, log := serveLab(t, account)
	ring, err := keyring.NewAES("sealaudit demo", "mine", lab.DemoKey("mine"))
	if err != nil {
		t.Fatal(err)
	}
	given := envelope.Keys{Rings: keyring.Multi{ring}, Legacy: func(ddb.Item) ddb.Keys {
		return ddb.Keys{Legacy: legacy.Wrapped{AES: engine.NewDataKey(lab.DemoKey("mine")), Signing: legacy.Signing{HMAC: engine.NewDataKey(lab.DemoKey("mine"))}}}
	}}
	rows := gather(t.Context(), t, envelope.NewItems(runOf(session, envelope.Options{Keys: given})), log).Resources
	without := gather(t.Context(), t, envelope.NewItems(runOf(session, envelope.Options{})), log).Resources
	for _, tc := range []struct {
		rows      []collectors.Resource
		table, id string
		format    string
		verdict   string
		gap       collectors.Reason
		siblings  *int
	}{
		{rows, "new", "a", "dbesdk", "verified", "", nil},
		{rows, "new", "b", "dbesdk", "verified", "", nil},
		{rows, "new", "c", "dbesdk", "refuted", "", nil},
		{rows, "new", "d", "dbesdk", "unknown", collectors.Denied, nil},
		{rows, "new", "e", "dbesdk", "unknown", collectors.Denied, nil},
		{rows, "new", "f", "dbesdk", "verified", "", nil},
		{without, "new", "f", "dbesdk", "unknown", collectors.OutOfScope, nil},
		{rows, "new", "plain", "none", "", "", aws.Int(6)},
		{rows, "old", "a", "ddbec", "verified", "", nil},
		{rows, "old", "b", "ddbec", "verified", "", nil},
		{rows, "old", "c", "ddbec", "refuted", "", nil},
		{rows, "old", "d", "ddbec", "unknown", collectors.Denied, nil},
		{rows, "old", "f", "ddbec", "verified", "", nil},
		{without, "old", "f", "ddbec", "unknown", collectors.OutOfScope, nil},
		{rows, "plain", "a", "none", "", "", aws.Int(0)},
		{rows, "sealed", "a", "none", "", "", aws.Int(0)},
	} {
		r, f := itemRow(t, tc.rows, tc.table, tc.id)
		if f.ClientSide.Format != tc.format || gapOn(r, "facts.proof") != tc.gap || f.Table != "arn:aws:dynamodb:"+region+":"+account.ID+":table/"+tc.table {
			t.Errorf("%s %s: %+v %+v, gaps %+v", tc.table, tc.id, f, f.ClientSide, r.Gaps)
		}
		if (f.Proof != nil) != (tc.verdict != "") || f.Proof != nil && f.Proof.Steps[0].Verdict != tc.verdict {
			t.Errorf("%s %s: proof %+v", tc.table, tc.id, f.Proof)
		}
		if (f.SiblingsSigned == nil) != (tc.siblings == nil) || tc.siblings != nil && *f.SiblingsSigned != *tc.siblings {
			t.Errorf("%s %s: %v siblings are signed", tc.table, tc.id, f.SiblingsSigned)
		}
		if s := f.Sampling; !s.Complete || !strings.Contains(s.Method, "of all items") || s.ShareLow != s.Share || *f.Bytes < 90 {
			t.Errorf("%s %s: %+v", tc.table, tc.id, s)
		}
	}
	if _, f := itemRow(t, rows, "old", "b"); !strings.Contains(strings.Join(f.Weaknesses, " "), "unsigned-attributes") {
		t.Errorf("an attribute that is not signed: %v", f.Weaknesses)
	}
	if _, f := itemRow(t, rows, "new", "a"); len(f.ClientSide.KMSKeys) != 1 || f.ClientSide.KMSKeys[0].ARN != keyARN(goodID) || f.Duplicates == nil || f.Duplicates.DataKeys != 0 {
		t.Errorf("%+v %+v", f.ClientSide, f.Duplicates)
	}
	for _, r := range rows {
		if strings.Contains(r.ARN, "table/empty") {
			t.Errorf("an empty table has a row: %+v", r)
		}
	}
	if len(l.Mutations()) > 0 {
		t.Errorf("%+v", l.Mutations())
	}
}

// seal puts an item that a client sealed for a table of the name into another.
func seal(t *testing.T, session *awsapi.Session, into, name string, format ddb.Format, id string) {
	t.Helper()
	ring, err := keyring.NewAES("here", "mine", []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	sealing := engine.NewDataKey([]byte(strings.Repeat("k", 32)))
	keys := ddb.Keys{Keyring: ring, Legacy: legacy.Wrapped{AES: sealing, Signing: legacy.Signing{HMAC: sealing}}}
	it, err := ddb.Seal(t.Context(), ddb.Item{"id": {Type: "S", Data: "CANARY-" + id}, "name": {Type: "S", Data: secretText}}, format, keys,
		ddb.Config{Table: name, Partition: "id", Actions: map[string]ddb.Action{"id": "SIGN_ONLY", "name": "ENCRYPT_AND_SIGN"}})
	if err != nil {
		t.Fatal(err)
	}
	wire := map[string]types.AttributeValue{}
	for name, v := range it {
		if wire[name] = (&types.AttributeValueMemberS{Value: v.Data}); v.Type == "B" {
			wire[name] = &types.AttributeValueMemberB{Value: []byte(v.Data)}
		}
	}
	put(t, session, into, wire)
}

func put(t *testing.T, session *awsapi.Session, into string, it map[string]types.AttributeValue) {
	t.Helper()
	client := dynamodb.NewFromConfig(session.Config(region), func(o *dynamodb.Options) { o.DisableValidateResponseChecksum = true })
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &into, Item: it}); err != nil {
		t.Fatal(err)
	}
}

// An item that opens under no name of the table's is refuted where others open
// under it; where none does, the name may be another, as after a restore.
func TestMovedItems(t *testing.T) {
	for _, format := range []ddb.Format{ddb.Structured, ddb.Legacy} {
		session, _, log := serveLab(t, tablesOf(table("here"), table("restored")))
		seal(t, session, "here", "here", format, "a")
		seal(t, session, "here", "elsewhere", format, "moved")
		seal(t, session, "restored", "elsewhere", format, "b")
		ring, _ := keyring.NewAES("here", "mine", []byte(strings.Repeat("k", 32)))
		key := engine.NewDataKey([]byte(strings.Repeat("k", 32)))
		o := envelope.Options{Keys: envelope.Keys{Rings: keyring.Multi{ring}, Legacy: func(ddb.Item) ddb.Keys {
			return ddb.Keys{Legacy: legacy.Wrapped{AES: key, Signing: legacy.Signing{HMAC: key}}}
		}}}
		rows := gather(t.Context(), t, envelope.NewItems(runOf(session, o)), log).Resources
		for id, want := range map[string]string{"a": "verified", "moved": "refuted", "b": "unknown"} {
			r, f := itemRow(t, rows, map[bool]string{true: "restored", false: "here"}[id == "b"], id)
			if f.Proof == nil || f.Proof.Steps[0].Verdict != want || (want == "unknown") != (gapOn(r, "facts.proof") == collectors.Unmodelled) {
				t.Errorf("%s %s: %+v, gaps %+v", format, id, f.Proof, r.Gaps)
			}
		}
	}
}

// A signature that was taken away does not make the item a plain one, unless
// all of the client's is gone: then its siblings tell.
func TestStrippedItems(t *testing.T) {
	session, _, log := serveLab(t, tablesOf(table("t", entry("a", "ddbec", goodID))))
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	bytes := func(s string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(s)} }
	put(t, session, "t", map[string]types.AttributeValue{"id": text("CANARY-sig"), "*amzn-ddb-map-desc*": bytes("\x00\x00\x00\x00")})
	put(t, session, "t", map[string]types.AttributeValue{"id": text("CANARY-foot"), "aws_dbe_head": bytes("\x01\x01")})
	put(t, session, "t", map[string]types.AttributeValue{"id": text("CANARY-bare"), "name": bytes(strings.Repeat("x", 64))})
	put(t, session, "t", map[string]types.AttributeValue{"id": text("CANARY-branch"), "branch-key-id": text("k"), "type": text("branch:ACTIVE"), "enc": bytes("wrapped"),
		"kms-arn": text(keyARN(offID)), "hierarchy-version": &types.AttributeValueMemberN{Value: "1"}})
	meta := map[string]types.AttributeValue{"id": text("CANARY-meta"), "*amzn-ddb-map-sig*": bytes(strings.Repeat("s", 32))}
	for _, name := range []string{"N", "V", "t", "encAlg", "enc", "intAlg", "int"} {
		meta[name] = bytes("m")
	}
	put(t, session, "t", meta)
	rows := gather(t.Context(), t, envelope.NewItems(runOf(session, envelope.Options{})), log).Resources
	for id, want := range map[string]string{"sig": "ddbec refuted", "foot": "dbesdk refuted", "bare": "none ", "branch": "key-store ", "meta": "ddbec-metastore refuted"} {
		_, f := itemRow(t, rows, "t", id)
		got := f.ClientSide.Format + " "
		if f.Proof != nil {
			got += f.Proof.Steps[0].Verdict
		}
		if got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	if _, f := itemRow(t, rows, "t", "bare"); f.SiblingsSigned == nil || *f.SiblingsSigned != 2 {
		t.Errorf("%v siblings are signed", f.SiblingsSigned)
	}
	if _, f := itemRow(t, rows, "t", "branch"); len(f.ClientSide.KMSKeys) != 1 || f.ClientSide.KMSKeys[0].State != "Disabled" {
		t.Errorf("the key store's key: %+v", f.ClientSide)
	}
}

// What keeps items from being read is a gap with its reason, and never a
// verdict.
func TestItemsNotRead(t *testing.T) {
	with := func(operation, word string) *lab.Account {
		r := table("t", entry("a", "", ""))
		r.Errors = map[string]string{operation: word}
		return tablesOf(r)
	}
	fault := func(operation string, f *lab.Fault) lab.Option {
		return lab.Faults(func(r lab.Request) *lab.Fault {
			if r.Name() == operation {
				return f
			}
			return nil
		})
	}
	inState := func(status string) *lab.Account {
		r := table("t")
		r.Output["TableStatus"] = status
		return tablesOf(r)
	}
	plain := tablesOf(table("t", entry("a", "", "")))
	for _, tc := range []struct {
		name       string
		account    *lab.Account
		option     lab.Option
		reason     collectors.Reason
		permission string
		says       string
	}{
		{"table denied", with("DescribeTable", "denied"), nil, collectors.Denied, "dynamodb:DescribeTable", "sealaudit permissions"},
		{"scan denied", with("Scan", "denied"), nil, collectors.Denied, "dynamodb:Scan", "permissions --prove"},
		{"vanished", with("DescribeTable", "vanished"), nil, collectors.Vanished, "", "deleted"},
		{"vanished since", with("Scan", "vanished"), nil, collectors.Vanished, "", "deleted"},
		{"archived", inState("ARCHIVED"), nil, collectors.OutOfScope, "", "restore"},
		{"being deleted", inState("DELETING"), nil, collectors.Transition, "", "ACTIVE"},
		{"key disabled", tablesOf(underKey(table("t", entry("a", "", "")), offID)), nil, collectors.Denied, "", "enable it"},
		{"key denied", plain, fault("dynamodb:Scan", &lab.Fault{Status: 400, Code: "AccessDeniedException", Message: "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: no"}),
			collectors.Denied, "kms:Decrypt", "table's key"},
		{"key gone", plain, fault("dynamodb:Scan", &lab.Fault{Status: 400, Code: "ValidationException", Message: "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: no"}),
			collectors.Denied, "", "table's key"},
		{"being made", plain, fault("dynamodb:Scan", &lab.Fault{Status: 400, Code: "ResourceInUseException", Message: "no"}), collectors.Transition, "", "ACTIVE"},
		{"cut off", plain, fault("dynamodb:Scan", &lab.Fault{Cut: 20}), collectors.Failed, "", ""},
		{"no table in the answer", plain, fault("dynamodb:DescribeTable", &lab.Fault{Output: map[string]any{"Hello": "world"}}), collectors.Failed, "", "endpoint"},
		{"not offered", plain, fault("dynamodb:Scan", &lab.Fault{Status: 400, Code: "UnknownOperationException", Message: "no"}), collectors.Unsupported, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var options []lab.Option
			if tc.option != nil {
				options = append(options, tc.option)
			}
			session, _, log := serveLab(t, tc.account, options...)
			rows := gather(t.Context(), t, envelope.NewItems(runOf(session, envelope.Options{})), log).Resources
			if len(rows) != 1 || rows[0].Name != "t · not sampled" || len(rows[0].Gaps) != 1 {
				t.Fatalf("%+v", rows)
			}
			if g := rows[0].Gaps[0]; gapOn(rows[0], "facts") != tc.reason || g.Permission != tc.permission || !strings.Contains(g.Detail+g.Remedy, tc.says) {
				t.Errorf("%+v", g)
			}
		})
	}
}

// A scan that breaks off keeps what it read.
func TestScanBreaksOff(t *testing.T) {
	for name, code := range map[string]string{"throttled to the deadline": "ProvisionedThroughputExceededException", "denied": "AccessDeniedException"} {
		var items []lab.Item
		for i := range 50 {
			items = append(items, entry(fmt.Sprint(i), "", ""))
			items[i].Item["name"] = map[string]any{"S": strings.Repeat(secretText, 400)} // a page has 1 MB
		}
		option := lab.Faults(func(r lab.Request) *lab.Fault {
			if r.Name() == "dynamodb:Scan" && r.Attempt > 1 {
				return &lab.Fault{Status: 400, Code: code, Message: "no"}
			}
			return nil
		})
		session, _, log := serveLab(t, tablesOf(table("t", items...)), option)
		ctx, cancel := deadline(t.Context())
		defer cancel()
		rows := gather(ctx, t, envelope.NewItems(runOf(session, envelope.Options{})), log).Resources
		want := map[string]collectors.Reason{"AccessDeniedException": collectors.Denied}[code]
		if want == "" {
			want = collectors.Throttled
		}
		f, is := rows[0].Facts.(envelope.ItemFacts)
		if !is || len(rows) != 1 || f.Count == 0 || f.Count == 50 || f.Sampling.Complete || gapOn(rows[0], "facts.sampling.complete") != want || !strings.Contains(f.Sampling.Method, "not uniform") {
			t.Errorf("%s: %+v %+v, gaps %+v", name, f, f.Sampling, rows[0].Gaps)
		}
	}
}

// A table that is larger than may be read is read at segments that the seed
// chooses, within the bounds; the same seed chooses the same.
func TestLargeTables(t *testing.T) {
	var items []lab.Item
	for i := range 300 {
		items = append(items, entry(fmt.Sprint(i), "", ""))
	}
	session, l, log := serveLab(t, tablesOf(table("t", items...)))
	read := func(seed int64) envelope.ItemFacts {
		o := envelope.Options{Sampling: collectors.Sampling{Size: 10, Seed: seed, List: 120, MaxBytes: 1 << 20}}
		rows := gather(t.Context(), t, envelope.NewItems(runOf(session, o)), log).Resources
		f, is := rows[0].Facts.(envelope.ItemFacts)
		if !is || len(rows) != 1 || f.Count != 10 || f.Sampling.Population > 120 || f.Sampling.Population < 50 || f.Sampling.Complete || f.Sampling.ShareLow == 1 {
			t.Fatalf("%+v %+v", f, f.Sampling)
		}
		return f
	}
	one := read(1)
	again, another := read(1), read(2)
	if !strings.Contains(one.Sampling.Method, "of 3 segments, chosen by the seed") || strings.Join(one.Examples, "") != strings.Join(again.Examples, "") || strings.Join(one.Examples, "") == strings.Join(another.Examples, "") {
		t.Errorf("%v %v %v: %s", one.Examples, again.Examples, another.Examples, one.Sampling.Method)
	}
	for _, c := range l.Calls() {
		if c.Operation == "dynamodb:Scan" && c.Status != 200 {
			t.Errorf("%+v", c)
		}
	}
}

// Tables come in pages, and a listing that fails is the type's.
func TestTablePages(t *testing.T) {
	var tables []lab.Resource
	for i := range 5 {
		tables = append(tables, table(fmt.Sprintf("t%d", i), entry("a", "", "")))
	}
	account := tablesOf(tables...)
	account.PageSize = 2
	session, _, log := serveLab(t, account)
	if sink := gather(t.Context(), t, envelope.NewItems(runOf(session, envelope.Options{})), log); len(sink.Resources) != 5 || sink.Gaps["AWS::DynamoDB::Item "+region] != nil {
		t.Errorf("%d rows", len(sink.Resources))
	}
	session, _, log = serveLab(t, account, lab.Deny("dynamodb:ListTables"))
	sink := gather(t.Context(), t, envelope.NewItems(runOf(session, envelope.Options{})), log)
	if g := sink.Gaps["AWS::DynamoDB::Item "+region]; g == nil || g.Permission != "dynamodb:ListTables" {
		t.Errorf("%+v", g)
	}
}
