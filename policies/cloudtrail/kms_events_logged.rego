# METADATA
# title: CloudTrail trails do not leave out KMS events
# description: >-
#   KMS events are where the use of keys shows: who decrypted, and when encryption
#   was on. Trails often leave them out for their volume. A trail that logs no
#   management events at all is made for something else and is not judged.
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
	not input.facts.selectors.kms_excluded == false
}
