package iac

// kind is how a type is declared: in Terraform's AWS provider and in
// CloudFormation's resource reference.
type kind struct {
	typ       string   // ours: CloudFormation's
	terraform []string // resource types
	attribute string   // of Terraform that names it; "" where AWS does
	templates []string // resource types of templates
	property  string   // of a template that names it
}

func kinds() []kind {
	return []kind{
		{"AWS::S3::Bucket", []string{"aws_s3_bucket"}, "bucket", []string{"AWS::S3::Bucket"}, "BucketName"},
		{"AWS::Kinesis::Stream", []string{"aws_kinesis_stream"}, "name", []string{"AWS::Kinesis::Stream"}, "Name"},
		{"AWS::KinesisFirehose::DeliveryStream", []string{"aws_kinesis_firehose_delivery_stream"}, "name", []string{"AWS::KinesisFirehose::DeliveryStream"}, "DeliveryStreamName"},
		{"AWS::DynamoDB::Table", []string{"aws_dynamodb_table"}, "name", []string{"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"}, "TableName"},
		{"AWS::DAX::Cluster", []string{"aws_dax_cluster"}, "cluster_name", []string{"AWS::DAX::Cluster"}, "ClusterName"},
		{"AWS::CloudTrail::Trail", []string{"aws_cloudtrail"}, "name", []string{"AWS::CloudTrail::Trail"}, "TrailName"},
		{"AWS::KMS::Key", []string{"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"}, "",
			[]string{"AWS::KMS::Key", "AWS::KMS::ReplicaKey"}, ""},
		{"AWS::KMS::CustomKeyStore", []string{"aws_kms_custom_key_store"}, "custom_key_store_name", nil, ""},
	}
}

// terraformKinds are the kinds by Terraform's resource types.
func terraformKinds() map[string]kind {
	out := map[string]kind{}
	for _, k := range kinds() {
		for _, t := range k.terraform {
			out[t] = k
		}
	}
	return out
}

// templateKinds are the kinds by the resource types of templates.
func templateKinds() map[string]kind {
	out := map[string]kind{}
	for _, k := range kinds() {
		for _, t := range k.templates {
			out[t] = k
		}
	}
	return out
}
