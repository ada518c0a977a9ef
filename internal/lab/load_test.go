package lab_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sealaudit/sealaudit/internal/lab"
)

const head = "Account: \"111122223333\"\nCaller: arn:aws:sts::111122223333:assumed-role/audit/demo\n"

// TestLoadNamesWhatIsWrong holds that an error of a person who adds to the
// account names the file and the place.
func TestLoadNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct{ name, file, text, says string }{
		{"no account", "", "", "account.yaml"},
		{"unknown setting", "account.yaml", head + "PageSise: 5\n", "account.yaml: yaml: unmarshal errors:\n  line 3: field PageSise"},
		{"unquoted account", "account.yaml", "Account: 1\nCaller: x\n", "quote the twelve digits"},
		{"unknown file", "eu-west-1/ec2.yaml", "", "eu-west-1/ec2.yaml: no such file"},
		{"too deep", "eu-west-1/x/s3.yaml", "", "eu-west-1/x/s3.yaml: no such file"},
		{"unknown bucket member", "eu-west-1/s3.yaml", "Buckets:\n- Name: a\n  Encrption: {}\n", "eu-west-1/s3.yaml: yaml: unmarshal errors:\n  line 3: field Encrption"},
		{"syntax", "eu-west-1/s3.yaml", "Buckets: [", "eu-west-1/s3.yaml: yaml: line 1"},
		{"two documents", "eu-west-1/s3.yaml", "Buckets: []\n---\nBuckets: []\n", "more than one document"},
		{"no name", "eu-west-1/kinesis.yaml", "Streams:\n- EncryptionType: NONE\n", "eu-west-1/kinesis.yaml: entry 1 has no name"},
		{"twice", "eu-west-1/kinesis.yaml", "Streams:\n- StreamName: a\n- StreamName: a\n", "eu-west-1/kinesis.yaml: a is there twice"},
		{"bad time", "eu-west-1/kms.yaml", "Keys:\n- KeyId: a\n  DeletionDate: now+soon\n", "eu-west-1/kms.yaml: Keys[0].DeletionDate: \"now+soon\" is no time"},
		{"bad error", "eu-west-1/kms.yaml", "Keys:\n- KeyId: a\n  Errors: {DescribeKey: refused}\n", "eu-west-1/kms.yaml: DescribeKey: no error \"refused\""},
		{"bad operation", "eu-west-1/kms.yaml", "Keys:\n- KeyId: a\n  Errors: {DescribeKeys: denied}\n", "no operation kms:DescribeKeys"},
		{"odd value", "eu-west-1/dax.yaml", "Clusters:\n- ClusterName: a\n  SSEDescription: {1: x}\n", "Clusters[0]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := fstest.MapFS{}
			if tc.file != "" {
				files["account.yaml"] = &fstest.MapFile{Data: []byte(head)}
				files[tc.file] = &fstest.MapFile{Data: []byte(tc.text)}
			}
			_, err := lab.Load(files)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v\ndoes not say %s", err, tc.says)
			}
		})
	}
}

// Times, documents and texts are what they were meant to be.
func TestLoadSettlesValues(t *testing.T) {
	files := fstest.MapFS{
		"account.yaml":           {Data: []byte(head)},
		"eu-west-1/s3.yaml":      {Data: []byte("Buckets:\n- {Name: a, CreationDate: now-1d, Policy: {Statement: []}}\n- {Name: b, CreationDate: 2020-01-02T03:04:05Z, Policy: 'no { JSON'}\n")},
		"eu-west-1/kms.yaml":     {Data: []byte("Keys:\n- {KeyId: k, Description: nowhere, ValidTo: now}\n")},
		"us-east-1/dax.yaml":     {Data: nil},
		"us-east-1/kinesis.yaml": {Data: []byte("Streams: []\n")},
	}
	account, err := lab.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	b, k := account.Regions["eu-west-1"].S3.Buckets, account.Regions["eu-west-1"].KMS.Keys[0].Output
	if b[0].CreationDate != lab.Ago(24*3600e9) || b[0].Policy != `{"Statement":[]}` || b[1].Policy != "no { JSON" {
		t.Errorf("%+v", b)
	}
	if k["Description"] != "nowhere" || k["ValidTo"] != lab.Ago(0) {
		t.Errorf("%+v", k)
	}
}
