package lab

import (
	"maps"
	"slices"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// Knows says whether the endpoint knows an operation: "s3:GetObject".
func Knows(operation string) bool { return operations()[operation] != nil }

// operations are all that the endpoint knows.
func operations() map[string]operation {
	all := map[string]operation{
		"sts:GetCallerIdentity":          callerIdentity,
		"account:ListRegions":            listRegions,
		"tagging:GetResources":           getResources,
		"s3:ListBuckets":                 listBuckets,
		"s3control:GetPublicAccessBlock": accountPublicAccessBlock,
		"cloudwatch:GetMetricData":       getMetricData,
		"cloudwatch:DescribeAlarms":      describeAlarms,
		"dynamodb:ListTables":            listTables,
		"dynamodb:DescribeTable":         describeTable,
		"dax:DescribeClusters":           describeClusters,
		"cloudtrail:DescribeTrails":      describeTrails,
		"cloudtrail:GetTrailStatus":      ofTrail("Name", trailStatus),
		"cloudtrail:GetEventSelectors":   ofTrail("TrailName", eventSelectors),
		"kms:ListKeys":                   listKeys,
		"kms:ListAliases":                listAliases,
		"kms:DescribeKey":                describeKey,
		"kms:GetKeyPolicy":               ofKey(keyPolicy),
		"kms:GetKeyRotationStatus":       ofKey(keyRotation),
		"kms:ListGrants":                 ofKey(keyGrants),
		"kms:DescribeCustomKeyStores":    describeCustomKeyStores,
	}
	maps.Copy(all, bucketOperations())
	maps.Copy(all, streamOperations())
	maps.Copy(all, deliveryOperations())
	maps.Copy(all, tableOperations())
	maps.Copy(all, backupOperations())
	maps.Copy(all, consumerOperations())
	maps.Copy(all, trailOperations())
	maps.Copy(all, metricOperations())
	maps.Copy(all, taggingOperations())
	maps.Copy(all, bucketChanges())
	maps.Copy(all, fixedOperations())
	maps.Copy(all, objectOperations())
	maps.Copy(all, cryptoOperations())
	maps.Copy(all, lifecycleOperations())
	maps.Copy(all, keySettingOperations())
	maps.Copy(all, localOperations())
	return all
}

func callerIdentity(l *Lab, _ *wire.Request) answer {
	return answer{output: map[string]any{"Account": l.account.ID, "Arn": l.account.Caller, "UserId": "AROADEMO:" + last(l.account.Caller)}}
}

func listRegions(l *Lab, q *wire.Request) answer {
	wanted := q.Strings("RegionOptStatusContains")
	var list []any
	status := maps.Clone(l.account.RegionStatus)
	if status == nil {
		status = map[string]string{}
	}
	for name := range l.account.Regions {
		status[name] = firstOf(status[name], "ENABLED_BY_DEFAULT")
	}
	for _, name := range slices.Sorted(maps.Keys(status)) {
		if len(wanted) == 0 || slices.Contains(wanted, status[name]) {
			list = append(list, map[string]any{"RegionName": name, "RegionOptStatus": status[name]})
		}
	}
	how := listing{token: "NextToken", size: "MaxResults", usual: 20, most: 50, badCode: "ValidationException"}
	first, end, next, failure := l.page(q, how, len(list))
	if failure != nil {
		return answer{failure: failure}
	}
	output := map[string]any{"Regions": append([]any{}, list[first:end]...)}
	if next != "" {
		output["NextToken"] = next
	}
	return answer{output: output}
}

func accountPublicAccessBlock(l *Lab, q *wire.Request) answer {
	a := answer{resource: q.String("AccountId")}
	switch {
	case a.resource != l.account.ID:
		a.failure = l.denial(q, "")
	case l.account.PublicAccessBlock == nil:
		a.failure = refuse(404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
		a.failure.Fields = map[string]string{"AccountId": a.resource}
	default:
		a.output = within("PublicAccessBlockConfiguration", l.account.PublicAccessBlock)
	}
	return a
}
