package report

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// keyring is every KMS key that was read or that a resource names.
type keyring struct {
	list []*kmsKey
	byID map[string]*kmsKey
}

// kmsKey is one key with who uses it.
type kmsKey struct {
	ID    string // its ARN; without one, what it is called in its account and region
	Name  string // alias, or the ARN's end
	Scope collectors.Scope
	Read  bool // listed and described for itself, not only named
	Facts keyFacts
	Gaps  []collectors.Gap
	Calls []collectors.CallRef
	Users []keyUser
	place map[keyUse]int // in Users
}

// keyUse tells users apart; more things of one add up.
type keyUse struct{ resourceType, arn, as string }

// keyUser is a resource that names a key. For cohorts it is the bucket, stream
// or table, and Things are the sampled ones.
type keyUser struct {
	Type, Name, ARN string
	Scope           collectors.Scope
	As              string // where in the facts: "encryption", "destination.s3"
	Things          int
}

// keyFacts are those of AWS::KMS::Key, as far as they are shown.
type keyFacts struct {
	Manager          string   `json:"manager"`
	State            string   `json:"state"`
	Spec             string   `json:"spec"`
	Usage            string   `json:"usage"`
	Origin           string   `json:"origin"`
	MultiRegion      string   `json:"multi_region"`
	DeleteAt         string   `json:"delete_at"`
	ValidTo          string   `json:"valid_to"`
	CustomKeyStoreID string   `json:"custom_key_store_id"`
	Aliases          []string `json:"aliases"`
	Rotation         *struct {
		Supported  bool   `json:"supported"`
		Enabled    *bool  `json:"enabled"`
		PeriodDays *int   `json:"period_days"`
		NextAt     string `json:"next_at"`
	} `json:"rotation"`
	Policy *struct {
		Public           *bool    `json:"public"`
		ExternalAccounts []string `json:"external_accounts"`
	} `json:"policy"`
	Grants []struct {
		Account string `json:"grantee_account"`
	} `json:"grants"`
}

func newKeyring() *keyring { return &keyring{byID: map[string]*kmsKey{}} }

func (k *keyring) node(id, name string, scope collectors.Scope) *kmsKey {
	n := k.byID[id]
	if n == nil {
		n = &kmsKey{ID: id, Name: name, Scope: scope, place: map[keyUse]int{}}
		k.byID[id] = n
		k.list = append(k.list, n)
	}
	return n
}

// read takes a row of AWS::KMS::Key.
func (k *keyring) read(r collectors.Resource, facts json.RawMessage) error {
	if r.Unlisted {
		return nil
	}
	n := k.node(r.ARN, "", r.Scope)
	n.Read, n.Scope, n.Gaps, n.Calls, n.Facts = true, r.Scope, r.Gaps, r.Calls, keyFacts{}
	if err := json.Unmarshal(facts, &n.Facts); err != nil {
		return err
	}
	n.Name = r.Name
	if len(n.Facts.Aliases) > 0 {
		n.Name = n.Facts.Aliases[0]
	}
	return nil
}

// use notes that a resource names a key, with what KMS said of it then.
func (k *keyring) use(key collectors.Key, by keyUser) {
	id := cmp.Or(key.ARN, by.Scope.Account+" "+by.Scope.Region+" "+cmp.Or(key.ID, key.Alias))
	scope := collectors.Scope{Account: cmp.Or(key.Account, by.Scope.Account), Region: cmp.Or(key.Region, by.Scope.Region)}
	n := k.node(id, cmp.Or(key.Alias, tail(cmp.Or(key.ARN, key.ID))), scope)
	if !n.Read {
		f := &n.Facts
		for to, from := range map[*string]string{&f.Manager: key.Manager, &f.State: key.State, &f.Spec: key.Spec, &f.Usage: key.Usage, &f.Origin: key.Origin, &f.DeleteAt: key.DeleteAt} {
			*to = cmp.Or(*to, from)
		}
		if key.Exists != nil && !*key.Exists {
			f.State = "does not exist"
		}
	}
	use := keyUse{by.Type, by.ARN, by.As}
	if i, ok := n.place[use]; ok {
		n.Users[i].Things += by.Things
		return
	}
	n.place[use] = len(n.Users)
	n.Users = append(n.Users, by)
}

// broken says whether KMS refuses to decrypt with the key as it is.
func (n *kmsKey) broken() bool { return n.Facts.State != "" && n.Facts.State != "Enabled" }

// sort puts keys first that can't be used although something names them, then
// those that most name.
func (k *keyring) sort() {
	rank := func(n *kmsKey) int {
		switch {
		case n.broken() && len(n.Users) > 0:
			return 0
		case len(n.Users) > 0:
			return 1
		}
		return 2
	}
	slices.SortFunc(k.list, func(a, b *kmsKey) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(b.Users), len(a.Users)), compareScopes(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for _, n := range k.list {
		n.place = nil
		slices.SortFunc(n.Users, func(a, b keyUser) int {
			return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.As, b.As), compareScopes(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ARN, b.ARN))
		})
	}
}

// tail is the id at the end of an ARN.
func tail(arn string) string { return arn[strings.LastIndexAny(arn, "/:")+1:] }

// keysIn are the keys in a resource's facts, each with the path of what it is
// the key of. Every fact called "key" has the shape of collectors.Key.
func keysIn(tree map[string]any, path string) iter.Seq2[string, collectors.Key] {
	return func(yield func(string, collectors.Key) bool) {
		walkKeys(tree, path, yield)
	}
}

func walkKeys(v any, path string, yield func(string, collectors.Key) bool) bool {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if !walkKeys(x, path, yield) {
				return false
			}
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			ok := true
			switch x := v[name]; name {
			case "key":
				ok = yieldKeys(x, path, yield)
			case "kms_keys":
				ok = yieldKeys(x, path, yield)
			case "replica_key_id":
				if id, _ := x.(string); id != "" {
					ok = yield(path, namedKey(id))
				}
			default:
				ok = walkKeys(x, strings.TrimPrefix(path+"."+name, "."), yield)
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

// namedKey is a key of which only the name is known.
func namedKey(id string) collectors.Key {
	if strings.HasPrefix(id, "arn:") && strings.Contains(id, ":key/") {
		return collectors.Key{ID: id, ARN: id}
	}
	return collectors.Key{ID: id}
}

func yieldKeys(v any, path string, yield func(string, collectors.Key) bool) bool {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, x := range list {
		m, _ := x.(map[string]any)
		text := func(name string) string { s, _ := m[name].(string); return s }
		key := collectors.Key{ID: text("id"), ARN: text("arn"), Alias: text("alias"), Manager: text("manager"), State: text("state"), Spec: text("spec"),
			Usage: text("usage"), Origin: text("origin"), Account: text("account"), Region: text("region"), DeleteAt: text("delete_at")}
		if exists, ok := m["exists"].(bool); ok {
			key.Exists = &exists
		}
		if key.ID == "" && key.ARN == "" && key.Alias == "" {
			continue
		}
		if !yield(path, key) {
			return false
		}
	}
	return true
}
