package kms

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// grants lists the key's grants, by id. A part of them is no fact: any of them
// that can't be read makes the whole list a gap.
func grants(ctx context.Context, r *awsapi.Reading, client *kms.Client, keyARN string) []Grant {
	var list []Grant
	var gaps []collectors.Gap
	err := awsapi.Pages(func(marker *string) (*string, error) {
		out, err := client.ListGrants(ctx, &kms.ListGrantsInput{KeyId: aws.String(keyARN), Limit: aws.Int32(100), Marker: marker})
		if err != nil {
			return nil, err
		}
		for _, entry := range out.Grants {
			g, gap := grant(entry)
			list, gaps = append(list, g), append(gaps, gap...)
		}
		return nextPage(out.Truncated, out.NextMarker)
	})
	if r.Failed(err, "facts.grants") {
		return nil
	}
	if len(gaps) > 0 {
		r.Gap(gaps[0]) // one says it; a thousand grants would say it a thousand times
		return nil
	}
	slices.SortFunc(list, func(a, b Grant) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b Grant) bool { return a.ID == b.ID })
}

// grant reads one grant. Services are named in a field of their own, and
// before there was one, in the principal's (KMS API reference, GrantListEntry).
func grant(entry types.GrantListEntry) (Grant, []collectors.Gap) {
	const attribute = "facts.grants"
	g := Grant{ID: aws.ToString(entry.GrantId), Grantee: aws.ToString(entry.GranteePrincipal), GranteeService: aws.ToString(entry.GranteeServicePrincipal), Operations: []string{}}
	if isService(g.Grantee) {
		g.GranteeService, g.Grantee = cmp.Or(g.GranteeService, g.Grantee), ""
	}
	if id, err := arn.Parse(g.Grantee); err == nil {
		g.GranteeAccount = id.AccountID
	}
	var gaps []collectors.Gap
	if g.ID == "" {
		gaps = append(gaps, awsapi.Missing("GrantId", attribute))
	}
	if g.Grantee == "" && g.GranteeService == "" {
		gaps = append(gaps, awsapi.Missing("GranteePrincipal", attribute))
	}
	for _, o := range entry.Operations {
		operation, gap := awsapi.Enum(o, "Operations", attribute)
		g.Operations, gaps = append(g.Operations, operation), append(gaps, gap...)
	}
	slices.Sort(g.Operations)
	if c := entry.Constraints; c != nil {
		g.Constrained = len(c.EncryptionContextEquals) > 0 || len(c.EncryptionContextSubset) > 0 || aws.ToString(c.SourceArn) != ""
	}
	return g, gaps
}

// isService tells a service's name from an ARN and from the unique id that
// stands for a deleted principal.
func isService(principal string) bool {
	return strings.Contains(principal, ".") && !strings.ContainsAny(principal, ":/")
}
