package lab

import (
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

const deliveryMaking = time.Second // CREATING, and DELETING

// createDeliveryStream makes a delivery stream into S3 (Firehose API,
// CreateDeliveryStream).
func createDeliveryStream(l *Lab, q *wire.Request) answer {
	name, kind := q.String("DeliveryStreamName"), firstOf(q.String("DeliveryStreamType"), "DirectPut")
	a := answer{resource: l.deliveryARN(q.Region, name), mutates: true}
	var w wrongs
	w.name("deliveryStreamName", name, 64)
	w.oneOf("deliveryStreamType", kind, "DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource")
	if a.failure = w.failure(); a.failure != nil {
		return a
	}
	p := l.index.regions[q.Region]
	if p.delivery.by[name] != nil {
		a.failure = refuse(400, "ResourceInUseException", "Firehose "+name+" under accountId "+l.account.ID+" already exists")
		return a
	}
	source, failure := l.sourceOf(q, kind)
	if failure == nil {
		a.failure = l.asksKey(q.Region, encryptionInput(q))
	}
	destination, wrong := destinationOf(q)
	tags, bad := tagList(q)
	if a.failure = firstFailure(failure, a.failure, wrong, bad); a.failure != nil {
		return a
	}
	now := l.now().UTC()
	output := map[string]any{"DeliveryStreamName": name, "DeliveryStreamStatus": "CREATING", "DeliveryStreamType": kind, "VersionId": "1",
		"CreateTimestamp": now, "Destinations": []any{destination}, "DeliveryStreamEncryptionConfiguration": map[string]any{"Status": "DISABLED"}}
	if source != nil {
		output["Source"] = source
	}
	p.delivery.add(name, &Resource{Output: output, Tags: tags})
	l.retag(q.Region, a.resource, tags)
	d := l.enterDelivery(q.Region, name)
	l.readSource(d)
	if input := encryptionInput(q); input != nil {
		l.enable(d, input, 0)
		l.settleDelivery(d)
	}
	d.later(l.now(), deliveryMaking, func() { l.finishMaking(d) })
	a.output = map[string]any{"DeliveryStreamARN": a.resource}
	return a
}

// finishMaking ends CREATING: a delivery stream whose key can't be used fails.
func (l *Lab) finishMaking(d *delivery) {
	config, _ := l.deliveryDescription(d)["DeliveryStreamEncryptionConfiguration"].(map[string]any)
	if failed, given := config["FailureDescription"]; given {
		l.describeDelivery(d, map[string]any{"DeliveryStreamStatus": "CREATING_FAILED", "FailureDescription": failed})
		return
	}
	l.describeDelivery(d, map[string]any{"DeliveryStreamStatus": "ACTIVE"})
}

func firstFailure(all ...*wire.Failure) *wire.Failure {
	for _, f := range all {
		if f != nil {
			return f
		}
	}
	return nil
}

// sourceOf is the described source of a delivery stream that reads one.
func (l *Lab) sourceOf(q *wire.Request, kind string) (map[string]any, *wire.Failure) {
	input, _ := q.Input["KinesisStreamSourceConfiguration"].(map[string]any)
	switch {
	case kind == "DirectPut" && input != nil:
		return nil, refuse(400, "InvalidArgumentException", "KinesisStreamSourceConfiguration is only for delivery streams of type KinesisStreamAsSource.")
	case kind == "DirectPut":
		return nil, nil
	case kind != "KinesisStreamAsSource":
		return nil, refuse(400, "InvalidArgumentException", "The embedded account makes delivery streams of type DirectPut and KinesisStreamAsSource.")
	case encryptionInput(q) != nil:
		return nil, refuse(400, "InvalidArgumentException", "Server-side encryption is only for delivery streams of type DirectPut.")
	}
	arn := text(input, "KinesisStreamARN")
	var w wrongs
	if arn == "" {
		w.missing("kinesisStreamSourceConfiguration.kinesisStreamARN")
	}
	if text(input, "RoleARN") == "" {
		w.missing("kinesisStreamSourceConfiguration.roleARN")
	}
	if w.failure() != nil {
		return nil, w.failure()
	}
	if parts := strings.SplitN(arn, ":", 6); len(parts) < 6 || parts[3] != q.Region || parts[4] == l.account.ID && l.findStream(q.Region, last(arn)) == nil {
		return nil, refuse(400, "InvalidArgumentException", "Stream "+last(arn)+" under account "+l.account.ID+" not found.")
	}
	return map[string]any{"KinesisStreamSourceDescription": map[string]any{"KinesisStreamARN": arn, "RoleARN": text(input, "RoleARN"),
		"DeliveryStartTimestamp": l.now().UTC().Truncate(time.Second)}}, nil
}

// deleteDeliveryStream deletes the delivery stream and its data (Firehose API,
// DeleteDeliveryStream).
func deleteDeliveryStream(l *Lab, _ *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	if status := text(l.deliveryDescription(d), "DeliveryStreamStatus"); status == "CREATING" {
		return nil, refuse(400, "ResourceInUseException", "Firehose "+d.name+" under account "+l.account.ID+" is in state CREATING.")
	}
	l.describeDelivery(d, map[string]any{"DeliveryStreamStatus": "DELETING"})
	d.later(l.now(), deliveryMaking, func() {
		for _, place := range l.Stored() {
			if strings.HasPrefix(place, d.place("")) {
				l.store.delete(place)
			}
		}
		delete(l.firehose.streams, d.arn)
		l.index.regions[d.region].delivery.remove(d.name)
		l.retag(d.region, d.arn, nil)
	})
	return nil, nil
}

// updateDestination merges what is given into the S3 destination (Firehose API,
// UpdateDestination).
func updateDestination(l *Lab, q *wire.Request, d *delivery) (map[string]any, *wire.Failure) {
	now := l.deliveryDescription(d)
	list, _ := now["Destinations"].([]any)
	if len(list) != 1 {
		return nil, refuse(400, "InvalidArgumentException", "The embedded account updates S3 destinations.")
	}
	old, _ := list[0].(map[string]any)
	extended, ok := old["ExtendedS3DestinationDescription"].(map[string]any)
	update, given := q.Input["ExtendedS3DestinationUpdate"].(map[string]any)
	if !given {
		update, given = q.Input["S3DestinationUpdate"].(map[string]any)
	}
	version := text(now, "VersionId")
	switch {
	case q.String("CurrentDeliveryStreamVersionId") != version:
		return nil, refuse(400, "ConcurrentModificationException", "Cannot update firehose: "+d.name+" since the current version id: "+version+" and specified version id: "+q.String("CurrentDeliveryStreamVersionId")+" do not match")
	case q.String("DestinationId") != text(old, "DestinationId"):
		return nil, refuse(400, "InvalidArgumentException", "Destination Id "+q.String("DestinationId")+" not found")
	case !ok || !given:
		return nil, refuse(400, "InvalidArgumentException", "The embedded account updates S3 destinations.")
	}
	merged := filled(update, extended)
	if hints, given := update["BufferingHints"].(map[string]any); given {
		before, _ := extended["BufferingHints"].(map[string]any)
		merged["BufferingHints"] = filled(hints, before)
	}
	if backup, given := update["S3BackupUpdate"].(map[string]any); given {
		before, _ := extended["S3BackupDescription"].(map[string]any)
		merged["S3BackupDescription"] = filled(backup, before)
	}
	delete(merged, "S3BackupUpdate")
	if failure := checkDestination(merged); failure != nil {
		return nil, failure
	}
	n, _ := strconv.Atoi(version)
	l.describeDelivery(d, map[string]any{"Destinations": []any{bothWays(text(old, "DestinationId"), merged)},
		"VersionId": strconv.Itoa(n + 1), "LastUpdateTimestamp": l.now().UTC()})
	return nil, nil
}
