package lab_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/lab"
)

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

// DynamoDB API reference, AttributeValue, and Developer Guide, "Supported data
// types and naming rules": what an item may hold.
func TestItemsAreChecked(t *testing.T) {
	c := newTables(t)
	c.create("orders", nil)
	for name, tc := range map[string]struct {
		v    types.AttributeValue
		want string // "" is good
	}{
		"38 digits":    {number(strings.Repeat("9", 38)), ""},
		"39 digits":    {number(strings.Repeat("9", 39)), "Attempting to store more than 38 significant digits in a Number"},
		"large":        {number("9.9e125"), ""},
		"too large":    {number("1e126"), "Number overflow"},
		"small":        {number("-1e-130"), ""},
		"too small":    {number("1e-131"), "Number underflow"},
		"no number":    {number("one"), "The parameter cannot be converted to a numeric value: one"},
		"empty text":   {text(""), ""},
		"empty set":    {&types.AttributeValueMemberSS{Value: []string{}}, "An string set  may not be empty"},
		"set of twins": {&types.AttributeValueMemberNS{Value: []string{"1", "1.0"}}, "contains duplicates"},
		"false null":   {&types.AttributeValueMemberNULL{Value: false}, "Null attribute value types must have the value of true"},
		"too big":      {text(strings.Repeat("x", 400<<10)), "Item size has exceeded the maximum allowed size"},
		"deep":         {nested(33), "Nesting Levels have exceeded supported limits"},
		"not so deep":  {nested(31), ""},
	} {
		it := keyed("a", 1)
		it["v"] = tc.v
		_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: it})
		got, _ := code(err)
		if tc.want == "" && err != nil || tc.want != "" && (got != "ValidationException" || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, wants %q", name, err, tc.want)
		}
	}
	for name, tc := range map[string]struct {
		it   map[string]types.AttributeValue
		want string
	}{
		"no sort key": {map[string]types.AttributeValue{"pk": text("a")}, "Missing the key sk in the item"},
		"empty key":   {map[string]types.AttributeValue{"pk": text(""), "sk": number("1")}, "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
		"wrong type":  {map[string]types.AttributeValue{"pk": text("a"), "sk": text("1")}, "Type mismatch for key sk expected: N actual: S"},
		"long key":    {map[string]types.AttributeValue{"pk": text(strings.Repeat("x", 2049)), "sk": number("1")}, "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
	} {
		_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: tc.it})
		if got, _ := code(err); got != "ValidationException" || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func nested(depth int) types.AttributeValue {
	v := text("x")
	for range depth {
		v = &types.AttributeValueMemberL{Value: []types.AttributeValue{v}}
	}
	return v
}

// The errors that AWS was recorded with are this account's too.
func TestItemErrorsAreThoseThatWereRecorded(t *testing.T) {
	b, err := os.ReadFile("../../fixtures/recordings/dynamodb_errors.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string]struct{ Code, Message string }
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	c := newTables(t)
	c.create("orders", nil)
	nokey := []types.WriteRequest{{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{"other": text("x")}}}}
	id := []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}}
	schema := []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}}
	for name, call := range map[string]func() error{
		"test_batch_write_not_matching_schema": func() error {
			_, err := c.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": nokey}})
			return err
		},
		"test_create_duplicate_table": func() error {
			_, err := c.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("orders"), AttributeDefinitions: id, KeySchema: schema, BillingMode: "PAY_PER_REQUEST"})
			return err
		},
		"test_dynamodb_pay_per_request": func() error {
			_, err := c.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("other"), AttributeDefinitions: id, KeySchema: schema, BillingMode: "PAY_PER_REQUEST",
				ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)}})
			return err
		},
		"test_batch_write_not_existing_table": func() error {
			_, err := c.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"none": nokey}})
			return err
		},
	} {
		err, want := call(), recorded[name]
		if got, _ := code(err); got != want.Code || !strings.Contains(fmt.Sprint(err), strings.ReplaceAll(want.Message, "<test-table>", "orders")) {
			t.Errorf("%s: %v, AWS said %+v", name, err, want)
		}
	}
}

// DynamoDB API reference, Scan and Query: pages go on after LastEvaluatedKey,
// segments share the items out, a limit counts what is read, and a query is in
// the order of the sort key.
func TestScansAndQueriesHavePages(t *testing.T) {
	c := newTables(t)
	c.create("orders", nil)
	const n = 40
	for i := range n {
		if err := c.put("orders", fmt.Sprint("p", i%4), 1000-i*i, "v"); err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range []dynamodb.ScanInput{{}, {Limit: aws.Int32(7)}, {Limit: aws.Int32(1)}, {TotalSegments: aws.Int32(3), Limit: aws.Int32(3)}} {
		seen := map[string]int{}
		for segment := range aws.ToInt32(cmpOr(in.TotalSegments, aws.Int32(1))) {
			in := in
			in.TableName = aws.String("orders")
			if in.TotalSegments != nil {
				in.Segment = aws.Int32(segment)
			}
			for p := dynamodb.NewScanPaginator(c, &in); p.HasMorePages(); {
				out, err := p.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range out.Items {
					seen[it["sk"].(*types.AttributeValueMemberN).Value]++
				}
			}
		}
		for sk, times := range seen {
			if times != 1 {
				t.Errorf("%+v: %s was read %d times", in, sk, times)
			}
		}
		if len(seen) != n {
			t.Errorf("%+v: %d of %d items", in, len(seen), n)
		}
	}
	for _, forward := range []bool{true, false} {
		var got []string
		in := &dynamodb.QueryInput{TableName: aws.String("orders"), Limit: aws.Int32(3), ScanIndexForward: &forward, KeyConditionExpression: aws.String("pk = :p AND #s < :s"),
			FilterExpression: aws.String("attribute_exists(v)"), ProjectionExpression: aws.String("#s"), ExpressionAttributeNames: map[string]string{"#s": "sk"},
			ExpressionAttributeValues: map[string]types.AttributeValue{":p": text("p1"), ":s": number("900")}}
		for p := dynamodb.NewQueryPaginator(c, in); p.HasMorePages(); {
			out, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range out.Items {
				got = append(got, it["sk"].(*types.AttributeValueMemberN).Value)
			}
		}
		want := []string{"-369", "-89", "159", "375", "559", "711", "831"}
		if !forward {
			want = []string{"831", "711", "559", "375", "159", "-89", "-369"}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("forward %v (-want +got)\n%s", forward, diff)
		}
	}
}

func cmpOr(a, b *int32) *int32 {
	if a != nil {
		return a
	}
	return b
}

// DynamoDB Developer Guide, "Using update expressions" and "Condition and
// filter expressions, operators, and functions".
func TestUpdatesAndConditions(t *testing.T) {
	c := newTables(t)
	c.create("orders", nil)
	update := func(expression, condition, returns string, values map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
		in := &dynamodb.UpdateItemInput{TableName: aws.String("orders"), Key: keyed("a", 1), UpdateExpression: &expression, ReturnValues: types.ReturnValue(returns), ExpressionAttributeValues: values}
		if condition != "" {
			in.ConditionExpression = &condition
		}
		out, err := c.UpdateItem(t.Context(), in)
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	}
	vals := func(kv ...any) map[string]types.AttributeValue {
		out := map[string]types.AttributeValue{}
		for i := 0; i < len(kv); i += 2 {
			out[kv[i].(string)] = kv[i+1].(types.AttributeValue)
		}
		return out
	}
	set := func(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
	for _, tc := range []struct {
		expression, condition, returns string
		values                         map[string]types.AttributeValue
		want                           string // JSON of the attributes, or a part of the error
	}{
		{"SET n = if_not_exists(n, :z) + :o, l = :l", "attribute_not_exists(pk)", "UPDATED_NEW", vals(":z", number("0"), ":o", number("1"), ":l", nested(1)), `{"l":{"Value":[{"Value":"x"}]},"n":{"Value":"1"}}`},
		{"SET n = n - :o", "n BETWEEN :o AND :o AND NOT contains(l, :o)", "UPDATED_NEW", vals(":o", number("1")), `{"n":{"Value":"0"}}`},
		{"SET l = list_append(l, l), l2 = l[0]", "size(l) = :o", "UPDATED_NEW", vals(":o", number("1")), `{"l":{"Value":[{"Value":"x"},{"Value":"x"}]},"l2":{"Value":"x"}}`},
		{"ADD s :s", "", "UPDATED_NEW", vals(":s", set("a", "b")), `{"s":{"Value":["a","b"]}}`},
		{"DELETE s :s REMOVE l2", "", "ALL_NEW", vals(":s", set("a")), `{"l":{"Value":[{"Value":"x"},{"Value":"x"}]},"n":{"Value":"0"},"pk":{"Value":"a"},"s":{"Value":["b"]},"sk":{"Value":"1"}}`},
		{"SET n = :o", "n IN (:o, :p) OR begins_with(pk, :p)", "NONE", vals(":o", number("9"), ":p", text("b")), "ConditionalCheckFailedException"},
		{"SET pk = :o", "", "NONE", vals(":o", text("9")), "Cannot update attribute pk. This attribute is part of the key"},
		{"SET n = :missing", "", "NONE", nil, "An expression attribute value used in expression is not defined; attribute value: :missing"},
		{"SET n == :o", "", "NONE", vals(":o", number("9")), "Syntax error; token:"},
		{"SET n = :o", "", "NONE", vals(":o", number("9"), ":u", number("1")), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u}"},
		{"SET missing.deep = :o", "", "NONE", vals(":o", number("9")), "The document path provided in the update expression is invalid for update"},
	} {
		got, err := update(tc.expression, tc.condition, tc.returns, tc.values)
		b, _ := json.Marshal(got)
		if strings.HasPrefix(tc.want, "{") && (err != nil || string(b) != tc.want) || !strings.HasPrefix(tc.want, "{") && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s if %s: %s, %v\nwants %s", tc.expression, tc.condition, b, err, tc.want)
		}
	}
}

// Items of the data that an application encrypted are what the libraries
// write: they open under its key, and not when they were tampered with.
func TestClientSideEncryptedItems(t *testing.T) {
	account := tablesAccount()
	seeds := map[string]lab.Item{}
	for _, format := range []string{"ddbec", "dbesdk"} {
		for _, key := range []string{"alias/tables", "raw:crm"} {
			for _, tampered := range []bool{false, true} {
				id := fmt.Sprint(format, " ", key, " ", tampered)
				seeds[id] = lab.Item{Item: map[string]map[string]any{"id": {"S": id}, "name": {"S": "plaintext name"}, "age": {"N": 42}, "note": {"S": "visible"}},
					Client: &lab.ClientItem{Format: format, Key: key, Actions: map[string]string{"note": "SIGN_ONLY"}}, Tampered: tampered}
			}
		}
	}
	table := lab.Resource{Output: map[string]any{"TableName": "people"}}
	for _, seed := range seeds {
		table.Items = append(table.Items, seed)
	}
	account.Regions["eu-west-1"].DynamoDB.Tables = []lab.Resource{table}
	cfg, l := serve(t, account)
	for id, seed := range seeds {
		it := fetch(t, dynamodb.NewFromConfig(cfg), id)
		keys := ddb.Keys{Legacy: legacy.Wrapped{AES: envelope.NewDataKey(lab.DemoKey("crm")), Signing: legacy.Signing{HMAC: envelope.NewDataKey(lab.DemoKey("crm"))}}}
		ring, err := keyring.NewAES("sealaudit demo", "crm", lab.DemoKey("crm"))
		if err != nil {
			t.Fatal(err)
		}
		keys.Keyring = ring
		if strings.HasPrefix(seed.Client.Key, "alias/") {
			client := accountKMS{cfg}
			keys = ddb.Keys{Keyring: keyring.NewKMSDiscovery(client, keyring.Filter{}), Legacy: legacy.KMSDirect{Client: client}}
		}
		proof, err := ddb.Verify(t.Context(), it, keys, ddb.Config{Table: "people", Partition: "id"})
		if seed.Tampered != (proof.Verdict == envelope.Refuted) || seed.Tampered != (err != nil) {
			t.Errorf("%s: %s, %v", id, proof.Verdict, err)
		}
	}
	for place, b := range l.Dump() {
		for _, plain := range []string{"plaintext name", "visible"} {
			if strings.Contains(string(b), plain) {
				t.Errorf("%s holds %q", place, plain)
			}
		}
	}
}

// fetch reads an item as DynamoDB JSON.
func fetch(t *testing.T, c *dynamodb.Client, id string) ddb.Item {
	t.Helper()
	out, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("people"), Key: map[string]types.AttributeValue{"id": text(id)}})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	for name, v := range out.Item {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			values[name] = map[string]any{"S": v.Value}
		case *types.AttributeValueMemberN:
			values[name] = map[string]any{"N": v.Value}
		case *types.AttributeValueMemberB:
			values[name] = map[string]any{"B": v.Value}
		}
	}
	b, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	it, err := ddb.Parse(b)
	if err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return it
}
