# METADATA
# title: CloudTrail trails validate their log files
# description: >-
#   With validation CloudTrail delivers an hourly signed digest, by which a log
#   file that was changed, forged or deleted is found. This judges that digests
#   are made, not that they verify: somebody has to check them.
# related_resources:
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
# custom:
#   control: CT-05
#   severity: high
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AU-9, source: security-hub}
#     - {id: SI-4, source: security-hub}
#     - {id: SI-7(1), source: security-hub}
#     - {id: SI-7(3), source: security-hub}
#     - {id: SI-7(7), source: security-hub}
#     security-hub:
#     - {id: CloudTrail.4, source: security-hub}
#     cis-aws-3.0.0:
#     - {id: "3.2", source: cis}
#     cis-aws-5.0.0:
#     - {id: "3.2", source: cis}
#     cis-aws-7.0.0:
#     - {id: "4.2", source: cis}
#     pci-dss-4.0.1:
#     - {id: "10.3.2", source: security-hub}
#     hipaa-164:
#     - {id: 164.312(b), source: prowler}
#     - {id: 164.312(c)(1), source: prowler}
#     - {id: 164.312(c)(2), source: prowler}
#     soc2-tsc:
#     - {id: CC7.3, source: prowler}
#     - {id: PI1.3, source: prowler}
#     iso-27001-2022:
#     - {id: A.8.15, source: prowler}
#   remediation: >-
#     Call aws cloudtrail update-trail --enable-log-file-validation, and verify the
#     digests regularly with aws cloudtrail validate-logs.
package policies.cloudtrail.log_validation_enabled

violations contains "log file validation is off; required is on" if not input.facts.validation == true
