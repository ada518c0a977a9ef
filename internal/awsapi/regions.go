package awsapi

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
)

// EnabledRegions are the regions that are on for the account, sorted.
func (s *Session) EnabledRegions(ctx context.Context) ([]string, error) {
	client := account.NewFromConfig(s.Config(""))
	var regions []string
	err := Pages(func(token *string) (*string, error) {
		out, err := client.ListRegions(ctx, &account.ListRegionsInput{
			MaxResults:              aws.Int32(50),
			NextToken:               token,
			RegionOptStatusContains: []types.RegionOptStatus{types.RegionOptStatusEnabled, types.RegionOptStatusEnabledByDefault},
		})
		if err != nil {
			return nil, err
		}
		for _, r := range out.Regions {
			regions = append(regions, aws.ToString(r.RegionName))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the account's regions: %w; allow account:ListRegions or name them with --region", err)
	}
	slices.Sort(regions)
	return regions, nil
}
