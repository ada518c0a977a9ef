# METADATA
# title: Firehose had no errors with its key
# description: >-
#   Firehose counts the exceptions that it met because its key was disabled, gone or
#   refused. Records that it can't decrypt for 24 hours are discarded; the counts
#   don't say how many. A stream without any datapoint gives no evidence and is
#   unknown. This says nothing of the time before the metrics' window.
# related_resources:
# - https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
# - https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
# custom:
#   control: FH-10
#   severity: high
#   resource: AWS::KinesisFirehose::DeliveryStream
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Read the KMSKey* metrics for when it happened, mend the key's state or its
#     policy and Firehose's grant within 24 hours of the first error, and resend
#     records of that time from the producers.
package policies.firehose.key_errors_absent

applies if {
	input.facts.encryption.status != "DISABLED"
	input.facts.encryption.key_type == "CUSTOMER_MANAGED_CMK"
}

violations contains msg if {
	some metric, sum in {
		"KMSKeyAccessDenied": input.facts.key_errors.access_denied,
		"KMSKeyDisabled": input.facts.key_errors.disabled,
		"KMSKeyInvalidState": input.facts.key_errors.invalid_state,
		"KMSKeyNotFound": input.facts.key_errors.not_found,
	}
	sum > 0
	msg := sprintf("%s counts %v in %d days; required is 0", [metric, sum, input.facts.key_errors.window_days])
}

violations contains "the key's error metrics are missing; required is their sum" if {
	not input.facts.key_errors.window_days
}
