# METADATA
# title: CloudTrail trails do not leave out KMS events
# description: >-
#   KMS events are where the use of keys shows: who decrypted, and when encryption
#   was on. Trails often leave them out for their volume. Judged is what the selectors
#   leave out of the events that they log: a trail of reads or of writes only is made
#   for these, and one without management events is not judged. That some trail logs
#   all of them is cloudtrail/management_events_logged.
# related_resources:
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
# - https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
# custom:
#   control: CT-08
#   severity: high
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AU-2, source: analysis}
#     - {id: AU-12, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "10.2.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(b), source: analysis}
#     soc2-tsc:
#     - {id: CC7.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.15, source: analysis}
#   remediation: >-
#     Call aws cloudtrail put-event-selectors with no kms.amazonaws.com in
#     ExcludeManagementEventSources, or with advanced selectors whose eventSource
#     field does not leave it out.
package policies.cloudtrail.kms_events_logged

applies if input.facts.selectors.management_read == true

applies if input.facts.selectors.management_write == true

violations contains "KMS management events are left out; required is that the trail logs them" if {
	"kms.amazonaws.com" in input.facts.selectors.excluded_sources
}
