package policies.firehose.endpoints_https_test

import data.policies.firehose.endpoints_https as policy

test_violations[note] if {
	some note, row in {
		"https": {"endpoints": [{"name": "Url", "scheme": "https", "host": "logs.example.com"}], "want": set()},
		"https in capitals": {"endpoints": [{"name": "HECEndpoint", "scheme": "HTTPS"}], "want": set()},
		"http": {
			"endpoints": [{"name": "HECEndpoint", "scheme": "http"}],
			"want": {`endpoint HECEndpoint has the scheme "http"; required is https`},
		},
		"no scheme": {
			"endpoints": [{"name": "ClusterEndpoint", "scheme": ""}],
			"want": {`endpoint ClusterEndpoint has the scheme ""; required is https`},
		},
		"Snowflake may leave the scheme out": {"endpoints": [{"name": "AccountUrl", "scheme": ""}], "want": set()},
		"Snowflake with http": {
			"endpoints": [{"name": "AccountUrl", "scheme": "http"}],
			"want": {`endpoint AccountUrl has the scheme "http"; required is https`},
		},
		"Redshift's JDBC is judged elsewhere": {
			"endpoints": [{"name": "ClusterJDBCURL", "scheme": "jdbc:redshift"}, {"name": "Url", "scheme": "https"}],
			"want": set(),
		},
		"a hostile scheme is cut and quoted": {
			"endpoints": [{"name": "Url", "scheme": "a\nbbbbbbbbbbbbbbbbbbbbbbbbb"}],
			"want": {`endpoint Url has the scheme "a\nbbbbbbbbbbbbbbbbbb"; required is https`},
		},
		"each endpoint is judged": {
			"endpoints": [{"name": "Url", "scheme": "https"}, {"name": "HECEndpoint", "scheme": "ftp"}],
			"want": {`endpoint HECEndpoint has the scheme "ftp"; required is https`},
		},
	}
	row.want == policy.violations with input as {"facts": {"destination": {"endpoints": row.endpoints}}}
}

test_applies[note] if {
	some note, row in {
		"an endpoint": {"destination": {"endpoints": [{"name": "Url", "scheme": "http"}]}, "want": true},
		"S3 only": {"destination": {"type": "extended_s3"}, "want": false},
		"Redshift only": {"destination": {"endpoints": [{"name": "ClusterJDBCURL", "scheme": "jdbc:redshift"}]}, "want": false},
	}
	got := [true | policy.applies] with input as {"facts": {"destination": row.destination}}
	got == [true | row.want]
}
