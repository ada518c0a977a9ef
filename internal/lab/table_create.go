package lab

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// tableOperations are DynamoDB's on tables and their items (API reference).
func tableOperations() map[string]operation {
	return map[string]operation{
		"dynamodb:CreateTable":        createTable,
		"dynamodb:DeleteTable":        deleteTable,
		"dynamodb:UpdateTable":        updateTable,
		"dynamodb:TagResource":        tagTable,
		"dynamodb:UntagResource":      untagTable,
		"dynamodb:ListTagsOfResource": listTagsOfTable,
		"dynamodb:PutItem":            putItem,
		"dynamodb:GetItem":            getItem,
		"dynamodb:DeleteItem":         deleteItem,
		"dynamodb:UpdateItem":         updateItem,
		"dynamodb:BatchGetItem":       batchGetItem,
		"dynamodb:BatchWriteItem":     batchWriteItem,
		"dynamodb:Scan":               scanTable,
		"dynamodb:Query":              queryTable,
		"dynamodb:TransactWriteItems": transactWriteItems,
		"dynamodb:TransactGetItems":   transactGetItems,
	}
}

func validation(message string) *wire.Failure { return refuse(400, "ValidationException", message) }

// invalid is DynamoDB's usual beginning of a refusal of a parameter.
func invalid(what string) *wire.Failure {
	return validation("One or more parameter values were invalid: " + what)
}

var tableName = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

// A new table is CREATING for a moment, in which it has no items and can't be
// changed (DynamoDB API, CreateTable; how long is not documented).
const (
	tableMaking   = time.Second
	tableCreating = "CREATING"
)

func createTable(l *Lab, q *wire.Request) answer {
	name := q.String("TableName")
	a := answer{resource: arnOf("dynamodb", q.Region, l.account.ID, "table/"+name), mutates: true}
	output, failure := newTable(q, name)
	if failure == nil && l.index.regions[q.Region].tables.by[name] != nil {
		failure = refuse(400, "ResourceInUseException", "Table already exists: "+name)
	}
	sse, key, failure := l.wantedKey(q, failure)
	if failure != nil {
		a.failure = failure
		return a
	}
	output["TableArn"], output["TableId"], output["CreationDateTime"] = a.resource, uuidOf("table", q.Region, name, l.now().UnixNano()), l.now()
	output["TableStatus"] = tableCreating
	tags, failure := tableTagsOf(q.Input["Tags"])
	if failure != nil {
		a.failure = failure
		return a
	}
	l.index.regions[q.Region].tables.add(name, &Resource{Output: output, Tags: tags})
	t := l.tableState(q.Region, name)
	if a.failure = l.makeTableKey(t, key); a.failure != nil {
		l.forgetTable(t)
		return a
	}
	l.retag(q.Region, a.resource, tags)
	if sse {
		output["SSEDescription"] = map[string]any{"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": t.keyARN}
	}
	a.output = map[string]any{"TableDescription": output}
	ready := filled(map[string]any{"TableStatus": "ACTIVE", "WarmThroughput": warmThroughput(output)}, output)
	l.changeTable(t, func(o map[string]any) { maps.Copy(o, output) })
	t.changes = []tableChange{{l.now().Add(tableMaking), func(o map[string]any) { maps.Copy(o, ready) }}}
	return a
}

// newTable is the description of the table that a request wants.
func newTable(q *wire.Request, name string) (map[string]any, *wire.Failure) {
	switch {
	case len(name) < 3 || len(name) > 255:
		return nil, validation("TableName must be at least 3 characters long and at most 255 characters long")
	case !tableName.MatchString(name):
		return nil, validation("1 validation error detected: Value '" + name + "' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	}
	for _, member := range []string{"LocalSecondaryIndexes", "GlobalSecondaryIndexes"} {
		if q.Input[member] != nil {
			return nil, validation("The embedded account has no secondary indexes; leave " + member + " out.")
		}
	}
	output := map[string]any{"TableName": name, "KeySchema": q.Input["KeySchema"], "AttributeDefinitions": q.Input["AttributeDefinitions"],
		"ItemCount": 0, "TableSizeBytes": 0, "DeletionProtectionEnabled": q.Bool("DeletionProtectionEnabled", false)}
	if failure := checkSchema(output); failure != nil {
		return nil, failure
	}
	if class := q.String("TableClass"); class != "" {
		output["TableClassSummary"] = map[string]any{"TableClass": class}
	}
	return output, checkThroughput(q, output)
}

// wantedKey reads an SSESpecification (API reference): absent or not enabled
// is the key that AWS owns, enabled without a key the one that AWS manages in
// the account.
func (l *Lab) wantedKey(q *wire.Request, before *wire.Failure) (enabled bool, key string, failure *wire.Failure) {
	spec, given := q.Input["SSESpecification"].(map[string]any)
	if before != nil || !given {
		return false, "", before
	}
	kind, key := text(spec, "SSEType"), text(spec, "KMSMasterKeyId")
	on, stated := spec["Enabled"].(bool)
	switch {
	case kind == "AES256":
		return false, "", invalid("SSEType AES256 is not supported")
	case stated && !on && kind != "":
		return false, "", invalid("SSEType can not be specified if Enabled is false")
	case stated && !on && key != "":
		return false, "", invalid("KMSMasterKeyId can not be specified if Enabled is false")
	case key != "" && kind != "KMS":
		return false, "", invalid("SSEType KMS is required if KMSMasterKeyId is specified")
	case !on && kind == "":
		return false, "", nil
	case key == "" || last(key) == "dynamodb" && strings.Contains(key, "alias/aws/"):
		return true, l.managedKey(q.Region, "dynamodb", "Default key that protects my DynamoDB data when no other key is defined"), nil
	}
	return true, key, nil
}

func deleteTable(l *Lab, q *wire.Request) answer {
	r, t, arn := l.tableNamed(q, q.String("TableName"))
	a := answer{resource: arn, mutates: true}
	if r == nil {
		a.failure = l.missing(q, arn)
		return a
	}
	if a.failure = l.barred(q, r.Errors, arn); a.failure != nil {
		return a
	}
	sse, _ := r.Output["SSEDescription"].(map[string]any)
	switch {
	case r.Output["DeletionProtectionEnabled"] == true:
		a.failure = validation("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	case text(r.Output, "TableStatus") == tableCreating:
		a.failure = refuse(400, "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being created: "+t.name)
	case text(sse, "Status") == "UPDATING" || text(r.Output, "TableStatus") == "UPDATING":
		a.failure = refuse(400, "ResourceInUseException", "Attempt to change a resource which is still in use: Table: "+t.name+" is in the process of being updated.")
	}
	if a.failure != nil {
		return a
	}
	l.forgetTable(t)
	a.output = map[string]any{"TableDescription": map[string]any{"TableName": t.name, "TableArn": arn, "TableId": t.id, "TableStatus": "DELETING", "ItemCount": 0,
		"TableSizeBytes": 0, "DeletionProtectionEnabled": false, "ProvisionedThroughput": l.describedTable(r, arn)["ProvisionedThroughput"]}}
	return a
}

// tableTagsOf reads a list of Key and Value.
func tableTagsOf(v any) (map[string]string, *wire.Failure) {
	list, _ := v.([]any)
	tags := map[string]string{}
	for _, v := range list {
		tag, _ := v.(map[string]any)
		key := text(tag, "Key")
		switch _, twice := tags[key]; {
		case key == "" || len(key) > 128:
			return nil, validation("The Tag Key provided is invalid, Key: " + key)
		case strings.HasPrefix(key, "aws:"):
			return nil, validation("Tag Key cannot be prefixed with aws:, Key: " + key)
		case twice:
			return nil, validation("Duplicate Tag Keys provided as input: Duplicate Tag Key found " + key)
		}
		tags[key] = text(tag, "Value")
	}
	if len(tags) > 50 {
		return nil, validation("Number of Tags exceed the current limit for the provided ResourceArn")
	}
	return tags, nil
}

// jsonOf is a value as JSON, for texts of errors.
func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // values came from JSON
		return ""
	}
	return string(b)
}
