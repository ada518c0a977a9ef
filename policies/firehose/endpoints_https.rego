# METADATA
# title: Firehose sends records to HTTPS endpoints only
# description: >-
#   A Splunk, HTTP, Snowflake or OpenSearch endpoint without https would receive
#   records, and the token that comes with them, in plaintext. Snowflake account
#   URLs may leave the scheme out and are then https. TLS to Redshift is the
#   cluster's setting and is not judged here, nor are TLS versions.
# related_resources:
# - https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
# - https://docs.aws.amazon.com/firehose/latest/APIReference/API_HttpEndpointConfiguration.html
# - https://docs.aws.amazon.com/firehose/latest/APIReference/API_SnowflakeDestinationConfiguration.html
# custom:
#   control: FH-09
#   severity: high
#   resource: AWS::KinesisFirehose::DeliveryStream
#   profiles: [baseline]
#   frameworks:
#     nist-800-53-r5:
#     - {id: SC-8, source: analysis}
#     - {id: SC-8(1), source: analysis}
#     pci-dss-4.0.1:
#     - {id: "4.2.1", source: analysis}
#     hipaa-164:
#     - {id: 164.312(e)(1), source: analysis}
#     soc2-tsc:
#     - {id: CC6.7, source: analysis}
#     iso-27001-2022:
#     - {id: A.8.24, source: analysis}
#   remediation: >-
#     Give the destination an https URL (aws firehose update-destination) with a
#     certificate that Firehose trusts, then rotate the access token that was sent
#     in plaintext.
package policies.firehose.endpoints_https

applies if {
	some endpoint in input.facts.destination.endpoints
	not database(endpoint)
}

violations contains msg if {
	some endpoint in input.facts.destination.endpoints
	not database(endpoint)
	not https(endpoint)
	msg := sprintf("endpoint %s has the scheme %q; required is https", [endpoint.name, substring(endpoint.scheme, 0, 20)])
}

# Redshift is loaded through S3 and told to copy over JDBC.
database(endpoint) if startswith(endpoint.scheme, "jdbc:")

https(endpoint) if lower(endpoint.scheme) == "https"

https(endpoint) if {
	endpoint.name == "AccountUrl"
	endpoint.scheme == ""
}
