package policies.cloudtrail.trail_delivering_test

import data.policies.cloudtrail.trail_delivering as policy

now := time.parse_rfc3339_ns("2026-11-24T12:00:00Z")

good := {"logging": true, "latest_delivery_at": "2026-11-24T11:55:00Z"}

writes := {"management_read": false, "management_write": true}

reads := {"management_read": true, "management_write": false}

test_delivery_is_due[note] if {
	some note, row in {
		"started ten minutes ago": {"started_at": "2026-11-24T11:50:00Z", "selectors": writes, "want": 0},
		"started just within 24 hours": {"started_at": "2026-11-23T12:00:01Z", "selectors": writes, "want": 0},
		"started 24 hours ago": {"started_at": "2026-11-23T12:00:00Z", "selectors": writes, "want": 1},
		"reads only": {"started_at": "2026-01-01T00:00:00Z", "selectors": reads, "want": 1},
		"data events only": {
			"started_at": "2026-01-01T00:00:00Z",
			"selectors": {"management_read": false, "management_write": false},
			"want": 0,
		},
	}
	every latest in [{}, {"latest_delivery_at": "2026-11-22T11:50:00Z"}] {
		status := object.union({"logging": true, "started_at": row.started_at}, latest)
		facts := {"status": status, "selectors": row.selectors}
		row.want == count(policy.violations) with input as {"facts": facts} with time.now_ns as now
	}
}

test_violations[note] if {
	some note, row in {
		"logging and delivering": {"status": good, "want": set()},
		"just within 24 hours": {"status": object.union(good, {"latest_delivery_at": "2026-11-23T12:00:01Z"}), "want": set()},
		"24 hours ago": {
			"status": object.union(good, {"latest_delivery_at": "2026-11-23T12:00:00Z"}),
			"want": {"the latest log file was delivered at 2026-11-23T12:00:00Z; required is one in the last 24 hours"},
		},
		"delivered after the snapshot was taken": {
			"status": object.union(good, {"latest_delivery_at": "2026-11-24T12:05:00Z"}),
			"want": set(),
		},
		"never delivered": {
			"status": {"logging": true},
			"want": {"no log file was ever delivered; required is one in the last 24 hours"},
		},
		"stopped": {
			"status": {"logging": false, "latest_delivery_at": "2026-01-01T00:00:00Z", "stopped_at": "2026-01-01T00:00:00Z"},
			"want": {"the trail is not logging; required is logging"},
		},
		"nothing said": {"status": {}, "want": {"the trail is not logging; required is logging"}},
		"logging, but the bucket refuses": {
			"status": object.union(good, {"delivery_error": "AccessDenied"}),
			"want": {`log delivery fails with "AccessDenied"; required is no error`},
		},
		"the digest is refused": {
			"status": object.union(good, {"digest_error": "NoSuchBucket"}),
			"want": {`digest delivery fails with "NoSuchBucket"; required is no error`},
		},
	}
	facts := {"status": row.status, "selectors": writes}
	row.want == policy.violations with input as {"facts": facts} with time.now_ns as now
}
