# METADATA
# title: CloudTrail logs are encrypted with a customer managed KMS key
# description: >-
#   A key on the trail encrypts log and digest files, so that reading them needs
#   the key as well as the bucket. Without one the bucket's default encryption
#   decides, which anyone who can change the bucket can change. Files delivered
#   before the key was set stay as they were.
# related_resources:
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
# custom:
#   control: CT-03
#   severity: medium
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: AU-9, source: security-hub}
#     - {id: CA-9(1), source: security-hub}
#     - {id: CM-3(6), source: security-hub}
#     - {id: SC-13, source: security-hub}
#     - {id: SC-28, source: security-hub}
#     - {id: SC-28(1), source: security-hub}
#     - {id: SC-7(10), source: security-hub}
#     - {id: SI-7(6), source: security-hub}
#     security-hub:
#     - {id: CloudTrail.2, source: security-hub}
#     cis-aws-3.0.0:
#     - {id: "3.5", source: cis}
#     cis-aws-5.0.0:
#     - {id: "3.5", source: cis}
#     cis-aws-7.0.0:
#     - {id: "4.5", source: cis}
#     pci-dss-4.0.1:
#     - {id: "10.3.2", source: security-hub}
#     hipaa-164:
#     - {id: 164.312(a)(2)(iv), source: prowler}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: prowler}
#   remediation: >-
#     In the policy of a symmetric customer managed key of the bucket's region allow
#     cloudtrail.amazonaws.com kms:GenerateDataKey* and kms:DescribeKey with
#     aws:SourceArn of the trail, and those who read the logs kms:Decrypt. Then call
#     aws cloudtrail update-trail --kms-key-id KEY.
package policies.cloudtrail.logs_encrypted

violations contains "the trail names no KMS key; required is a customer managed key" if {
	not input.facts.encrypted == true
}

violations contains "the trail's key is not customer managed; required is a customer managed key" if {
	input.facts.encrypted == true
	not input.facts.key.manager == "CUSTOMER"
	not gone
}

violations contains "KMS has no such key; required is a customer managed key" if gone

gone if input.facts.key.exists == false
