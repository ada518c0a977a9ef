package policies.s3.public_access_blocked_test

import data.policies.s3.public_access_blocked as policy

all_on := {
	"block_public_acls": true,
	"ignore_public_acls": true,
	"block_public_policy": true,
	"restrict_public_buckets": true,
}

names := {
	"block_public_acls": "BlockPublicAcls",
	"ignore_public_acls": "IgnorePublicAcls",
	"block_public_policy": "BlockPublicPolicy",
	"restrict_public_buckets": "RestrictPublicBuckets",
}

message(name) := sprintf("%s is off for the bucket and its account; required is on", [name])

judge(public_access) := violations if {
	violations := policy.violations with input as {"facts": {"public_access": public_access}}
}

test_all_four_settings_pass if judge(all_on) == set()

test_each_setting_is_required[field] if {
	some field, name in names
	judge(object.union(all_on, {field: false})) == {message(name)}
	judge(object.remove(all_on, [field])) == {message(name)}
}

test_no_setting_fails_four_times if judge({}) == {message(name) | some name in names}
