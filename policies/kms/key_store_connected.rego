# METADATA
# title: Custom key stores are connected
# description: >-
#   While a key store is not connected to its HSM cluster or external key manager,
#   every key in it is unavailable, and nothing under those keys can be read or
#   written. A store that is connecting is judged as it was found.
# related_resources:
# - https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html
# - https://docs.aws.amazon.com/kms/latest/APIReference/API_CustomKeyStoresListEntry.html
# custom:
#   control: KMS-12
#   severity: critical
#   resource: AWS::KMS::CustomKeyStore
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-12, source: analysis}
#     - {id: SC-12(1), source: analysis}
#     soc2-tsc:
#     - {id: A1.2, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.14, source: analysis}
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Look at ConnectionErrorCode (aws kms describe-custom-key-stores) and mend its
#     cause: an active HSM and the kmsuser's password in a CloudHSM store, the proxy's
#     reachability, certificate and credentials in an external one. Then call aws kms
#     disconnect-custom-key-store and connect-custom-key-store.
package policies.kms.key_store_connected

violations contains msg if {
	state != "CONNECTED"
	msg := sprintf("the key store is %s; required is CONNECTED", [state])
}

default state := "in no state that was told"

state := input.facts.connection_state
