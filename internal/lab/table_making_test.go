package lab_test

import (
	"testing"
	"time"
)

// DynamoDB API reference, CreateTable: the table is CREATING first, and takes no
// items and no change until it is ACTIVE.
func TestTableIsMade(t *testing.T) {
	p := newPlayer(t)
	in := document{"TableName": "new", "KeySchema": list(document{"AttributeName": "id", "KeyType": "HASH"}),
		"AttributeDefinitions": list(document{"AttributeName": "id", "AttributeType": "S"}), "BillingMode": "PAY_PER_REQUEST"}
	name := document{"TableName": "new"}
	put := document{"TableName": "new", "Item": document{"id": document{"S": "1"}}}
	status := func() any { return part(p.call("dynamodb:DescribeTable", name), "Table", "TableStatus") }
	if out := p.call("dynamodb:CreateTable", in); part(out, "TableDescription", "TableStatus") != "CREATING" || status() != "CREATING" {
		t.Errorf("%v, then %v", out, status())
	}
	p.wants("ResourceNotFoundException", p.call("dynamodb:PutItem", put))
	p.wants("ResourceInUseException", p.call("dynamodb:UpdateTable", document{"TableName": "new", "SSESpecification": document{"Enabled": true}}))
	p.wants("ResourceInUseException", p.call("dynamodb:DeleteTable", name))
	p.lab.Advance(2 * time.Second)
	if got := status(); got != "ACTIVE" {
		t.Errorf("%v after two seconds", got)
	}
	if out := p.call("dynamodb:PutItem", put); out["Error"] != nil {
		t.Error(out)
	}
}

// DynamoDB Developer Guide, "Quotas", "Encryption at rest": four changes of the
// key in 24 hours, and one more after six hours without any.
func TestTableKeyChangesAreCounted(t *testing.T) {
	p := newPlayer(t)
	p.table("turning", nil)
	on := true
	turn := func() document {
		out := p.call("dynamodb:UpdateTable", document{"TableName": "turning", "SSESpecification": document{"Enabled": on}})
		if out["Error"] == nil {
			on = !on
		}
		p.lab.Advance(time.Minute)
		return out
	}
	for i := range 4 {
		if out := turn(); out["Error"] != nil {
			t.Fatalf("change %d: %v", i, out)
		}
	}
	p.wants("LimitExceededException", turn())
	p.lab.Advance(6 * time.Hour)
	if out := turn(); out["Error"] != nil {
		t.Errorf("after six hours: %v", out)
	}
	p.wants("LimitExceededException", turn())
}
