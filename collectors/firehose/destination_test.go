package firehose_test

import (
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/firehose"
)

func TestDestinations(t *testing.T) {
	own := func(key *collectors.Key) *firehose.S3 { return &firehose.S3{BucketARN: landing, Key: key} }
	inherits := func() *firehose.S3 { return &firehose.S3{BucketARN: landing, Inherits: landing} }
	byAWS := customerKey("arn:aws:kms:eu-west-1:111122223333:alias/aws/s3")
	byAWS.Alias, byAWS.Manager, byAWS.ARN = "alias/aws/s3", "AWS", awsARN
	foreign := "arn:aws:kms:us-east-1:123456789012:alias/aws/s3"
	s3 := func(change object) object {
		return object{"ExtendedS3DestinationDescription": with(with(place(plain()), object{"S3BackupMode": "Disabled"}), change)}
	}
	search := func(change object) object {
		return with(object{"S3BackupMode": "FailedDocumentsOnly", "S3DestinationDescription": place(keyed(keyARN))}, change)
	}
	for name, tc := range map[string]struct {
		destination object
		want        *firehose.Destination
		gaps        []string
	}{
		"S3 with a key":  {s3(object{"EncryptionConfiguration": keyed(keyARN)}), &firehose.Destination{Type: "extended_s3", S3: own(customerKey(keyARN))}, nil},
		"S3 with aws/s3": {s3(object{"EncryptionConfiguration": keyed(byAWS.ID)}), &firehose.Destination{Type: "extended_s3", S3: own(byAWS)}, nil},
		// Recorded in 2016.
		"S3 with another account's aws/s3": {s3(object{"EncryptionConfiguration": keyed(foreign)}),
			&firehose.Destination{Type: "extended_s3", S3: own(&collectors.Key{ID: foreign, Alias: "alias/aws/s3", Manager: "AWS", Account: "123456789012", Region: "us-east-1"})},
			keyGaps("facts.destination.s3.key", "out_of_scope", "arn", "delete_at", "exists", "origin", "spec", "state", "usage")},
		"S3 without a configuration": {s3(object{"EncryptionConfiguration": nil}), &firehose.Destination{Type: "extended_s3", S3: inherits()}, nil},
		"S3 with an empty one":       {s3(object{"EncryptionConfiguration": object{}}), &firehose.Destination{Type: "extended_s3", S3: inherits()}, nil},
		"S3 with a nameless key":     {s3(object{"EncryptionConfiguration": object{"KMSEncryptionConfig": object{}}}), &firehose.Destination{Type: "extended_s3", S3: own(nil)}, []string{"facts.destination.s3.key no_data"}},
		"S3 with a newer word":       {s3(object{"EncryptionConfiguration": object{"NoEncryptionConfig": "SomeEncryption"}}), &firehose.Destination{Type: "extended_s3", S3: own(nil)}, []string{"facts.destination.s3.inherits unknown_value", "facts.destination.s3.key unknown_value"}},
		"S3 without a bucket":        {s3(object{"BucketARN": nil}), &firehose.Destination{Type: "extended_s3"}, []string{"facts.destination.s3 no_data"}},
		"S3 with a backup":           {s3(object{"S3BackupMode": "Enabled", "S3BackupDescription": place(keyed(keyARN))}), &firehose.Destination{Type: "extended_s3", S3: inherits(), Backup: own(customerKey(keyARN))}, nil},
		"a backup no longer used":    {s3(object{"S3BackupDescription": place(plain())}), &firehose.Destination{Type: "extended_s3", S3: inherits()}, nil},
		"a backup nowhere":           {s3(object{"S3BackupMode": "Enabled"}), &firehose.Destination{Type: "extended_s3", S3: inherits()}, []string{"facts.destination.backup no_data"}},
		"a newer backup mode":        {s3(object{"S3BackupMode": "Sometimes"}), &firehose.Destination{Type: "extended_s3", S3: inherits()}, []string{"facts.destination.backup unknown_value"}},
		"a backup without a mode":    {s3(object{"S3BackupMode": nil, "S3BackupDescription": place(plain())}), &firehose.Destination{Type: "extended_s3", S3: inherits()}, []string{"facts.destination.backup no_data"}},
		"neither mode nor backup":    {s3(object{"S3BackupMode": nil}), &firehose.Destination{Type: "extended_s3", S3: inherits()}, nil},
		"S3 in the old form":         {object{"S3DestinationDescription": place(keyed(keyARN))}, &firehose.Destination{Type: "s3", S3: own(customerKey(keyARN))}, nil},
		"Redshift": {object{"RedshiftDestinationDescription": object{"ClusterJDBCURL": "jdbc:redshift://c.abc.eu-west-1.redshift.amazonaws.com:5439/db?password=" + secret, "Username": secret,
			"CopyCommand": object{"DataTableName": "t"}, "S3DestinationDescription": place(plain()), "S3BackupMode": "Enabled", "S3BackupDescription": place(keyed(keyARN))}},
			&firehose.Destination{Type: "redshift", Intermediate: inherits(), Backup: own(customerKey(keyARN)),
				Endpoints: []firehose.Endpoint{{Name: "ClusterJDBCURL", Scheme: "jdbc:redshift", Host: "c.abc.eu-west-1.redshift.amazonaws.com:5439"}}}, nil},
		"Redshift without a place": {object{"RedshiftDestinationDescription": object{"ClusterJDBCURL": "jdbc:redshift:iam://c:5439/db", "S3BackupMode": "Disabled"}},
			&firehose.Destination{Type: "redshift", Endpoints: []firehose.Endpoint{{Name: "ClusterJDBCURL", Scheme: "jdbc:redshift:iam", Host: "c:5439"}}}, []string{"facts.destination.intermediate no_data"}},
		"OpenSearch by endpoint": {object{"AmazonopensearchserviceDestinationDescription": search(object{"ClusterEndpoint": "https://search.example.com"})},
			&firehose.Destination{Type: "opensearch", Backup: own(customerKey(keyARN)), Endpoints: []firehose.Endpoint{{Name: "ClusterEndpoint", Scheme: "https", Host: "search.example.com"}}}, nil},
		"OpenSearch Serverless": {object{"AmazonOpenSearchServerlessDestinationDescription": search(object{"CollectionEndpoint": "https://c.eu-west-1.aoss.amazonaws.com"})},
			&firehose.Destination{Type: "opensearch_serverless", Backup: own(customerKey(keyARN)), Endpoints: []firehose.Endpoint{{Name: "CollectionEndpoint", Scheme: "https", Host: "c.eu-west-1.aoss.amazonaws.com"}}}, nil},
		// Recorded in 2016: the domain is asked for its endpoint.
		"Elasticsearch by domain": {object{"ElasticsearchDestinationDescription": search(object{"DomainARN": "arn:aws:es:eu-west-1:111122223333:domain/d"})},
			&firehose.Destination{Type: "elasticsearch", Backup: own(customerKey(keyARN))}, nil},
		"Elasticsearch nowhere": {object{"ElasticsearchDestinationDescription": search(nil)},
			&firehose.Destination{Type: "elasticsearch", Backup: own(customerKey(keyARN))}, []string{"facts.destination.endpoints no_data"}},
		"Splunk": {object{"SplunkDestinationDescription": object{"HECEndpoint": "https://" + secret + "@hec.example.com:8088/services?token=" + secret, "HECEndpointType": "Raw", "HECToken": secret,
			"S3BackupMode": "FailedEventsOnly", "S3DestinationDescription": place(plain())}},
			&firehose.Destination{Type: "splunk", Backup: inherits(), Endpoints: []firehose.Endpoint{{Name: "HECEndpoint", Scheme: "https", Host: "hec.example.com:8088"}}}, nil},
		"HTTP": {object{"HttpEndpointDestinationDescription": object{"EndpointConfiguration": object{"Name": secret, "Url": "http://in.example.com/" + secret + "?key=" + secret},
			"RequestConfiguration": object{"CommonAttributes": []object{{"AttributeName": "auth", "AttributeValue": secret}}}, "S3BackupMode": "AllData", "S3DestinationDescription": place(plain())}},
			&firehose.Destination{Type: "http_endpoint", Backup: inherits(), Endpoints: []firehose.Endpoint{{Name: "Url", Scheme: "http", Host: "in.example.com"}}}, nil},
		"HTTP without a URL": {object{"HttpEndpointDestinationDescription": object{"S3DestinationDescription": place(plain())}},
			&firehose.Destination{Type: "http_endpoint", Backup: inherits()}, []string{"facts.destination.endpoints no_data"}},
		"Snowflake": {object{"SnowflakeDestinationDescription": object{"AccountUrl": "acc.snowflakecomputing.com", "User": secret, "PrivateKey": secret, "S3BackupMode": "FailedDataOnly", "S3DestinationDescription": place(plain())}},
			&firehose.Destination{Type: "snowflake", Backup: inherits(), Endpoints: []firehose.Endpoint{{Name: "AccountUrl", Host: "acc.snowflakecomputing.com"}}}, nil},
		"Iceberg": {object{"IcebergDestinationDescription": object{"S3BackupMode": "FailedDataOnly", "S3DestinationDescription": place(keyed(keyARN))}},
			&firehose.Destination{Type: "iceberg", Backup: own(customerKey(keyARN))}, nil},
		"Iceberg without a place": {object{"IcebergDestinationDescription": object{}}, &firehose.Destination{Type: "iceberg"}, []string{"facts.destination.backup no_data"}},
		"a newer kind":            {object{"CarrierPigeonDestinationDescription": object{"Url": "http://x"}}, nil, []string{"facts.destination unknown_value"}},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, to(tc.destination), func(f *firehose.Facts) { f.Destination = tc.want }, tc.gaps)
		})
	}
	for name, tc := range map[string]struct {
		change object
		reason string
	}{
		"none":    {object{"Destinations": []object{}}, "no_data"},
		"two":     {object{"Destinations": []object{s3(nil), s3(nil)}}, "unmodelled"},
		"more":    {object{"HasMoreDestinations": true}, "unmodelled"},
		"no list": {object{"Destinations": nil}, "no_data"},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, tc.change, func(f *firehose.Facts) { f.Destination = nil }, []string{"facts.destination " + tc.reason})
		})
	}
}

func keyGaps(path, reason string, names ...string) []string {
	var out []string
	for _, name := range names {
		out = append(out, path+"."+name+" "+reason)
	}
	return out
}

// A URL gives its scheme and host, or it is a gap: never anything else.
func TestEndpoints(t *testing.T) {
	for url, want := range map[string]*firehose.Endpoint{
		"https://h":                       {Scheme: "https", Host: "h"},
		"HTTPS://H.example.com":           {Scheme: "HTTPS", Host: "H.example.com"},
		"https://u:p@h/x":                 {Scheme: "https", Host: "h"},
		"https://u@" + secret + "@h:1":    {Scheme: "https", Host: "h:1"},
		"https://h?" + secret:             {Scheme: "https", Host: "h"},
		"https://h#" + secret:             {Scheme: "https", Host: "h"},
		`https://h\` + secret:             {Scheme: "https", Host: "h"},
		"https://[2001:db8::1]:443/x":     {Scheme: "https", Host: "[2001:db8::1]:443"},
		"https://h:" + secret:             {Scheme: "https"},
		"http://<" + secret + ">/x":       {Scheme: "http"},
		"http://":                         {Scheme: "http"},
		"ftp://h/":                        {Scheme: "ftp", Host: "h"},
		"h.example.com/" + secret:         {Host: "h.example.com"},
		secret + "@h.example.com":         {Host: "h.example.com"},
		"https:h.example.com":             nil,
		"token=" + secret:                 nil,
		"token=" + secret + "://h":        nil,
		secret + secret + secret + "://h": nil,
		" https://h":                      nil,
		"//h":                             nil,
	} {
		t.Run(url, func(t *testing.T) {
			gaps := []string{"facts.destination.endpoints unmodelled"}
			f := &firehose.Destination{Type: "snowflake", Backup: &firehose.S3{BucketARN: landing, Inherits: landing}}
			if want != nil {
				want.Name = "AccountUrl"
				f.Endpoints, gaps = []firehose.Endpoint{*want}, nil
			}
			check(t, to(object{"SnowflakeDestinationDescription": object{"AccountUrl": url, "S3DestinationDescription": place(plain())}}),
				func(facts *firehose.Facts) { facts.Destination = f }, gaps)
		})
	}
}
