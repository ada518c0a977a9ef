# METADATA
# title: S3 buckets keep versions
# description: >-
#   Without versioning an overwritten or deleted object is gone, also when ransomware
#   encrypts it again under a key of its own. Suspended versioning keeps old versions
#   and makes no new ones. Says nothing of who may delete versions.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
# - https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
# custom:
#   control: S3-21
#   severity: low
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: CP-9, source: security-hub}
#     - {id: CP-10, source: security-hub}
#     security-hub:
#     - {id: S3.14, source: security-hub}
#     hipaa-164:
#     - {id: 164.308(a)(7)(ii)(A), source: prowler}
#     soc2-tsc:
#     - {id: A1.2, source: prowler}
#     iso-27001-2022:
#     - {id: A.8.13, source: prowler}
#   remediation: >-
#     Turn versioning on (aws s3api put-bucket-versioning --bucket BUCKET
#     --versioning-configuration Status=Enabled), with a lifecycle rule that expires
#     noncurrent versions (aws s3api put-bucket-lifecycle-configuration).
package policies.s3.versioning_enabled

violations contains sprintf("versioning is %s; required is Enabled", [status]) if {
	not input.facts.versioning.enabled == true
}

default status := "not enabled"

status := input.facts.versioning.status
