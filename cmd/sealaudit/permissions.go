package main

import (
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/collectors/all"
)

func newPermissions(std streams) *cobra.Command {
	var services []string
	c := &cobra.Command{
		Use:   "permissions",
		Short: "Print the least-privilege IAM policy that a scan needs",
		Long: `permissions prints an IAM policy with exactly the actions that the collectors
call, all read-only. Services: s3, kinesis, firehose, dynamodb, cloudtrail, kms.`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			if err := checkServices(services); err != nil {
				return err
			}
			enc := json.NewEncoder(std.out)
			enc.SetIndent("", "  ")
			return enc.Encode(scanPolicy(services))
		},
	}
	c.Flags().StringSliceVar(&services, "service", nil, "only for these `services` (default: all)")
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
	Resource    string
}

// scanPolicy is the IAM policy for the services; every scan needs the
// account's regions, the tags and the keys that resources name.
func scanPolicy(services []string) iamPolicy {
	actions := []string{"account:ListRegions", "tag:GetResources", "kms:DescribeKey", "kms:ListAliases"}
	for _, c := range all.Collectors(nil, nil) {
		if len(services) == 0 || slices.Contains(services, c.Service()) {
			actions = append(actions, c.Actions()...)
		}
	}
	slices.Sort(actions)
	return iamPolicy{Version: "2012-10-17", Statement: []iamStatement{{Sid: "SealauditReadOnly", Effect: "Allow", Action: slices.Compact(actions), Resource: "*"}}}
}
