package lab_test

import (
	"strings"
	"testing"
)

// answered is what became of one service's recorded answers (the source's
// snapshots, fixtures/recordings/SOURCE.txt): of so many recorded tests, those
// played here from replies.json, those played elsewhere in this package from
// other files, and those that are not, by the reason.
type answered struct {
	service   string
	recorded  int
	elsewhere int
	not       map[string]int
}

// TestEveryRecordingIsAccountedFor counts the recordings that are played, and
// says of the others why not.
func TestEveryRecordingIsAccountedFor(t *testing.T) {
	table := []answered{
		{"kms", 114, 0, map[string]int{
			"nothing was recorded but that the test passed: verify_salt_length (8), sign_verify of a curve with another's algorithm (2)": 10,
			"pairs that take seconds to make: RSA_4096 (4)":               4,
			"the curve secp256k1 has no implementation here: sign_verify": 1,
			"DeriveSharedSecret is not offered":                           2,
			"imports of asymmetric and HMAC material, and of wrapped RSA keys, are not offered: import_key_asymmetric, _ecc (4), _hmac (4), _rsa": 10,
			"a key has one imported material here: rotations of imported material (2), one that is pending":                                       3,
			"older than the rotation of imported material, which the lab answers: given_key_with_imported_key_material (March and November 2025)": 1,
		}},
		{"dynamodb", 38, 4, map[string]int{ // dynamodb_errors.json: TestItemErrorsAreThoseThatWereRecorded
			"streams and global tables are not offered":                     8,
			"PartiQL is not offered":                                        4,
			"secondary indexes are not offered":                             3,
			"Kinesis destinations and contributor insights are not offered": 3,
			"warm throughput can't be asked for":                            1,
		}},
		{"kinesis", 10, 0, map[string]int{"SubscribeToShard is an event stream over HTTP/2, which is not offered": 4}},
		{"firehose", 2, 0, nil},
		{"s3", 410, 35, map[string]int{ // s3-objects.json: the tests called Recorded
			"by their names, of features that are not offered: lists of access control, browser uploads and signatures, websites, CORS, lifecycle, Object Lock, archives, analytics, inventory, notifications, replication": 138,
			"further cases of mechanics that are played: keys and metadata, checksums, versions, parts, conditions, copies, tags, policies, regions":                                                                        237,
		}},
	}
	recorded := map[string]int{}
	for name := range recordedReplies(t) {
		service, _, _ := strings.Cut(name, " ")
		recorded[service]++
	}
	for _, row := range table {
		n := recorded[row.service] + row.elsewhere
		for _, of := range row.not {
			n += of
		}
		if n != row.recorded {
			t.Errorf("%s: %d of %d recorded tests are accounted for", row.service, n, row.recorded)
		}
		delete(recorded, row.service)
	}
	for service := range recorded {
		t.Errorf("%s is missing in the table", service)
	}
	// CloudTrail, CloudWatch, DAX and STS were recorded as replies about somebody's
	// resources, without the requests: they are given to the collectors
	// (cmd/sealaudit, TestRecordings), and nothing here can be asked for them.
}
