//go:build crosscheck

package crosscheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

const formatItems = "Database Encryption SDK items"

// sample has every type, numbers that are not in their normal form, and
// lengths around a block.
func sample() item.Item {
	it := item.Item{
		"id": item.Text("customer 7"), "when": item.Number("20.50"), "s": item.Text("ä text"), "n": item.Number("-1.5e3"),
		"b": item.Bytes(bytes.Repeat([]byte{7}, 48)), "t": {Type: item.Bool, True: true}, "f": {Type: item.Bool}, "z": {Type: item.Null},
		"zero": item.Number("-0.00"), "big": item.Number("12345678901234567890123456789012345678"), "small": item.Number("1E-130"),
		"ss": {Type: item.SS, Set: []string{"b", "a", "ab"}}, "ns": {Type: item.NS, Set: []string{"2", "1.0", "10"}},
		"bs": {Type: item.BS, Set: []string{"\x01", "\x00", "\x00\x01"}},
		"l":  {Type: item.L, List: []item.Value{item.Text(""), {Type: item.L, List: []item.Value{item.Number("1e2")}}, {Type: item.Null}}},
		"m":  {Type: item.M, Map: map[string]item.Value{"x": item.Number("1"), "y": {Type: item.M, Map: map[string]item.Value{"": item.Bytes(nil)}}}},
	}
	for _, n := range []int{0, 1, 15, 16, 17, 1000} {
		it[fmt.Sprintf("s%d", n)] = item.Text(strings.Repeat("x", n))
		it[fmt.Sprintf("b%d", n)] = item.Bytes(random(n))
	}
	return it
}

// order adds names and members whose order in UTF-16 is not that in UTF-8.
func order(it item.Item) item.Item {
	it = maps.Clone(it)
	it["😀"], it["\uffff"] = item.Text("beyond U+FFFF"), item.Text("before it")
	it["us"] = item.Value{Type: item.SS, Set: []string{"\uffff", "😀", "a"}}
	it["um"] = item.Value{Type: item.M, Map: map[string]item.Value{"\uffff": item.Text("1"), "😀": item.Text("2")}}
	return it
}

// structuredItems: every keyring with a mixed item, and every choice of
// actions under one.
func structuredItems(t *testing.T, w *world, p *peer) {
	full := order(sample())
	few := map[string]item.Action{"s": item.SignOnly, "n": item.DoNothing, "ss": item.DoNothing, "us": item.SignOnly, "m": item.SignOnly}
	included := maps.Clone(few)
	for _, name := range []string{"id", "when", "t", "f", "z", "big", "bs", "l", "um", "\uffff", "s0", "b0"} {
		included[name] = item.SignAndInclude
	}
	all := map[string]structured.Config{
		"everything encrypted": config(full, item.EncryptAndSign, nil),
		"everything signed":    config(full, item.SignOnly, nil),
		"everything included":  config(full, item.SignAndInclude, nil),
		"mixed":                config(full, item.EncryptAndSign, few),
		"mixed, included":      config(full, item.EncryptAndSign, included),
	}
	keyOnly := item.Item{"id": item.Number("7")}
	for i, r := range routes(t, w, p) {
		for name, c := range all {
			if i > 0 && !strings.HasPrefix(name, "mixed") {
				continue
			}
			for _, c.NoSign = range []bool{true, r.unsigned} {
				exchangeItem(t, p, r, full, c)
				refusedItem(t, p, r, full, c)
			}
		}
		exchangeItem(t, p, r, keyOnly, structured.Config{Table: "Orders", Partition: "id", NoSign: true, Actions: map[string]item.Action{"id": item.SignOnly}})
	}
}

// config gives all attributes but the key an action.
func config(it item.Item, action item.Action, others map[string]item.Action) structured.Config {
	c := structured.Config{Table: "Orders", Partition: "id", Sort: "when", Actions: map[string]item.Action{}}
	for name := range it {
		c.Actions[name] = action
		if a, ok := others[name]; ok {
			c.Actions[name] = a
		} else if action == item.EncryptAndSign && (name == "id" || name == "when") {
			c.Actions[name] = item.SignOnly
		}
		if c.Actions[name] == item.DoNothing {
			c.Unsigned = append(c.Unsigned, name)
		}
	}
	return c
}

func structuredJob(t *testing.T, do string, k key, it item.Item, c structured.Config) job {
	t.Helper()
	return job{Do: "structured." + do, Key: k, Item: text(t, it), Table: c.Table, Partition: c.Partition, Sort: c.Sort,
		Actions: names(c.Actions), Unsigned: c.Unsigned, NoSign: c.NoSign}
}

func exchangeItem(t *testing.T, p *peer, r route, it item.Item, c structured.Config) {
	t.Helper()
	a := p.do(t, structuredJob(t, "seal", r.theirSeal, it, c))
	if a.Error != "" {
		t.Errorf("%s: %s seals: %s", r.name, p.name, a.Error)
		return
	}
	theirs := parse(t, a.Item)
	got, err := structured.Open(t.Context(), theirs, r.ourOpen, c)
	if err != nil || !item.Equal(got, it) {
		t.Errorf("%s: we open what %s sealed: %v, %v", r.name, p.name, differ(got, it), err)
	}
	if proof, err := structured.Verify(t.Context(), theirs, r.ourOpen, c); err != nil || proof.Verdict != envelope.Verified || proof.Signed == c.NoSign {
		t.Errorf("%s: we verify what %s sealed: %+v, %v", r.name, p.name, proof, err)
	}
	p.of(formatItems).oursOpened++
	if r.ourSeal == nil {
		return
	}
	a = p.do(t, structuredJob(t, "open", r.theirOpen, sealItem(t, r, it, c), c))
	if a.Error != "" {
		t.Errorf("%s: %s opens what we sealed: %s", r.name, p.name, a.Error)
	} else if back := parse(t, a.Item); !item.Equal(back, it) {
		t.Errorf("%s: %s opens what we sealed: %v", r.name, p.name, differ(back, it))
	}
	p.of(formatItems).theirsOpened++
}

// refusedItem: neither opens an item with a signed value changed, or a bit of
// a header or footer.
func refusedItem(t *testing.T, p *peer, r route, it item.Item, c structured.Config) {
	t.Helper()
	if r.ourSeal == nil {
		return
	}
	for name, change := range map[string]func(item.Item){
		"s":      func(it item.Item) { it["s"] = flipped(it["s"]) },
		"b16":    func(it item.Item) { it["b16"] = flipped(it["b16"]) },
		"header": func(it item.Item) { it[structured.HeaderAttribute] = flipped(it[structured.HeaderAttribute]) },
		"footer": func(it item.Item) { it[structured.FooterAttribute] = flipped(it[structured.FooterAttribute]) },
	} {
		changed := sealItem(t, r, it, c)
		change(changed)
		_, err := structured.Verify(t.Context(), changed, r.ourOpen, c)
		a := p.do(t, structuredJob(t, "open", r.theirOpen, changed, c))
		if envelope.Says(err) != envelope.Refuted || a.Error == "" {
			t.Errorf("%s with %s changed: we say %v, %s says %q", r.name, name, err, p.name, a.Error)
		}
		p.of(formatItems).refused++
	}
}

// flipped is a value with the lowest bit of its last byte flipped.
func flipped(v item.Value) item.Value {
	b := []byte(v.Data)
	b[len(b)-1] ^= 1
	v.Data = string(b)
	return v
}

func sealItem(t *testing.T, r route, it item.Item, c structured.Config) item.Item {
	t.Helper()
	rings := []envelope.Keyring{r.ourSeal}
	if several, ok := r.ourSeal.(keyring.Multi); ok {
		rings = several
	}
	sealed, err := structured.Seal(t.Context(), it, rings, c)
	if err != nil {
		t.Fatalf("%s: we seal: %v", r.name, err)
	}
	return sealed
}

func text(t *testing.T, it item.Item) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(it)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t *testing.T, b json.RawMessage) item.Item {
	t.Helper()
	it, err := ddb.Parse(b)
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return it
}

func names(actions map[string]item.Action) map[string]string {
	out := map[string]string{}
	for name, action := range actions {
		out[name] = string(action)
	}
	return out
}

// differ names the attributes that differ.
func differ(a, b item.Item) []string {
	var out []string
	if a == nil {
		return nil // the error says why
	}
	for name, v := range a {
		if !v.Equal(b[name]) {
			out = append(out, fmt.Sprintf("%q is %v, not %v", name, v, b[name]))
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			out = append(out, fmt.Sprintf("%q is missing", name))
		}
	}
	return out
}
