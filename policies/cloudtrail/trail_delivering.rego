# METADATA
# title: CloudTrail trails are logging and delivering
# description: >-
#   A trail that was stopped, or whose bucket or key refuses it, looks configured
#   and records nothing. Delivery counts as current up to 24 hours before the
#   evidence was read; a trail that was started later than that has time yet, and one
#   that logs no management events may have had nothing to deliver. That log files
#   arrive doesn't prove that none was changed since.
# related_resources:
# - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-turning-off-logging.html
# custom:
#   control: CT-02
#   severity: high
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
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
#     Start the trail (aws cloudtrail start-logging). For a delivery error mend the
#     bucket policy (s3:GetBucketAcl and s3:PutObject for
#     cloudtrail.amazonaws.com) or the key policy (kms:GenerateDataKey*), then
#     check aws cloudtrail get-trail-status.
package policies.cloudtrail.trail_delivering

violations contains "the trail is not logging; required is logging" if not logging

violations contains msg if {
	input.facts.status.delivery_error != ""
	msg := sprintf("log delivery fails with %q; required is no error", [substring(input.facts.status.delivery_error, 0, 60)])
}

violations contains msg if {
	input.facts.status.digest_error != ""
	msg := sprintf("digest delivery fails with %q; required is no error", [substring(input.facts.status.digest_error, 0, 60)])
}

violations contains "no log file was ever delivered; required is one in the last 24 hours" if {
	due
	not input.facts.status.latest_delivery_at
}

violations contains msg if {
	due
	latest := input.facts.status.latest_delivery_at
	not recent(latest)
	msg := sprintf("the latest log file was delivered at %s; required is one in the last 24 hours", [latest])
}

logging if input.facts.status.logging == true

# An account has management events every day: reading this evidence made some.
due if {
	logging
	management
	not just_started
}

just_started if recent(input.facts.status.started_at)

management if input.facts.selectors.management_read == true

management if input.facts.selectors.management_write == true

recent(at) if time.now_ns() - time.parse_rfc3339_ns(at) < ((24 * 60) * 60) * 1000000000
