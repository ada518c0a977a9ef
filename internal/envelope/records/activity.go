package records

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// activityType marks a record of a Database Activity Stream (Amazon RDS and
// Amazon Aurora User Guides, "Monitoring database activity streams", the
// record's JSON).
const activityType = "DatabaseActivityMonitoringRecords"

// Activity is a record of a Database Activity Stream.
type Activity struct {
	Version string // "1.0" to "1.2"

	events []byte // a message of the AWS Encryption SDK
	key    []byte // its data key, under KMS
}

// parseActivity reads a record. It is none when its JSON has not that type.
func parseActivity(b []byte) (a Activity, is bool, err error) {
	if !bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")) || !bytes.Contains(b, []byte(activityType)) {
		return Activity{}, false, nil
	}
	fields, err := objectFields(b)
	if fields["type"] != any(activityType) {
		return Activity{}, false, nil // another JSON, or none
	}
	if err != nil {
		return Activity{}, true, err
	}
	text := map[string]string{}
	for _, name := range []string{"version", "databaseActivityEvents", "key"} {
		value, ok := fields[name].(string)
		if !ok {
			return Activity{}, true, fmt.Errorf("reading an activity record: %w: it has no text %s", envelope.ErrFormat, name)
		}
		text[name] = value
	}
	a.Version = text["version"]
	var errEvents, errKey error
	a.events, errEvents = base64.StdEncoding.Strict().DecodeString(text["databaseActivityEvents"])
	a.key, errKey = base64.StdEncoding.Strict().DecodeString(text["key"])
	if errors.Join(errEvents, errKey) != nil || len(a.key) == 0 {
		return Activity{}, true, fmt.Errorf("reading an activity record: %w: its events or its key are not in base64", envelope.ErrFormat)
	}
	return a, true, nil
}

// objectFields are the fields of one JSON object, each of which has one value.
func objectFields(b []byte) (map[string]any, error) {
	bad := fmt.Errorf("reading an activity record: %w: it is not one JSON object with each name once", envelope.ErrFormat)
	out := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return out, bad
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return out, bad
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return out, bad
		}
		if _, twice := out[name.(string)]; twice {
			return out, bad
		}
		out[name.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return out, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return out, bad
	}
	return out, nil
}
