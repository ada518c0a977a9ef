package s3_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	api "github.com/sealaudit/sealaudit/internal/awsapi/awsapitest"
)

// replicated is a configuration with rules.
func replicated(rules string) api.Reply {
	return api.XML("<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/r</Role>" + rules + "</ReplicationConfiguration>")
}

func TestSettings(t *testing.T) {
	const (
		versioning, logging, replication = "s3:GetBucketVersioning", "s3:GetBucketLogging", "s3:GetBucketReplication"
		to                               = "<Destination><Bucket>arn:aws:s3:::copy</Bucket></Destination>"
		rule                             = "<Rule><ID>one</ID><Status>Enabled</Status>" + to + "</Rule>"
	)
	keyed := "<Rule><Status>Enabled</Status><Filter><Prefix>a</Prefix></Filter><SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>" +
		"<Destination><Bucket>arn:aws:s3:::copy</Bucket><Account>999999999999</Account><EncryptionConfiguration><ReplicaKmsKeyID>arn:aws:kms:us-east-1:999999999999:key/1</ReplicaKmsKeyID></EncryptionConfiguration></Destination></Rule>"
	for name, tc := range map[string]struct {
		operation string
		reply     api.Reply
		fact      string
		want      string
		gaps      string
	}{
		"never versioned":         {versioning, api.XML(`<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`), "versioning", `{"enabled":false}`, ""},
		"versioned":               {versioning, api.XML("<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>"), "versioning", `{"enabled":true,"status":"Enabled","mfa_delete":"Disabled"}`, ""},
		"versioning suspended":    {versioning, api.XML("<VersioningConfiguration><Status>Suspended</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>"), "versioning", `{"enabled":false,"status":"Suspended","mfa_delete":"Enabled"}`, ""},
		"a newer versioning":      {versioning, api.XML("<VersioningConfiguration><Status>Frozen</Status></VersioningConfiguration>"), "versioning", "", "unknown_value facts.versioning"},
		"a newer MFA delete":      {versioning, api.XML("<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Strict</MfaDelete></VersioningConfiguration>"), "versioning", `{"enabled":true,"status":"Enabled"}`, "unknown_value facts.versioning.mfa_delete"},
		"named after the request": {versioning, api.XML("<GetBucketVersioningResponse/>"), "versioning", `{"enabled":false}`, ""},

		"no access logs": {logging, api.XML("<BucketLoggingStatus/>"), "logging", `{"enabled":false}`, ""},
		"access logs":    {logging, api.XML("<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>a/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>"), "logging", `{"enabled":true,"target_bucket":"logs"}`, ""},

		"no replication":           {replication, notFound("ReplicationConfigurationNotFoundError"), "replication", `{"exists":false}`, ""},
		"a rule":                   {replication, replicated(rule), "replication", `{"exists":true,"rules":[{"id":"one","status":"Enabled","destination_bucket":"arn:aws:s3:::copy"}]}`, ""},
		"a rule of before filters": {replication, replicated("<Rule><Prefix/><Status>Disabled</Status>" + to + "</Rule>"), "replication", `{"exists":true,"rules":[{"status":"Disabled","destination_bucket":"arn:aws:s3:::copy"}]}`, ""},
		"rules with keys": {replication, replicated(rule + keyed), "replication", `{"exists":true,"rules":[{"id":"one","status":"Enabled","destination_bucket":"arn:aws:s3:::copy"},` +
			`{"status":"Enabled","destination_bucket":"arn:aws:s3:::copy","destination_account":"999999999999","kms_objects":"Enabled","replica_key_id":"arn:aws:kms:us-east-1:999999999999:key/1"}]}`, ""},
		"no rules":             {replication, replicated(""), "replication", `{"exists":true}`, ""},
		"a newer rule status":  {replication, replicated(rule + "<Rule><Status>Paused</Status>" + to + "</Rule>"), "replication", `{"exists":true}`, "unknown_value facts.replication.rules"},
		"a newer selection":    {replication, replicated("<Rule><Status>Enabled</Status><SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Some</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>" + to + "</Rule>"), "replication", `{"exists":true}`, "unknown_value facts.replication.rules"},
		"a rule to nowhere":    {replication, replicated("<Rule><Status>Enabled</Status><Destination/></Rule>"), "replication", `{"exists":true}`, "no_data facts.replication.rules"},
		"a rule without place": {replication, replicated("<Rule><Status>Enabled</Status></Rule>"), "replication", `{"exists":true}`, "no_data facts.replication.rules"},
	} {
		t.Run(name, func(t *testing.T) {
			got, gaps := part(t, account(api.Answers{tc.operation: api.Always(tc.reply)}), tc.fact)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.gaps, gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}
