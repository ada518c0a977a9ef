package lab

import (
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func listTables(l *Lab, q *wire.Request) answer {
	names := after(l.index.regions[q.Region].tables.names, q.String("ExclusiveStartTableName"))
	first, end, next, failure := l.page(q, listing{size: "Limit", usual: 100, most: 100}, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	output := map[string]any{"TableNames": append([]string{}, names[first:end]...)}
	if next != "" {
		output["LastEvaluatedTableName"] = names[end-1]
	}
	return answer{output: output}
}

func describeTable(l *Lab, q *wire.Request) answer {
	name := nameIn(q.String("TableName"), "table")
	a := answer{resource: arnOf("dynamodb", q.Region, l.account.ID, "table/"+name)}
	r := l.index.regions[q.Region].tables.by[name]
	if r == nil {
		a.failure = l.missing(q, a.resource)
		return a
	}
	if t := l.dynamoDB().tables[a.resource]; t != nil {
		l.settleTable(t)
		r = l.index.regions[q.Region].tables.by[name]
	}
	a.errors = r.Errors
	a.output = map[string]any{"Table": l.describedTable(r, a.resource)}
	return a
}

// describedTable is a table as DescribeTable shows it.
func (l *Lab) describedTable(r *Resource, arn string) map[string]any {
	return filled(r.Output, map[string]any{
		"TableArn": arn, "TableStatus": "ACTIVE", "CreationDateTime": created(), "ItemCount": 0, "TableSizeBytes": 0,
		"KeySchema":             []any{map[string]any{"AttributeName": "id", "KeyType": "HASH"}},
		"AttributeDefinitions":  []any{map[string]any{"AttributeName": "id", "AttributeType": "S"}},
		"ProvisionedThroughput": map[string]any{"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0},
	})
}

func describeClusters(l *Lab, q *wire.Request) answer {
	clusters := l.index.regions[q.Region].clusters
	names := clusters.names
	if wanted := q.Strings("ClusterNames"); len(wanted) > 0 {
		names = wanted
	}
	how := listing{token: "NextToken", size: "MaxResults", usual: 100, least: 20, most: 100, badCode: "InvalidParameterValueException"}
	first, end, next, failure := l.page(q, how, len(names))
	if failure != nil {
		return answer{failure: failure}
	}
	list := make([]any, 0, end-first)
	for _, name := range names[first:end] {
		r := clusters.by[name]
		if r == nil {
			return answer{resource: name, failure: l.missing(q, name)}
		}
		list = append(list, filled(r.Output, map[string]any{
			"ClusterArn": arnOf("dax", q.Region, l.account.ID, "cache/"+name), "Status": "available", "TotalNodes": 1, "ActiveNodes": 1,
			"NodeType": "dax.t3.small", "ClusterEndpointEncryptionType": "NONE", "SSEDescription": map[string]any{"Status": "DISABLED"},
		}))
	}
	output := map[string]any{"Clusters": list}
	if next != "" {
		output["NextToken"] = next
	}
	return answer{output: output}
}
