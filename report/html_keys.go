package report

import (
	"cmp"
	"fmt"
	"strings"
)

const (
	maxKeys     = 500 // in the inventory of one file
	maxKeyUsers = 25  // names in a line of who uses a key
)

// keysView is the key inventory: what was read of each key and who names it.
type keysView struct {
	Keys   []keyView
	More   int // keys beyond maxKeys
	Total  int
	InUse  int
	Broken int // named by a resource, and not usable
	Graph  *graph
	NoDraw string // why there is no graph
}

type keyView struct {
	Name, ARN, Place                            string
	Manager, Origin, Spec, Usage, State, Detail string
	Rotation, Access                            string
	Broken                                      bool
	Users                                       int
	Uses                                        []keyUseView
	Refs                                        []ref
}

// keyUseView is resources of one type that use a key alike, and what they lose
// with it.
type keyUseView struct {
	What, Breaks string
	Names        string
	More         int
}

func newKeys(e *evidence, data *rows) *keysView {
	v := &keysView{Total: len(e.keys.list)}
	for i, k := range e.keys.list {
		if len(k.Users) > 0 {
			v.InUse++
			if k.broken() {
				v.Broken++
			}
		}
		if i < maxKeys {
			v.Keys = append(v.Keys, newKeyView(k, data))
		}
	}
	v.More = v.Total - len(v.Keys)
	v.Graph, v.NoDraw = drawKeys(e.keys.list[:v.InUse])
	return v
}

func newKeyView(k *kmsKey, data *rows) keyView {
	f := &k.Facts
	of := func(s, attribute string) string {
		if s == "" && gapAt(k.Gaps, "facts."+attribute) != nil {
			return "unknown"
		}
		return cmp.Or(printable(s), "not read")
	}
	v := keyView{Name: cmp.Or(printable(k.Name), "no name"), ARN: printable(k.ID), Place: place(k.Scope.Account, k.Scope.Region),
		Manager: of(f.Manager, "manager"), Origin: of(f.Origin, "origin"), Spec: of(f.Spec, "spec"), Usage: of(f.Usage, "usage"), State: of(f.State, "state"),
		Broken: k.broken(), Rotation: k.rotation(), Access: k.access(), Users: len(k.Users), Uses: keyUses(k)}
	for _, part := range []struct{ word, value string }{{"deleted at ", f.DeleteAt}, {"material expires at ", f.ValidTo}, {"multi-region ", f.MultiRegion}, {"custom key store ", f.CustomKeyStoreID}} {
		if part.value != "" {
			v.Detail = strings.TrimPrefix(v.Detail+"; "+part.word+printable(part.value), "; ")
		}
	}
	if len(k.Calls) > 0 {
		v.Refs = data.references(k.Calls)
	}
	return v
}

// rotation says whether the key's material is replaced by itself.
func (k *kmsKey) rotation() string {
	r := k.Facts.Rotation
	switch {
	case r != nil && !r.Supported:
		return "can't by itself"
	case r != nil && r.Enabled != nil && *r.Enabled && r.PeriodDays != nil:
		return fmt.Sprintf("every %d days", *r.PeriodDays)
	case r != nil && r.Enabled != nil && *r.Enabled:
		return "on"
	case r != nil && r.Enabled != nil:
		return "off"
	case gapAt(k.Gaps, "facts.rotation.enabled") != nil:
		return "unknown"
	case k.Facts.Manager == "AWS":
		return "by AWS, every year"
	}
	return "not read"
}

// access is who beside the account may use the key, by its policy and grants.
func (k *kmsKey) access() string {
	var out []string
	if p := k.Facts.Policy; p != nil {
		if p.Public != nil && *p.Public {
			out = append(out, "anyone")
		}
		if len(p.ExternalAccounts) > 0 {
			out = append(out, printable(strings.Join(p.ExternalAccounts, ", ")))
		}
		if len(out) == 0 && p.Public != nil {
			out = append(out, "this account only")
		}
	} else if gapAt(k.Gaps, "facts.policy") != nil {
		out = append(out, "unknown")
	}
	if n := len(k.Facts.Grants); n > 0 {
		out = append(out, plural(n, "grant"))
	}
	return cmp.Or(strings.Join(out, "; "), "not read")
}

// keyUses groups the users, which are sorted.
func keyUses(k *kmsKey) []keyUseView {
	var out []keyUseView
	for i := 0; i < len(k.Users); {
		j, things := i, 0
		var names []string
		for ; j < len(k.Users) && k.Users[j].Type == k.Users[i].Type && k.Users[j].As == k.Users[i].As; j++ {
			if things += k.Users[j].Things; len(names) < maxKeyUsers {
				names = append(names, printable(cmp.Or(k.Users[j].Name, k.Users[j].ARN)))
			}
		}
		what, breaks := consequence(k.Users[i].Type, k.Users[i].As)
		u := keyUseView{What: plural(things, what), Breaks: breaks, Names: strings.Join(names, ", "), More: j - i - len(names)}
		if what == "" {
			u.What = fmt.Sprintf("%d × %s", things, printable(strings.TrimSpace(k.Users[i].Type+" "+k.Users[i].As)))
		}
		if proves(k.Users[i].Type) {
			u.Names = "of " + u.Names
		}
		out = append(out, u)
		i = j
	}
	return out
}

// consequence is what a resource of a type is called and what becomes of it
// when the key it names is disabled: Amazon S3 "Using server-side encryption
// with AWS KMS keys", Kinesis Data Streams and Data Firehose "data protection",
// DynamoDB TableDescription and ReplicaDescription
// (InaccessibleEncryptionDateTime), CloudTrail "encrypting log files". what is
// "" for a type that has no word here.
func consequence(resourceType, as string) (what, breaks string) {
	switch {
	case as == "client_side":
		return "sampled " + thingOf(resourceType), "Can't be opened by anyone."
	case resourceType == "AWS::S3::Object":
		return "sampled object", "Can't be read."
	case resourceType == "AWS::S3::Bucket" && strings.HasPrefix(as, "replication"):
		return "replication rule", "Objects are not replicated any more; what was replicated under it can't be read."
	case resourceType == "AWS::S3::Bucket":
		return "bucket", "Uploads that name no other key fail, and objects under it can't be read."
	case resourceType == "AWS::Kinesis::Stream":
		return "stream", "Producers can't write and consumers can't read; records that age out meanwhile are lost."
	case resourceType == "AWS::KinesisFirehose::DeliveryStream" && strings.HasPrefix(as, "destination"):
		return "delivery stream's destination", "Writing to the bucket fails; what can't be delivered for 24 hours is lost."
	case resourceType == "AWS::KinesisFirehose::DeliveryStream":
		return "delivery stream", "What it holds can't be delivered; after 24 hours records are discarded."
	case resourceType == "AWS::DynamoDB::Table" && strings.HasPrefix(as, "replicas"):
		return "table replica", "Can't be read or written; after 20 hours it leaves the global table."
	case resourceType == "AWS::DynamoDB::Table":
		return "table", "Can't be read or written; after 7 days it is archived."
	case resourceType == "AWS::CloudTrail::Trail":
		return "trail", "Log files are no longer delivered, and those under it can't be read."
	}
	return "", "What it encrypts can't be decrypted."
}
