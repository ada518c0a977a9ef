package lab

import (
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// What Firehose does where a destination says nothing (Firehose API,
// BufferingHints).
const (
	usualInterval = 300 // seconds
	usualSize     = 5   // MiB
)

// destinationOf describes the destination of a new delivery stream.
func destinationOf(q *wire.Request) (map[string]any, *wire.Failure) {
	input, given := q.Input["ExtendedS3DestinationConfiguration"].(map[string]any)
	older, old := q.Input["S3DestinationConfiguration"].(map[string]any)
	switch {
	case given && old:
		return nil, refuse(400, "InvalidArgumentException", "Exactly one destination configuration is supported for a Firehose")
	case !given && !old:
		for name := range q.Input {
			if strings.HasSuffix(name, "DestinationConfiguration") {
				return nil, refuse(400, "InvalidArgumentException", "The embedded account makes delivery streams into S3: give an ExtendedS3DestinationConfiguration.")
			}
		}
		return nil, refuse(400, "InvalidArgumentException", "Exactly one destination configuration is supported for a Firehose")
	case old:
		input = older
	}
	output := s3Description(input)
	output["S3BackupMode"] = firstOf(text(input, "S3BackupMode"), "Disabled")
	if backup, given := input["S3BackupConfiguration"].(map[string]any); given {
		output["S3BackupDescription"] = s3Description(backup)
	}
	delete(output, "S3BackupConfiguration")
	if failure := checkDestination(output); failure != nil {
		return nil, failure
	}
	return bothWays("destinationId-000000000001", output), nil
}

// s3Description is a configuration of S3 with Firehose's defaults.
func s3Description(input map[string]any) map[string]any {
	output := filled(input, map[string]any{"CompressionFormat": "UNCOMPRESSED", "CloudWatchLoggingOptions": map[string]any{"Enabled": false},
		"EncryptionConfiguration": map[string]any{"NoEncryptionConfig": "NoEncryption"}})
	hints, _ := input["BufferingHints"].(map[string]any)
	output["BufferingHints"] = filled(hints, map[string]any{"SizeInMBs": usualSize, "IntervalInSeconds": usualInterval})
	return output
}

// bothWays describes an S3 destination as Firehose does: in full, and as the
// older API has it.
func bothWays(id string, extended map[string]any) map[string]any {
	older := map[string]any{}
	for _, name := range []string{"RoleARN", "BucketARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat", "EncryptionConfiguration", "CloudWatchLoggingOptions"} {
		if v, given := extended[name]; given {
			older[name] = v
		}
	}
	return map[string]any{"DestinationId": id, "ExtendedS3DestinationDescription": extended, "S3DestinationDescription": older}
}

func checkDestination(output map[string]any) *wire.Failure {
	configs := []map[string]any{output}
	backup, given := output["S3BackupDescription"].(map[string]any)
	if given {
		configs = append(configs, backup)
	}
	if text(output, "S3BackupMode") == "Enabled" && !given {
		return refuse(400, "InvalidArgumentException", "S3BackupConfiguration must be given when S3BackupMode is Enabled.")
	}
	for _, c := range configs {
		if failure := checkS3(c); failure != nil {
			return failure
		}
	}
	return nil
}

func checkS3(c map[string]any) *wire.Failure {
	var w wrongs
	for _, name := range []string{"RoleARN", "BucketARN"} {
		if text(c, name) == "" {
			w.missing("extendedS3DestinationConfiguration." + strings.ToLower(name[:1]) + name[1:])
		}
	}
	hints, _ := c["BufferingHints"].(map[string]any)
	if n := whole(hints["SizeInMBs"]); n < 1 || n > 128 {
		w.add("bufferingHints.sizeInMBs", "Member must have value between 1 and 128", n)
	}
	if n := whole(hints["IntervalInSeconds"]); n < 0 || n > 900 {
		w.add("bufferingHints.intervalInSeconds", "Member must have value between 0 and 900", n)
	}
	w.oneOf("compressionFormat", text(c, "CompressionFormat"), "UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY")
	if failure := w.failure(); failure != nil {
		return failure
	}
	if strings.Contains(strings.ToLower(text(c, "CompressionFormat")), "snappy") {
		return refuse(400, "InvalidArgumentException", "The embedded account compresses with GZIP and ZIP.")
	}
	encryption, _ := c["EncryptionConfiguration"].(map[string]any)
	with, _ := encryption["KMSEncryptionConfig"].(map[string]any)
	switch none := text(encryption, "NoEncryptionConfig"); {
	case with != nil && none != "":
		return refuse(400, "InvalidArgumentException", "Only one of NoEncryptionConfig and KMSEncryptionConfig may be given.")
	case with != nil && !strings.HasPrefix(text(with, "AWSKMSKeyARN"), "arn:"):
		return refuse(400, "InvalidArgumentException", "AWSKMSKeyARN must be the ARN of a key.")
	}
	return nil
}

// s3Targets are the places in S3 that a delivery stream writes its records to:
// its destination or the intermediate files of another, and the backup of all
// records. Other destinations take them out of the account.
func s3Targets(destination map[string]any) (targets []map[string]any) {
	if x, ok := destination["ExtendedS3DestinationDescription"].(map[string]any); ok {
		targets = append(targets, x)
		if b, ok := x["S3BackupDescription"].(map[string]any); ok && text(x, "S3BackupMode") == "Enabled" {
			targets = append(targets, b)
		}
		return targets
	}
	if x, ok := destination["S3DestinationDescription"].(map[string]any); ok {
		return append(targets, x)
	}
	for name, v := range destination {
		x, _ := v.(map[string]any)
		s, ok := x["S3DestinationDescription"].(map[string]any)
		mode := text(x, "S3BackupMode")
		if ok && (strings.HasPrefix(name, "Redshift") || mode == "AllData" || mode == "AllDocuments" || mode == "AllEvents") {
			targets = append(targets, s)
		}
	}
	return targets
}
