package envelope_test

import (
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
)

// Only a bucket, a stream or a table in the account and the regions that are
// read is a target.
func TestProbeTarget(t *testing.T) {
	here := collectors.Scope{Partition: "aws", Account: account}
	one, two := []string{region}, []string{region, "us-east-1"}
	stream := "arn:aws:kinesis:" + region + ":" + account + ":stream/s"
	for typed, tt := range map[string]struct {
		regions []string
		arn     string
		refused string
	}{
		"s3://bucket":                            {two, "arn:aws:s3:::bucket", ""},
		"s3://bucket/":                           {two, "arn:aws:s3:::bucket", ""},
		"arn:aws:s3:::bucket":                    {two, "arn:aws:s3:::bucket", ""},
		"stream/s":                               {one, stream, ""},
		stream:                                   {two, stream, ""},
		"table/orders":                           {one, "arn:aws:dynamodb:" + region + ":" + account + ":table/orders", ""},
		"stream/t":                               {two, "", "any of 2 regions"},
		"arn:aws-cn:s3:::bucket":                 {two, "", "partition aws-cn"},
		strings.Replace(stream, account, "9", 1): {two, "", "of account 9"},
		strings.Replace(stream, region, "xx-y-1", 1):   {two, "", "region xx-y-1, which is not read"},
		strings.Replace(stream, account, "", 1):        {two, "", "no region or no account"},
		stream + "/consumer/c:1":                       {two, "", "as a whole"},
		"arn:aws:s3:::bucket/key":                      {two, "", "name the bucket alone"},
		"s3://bucket/key":                              {two, "", "name the bucket alone"},
		"arn:aws:s3:" + region + ":1:accesspoint/a":    {two, "", "no bucket, stream or table"},
		"arn:aws:s3express:" + region + ":1:bucket/b":  {two, "", "no bucket, stream or table"},
		"arn:aws:firehose:" + region + ":1:delivery/d": {two, "", "no bucket, stream or table"},
		"arn:aws:kinesis:" + region + ":1:other/x":     {two, "", "no bucket, stream or table"},
		"bucket":             {two, "", "no bucket, stream or table"},
		"":                   {two, "", "no bucket, stream or table"},
		"s3://":              {two, "", "no bucket, stream or table"},
		"s3://bucket\x1b[2J": {two, "", "no bucket, stream or table"},
		"table/x":            {one, "", "no bucket, stream or table"},
	} {
		target, err := envelope.ParseTarget(typed)
		if err == nil {
			target, err = target.In(here, tt.regions)
		}
		switch {
		case tt.refused == "" && (err != nil || target.ARN("", "", "") != tt.arn):
			t.Errorf("%q: %s, %v", typed, target.ARN("", "", ""), err)
		case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
			t.Errorf("%q: %v, want %q", typed, err, tt.refused)
		}
	}
}
