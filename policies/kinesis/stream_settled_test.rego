package policies.kinesis.stream_settled_test

import data.policies.kinesis.stream_settled as policy

test_settled_streams_pass[type] if {
	some type in ["NONE", "KMS"]
	count(policy.violations) == 0 with input as {"facts": {"status": "ACTIVE", "encryption": {"type": type}}}
}

test_a_missing_setting_fails if {
	want := {"the encryption setting is neither NONE nor KMS; required is a settled one"}
	want == policy.violations with input as {"facts": {"status": "UPDATING"}}
}
