package firehose

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// Where the places in S3 stand in the resource.
const (
	deliveryPath     = "facts.destination.s3"
	intermediatePath = "facts.destination.intermediate"
	backupPath       = "facts.destination.backup"
	endpointsPath    = "facts.destination.endpoints"
)

// destination is the one that a delivery stream has. More than one, or a kind
// newer than the SDK, is a gap.
func (r *reading) destination(ctx context.Context, d *types.DeliveryStreamDescription) *Destination {
	switch {
	case len(d.Destinations) == 0:
		r.Gap(awsapi.Missing("Destinations", "facts.destination"))
		return nil
	case len(d.Destinations) > 1 || aws.ToBool(d.HasMoreDestinations):
		r.Gap(collectors.Gap{Attributes: []string{"facts.destination"}, Reason: collectors.Unmodelled,
			Detail: "The delivery stream has several destinations, where Firehose has had one.",
			Remedy: "Update sealaudit; until then look at the destinations yourself."})
		return nil
	}
	f := r.toS3OrCluster(ctx, d.Destinations[0])
	if f == nil {
		f = r.toEndpoint(ctx, d.Destinations[0])
	}
	if f == nil {
		r.Gap(collectors.Gap{Attributes: []string{"facts.destination"}, Reason: collectors.UnknownValue,
			Detail: "The destination is of a kind newer than this version of sealaudit.",
			Remedy: "Update sealaudit; until then look at the destination yourself."})
	}
	return f
}

// toS3OrCluster reads the kinds that end in S3 or in a cluster of AWS's. A
// stream into S3 is described twice, in full as ExtendedS3.
func (r *reading) toS3OrCluster(ctx context.Context, d types.DestinationDescription) *Destination {
	if x := d.ExtendedS3DestinationDescription; x != nil {
		f := &Destination{Type: "extended_s3"}
		f.S3 = r.place(ctx, x.BucketARN, x.EncryptionConfiguration, deliveryPath)
		f.Backup = optional(ctx, r, x.S3BackupMode, types.S3BackupModeEnabled, x.S3BackupDescription)
		return f
	}
	if x := d.S3DestinationDescription; x != nil {
		return &Destination{Type: "s3", S3: r.s3(ctx, x, deliveryPath)}
	}
	if x := d.RedshiftDestinationDescription; x != nil {
		f := &Destination{Type: "redshift", Endpoints: r.endpoint("ClusterJDBCURL", x.ClusterJDBCURL)}
		f.Intermediate = r.s3(ctx, x.S3DestinationDescription, intermediatePath)
		f.Backup = optional(ctx, r, x.S3BackupMode, types.RedshiftS3BackupModeEnabled, x.S3BackupDescription)
		return f
	}
	if x := d.AmazonopensearchserviceDestinationDescription; x != nil {
		return &Destination{Type: "opensearch", Backup: r.s3(ctx, x.S3DestinationDescription, backupPath), Endpoints: r.clusterEndpoint(x.ClusterEndpoint, x.DomainARN)}
	}
	if x := d.AmazonOpenSearchServerlessDestinationDescription; x != nil {
		return &Destination{Type: "opensearch_serverless", Backup: r.s3(ctx, x.S3DestinationDescription, backupPath), Endpoints: r.endpoint("CollectionEndpoint", x.CollectionEndpoint)}
	}
	if x := d.ElasticsearchDestinationDescription; x != nil {
		return &Destination{Type: "elasticsearch", Backup: r.s3(ctx, x.S3DestinationDescription, backupPath), Endpoints: r.clusterEndpoint(x.ClusterEndpoint, x.DomainARN)}
	}
	return nil
}

// toEndpoint reads the kinds that go elsewhere. All keep failed records in S3.
func (r *reading) toEndpoint(ctx context.Context, d types.DestinationDescription) *Destination {
	if x := d.SplunkDestinationDescription; x != nil {
		return &Destination{Type: "splunk", Backup: r.s3(ctx, x.S3DestinationDescription, backupPath), Endpoints: r.endpoint("HECEndpoint", x.HECEndpoint)}
	}
	if x := d.HttpEndpointDestinationDescription; x != nil {
		var url *string
		if x.EndpointConfiguration != nil {
			url = x.EndpointConfiguration.Url
		}
		return &Destination{Type: "http_endpoint", Backup: r.s3(ctx, x.S3DestinationDescription, backupPath), Endpoints: r.endpoint("Url", url)}
	}
	if x := d.SnowflakeDestinationDescription; x != nil {
		return &Destination{Type: "snowflake", Backup: r.s3(ctx, x.S3DestinationDescription, backupPath), Endpoints: r.endpoint("AccountUrl", x.AccountUrl)}
	}
	if x := d.IcebergDestinationDescription; x != nil {
		return &Destination{Type: "iceberg", Backup: r.s3(ctx, x.S3DestinationDescription, backupPath)}
	}
	return nil
}

// optional is a backup that a mode turns on. A description without a mode may
// be one that is no longer used.
func optional[M interface {
	~string
	Values() []M
}](ctx context.Context, r *reading, mode, on M, d *types.S3DestinationDescription) *S3 {
	if mode == "" && d == nil {
		return nil // nowhere to write to
	}
	_, gaps := awsapi.Enum(mode, "S3BackupMode", backupPath)
	r.Gap(gaps...)
	if mode != on {
		return nil
	}
	return r.s3(ctx, d, backupPath)
}

func (r *reading) s3(ctx context.Context, d *types.S3DestinationDescription, path string) *S3 {
	if d == nil {
		r.Gap(awsapi.Missing("description of the place in S3", path))
		return nil
	}
	return r.place(ctx, d.BucketARN, d.EncryptionConfiguration, path)
}

// place is a bucket with the key that the delivery stream sets. No
// configuration is no key, and NoEncryption leaves it to the bucket (Firehose
// API reference, S3DestinationDescription).
func (r *reading) place(ctx context.Context, bucket *string, e *types.EncryptionConfiguration, path string) *S3 {
	if aws.ToString(bucket) == "" {
		r.Gap(awsapi.Missing("BucketARN", path))
		return nil
	}
	s := &S3{BucketARN: *bucket}
	switch {
	case e != nil && e.KMSEncryptionConfig != nil:
		s.Key = r.key(ctx, aws.ToString(e.KMSEncryptionConfig.AWSKMSKeyARN), "AWSKMSKeyARN", path+".key")
	case e == nil || e.NoEncryptionConfig == "" || e.NoEncryptionConfig == types.NoEncryptionConfigNoEncryption:
		s.Inherits = s.BucketARN
	default:
		_, gaps := awsapi.Enum(e.NoEncryptionConfig, "NoEncryptionConfig", path+".key", path+".inherits")
		r.Gap(gaps...)
	}
	return s
}
