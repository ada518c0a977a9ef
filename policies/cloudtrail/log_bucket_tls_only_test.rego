package policies.cloudtrail.log_bucket_tls_only_test

import data.policies.cloudtrail.log_bucket_tls_only as policy

bucket := "the log bucket's policy does not deny requests without TLS on the bucket; required is a deny"

objects := "the log bucket's policy does not deny requests without TLS on its objects; required is a deny"

test_violations[note] if {
	some note, row in {
		"denied on both": {
			"policy": {"insecure_transport": {"bucket_denied": true, "objects_denied": true}},
			"want": set(),
		},
		"denied on the bucket only": {
			"policy": {"insecure_transport": {"bucket_denied": true, "objects_denied": false}},
			"want": {objects},
		},
		"denied on the objects only": {
			"policy": {"insecure_transport": {"bucket_denied": false, "objects_denied": true}},
			"want": {bucket},
		},
		"no bucket policy": {"policy": {"exists": false}, "want": {bucket, objects}},
	}
	row.want == policy.violations with input as {"related": {"bucket": {"facts": {"policy": row.policy}}}}
}
