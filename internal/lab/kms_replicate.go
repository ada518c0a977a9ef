package lab

import (
	"maps"
	"slices"
	"time"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// replicateKey makes a replica of a multi-Region primary: a key of its own, with
// the id and the material of the primary (KMS API, ReplicateKey; recorded by
// test_replicate_key).
func replicateKey(l *Lab, q *wire.Request, arn string, k *Key) (map[string]any, *wire.Failure) {
	id, region := text(k.Output, "KeyId"), q.String("ReplicaRegion")
	config, _ := k.Output["MultiRegionConfiguration"].(map[string]any)
	p := l.index.regions[region]
	tags, failure := tagsOf(q)
	switch {
	case failure != nil:
		return nil, failure
	case text(config, "MultiRegionKeyType") != "PRIMARY":
		return nil, refuse(400, "UnsupportedOperationException", arn+" is not a multi-region primary key.")
	case p == nil:
		return nil, refuse(400, "ValidationException", "The region "+region+" is not enabled for this account.")
	case p.keys.by[id] != nil:
		return nil, refuse(400, "AlreadyExistsException", "Key "+arnOf("kms", region, l.account.ID, "key/"+id)+" already exists.")
	}
	if failure := stateRefusal(arn, text(k.Output, "KeyState")); failure != nil {
		return nil, failure
	}
	made, err := l.keys.ReplicateKey(arn, region)
	if err != nil {
		return nil, kmsFailure(err)
	}
	replicas, _ := config["ReplicaKeys"].([]any)
	replicas = append(slices.Clone(replicas), map[string]any{"Arn": made.ARN, "Region": region})
	replica := &Key{Tags: tags, Output: filled(map[string]any{"Arn": made.ARN, "Description": q.String("Description"), "CreationDate": l.now().UTC().Truncate(time.Second), "CurrentKeyMaterialId": nil}, k.Output)}
	if policy := q.String("Policy"); policy != "" {
		replica.Policy = policy
	}
	p.keys.add(id, replica)
	for _, entry := range replicas {
		r, _ := entry.(map[string]any)
		l.relate(text(r, "Region"), id, "REPLICA", config["PrimaryKey"], replicas)
	}
	k.Output["MultiRegionConfiguration"] = filled(map[string]any{"ReplicaKeys": replicas}, config)
	there := &wire.Request{Service: "kms", Operation: "DescribeKey", Region: region}
	policy, failure := keyPolicy(l, there, replica)
	if failure != nil {
		return nil, failure
	}
	shown := filled(map[string]any{"KeyState": "Creating", "Enabled": false, "CurrentKeyMaterialId": nil}, l.metadata(there, p.keys.by[id].Output)) // ready when it is asked for next
	return map[string]any{"ReplicaKeyMetadata": shown, "ReplicaPolicy": policy["Policy"]}, nil
}

// relate tells a multi-Region key of its relatives.
func (l *Lab) relate(region, id, kind string, primary any, replicas []any) {
	p := l.index.regions[region]
	if p == nil || p.keys.by[id] == nil {
		return
	}
	old := p.keys.by[id]
	k := *old
	k.Output = maps.Clone(old.Output)
	k.Output["MultiRegionConfiguration"] = map[string]any{"MultiRegionKeyType": kind, "PrimaryKey": primary, "ReplicaKeys": replicas}
	p.keys.by[id] = &k
}
