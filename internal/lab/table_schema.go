package lab

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// checkSchema checks the keys and their definitions.
func checkSchema(output map[string]any) *wire.Failure {
	schema, _ := output["KeySchema"].([]any)
	definitions, _ := output["AttributeDefinitions"].([]any)
	if len(schema) == 0 || len(schema) > 2 {
		return validation(fmt.Sprintf("1 validation error detected: Value '%v' at 'keySchema' failed to satisfy constraint: Member must have length between 1 and 2", schema))
	}
	types := map[string]string{}
	var defined, used []string
	for _, v := range definitions {
		d, _ := v.(map[string]any)
		types[text(d, "AttributeName")] = text(d, "AttributeType")
		defined = append(defined, text(d, "AttributeName"))
		if !slices.Contains([]string{"S", "N", "B"}, text(d, "AttributeType")) {
			return validation("1 validation error detected: Value '" + text(d, "AttributeType") + "' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]")
		}
	}
	for i, kind := range []string{"HASH", "RANGE"}[:len(schema)] {
		k, _ := schema[i].(map[string]any)
		if text(k, "KeyType") != kind {
			return validation("Invalid KeySchema: The " + []string{"first", "second"}[i] + " KeySchemaElement is not a " + kind + " key type")
		}
		used = append(used, text(k, "AttributeName"))
	}
	if len(used) == 2 && used[0] == used[1] {
		return validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	}
	for _, name := range used {
		if types[name] == "" {
			return invalid("Some index key attributes are not defined in AttributeDefinitions. Keys: [" + strings.Join(used, ", ") + "], AttributeDefinitions: [" + strings.Join(defined, ", ") + "]")
		}
	}
	if len(defined) != len(used) {
		return invalid("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return nil
}

// checkThroughput reads the billing mode and the throughput.
func checkThroughput(q *wire.Request, output map[string]any) *wire.Failure {
	wanted, given := q.Input["ProvisionedThroughput"].(map[string]any)
	units := &wire.Request{Input: wanted}
	reads, _ := units.Int("ReadCapacityUnits")
	writes, _ := units.Int("WriteCapacityUnits")
	switch mode := q.String("BillingMode"); {
	case mode == "PAY_PER_REQUEST" && given:
		return invalid("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case mode == "PAY_PER_REQUEST":
		output["BillingModeSummary"] = map[string]any{"BillingMode": mode}
	case mode != "" && mode != "PROVISIONED":
		return constraint(mode, "billingMode", "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]")
	case !given:
		return invalid("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	case reads < 1:
		return constraint(fmt.Sprint(reads), "provisionedThroughput.readCapacityUnits", "Member must have value greater than or equal to 1")
	case writes < 1:
		return constraint(fmt.Sprint(writes), "provisionedThroughput.writeCapacityUnits", "Member must have value greater than or equal to 1")
	}
	output["ProvisionedThroughput"] = map[string]any{"ReadCapacityUnits": reads, "WriteCapacityUnits": writes, "NumberOfDecreasesToday": 0}
	return nil
}

// warmThroughput is what a new table serves at once (DynamoDB Developer Guide,
// "Understanding DynamoDB warm throughput").
func warmThroughput(output map[string]any) map[string]any {
	reads, writes := any(12_000), any(4_000)
	if provisioned, _ := output["ProvisionedThroughput"].(map[string]any); output["BillingModeSummary"] == nil && provisioned["ReadCapacityUnits"] != nil {
		reads, writes = provisioned["ReadCapacityUnits"], provisioned["WriteCapacityUnits"]
	}
	return map[string]any{"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes, "Status": "ACTIVE"}
}
