# METADATA
# title: CloudWatch alarms watch the key of a Firehose stream
# description: >-
#   When the key of a delivery stream fails, 24 hours remain before records are
#   discarded: somebody has to be told. Each of Firehose's four KMSKey metrics
#   needs an enabled alarm, alone or in metric math. This doesn't judge thresholds,
#   nor who is notified.
# related_resources:
# - https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
# - https://docs.aws.amazon.com/firehose/latest/dev/firehose-cloudwatch-metrics-best-practices.html
# custom:
#   control: FH-10
#   severity: low
#   resource: AWS::KinesisFirehose::DeliveryStream
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12(1), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#   remediation: >-
#     Create a CloudWatch alarm with actions enabled for each missing metric
#     (namespace AWS/Firehose, dimension DeliveryStreamName, statistic Sum, above
#     0, missing data not breaching).
package policies.firehose.key_errors_alarmed

applies if {
	input.facts.encryption.status != "DISABLED"
	input.facts.encryption.key_type == "CUSTOMER_MANAGED_CMK"
}

violations contains msg if {
	some metric in {"KMSKeyAccessDenied", "KMSKeyDisabled", "KMSKeyInvalidState", "KMSKeyNotFound"}
	not alarmed(metric)
	msg := sprintf("no enabled alarm watches %s; required is one for each KMSKey metric", [metric])
}

alarmed(metric) if metric in input.facts.key_alarms.covered
