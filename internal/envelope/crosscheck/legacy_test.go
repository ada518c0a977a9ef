//go:build crosscheck

package crosscheck

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
)

const formatLegacy = "DynamoDB Encryption Client items"

// provider is one on both sides.
type provider struct {
	name   string
	ours   legacy.Provider
	theirs key
	signed bool // encrypts nothing
}

func providers(t *testing.T, w *world) []provider {
	t.Helper()
	aes, mac := random(32), random(32)
	hmac := legacy.Signing{HMAC: envelope.NewDataKey(mac)}
	signature := legacy.Signing{Private: rsaSigning()}
	signPrivate, signPublic := pems(t, rsaSigning())
	wrapPrivate, wrapPublic := pems(t, rsaKey())
	content := envelope.NewDataKey(aes)
	out := []provider{
		{name: "static", ours: legacy.Static{Key: content, Signing: hmac}, theirs: key{Kind: "static", AES: aes, HMAC: mac}},
		{name: "static, RSA signature", ours: legacy.Static{Key: content, Signing: signature},
			theirs: key{Kind: "static", AES: aes, SignPrivate: signPrivate, SignPublic: signPublic}},
		{name: "static, signature alone", ours: legacy.Static{Signing: hmac}, theirs: key{Kind: "static", HMAC: mac}, signed: true},
		{name: "wrapped AES", ours: legacy.Wrapped{AES: content, Signing: hmac}, theirs: key{Kind: "wrapped-aes", AES: aes, HMAC: mac}},
		{name: "wrapped RSA", ours: legacy.Wrapped{Private: rsaKey(), Signing: hmac},
			theirs: key{Kind: "wrapped-rsa", Private: wrapPrivate, Public: wrapPublic, HMAC: mac}},
		{name: "wrapped RSA, RSA signature", ours: legacy.Wrapped{Private: rsaKey(), Signing: signature},
			theirs: key{Kind: "wrapped-rsa", Private: wrapPrivate, Public: wrapPublic, SignPrivate: signPrivate, SignPublic: signPublic}},
		{name: "KMS", ours: legacy.KMSDirect{Client: w.kms, KeyID: w.key}, theirs: key{Kind: "kms", ARN: w.key}},
	}
	for _, name := range []string{"material of ours", "material of theirs"} {
		under := out[0]
		out = append(out, provider{name: name,
			ours:   legacy.MostRecent{Table: metaTable, Provider: under.ours, Name: name, Get: w.material},
			theirs: key{Kind: "recent", Table: metaTable, Name: name, Of: []key{under.theirs}}})
	}
	makeMaterial(t, w, out[0].ours, "material of ours")
	return out
}

// makeMaterial puts version 0 of a material into the metastore, as the clients
// do.
func makeMaterial(t *testing.T, w *world, under legacy.Provider, name string) {
	t.Helper()
	sealed, err := legacy.Seal(t.Context(), item.Item{
		"N": item.Text(name), "V": item.Number("0"), "t": item.Text("0"), "encAlg": item.Text("AES"), "intAlg": item.Text("HmacSHA256"),
		"enc": item.Bytes(random(32)), "int": item.Bytes(random(32)),
	}, under, legacy.Config{Table: metaTable, Partition: "N", Sort: "V", Default: item.EncryptAndSign})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.add(metaTable, sealed); err != nil {
		t.Fatal(err)
	}
}

func (w *world) material(_ context.Context, name string, version int64) (item.Item, error) {
	it, ok := w.item(metaTable, item.Item{"N": item.Text(name), "V": item.Number(fmt.Sprint(version))})
	if !ok {
		return nil, fmt.Errorf("%w: no such material", envelope.ErrNoKey)
	}
	return it, nil
}

// legacyItems: every provider with every choice of actions.
func legacyItems(t *testing.T, w *world, p *peer) {
	it := sample()
	if p.name == "python" {
		it["big"] = item.Number("1234567890123456789012345678") // it rounds to 28 digits,
		it["zero"] = item.Number("0.00")                        // and signs minus zero as that
	}
	few := map[string]item.Action{"s": item.SignOnly, "n": item.DoNothing, "ss": item.DoNothing, "m": item.SignOnly, "b": item.SignOnly}
	for _, pr := range providers(t, w) {
		all := map[string]legacy.Config{"everything signed": legacyConfig(it, item.SignOnly, nil)}
		if !pr.signed {
			all["everything encrypted"] = legacyConfig(it, item.EncryptAndSign, nil)
			all["mixed"] = legacyConfig(it, item.EncryptAndSign, few)
		}
		for name, c := range all {
			at := pr.name + ", " + name
			openTheirItem(t, p, pr, at, it, c)
			openOurItem(t, p, pr, at, it, c)
			refusedLegacy(t, p, pr, at, it, c)
		}
		// Java signs names in the order of UTF-16 and Python in that of code
		// points. We write the latter and read both.
		odd := order(it)
		if !pr.signed {
			openTheirItem(t, p, pr, pr.name+", odd names", odd, legacyConfig(odd, item.EncryptAndSign, few))
			if p.name == "python" {
				openOurItem(t, p, pr, pr.name+", odd names", odd, legacyConfig(odd, item.EncryptAndSign, few))
			}
		}
	}
}

func legacyConfig(it item.Item, action item.Action, others map[string]item.Action) legacy.Config {
	return legacy.Config{Table: "Orders", Partition: "id", Sort: "when", Actions: config(it, action, others).Actions}
}

func legacyJob(t *testing.T, do string, k key, it item.Item, c legacy.Config) job {
	t.Helper()
	return job{Do: "legacy." + do, Key: k, Item: text(t, it), Table: c.Table, Partition: c.Partition, Sort: c.Sort, Actions: names(c.Actions)}
}

// openTheirItem: the peer seals, and we open it by the actions, and by none.
func openTheirItem(t *testing.T, p *peer, pr provider, at string, it item.Item, c legacy.Config) {
	t.Helper()
	a := p.do(t, legacyJob(t, "seal", pr.theirs, it, c))
	if a.Error != "" {
		t.Errorf("%s: %s seals: %s", at, p.name, a.Error)
		return
	}
	theirs := parse(t, a.Item)
	got, err := legacy.Open(t.Context(), theirs, pr.ours, c)
	if err != nil || !item.Equal(got, it) {
		t.Errorf("%s: we open what %s sealed: %v, %v", at, p.name, differ(got, it), err)
	}
	if _, odd := it["\uffff"]; !odd { // too many attributes to infer all in two orders
		c.Actions = nil
	}
	if proof, err := legacy.Verify(t.Context(), theirs, pr.ours, c); err != nil || proof.Verdict != envelope.Verified {
		t.Errorf("%s: we verify what %s sealed: %+v, %v", at, p.name, proof, err)
	}
	p.of(formatLegacy).oursOpened++
}

func openOurItem(t *testing.T, p *peer, pr provider, at string, it item.Item, c legacy.Config) {
	t.Helper()
	a := p.do(t, legacyJob(t, "open", pr.theirs, sealLegacy(t, pr, at, it, c), c))
	if a.Error != "" {
		t.Errorf("%s: %s opens what we sealed: %s", at, p.name, a.Error)
	} else if back := parse(t, a.Item); !item.Equal(back, it) {
		t.Errorf("%s: %s opens what we sealed: %v", at, p.name, differ(back, it))
	}
	p.of(formatLegacy).theirsOpened++
}

// refusedLegacy: neither opens an item with a signed value or its signature
// changed, or under another table.
func refusedLegacy(t *testing.T, p *peer, pr provider, at string, it item.Item, c legacy.Config) {
	t.Helper()
	sealed := sealLegacy(t, pr, at, it, c)
	for _, name := range []string{"s", "b16", legacy.SignatureAttribute} {
		changed := maps.Clone(sealed)
		changed[name] = flipped(changed[name])
		_, err := legacy.Verify(t.Context(), changed, pr.ours, c)
		a := p.do(t, legacyJob(t, "open", pr.theirs, changed, c))
		if envelope.Says(err) != envelope.Refuted || a.Error == "" {
			t.Errorf("%s with %s changed: we say %v, %s says %q", at, name, err, p.name, a.Error)
		}
		p.of(formatLegacy).refused++
	}
	c.Table = "Others"
	_, err := legacy.Verify(t.Context(), sealed, pr.ours, c)
	a := p.do(t, legacyJob(t, "open", pr.theirs, sealed, c))
	if envelope.Says(err) != envelope.Refuted || a.Error == "" {
		t.Errorf("%s of another table: we say %v, %s says %q", at, err, p.name, a.Error)
	}
	p.of(formatLegacy).refused++
}

func sealLegacy(t *testing.T, pr provider, at string, it item.Item, c legacy.Config) item.Item {
	t.Helper()
	sealed, err := legacy.Seal(t.Context(), it, pr.ours, c)
	if err != nil {
		t.Fatalf("%s: we seal: %v", at, err)
	}
	return sealed
}
