# METADATA
# title: Customer managed keys have an approved kind
# description: >-
#   FIPS 140 and SP 800-131A approve algorithms and key sizes, and KMS offers others
#   too: SM2, and secp256k1, which is for blockchains. In China SYMMETRIC_DEFAULT is
#   SM4. This judges the key's spec, not which algorithm a caller takes with it, nor
#   whether he calls a FIPS endpoint.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
# - https://csrc.nist.gov/pubs/sp/800/131/a/r2/final
# custom:
#   control: KMS-11
#   severity: low
#   resource: AWS::KMS::Key
#   profiles: [fips]
#   params:
#     approved_specs:
#       default:
#       - SYMMETRIC_DEFAULT
#       - RSA_2048
#       - RSA_3072
#       - RSA_4096
#       - ECC_NIST_P256
#       - ECC_NIST_P384
#       - ECC_NIST_P521
#       - ECC_NIST_EDWARDS25519
#       - HMAC_224
#       - HMAC_256
#       - HMAC_384
#       - HMAC_512
#       - ML_DSA_44
#       - ML_DSA_65
#       - ML_DSA_87
#       - ML_KEM_512
#       - ML_KEM_768
#       - ML_KEM_1024
#       description: key specs, in KMS's words, that are approved
#     rsa_2048_until:
#       default: "2031-01-01T00:00:00Z"
#       description: time, as RFC 3339, from which on RSA_2048 with its 112 bits of strength is not approved
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-13, source: analysis}
#     - {id: IA-7, source: analysis}
#     pci-dss-4.0.1:
#     - {id: "12.3.3", source: analysis}
#     soc2-tsc:
#     - {id: CC6.1, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     A key's spec can't be changed: create a key with an approved one (aws kms
#     create-key --key-spec RSA_4096 or ECC_NIST_P384 …), move its users there by
#     alias (aws kms update-alias), and keep the old key for what it encrypted or
#     signed.
package policies.kms.key_spec_approved

applies if input.facts.manager == "CUSTOMER"

violations contains msg if {
	not spec in data.params.approved_specs
	msg := sprintf("the key's spec is %s; required is one of the parameter approved_specs", [spec])
}

violations contains msg if {
	spec == "RSA_2048"
	time.now_ns() >= time.parse_rfc3339_ns(data.params.rsa_2048_until)
	msg := sprintf(
		"the key's spec is RSA_2048, which is approved until %s only; required is a stronger one",
		[data.params.rsa_2048_until],
	)
}

violations contains "the key's spec is SYMMETRIC_DEFAULT, which is SM4 in China; required is an approved algorithm" if {
	spec == "SYMMETRIC_DEFAULT"
	input.scope.partition == "aws-cn"
}

default spec := "not told"

spec := input.facts.spec
