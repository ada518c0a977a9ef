package lab

import (
	"strconv"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// backupOperations are DynamoDB's on continuous backups and on items' time to
// live, which no table here has (API reference).
func backupOperations() map[string]operation {
	return map[string]operation{
		"dynamodb:DescribeContinuousBackups": onTable(false, func(l *Lab, _ *wire.Request, t *tableState) (map[string]any, *wire.Failure) { return l.backups(t), nil }),
		"dynamodb:UpdateContinuousBackups":   onTable(true, updateContinuousBackups),
		"dynamodb:DescribeTimeToLive": onTable(false, func(*Lab, *wire.Request, *tableState) (map[string]any, *wire.Failure) {
			return map[string]any{"TimeToLiveDescription": map[string]any{"TimeToLiveStatus": "DISABLED"}}, nil
		}),
	}
}

// onTable makes an operation on one table.
func onTable(mutates bool, do func(*Lab, *wire.Request, *tableState) (map[string]any, *wire.Failure)) operation {
	return func(l *Lab, q *wire.Request) answer {
		r, t, arn := l.tableNamed(q, q.String("TableName"))
		a := answer{resource: arn, mutates: mutates}
		if r == nil {
			a.failure = refuse(400, "TableNotFoundException", "Table not found: "+q.String("TableName"))
			if q.Operation == "DescribeTimeToLive" {
				a.failure = l.missing(q, arn)
			}
			return a
		}
		a.errors = r.Errors
		if a.failure = l.barred(q, r.Errors, arn); a.failure == nil {
			a.output, a.failure = do(l, q, t)
		}
		return a
	}
}

// recoverable is how many days point-in-time recovery goes back.
const recoverable = 35

func updateContinuousBackups(l *Lab, q *wire.Request, t *tableState) (map[string]any, *wire.Failure) {
	spec, _ := q.Input["PointInTimeRecoverySpecification"].(map[string]any)
	on, given := spec["PointInTimeRecoveryEnabled"].(bool)
	days, asked := (&wire.Request{Input: spec}).Int("RecoveryPeriodInDays")
	if !asked {
		days = recoverable
	}
	switch {
	case !given:
		return nil, validation("1 validation error detected: Value null at 'pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled' failed to satisfy constraint: Member must not be null")
	case days < 1 || days > recoverable:
		return nil, validation("1 validation error detected: Value '" + strconv.Itoa(days) + "' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed to satisfy constraint: Member must be between 1 and 35")
	case !on:
		t.backed = time.Time{}
	case t.backed.IsZero():
		t.backed = l.now()
	}
	t.recovery = days
	return l.backups(t), nil
}

// backups is what the API tells of a table's backups (recorded by
// test_continuous_backup_update).
func (l *Lab) backups(t *tableState) map[string]any {
	recovery := map[string]any{"PointInTimeRecoveryStatus": "DISABLED"}
	if !t.backed.IsZero() {
		earliest := t.backed
		if oldest := l.now().Add(-time.Duration(t.recovery) * 24 * time.Hour); earliest.Before(oldest) {
			earliest = oldest
		}
		recovery = map[string]any{"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": t.recovery,
			"EarliestRestorableDateTime": earliest, "LatestRestorableDateTime": l.now()}
	}
	return map[string]any{"ContinuousBackupsDescription": map[string]any{"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}}
}
