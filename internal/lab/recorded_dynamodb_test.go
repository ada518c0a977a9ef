package lab_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"
)

func texted(s string) document { return document{"S": s} }

// table makes a table with the key id.
func (p *player) table(name string, more document) document {
	p.Helper()
	in := document{"TableName": name, "KeySchema": list(document{"AttributeName": "id", "KeyType": "HASH"}), "AttributeDefinitions": list(document{"AttributeName": "id", "AttributeType": "S"})}
	for member, v := range more {
		in[member] = v
	}
	if in["ProvisionedThroughput"] == nil {
		in["BillingMode"] = "PAY_PER_REQUEST"
	}
	out := p.call("dynamodb:CreateTable", in)
	if out["Error"] != nil {
		p.Fatal(out)
	}
	p.lab.Advance(2 * time.Second)
	return out
}

func describedTable(p *player) document {
	return p.call("dynamodb:DescribeTable", document{"TableName": "recorded"})
}

// TestDynamoDBAnswersAsRecorded plays AWS DynamoDB's own answers.
func TestDynamoDBAnswersAsRecorded(t *testing.T) {
	put := func(p *player, item document, returns string) document {
		return p.call("dynamodb:PutItem", document{"TableName": "recorded", "Item": item, "ReturnValues": returns})
	}
	writes := func(p *player, items ...any) document {
		return p.call("dynamodb:TransactWriteItems", document{"TransactItems": items})
	}
	arn := "arn:aws:dynamodb:eu-west-1:" + own + ":table/recorded"
	play(t, "dynamodb", map[string]func(*player){
		"test_return_values_in_put_item": func(p *player) {
			p.table("recorded", nil)
			one, two := document{"id": texted("id1"), "data": texted("foobar")}, document{"id": texted("id2"), "data": texted("foobar")}
			p.step("PutFirstItem", put(p, one, "ALL_OLD"))
			p.step("PutFirstItemOLD", put(p, one, "ALL_OLD"))
			p.step("PutFirstItemB", put(p, document{"id": texted("id1"), "data": texted("barfoo")}, "ALL_OLD"))
			p.step("PutSecondItem", put(p, two, "ALL_OLD"))
			p.step("PutSecondItemReturnNone", put(p, two, "NONE"))
		},
		"test_empty_and_binary_values": func(p *player) {
			p.table("recorded", nil)
			p.step("PutFirstItem", put(p, document{"id": texted("id1"), "data": texted("")}, "NONE"))
			p.step("PutSecondItem", put(p, document{"id": texted("id2"), "data": document{"B": b64([]byte("\x90"))}}, "NONE"))
		},
		"test_batch_write_binary": func(p *player) {
			p.table("recorded", nil)
			p.step("Response", p.call("dynamodb:BatchWriteItem", document{"RequestItems": document{"recorded": list(document{"PutRequest": document{"Item": document{"id": texted("1"), "data": document{"B": b64([]byte("\x90"))}}}})}}))
		},
		"test_batch_write_items": func(p *player) {
			p.table("recorded", nil)
			p.step("BatchWriteResponse", p.call("dynamodb:BatchWriteItem", document{"RequestItems": document{"recorded": list(document{"DeleteRequest": document{"Key": document{"id": texted("1")}}}, document{"PutRequest": document{"Item": document{"id": texted("2")}}})}}))
		},
		"test_dynamodb_get_batch_items": func(p *player) {
			p.table("recorded", nil)
			want := part(p.replies, "Response", "Responses").(document)
			want["recorded"] = want["<test-table>"]
			delete(want, "<test-table>")
			p.step("Response", p.call("dynamodb:BatchGetItem", document{"RequestItems": document{"recorded": document{"Keys": list(document{"id": texted("none")})}}}))
		},
		"test_transaction_write_items": func(p *player) {
			p.table("recorded", nil)
			for step, table := range map[string]string{"Response": "recorded", "Response_using_table_arn": arn} {
				p.step(step, writes(p, document{"Put": document{"TableName": table, "Item": document{"id": texted(step)}}}, document{"Update": document{"TableName": table, "Key": document{"id": texted(step + "2")},
					"UpdateExpression": "SET description = :d", "ExpressionAttributeValues": document{":d": texted("foo")}}}, document{"Delete": document{"TableName": table, "Key": document{"id": texted("none")}}}))
			}
		},
		"test_transaction_write_canceled": func(p *player) {
			p.table("recorded", nil)
			out := writes(p, document{"ConditionCheck": document{"TableName": "recorded", "Key": document{"id": texted("none")}, "ConditionExpression": "attribute_exists(id)"}},
				document{"Put": document{"TableName": "recorded", "Item": document{"id": texted("new")}}})
			p.step("Error", fmt.Sprintf("An error occurred (%s) when calling the TransactWriteItems operation: %s", part(out, "Error", "Code"), part(out, "Error", "Message")))
			if got := p.call("dynamodb:GetItem", document{"TableName": "recorded", "Key": document{"id": texted("new")}}); got["Item"] != nil {
				p.Error("half of the transaction was written")
			}
		},
		"test_transaction_write_binary_data": func(p *player) {
			p.table("recorded", nil)
			p.step("WriteResponse", writes(p, document{"Put": document{"TableName": "recorded", "Item": document{"id": texted("someUser"), "binaryData": document{"B": b64([]byte("foobar"))}}}}))
			item := p.call("dynamodb:GetItem", document{"TableName": "recorded", "Key": document{"id": texted("someUser")}})
			b, err := base64.StdEncoding.DecodeString(p.textAt(item, "Item", "binaryData", "B"))
			p.must("binaryData", err)
			part(item, "Item", "binaryData").(document)["B"] = "b'" + string(b) + "'"
			p.step("GetItem", item["Item"])
		},
		"test_transact_get_items": func(p *player) {
			p.table("recorded", nil)
			for step, of := range map[string][2]string{"TransactGetItems": {"recorded", "John"}, "TransactGetItems-with-TableArn": {arn, "Sarah"}} {
				put(p, document{"id": texted(of[1])}, "NONE")
				p.step(step, p.call("dynamodb:TransactGetItems", document{"TransactItems": list(document{"Get": document{"TableName": of[0], "Key": document{"id": texted(of[1])}}})}))
			}
		},
		"test_dynamodb_idempotent_writing": func(p *player) {
			p.table("recorded", nil)
			for _, step := range []string{"Response1", "Response2"} {
				p.step(step, p.call("dynamodb:TransactWriteItems", document{"ClientRequestToken": "token", "TransactItems": list(document{"Put": document{"TableName": "recorded", "Item": document{"id": texted("id1")}}})}))
			}
		},
		"test_return_values_on_conditions_check_failure": func(p *player) {
			p.table("recorded", nil)
			put(p, document{"id": texted("456"), "price": document{"N": "650"}, "product": texted("sporting goods")}, "NONE")
			p.step("items", p.call("dynamodb:DeleteItem", document{"TableName": "recorded", "Key": document{"id": texted("456")}, "ConditionExpression": "price < :p", "ExpressionAttributeValues": document{":p": document{"N": "500"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}))
		},
		"test_continuous_backup_update": func(p *player) {
			p.table("recorded", nil)
			p.step("update-continuous-backup", p.call("dynamodb:UpdateContinuousBackups", document{"TableName": "recorded", "PointInTimeRecoverySpecification": document{"PointInTimeRecoveryEnabled": true}}))
			p.step("describe-continuous-backup", p.call("dynamodb:DescribeContinuousBackups", document{"TableName": "recorded"}))
		},
		"test_dynamodb_create_table_with_partial_sse_specification": func(p *player) {
			made := p.table("recorded", document{"SSESpecification": document{"Enabled": true}})
			p.step("SSEDescription", part(made, "TableDescription", "SSEDescription"))
			p.step("KMSDescription", p.call("kms:DescribeKey", document{"KeyId": part(made, "TableDescription", "SSEDescription", "KMSMasterKeyArn")}))
			p.step("update-table-disable-sse-spec", part(p.call("dynamodb:UpdateTable", document{"TableName": "recorded", "SSESpecification": document{"Enabled": false}}), "TableDescription", "SSEDescription"))
		},
		"test_dynamodb_update_table_without_sse_specification_change": func(p *player) {
			made := p.table("recorded", document{"SSESpecification": document{"Enabled": true}})
			p.step("create_table_sse_description", part(made, "TableDescription", "SSEDescription"))
			p.step("describe_kms_key", p.call("kms:DescribeKey", document{"KeyId": part(made, "TableDescription", "SSEDescription", "KMSMasterKeyArn")}))
			p.step("update_table_sse_description", part(p.call("dynamodb:UpdateTable", document{"TableName": "recorded", "BillingMode": "PAY_PER_REQUEST"}), "TableDescription", "SSEDescription"))
		},
		"test_table_crud": func(p *player) {
			p.step("create-table", p.table("recorded", document{"ProvisionedThroughput": document{"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}))
			p.lab.Advance(time.Minute)
			p.step("describe-table", describedTable(p))
			p.step("delete-table", p.call("dynamodb:DeleteTable", document{"TableName": "recorded"}))
			p.step("delete-non-existent-table", p.call("dynamodb:DeleteTable", document{"TableName": "non-existent"}))
		},
	})
}
