# METADATA
# title: S3 bucket policies deny requests without TLS
# description: >-
#   S3 answers plain HTTP unless the bucket policy denies it, so that objects and
#   credentials could be read or changed on the way. The policy must deny for every
#   principal and action, on the bucket and on its objects; AWS services may be
#   excepted. This judges what the statements deny, not their spelling, and neither
#   TLS versions nor an organisation's policies.
# related_resources:
# - https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
# - https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-ssl-requests-only.html
# custom:
#   control: S3-08
#   severity: high
#   resource: AWS::S3::Bucket
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-8, source: security-hub}
#     - {id: SC-8(1), source: security-hub}
#     - {id: SC-8(2), source: security-hub}
#     - {id: SC-13, source: security-hub}
#     - {id: SC-23, source: security-hub}
#     - {id: SC-23(3), source: security-hub}
#     - {id: SC-12(3), source: security-hub}
#     - {id: SC-7(4), source: security-hub}
#     - {id: AC-4, source: security-hub}
#     - {id: AC-17(2), source: security-hub}
#     - {id: IA-5(1), source: security-hub}
#     - {id: SI-7(6), source: security-hub}
#     security-hub:
#     - {id: S3.5, source: security-hub}
#     pci-dss-4.0.1:
#     - {id: "4.2.1", source: security-hub}
#     cis-aws-3.0.0:
#     - {id: "2.1.1", source: cis}
#     cis-aws-5.0.0:
#     - {id: "2.1.1", source: cis}
#     cis-aws-7.0.0:
#     - {id: "3.1.1", source: cis}
#     hipaa-164:
#     - {id: 164.312(e)(1), source: prowler}
#     - {id: 164.312(e)(2)(i), source: prowler}
#     soc2-tsc:
#     - {id: CC6.7, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Add this statement to the bucket policy (aws s3api put-bucket-policy), with the
#     bucket's name and partition:
#     {"Sid":"DenyInsecureTransport","Effect":"Deny","Principal":"*","Action":"s3:*",
#     "Resource":["arn:aws:s3:::BUCKET","arn:aws:s3:::BUCKET/*"],
#     "Condition":{"Bool":{"aws:SecureTransport":"false"}}}. Statements that allow with
#     aws:SecureTransport = true deny nothing.
package policies.s3.tls_required

violations contains msg if {
	count(open) > 0
	msg := sprintf("the bucket policy does not deny requests without TLS %s; required is a deny%s", [concat(" or ", open), why])
}

open contains "on the bucket" if not input.facts.policy.insecure_transport.bucket_denied == true

open contains "on its objects" if not input.facts.policy.insecure_transport.objects_denied == true

default why := ""

why := sprintf(" (%s)", [input.facts.policy.insecure_transport.detail])
