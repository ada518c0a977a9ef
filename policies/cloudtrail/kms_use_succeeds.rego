# METADATA
# title: KMS serves the services that use keys for a resource
# description: >-
#   An event of KMS whose encryption context names a bucket, stream, table or trail
#   shows that the service asked for a data key for it at that moment, and what KMS
#   answered. A refusal, such as of a disabled or missing key, means that the service
#   could not encrypt or read then. Left out are denials of a caller in whose name a
#   service asked, who may be meant to be refused, and throttles. A passing resource
#   had no refusal among the events that were read; the evidence says how far back
#   they go. That its data is encrypted this doesn't say, and no events are no
#   evidence of anything.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
# - https://docs.aws.amazon.com/streams/latest/dev/creating-using-sse-master-keys.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
# custom:
#   severity: high
#   resource: AWS::CloudTrail::Event
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
#     Look at the key: enable it, cancel its deletion, or allow the service in its
#     policy (aws kms describe-key, get-key-policy). If nothing is to use that key any
#     more, give the resource another one. A request may also have named a key that
#     never was; then mend who sent it. What was not written must be sent again.
package policies.cloudtrail.kms_use_succeeds

violations contains msg if {
	some refusal in input.facts.refused
	msg := sprintf(
		"KMS answered %s with %q %s, the last one at %s%s; required is none",
		[concat(", ", input.facts.services), refusal.code, times(refusal.count), refusal.last, key(refusal)],
	)
}

times(1) := "once"

times(n) := sprintf("%d times", [n]) if n != 1

key(refusal) := sprintf(", for key %s", [id]) if id := refusal.key

else := ""
