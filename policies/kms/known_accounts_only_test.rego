package policies.kms.known_accounts_only_test

import data.policies.kms.known_accounts_only as policy

stranger := {`the key policy names "999988887777"; required are accounts in allowed_accounts only`}

test_violations[note] if {
	some note, row in {
		"the account alone": {"accounts": [], "grants": [], "allowed": [], "want": set()},
		"a stranger": {"accounts": ["999988887777"], "grants": [], "allowed": [], "want": stranger},
		"a partner": {"accounts": ["999988887777"], "grants": [], "allowed": ["999988887777"], "want": set()},
		"a partner and a stranger": {
			"accounts": ["444455556666", "999988887777"],
			"grants": [], "allowed": ["444455556666"], "want": stranger,
		},
		"the organization": {"accounts": ["o-abc"], "grants": [], "allowed": ["o-abc"], "want": set()},
		"everybody": {
			"accounts": ["*"], "grants": [], "allowed": ["*"],
			"want": {"the key policy names every account; required are accounts in allowed_accounts only"},
		},
		"a grant of the account": {"accounts": [], "grants": [{"grantee_account": "111122223333"}], "allowed": [], "want": set()},
		"a grant to a service": {
			"accounts": [], "grants": [{"grantee_service": "dynamodb.amazonaws.com"}],
			"allowed": [], "want": set(),
		},
		"a grant to a stranger": {
			"accounts": [], "grants": [{"grantee_account": "999988887777"}], "allowed": ["444455556666"],
			"want": {`a grant names "999988887777"; required are accounts in allowed_accounts only`},
		},
		"a grant to a partner": {
			"accounts": [], "grants": [{"grantee_account": "444455556666"}],
			"allowed": ["444455556666"], "want": set(),
		},
	}
	row.want == policy.violations with input as {
		"scope": {"account": "111122223333"},
		"facts": {"policy": {"external_accounts": row.accounts}, "grants": row.grants},
	}
		with data.params.allowed_accounts as row.allowed
}

test_no_grants if {
	policy.violations == set() with input as {
		"scope": {"account": "111122223333"},
		"facts": {"policy": {"external_accounts": []}},
	}
}

test_applies_to_customer_managed_keys if {
	policy.applies with input as {"facts": {"manager": "CUSTOMER"}}
	not policy.applies with input as {"facts": {"manager": "AWS"}}
}
