// Package rego loads policies and judges evidence with them. It is the only
// importer of Open Policy Agent.
//
// # A policy
//
// A policy is one file, SERVICE/NAME.rego, of package policies.SERVICE.NAME;
// its ID is "SERVICE/NAME", and it is named for the good state. It judges one
// resource at a time:
//
//	# METADATA
//	# title: Kinesis streams encrypt records at rest
//	# description: Records written while encryption is off stay readable on disk.
//	# related_resources:
//	# - https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html
//	# custom:
//	#   control: KDS-01                # optional: id in a control catalogue
//	#   severity: high                 # critical, high, medium, low or info
//	#   resource: AWS::Kinesis::Stream # the CloudFormation type that it judges
//	#   profiles: [baseline]           # baseline, cmk, fips; at least one
//	#   frameworks:                    # optional; keys of frameworks/frameworks.yaml
//	#     nist-800-53-r5:
//	#     - {id: SC-28, source: security-hub}
//	#   params:                        # optional; read as data.params.NAME
//	#     level: {default: aws-managed, enum: [aws-managed, customer-managed], description: weakest key}
//	#   related:                       # optional; joined as input.related.NAME
//	#     bucket: {type: AWS::S3::Bucket, at: facts.destination.bucket_arn}
//	#   remediation: Start server-side encryption.
//	package policies.kinesis.stream_encrypted
//
//	applies if input.facts.status == "ACTIVE"                   # optional, boolean
//
//	violations contains "encryption is off" if not encrypted    # required, set of strings
//
// The input is {arn, type, name, scope: {partition, account, region}, tags,
// facts, related: {NAME: {arn, type, name, scope, tags, facts}}, referenced_by:
// [{arn, type}]}. The facts have the shape of schemas/TYPE.json, where "::" is
// "_". Fields that do not apply are absent, and region is absent for a
// resource of the whole account. Modules in lib/ (package lib.NAME) hold
// functions of values; they see neither input nor parameters.
//
// # Status
//
// Every policy has exactly one status for every resource of its type:
//
//   - unknown, if something that applies reads is a gap, or applies is true and
//     something that violations reads is a gap, or the policy failed on this
//     resource (reason policy_error), or the resources could not be listed;
//   - not_applicable, if applies is false or undefined;
//   - fail, if violations has a member, and pass otherwise.
//
// What a policy reads is worked out from its code, through its functions and
// libraries and conservatively where a path is dynamic, so that no author can
// forget a gap. That holds for joins too, and is why a join is declared and not
// looked up in a data.resources: a gap on the path of the ARN, a resource that
// is not in the snapshot and a gap of the joined resource itself all count as
// gaps of input.related.NAME. A join whose path is absent is itself absent. In
// referenced_by stands every resource of the snapshot that has this resource's
// ARN anywhere in its facts, but no key that names a key, as a replica does its
// primary, and no sample of what a resource holds; an empty list is a gap where evidence is missing that could have held
// one.
//
// The engine knows the parameters, and they settle bodies of rules, functions
// and elses: one with a part that no input has a say in and that does not hold
// can't hold itself, and what only such bodies read is not read. So this makes
// a gap of the key's manager unknown for none but those who ask for more:
//
//	violations contains "the key is AWS's" if {
//		data.params.level == "customer-managed"
//		input.facts.key.manager == "AWS"
//	}
//
// Put that part first: a body counts in full where an error could come before
// it, or comes in it. [Policy.Reads] is what the code reads, whatever the
// parameters.
//
// # Sealed, strict, fail closed
//
// A policy sees no network, no randomness, no environment, and the snapshot's
// clock; of data it sees its own package, libraries and its parameters. A
// misspelt fact, an unknown metadata key, a package that is not its path and
// whatever else is not exactly as above is an error that names file and line,
// and all of them are told at once. "with" is for tests.
//
// This package never reads an account, never decides how a finding looks, and
// never turns an absent answer into a pass.
package rego
