package awsapi

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"github.com/sealaudit/sealaudit/collectors"
)

// tagCache holds the tags of every resource of a region, read once: one call
// for a hundred resources, where the services' own calls answer five a second.
type tagCache struct {
	mu      sync.Mutex
	regions map[string]*regionTags
}

type regionTags struct {
	once  sync.Once
	byARN map[string]map[string]string
	gap   *collectors.Gap
}

// Tags sets the tags of a resource, or a gap on "tags" when the region's
// tags could not be read. A resource without an entry has none (Resource
// Groups Tagging API reference, GetResources).
func (s *Session) Tags(ctx context.Context, r *collectors.Resource) {
	s.tags.mu.Lock()
	if s.tags.regions == nil {
		s.tags.regions = map[string]*regionTags{}
	}
	t := s.tags.regions[r.Scope.Region]
	if t == nil {
		t = &regionTags{}
		s.tags.regions[r.Scope.Region] = t
	}
	s.tags.mu.Unlock()
	t.once.Do(func() { t.read(ctx, s.Config(r.Scope.Region)) })
	if t.gap != nil {
		r.Gaps = append(r.Gaps, *t.gap)
		return
	}
	r.Tags = t.byARN[r.ARN]
}

func (t *regionTags) read(ctx context.Context, cfg aws.Config) {
	ctx = context.WithValue(ctx, traceKey{}, (*Trace)(nil)) // belongs to no single resource
	t.byARN = map[string]map[string]string{}
	client := tagging.NewFromConfig(cfg)
	err := Pages(func(token *string) (*string, error) {
		page, err := client.GetResources(ctx, &tagging.GetResourcesInput{
			ResourcesPerPage:    aws.Int32(100),
			ResourceTypeFilters: []string{"s3", "kinesis", "firehose", "dynamodb", "dax", "cloudtrail", "kms"},
			PaginationToken:     token,
		})
		if err != nil {
			return nil, err
		}
		for _, m := range page.ResourceTagMappingList {
			tags := make(map[string]string, len(m.Tags))
			for _, kv := range m.Tags {
				tags[aws.ToString(kv.Key)] = aws.ToString(kv.Value)
			}
			t.byARN[aws.ToString(m.ResourceARN)] = tags
		}
		return page.PaginationToken, nil
	})
	if err != nil {
		g := GapOf(err, "tags")
		t.gap = &g
	}
}
