# METADATA
# title: Key policies let CloudTrail use the key for this trail and no stranger's
# description: >-
#   A key policy that lets cloudtrail.amazonaws.com use the key without
#   aws:SourceArn or the encryption context aws:cloudtrail:arn lets any account's
#   trail be pointed at it; one that doesn't allow CloudTrail this trail stops
#   delivery. Trails of other accounts that the key policy names are meant to use
#   the key. Keys of accounts that were not read are unknown.
# related_resources:
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
# - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html
# custom:
#   control: CT-04
#   severity: high
#   resource: AWS::CloudTrail::Trail
#   profiles: [baseline]
#   related:
#     key: {type: AWS::KMS::Key, at: facts.key.arn}
#   frameworks:
#     nist-800-53-r5:
#     - {id: AC-3, source: analysis}
#     - {id: AC-6, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "7.2.1", source: analysis}
#     soc2-tsc:
#     - {id: CC6.3, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.3, source: analysis}
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     In the key policy allow cloudtrail.amazonaws.com kms:GenerateDataKey* and
#     kms:DescribeKey under the conditions aws:SourceArn = the trail's ARN and
#     kms:EncryptionContext:aws:cloudtrail:arn = the account's trails.
package policies.cloudtrail.key_policy_scoped

# A key that doesn't exist has no policy; it fails cloudtrail/key_usable.
applies if {
	input.facts.encrypted == true
	not input.facts.key.exists == false
}

violations contains "the key policy lets CloudTrail use the key for any trail; required is a condition on the trail" if {
	input.related.key.facts.policy.cloudtrail == "unscoped"
}

violations contains "the key policy does not let CloudTrail use the key; required is kms:GenerateDataKey* for this trail" if {
	not allowed
}

allowed if input.related.key.facts.policy.cloudtrail in {"scoped", "unscoped"}

violations contains msg if {
	input.related.key.facts.policy.cloudtrail == "scoped"
	not this_trail
	msg := sprintf(
		"the key policy lets CloudTrail use the key for other trails only; required is kms:GenerateDataKey* for %s",
		[input.arn],
	)
}

this_trail if {
	some pattern in input.related.key.facts.policy.cloudtrail_trails
	regex.match(sprintf("^%s$", [as_regex(pattern)]), input.arn)
}

# In IAM's patterns * is any characters, colons and slashes too, and ? is one.
as_regex(pattern) := replace(replace(literal, "*", ".*"), "?", ".") if {
	literal := regex.replace(pattern, `[!-)+-/:->@\[-\x60{-~]`, `\$0`)
}
