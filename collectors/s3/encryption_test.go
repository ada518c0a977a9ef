package s3_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// keyFacts is a key named by name, as DescribeKey says of keyARN.
func keyFacts(name, alias string) string {
	if alias != "" {
		alias = `"alias":"` + alias + `",`
	}
	return `{"id":"` + name + `","arn":"` + keyARN + `",` + alias + `"exists":true,"manager":"CUSTOMER","state":"Enabled","spec":"SYMMETRIC_DEFAULT","usage":"ENCRYPT_DECRYPT","origin":"AWS_KMS","account":"111122223333","region":"eu-west-1"}`
}

func blocked(types string) api.Reply {
	r := byDefault("AES256", "")
	r.Body = strings.Replace(r.Body, "</Rule>", "<BlockedEncryptionTypes>"+types+"</BlockedEncryptionTypes></Rule>", 1)
	return r
}

func TestEncryption(t *testing.T) {
	const at = "facts.encryption."
	fromKMS := strings.Join([]string{at + "key.exists", at + "key.state", at + "key.spec", at + "key.usage", at + "key.origin", at + "key.delete_at"}, " ")
	for name, tc := range map[string]struct {
		reply api.Reply
		want  string
		gaps  string
	}{
		"SSE-S3":                  {byDefault("AES256", ""), `{"rules":1,"algorithm":"AES256","bucket_key_enabled":true}`, ""},
		"KMS by key ARN":          {byDefault("aws:kms", keyARN), `{"rules":1,"algorithm":"aws:kms","key":` + keyFacts(keyARN, "") + `,"bucket_key_enabled":true}`, ""},
		"KMS by key id":           {byDefault("aws:kms", keyID), `{"rules":1,"algorithm":"aws:kms","key":` + keyFacts(keyID, "") + `,"bucket_key_enabled":true}`, ""},
		"KMS by alias":            {byDefault("aws:kms", "alias/orders"), `{"rules":1,"algorithm":"aws:kms","key":` + keyFacts("alias/orders", "alias/orders") + `,"bucket_key_enabled":true}`, ""},
		"KMS by alias of nothing": {byDefault("aws:kms", "alias/gone"), `{"rules":1,"algorithm":"aws:kms","key":{"id":"alias/gone","alias":"alias/gone","exists":false},"bucket_key_enabled":true}`, ""},
		"two layers":              {byDefault("aws:kms:dsse", keyARN), `{"rules":1,"algorithm":"aws:kms:dsse","key":` + keyFacts(keyARN, "") + `,"bucket_key_enabled":true}`, ""},
		"KMS without a key":       {byDefault("aws:kms", ""), `{"rules":1,"algorithm":"aws:kms","key":{"alias":"alias/aws/s3","manager":"AWS"},"bucket_key_enabled":true}`, ""},
		"KMS by AWS's alias":      {byDefault("aws:kms", "alias/aws/s3"), `{"rules":1,"algorithm":"aws:kms","key":{"id":"alias/aws/s3","alias":"alias/aws/s3","manager":"AWS"},"bucket_key_enabled":true}`, ""},
		"AWS's alias of another account": {byDefault("aws:kms", "arn:aws:kms:eu-west-1:999999999999:alias/aws/s3"),
			`{"rules":1,"algorithm":"aws:kms","key":{"id":"arn:aws:kms:eu-west-1:999999999999:alias/aws/s3","alias":"alias/aws/s3","manager":"AWS","account":"999999999999","region":"eu-west-1"},"bucket_key_enabled":true}`,
			"out_of_scope " + fromKMS + " " + at + "key.arn"},
		"no rule":                    {rules(""), `{"rules":0}`, ""},
		"no default in the rule":     {rules("<Rule><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"), `{"rules":1,"bucket_key_enabled":false}`, "no_data " + at + "algorithm " + at + "key"},
		"more rules than documented": {rules("<Rule/><Rule/>"), `{"rules":2}`, "unmodelled " + at + "algorithm " + at + "key " + at + "bucket_key_enabled " + at + "blocked_types"},
		"an older reply":             {rules("<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"), `{"rules":1,"algorithm":"AES256"}`, ""},
		"a newer algorithm":          {byDefault("aws:quantum", keyARN), `{"rules":1,"bucket_key_enabled":true}`, "unknown_value " + at + "algorithm " + at + "key"},
		"no algorithm":               {byDefault("", keyARN), `{"rules":1,"bucket_key_enabled":true}`, "no_data " + at + "algorithm " + at + "key"},
		"FSx":                        {byDefault("aws:fsx", ""), `{"rules":1,"algorithm":"aws:fsx","bucket_key_enabled":true}`, ""},
		"AWS Backup":                 {byDefault("aws:backup", ""), `{"rules":1,"algorithm":"aws:backup","bucket_key_enabled":true}`, ""},
		"AWS Backup with a key":      {byDefault("aws:backup", keyARN), `{"rules":1,"algorithm":"aws:backup","key":` + keyFacts(keyARN, "") + `,"bucket_key_enabled":true}`, ""},
		"SSE-C blocked":              {blocked("<EncryptionType>SSE-C</EncryptionType>"), `{"rules":1,"algorithm":"AES256","bucket_key_enabled":true,"blocked_types":["SSE-C"]}`, ""},
		"nothing blocked, said so":   {blocked("<EncryptionType>NONE</EncryptionType>"), `{"rules":1,"algorithm":"AES256","bucket_key_enabled":true,"blocked_types":["NONE"]}`, ""},
		"an empty list of blocked":   {blocked(""), `{"rules":1,"algorithm":"AES256","bucket_key_enabled":true}`, ""},
		"a newer type blocked":       {blocked("<EncryptionType>SSE-C</EncryptionType><EncryptionType>SSE-X</EncryptionType>"), `{"rules":1,"algorithm":"AES256","bucket_key_enabled":true}`, "unknown_value " + at + "blocked_types"},
		// Since 2023 every bucket has default encryption: this says neither that nor its contrary.
		"an answer from before 2023": {notFound("ServerSideEncryptionConfigurationNotFoundError"), ``, "unmodelled facts.encryption"},
	} {
		t.Run(name, func(t *testing.T) {
			aliases := []any{map[string]any{"AliasName": "alias/aws/s3"}, map[string]any{"AliasName": "alias/orders", "TargetKeyId": keyID}}
			got, gaps := part(t, account(api.Answers{
				"s3:GetBucketEncryption": api.Always(tc.reply),
				"kms:ListAliases":        api.Always(api.JSON(map[string]any{"Aliases": aliases})),
			}), "encryption")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A key that can't be described costs what only KMS knows of it, and nothing
// of the bucket.
func TestAKeyThatIsNotDescribed(t *testing.T) {
	foreign := "arn:aws:kms:eu-west-1:999999999999:key/" + keyID
	for name, tc := range map[string]struct {
		key    string
		answer api.Reply
		exists string // false, or not known
	}{
		"denied":                       {foreign, api.JSONError(400, "AccessDeniedException", "no"), ""},
		"not found in another account": {foreign, api.JSONError(400, "NotFoundException", "no"), ""},
		"not found in its own":         {keyARN, api.JSONError(400, "NotFoundException", "no"), `"exists":false`},
	} {
		t.Run(name, func(t *testing.T) {
			sink, _ := collect(t, account(api.Answers{
				"s3:GetBucketEncryption": api.Always(byDefault("aws:kms", tc.key)),
				"kms:DescribeKey":        api.Always(tc.answer),
			}), api.Region)
			r := sink.Find(t, "orders")
			facts := factsOf(t, r)
			if !strings.Contains(facts, `"key":{"id":"`+tc.key+`","arn":"`+tc.key+`"`) || tc.exists != "" && !strings.Contains(facts, tc.exists) || (len(r.Gaps) == 0) != (tc.exists != "") {
				t.Errorf("%s\n%s", facts, gapsOf(r.Gaps))
			}
			for _, g := range r.Gaps {
				for _, a := range g.Attributes {
					if !strings.HasPrefix(a, "facts.encryption.key.") {
						t.Errorf("%s is missing too", a)
					}
				}
			}
		})
	}
}
