package main

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/collectors/all"
	"github.com/sealaudit/sealaudit/collectors/envelope"
)

func newPermissions(std streams) *cobra.Command {
	var services []string
	var prove bool
	var probe probeFlags
	c := &cobra.Command{
		Use:   "permissions",
		Short: "Print the least-privilege IAM policy that a scan needs",
		Long: `permissions prints an IAM policy with exactly the actions that the collectors
call, all read-only. Services: s3, kinesis, firehose, dynamodb, cloudtrail, kms.

--prove adds what scan --prove needs beside that, in statements of its own. It
reads content, so they name resources and not all of them: put yours in for
BUCKET, STREAM, TABLE and KEY, as often as you like.

--probe RESOURCE adds what scan --probe RESOURCE needs, which writes: statements
for that resource alone, and for its KMS key, whose id you put in for KEY.`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			if err := checkServices(services, prove); err != nil {
				return err
			}
			if err := probe.check(); err != nil {
				return err
			}
			enc := json.NewEncoder(std.out)
			enc.SetIndent("", "  ")
			policy := scanPolicy(services, prove)
			policy.Statement = append(policy.Statement, probeStatements(probe.targets)...)
			return enc.Encode(policy)
		},
	}
	c.Flags().StringSliceVar(&services, "service", nil, "only for these `services` (default: all)")
	c.Flags().BoolVar(&prove, "prove", false, "add what scan --prove needs")
	probe.add(c.Flags(), "add what scan --probe of this `RESOURCE` needs (repeatable)")
	addConfigFlag(c.Flags())
	return c
}

type iamPolicy struct {
	Version   string
	Statement []iamStatement
}

type iamStatement struct {
	Sid, Effect string
	Action      []string
	Resource    any // a string or several
}

// scanPolicy is the IAM policy for the services; every scan needs the
// account's regions, the tags and the keys that resources name.
func scanPolicy(services []string, prove bool) iamPolicy {
	actions := []string{"account:ListRegions", "tag:GetResources", "kms:DescribeKey", "kms:ListAliases"}
	for _, c := range all.Collectors(nil, nil) {
		if all.Serves(c, services) {
			actions = append(actions, c.Actions()...)
		}
	}
	var content []string
	for _, c := range all.Proofs(nil, nil, envelope.Options{}) {
		if !prove || !all.Serves(c, services) {
			continue
		}
		for _, a := range c.Actions() {
			if len(contentOf(a).arns) > 0 {
				content = append(content, a)
			} else {
				actions = append(actions, a)
			}
		}
	}
	slices.Sort(actions)
	out := iamPolicy{Version: "2012-10-17", Statement: []iamStatement{{Sid: "SealauditReadOnly", Effect: "Allow", Action: slices.Compact(actions), Resource: "*"}}}
	out.Statement = append(out.Statement, proofStatements(content)...)
	return out
}

// proofStatements are the actions that read content, a statement for each kind
// of resource.
func proofStatements(actions []string) []iamStatement {
	bySid := map[string]*iamStatement{}
	for _, a := range actions {
		c := contentOf(a)
		s := bySid[c.sid]
		if s == nil {
			s = &iamStatement{Sid: c.sid, Effect: "Allow", Resource: c.arns}
			if len(c.arns) == 1 {
				s.Resource = c.arns[0]
			}
			bySid[c.sid] = s
		}
		s.Action = append(s.Action, a)
	}
	var out []iamStatement
	for _, sid := range slices.Sorted(maps.Keys(bySid)) {
		s := bySid[sid]
		slices.Sort(s.Action)
		s.Action = slices.Compact(s.Action)
		out = append(out, *s)
	}
	return out
}

// content is what actions of a service read, with ARNs to fill in (Service
// Authorization Reference, "Resource types").
type content struct {
	sid  string
	arns []string
}

// contentOf is empty for an action that reads no content.
func contentOf(action string) content {
	switch action {
	case "s3:ListBucket", "s3:GetObject":
		return content{"SealauditProveObjects", []string{"arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"}}
	case "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords":
		return content{"SealauditProveRecords", []string{"arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM"}}
	case "dynamodb:Scan":
		return content{"SealauditProveItems", []string{"arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE"}}
	case "kms:Decrypt":
		return content{"SealauditProveKeys", []string{"arn:aws:kms:REGION:ACCOUNT:key/KEY"}}
	}
	return content{}
}
