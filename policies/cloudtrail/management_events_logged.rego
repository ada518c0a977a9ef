# METADATA
# title: A multi-region trail logs all management events of the account
# description: >-
#   Without one trail that logs read and write management events of every region
#   and of global services, changes to keys and to encryption leave no lasting
#   record. Organization trails count; a trail that was stopped doesn't, and one whose
#   status was denied is unknown. This doesn't judge whether log files arrive
#   (cloudtrail/trail_delivering), nor data events.
# related_resources:
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/receive-cloudtrail-log-files-from-multiple-regions.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
# custom:
#   control: CT-01
#   severity: high
#   resource: AWS::::Account
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AU-2, source: security-hub}
#     - {id: AU-3, source: security-hub}
#     - {id: AU-6(3), source: security-hub}
#     - {id: AU-6(4), source: security-hub}
#     - {id: AU-12, source: security-hub}
#     - {id: AU-14(1), source: security-hub}
#     - {id: SC-7(9), source: security-hub}
#     - {id: SI-7(8), source: security-hub}
#     security-hub:
#     - {id: CloudTrail.1, source: security-hub}
#     cis-aws-3.0.0:
#     - {id: "3.1", source: cis}
#     cis-aws-5.0.0:
#     - {id: "3.1", source: cis}
#     cis-aws-7.0.0:
#     - {id: "4.1", source: cis}
#     pci-dss-4.0.1:
#     - {id: "10.2.1", source: prowler}
#     hipaa-164:
#     - {id: 164.312(b), source: prowler}
#     soc2-tsc:
#     - {id: CC7.2, source: prowler}
#     iso-27001-2022:
#     - {id: A.8.15, source: prowler}
#   remediation: >-
#     Create a trail for all regions (aws cloudtrail create-trail
#     --is-multi-region-trail --include-global-service-events), log read and write
#     management events (put-event-selectors, ReadWriteType All) and start it
#     (start-logging).
package policies.cloudtrail.management_events_logged

violations contains "no running trail logs read and write management events of all regions; required is at least one" if {
	not complete
}

complete if count(input.facts.complete_trails) > 0
