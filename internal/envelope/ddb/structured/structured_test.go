package structured_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/structured"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// sample has every type.
func sample() item.Item {
	return item.Item{
		"id": item.Text("customer 7"), "when": item.Number("20.50"), "s": item.Text("a text"), "n": item.Number("-1.5e3"),
		"b": item.Bytes(bytes.Repeat([]byte{7}, 48)), "t": {Type: item.Bool, True: true}, "f": {Type: item.Bool}, "z": {Type: item.Null},
		"ss": {Type: item.SS, Set: []string{"😀", "\uffff", "a"}}, "ns": {Type: item.NS, Set: []string{"2", "1.0"}}, "bs": {Type: item.BS, Set: []string{"\x01", "\x00"}},
		"l": {Type: item.L, List: []item.Value{item.Text(""), {Type: item.L}}}, "m": {Type: item.M, Map: map[string]item.Value{"😀": item.Number("1"), "\uffff": {Type: item.Null}}},
		"longer": item.Text("name"), "😀": item.Text("beyond U+FFFF"), "\uffff": item.Text("before it"),
	}
}

// config gives all attributes but the key an action.
func config(action structured.Action, others map[string]structured.Action) structured.Config {
	c := structured.Config{Table: "Orders", Partition: "id", Sort: "when", Actions: map[string]structured.Action{}}
	key := structured.SignOnly
	if action == structured.SignAndInclude {
		key = structured.SignAndInclude
	}
	for _, a := range others {
		if a == structured.SignAndInclude {
			key = a
		}
	}
	for name := range sample() {
		c.Actions[name] = action
		if a, ok := others[name]; ok {
			c.Actions[name] = a
		}
		if c.Actions[name] == structured.DoNothing {
			c.Unsigned = append(c.Unsigned, name)
		}
	}
	c.Actions["id"], c.Actions["when"] = key, key
	return c
}

func raw(t testing.TB, name string) envelope.Keyring {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	k, err := keyring.NewAES("test", name, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func seal(t testing.TB, it item.Item, c structured.Config, rings ...envelope.Keyring) item.Item {
	t.Helper()
	sealed, err := structured.Seal(context.Background(), it, rings, c)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func configs() map[string]structured.Config {
	some := map[string]structured.Action{"s": structured.SignOnly, "n": structured.DoNothing, "😀": structured.DoNothing, "ss": structured.EncryptAndSign}
	included := maps.Clone(some)
	included["t"], included["z"], included["m"], included["\uffff"] = structured.SignAndInclude, structured.SignAndInclude, structured.SignAndInclude, structured.SignAndInclude
	out := map[string]structured.Config{
		"all":      config(structured.EncryptAndSign, nil),
		"signed":   config(structured.SignOnly, nil),
		"mixed":    config(structured.EncryptAndSign, some),
		"included": config(structured.SignAndInclude, nil),
		"mixed 2":  config(structured.EncryptAndSign, included),
	}
	for name, c := range maps.Clone(out) {
		c.NoSign = true
		out[name+" unsigned"] = c
	}
	return out
}

func TestRoundTrips(t *testing.T) {
	ctx := context.Background()
	one, two, stranger := raw(t, "one"), raw(t, "two"), raw(t, "stranger")
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) {
			sealed := seal(t, sample(), c, branchKey(t), one, two)
			for i, k := range []envelope.Keyring{branchKey(t), one, two, keyring.Multi{stranger, two}} {
				opened, err := structured.Open(ctx, sealed, k, c)
				if err != nil || !item.Equal(opened, sample()) {
					t.Errorf("recipient %d: %v, %v", i, err, opened)
				}
				proof, err := structured.Verify(ctx, sealed, k, c)
				if err != nil || proof.Verdict != envelope.Verified || proof.Signed == c.NoSign || !proof.Committing || proof.Authenticated == (len(c.Unsigned) > 0) {
					t.Errorf("recipient %d: %v, %+v", i, err, proof)
				}
				if used := slices.IndexFunc(proof.Keys, func(k envelope.Key) bool { return k.Used }); used != min(i, 2) {
					t.Errorf("recipient %d used key %d", i, used)
				}
			}
			proof, err := structured.Verify(ctx, sealed, stranger, c)
			if !errors.Is(err, envelope.ErrNoKey) || proof.Verdict != envelope.Unknown {
				t.Errorf("a stranger: %v", err)
			}
			moved := c
			moved.Table = "Others"
			if proof, err := structured.Verify(ctx, sealed, one, moved); !errors.Is(err, envelope.ErrWrongKey) || proof.Verdict != envelope.Refuted {
				t.Errorf("another table: %v", err)
			}
		})
	}
}

func TestInferredUnsigned(t *testing.T) {
	ctx, k := context.Background(), raw(t, "one")
	c := configs()["mixed"]
	sealed := seal(t, sample(), c, k)
	c.Unsigned = nil
	opened, err := structured.Open(ctx, sealed, k, c)
	if err != nil || !item.Equal(opened, sample()) {
		t.Errorf("%v", err)
	}
	sealed["s"] = item.Text("other")
	if proof, err := structured.Verify(ctx, sealed, k, c); !errors.Is(err, envelope.ErrTampered) || proof.Verdict != envelope.Refuted {
		t.Errorf("changed: %v", err)
	}
	c = configs()["signed"]
	sealed = seal(t, sample(), c, k)
	sealed["s"] = item.Text("other")
	for i := range 40 { // more choices than are tried
		sealed[fmt.Sprintf("x%02d", i)] = item.Text("")
	}
	if proof, err := structured.Verify(ctx, sealed, k, c); !errors.Is(err, envelope.ErrUnsupported) || proof.Verdict != envelope.Unknown {
		t.Errorf("many: %v", err)
	}
	c = configs()["mixed 2"]
	sealed = seal(t, sample(), c, k)
	c.Unsigned = nil
	if _, err := structured.Verify(ctx, sealed, k, c); !errors.Is(err, envelope.ErrUnsupported) {
		t.Errorf("in the encryption context: %v", err)
	}
}

func TestPrefixAndBeacons(t *testing.T) {
	ctx, k := context.Background(), raw(t, "one")
	it := item.Item{"id": item.Text("7"), ":free": item.Text("x"), "s": item.Text("y")}
	c := structured.Config{Table: "T", Partition: "id", UnsignedPrefix: ":", Actions: map[string]structured.Action{
		"id": structured.SignOnly, ":free": structured.DoNothing, "s": structured.EncryptAndSign,
	}}
	sealed := seal(t, it, c, k)
	sealed["aws_dbe_b_s"], sealed["aws_dbe_v_1"] = item.Text("beacon"), item.Text(" ")
	opened, err := structured.Open(ctx, sealed, k, c)
	if err != nil || !item.Equal(opened, it) {
		t.Errorf("got %v, %v", opened, err)
	}
}

// Every bit of an item's values is refused, but those of attributes that were
// left out of the signature, which the proof tells of.
func TestChangedBits(t *testing.T) {
	ctx, k := context.Background(), raw(t, "one")
	it := item.Item{"id": item.Text("7"), "s": item.Text("text"), "p": item.Text("plain"), "u": item.Text("u")}
	for _, key := range []structured.Action{structured.SignOnly, structured.SignAndInclude} {
		for _, noSign := range []bool{false, true} {
			step := 1
			if !noSign {
				step = 7 // a P-384 operation each
			}
			c := structured.Config{Table: "T", Partition: "id", NoSign: noSign, Unsigned: []string{"u"}, Actions: map[string]structured.Action{
				"id": key, "s": structured.EncryptAndSign, "p": structured.SignOnly, "u": structured.DoNothing,
			}}
			sealed := seal(t, it, c, k, raw(t, "two"))
			refused := 0
			for name, v := range sealed {
				for bit := 0; bit < 8*len(v.Data); bit += step {
					b := []byte(v.Data)
					b[bit/8] ^= 1 << (bit % 8)
					changed := maps.Clone(sealed)
					changed[name] = item.Value{Type: v.Type, Data: string(b)}
					opened, err := structured.Open(ctx, changed, k, c)
					switch {
					case name == "u" && err == nil:
					case name == structured.FooterAttribute && err == nil && item.Equal(opened, it) && bit/8 >= 48 && bit/8 < 96:
						// The other recipient's tag, which only the other checks.
					case err == nil:
						t.Errorf("accepted %s with bit %d changed", name, bit)
					default:
						refused++
					}
				}
			}
			t.Logf("%d refused", refused)
		}
	}
}

func TestChangedAttributes(t *testing.T) {
	ctx, k := context.Background(), raw(t, "one")
	c := configs()["mixed"]
	sealed, other := seal(t, sample(), c, k), seal(t, sample(), c, k)
	for name, change := range map[string]struct {
		change func(item.Item)
		want   error
	}{
		"added":        {func(it item.Item) { it["x"] = item.Text("") }, envelope.ErrFormat},
		"removed":      {func(it item.Item) { delete(it, "z") }, envelope.ErrFormat},
		"added last":   {func(it item.Item) { it["zzzzzzzzz"] = item.Text("") }, envelope.ErrFormat},
		"retyped":      {func(it item.Item) { it["s"] = item.Bytes([]byte(it["s"].Data)) }, envelope.ErrTampered},
		"decrypted":    {func(it item.Item) { it["z"] = item.Value{Type: item.Null} }, envelope.ErrFormat},
		"untyped":      {func(it item.Item) { it["s"] = item.Value{} }, envelope.ErrFormat},
		"no number":    {func(it item.Item) { it["s"] = item.Value{Type: item.NS, Set: []string{"x"}} }, envelope.ErrFormat},
		"swapped":      {func(it item.Item) { it["t"], it["f"] = it["f"], it["t"] }, envelope.ErrTampered},
		"key":          {func(it item.Item) { it["id"] = item.Text("customer 8") }, envelope.ErrWrongKey},
		"other header": {func(it item.Item) { it[structured.HeaderAttribute] = other[structured.HeaderAttribute] }, envelope.ErrTampered},
		"other footer": {func(it item.Item) { it[structured.FooterAttribute] = other[structured.FooterAttribute] }, envelope.ErrTampered},
		"other field":  {func(it item.Item) { it["f"] = other["f"] }, envelope.ErrTampered},
		"no header":    {func(it item.Item) { delete(it, structured.HeaderAttribute) }, envelope.ErrFormat},
		"no footer":    {func(it item.Item) { delete(it, structured.FooterAttribute) }, envelope.ErrFormat},
		"short footer": {func(it item.Item) { it[structured.FooterAttribute] = item.Bytes(make([]byte, 48)) }, envelope.ErrFormat},
		"long footer":  {func(it item.Item) { it[structured.FooterAttribute] = item.Bytes(make([]byte, 250)) }, envelope.ErrFormat},
		"cut footer":   {func(it item.Item) { it[structured.FooterAttribute] = item.Bytes(make([]byte, 47)) }, envelope.ErrFormat},
		"not signature": {func(it item.Item) {
			it[structured.FooterAttribute] = item.Bytes([]byte(it[structured.FooterAttribute].Data[:60]))
		}, envelope.ErrTampered},
	} {
		changed := maps.Clone(sealed)
		change.change(changed)
		proof, err := structured.Verify(ctx, changed, k, c)
		if !errors.Is(err, change.want) || proof.Verdict != envelope.Says(change.want) {
			t.Errorf("%s: %v, %s", name, err, proof.Verdict)
		}
		if opened, err := structured.Open(ctx, changed, k, c); err == nil || opened != nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// The footer covers the commitment too, so the step must be the one that fails.
func TestCommitmentIsChecked(t *testing.T) {
	k := raw(t, "one")
	c := configs()["all"]
	sealed := seal(t, sample(), c, k)
	b := []byte(sealed[structured.HeaderAttribute].Data)
	b[len(b)-1] ^= 1
	sealed[structured.HeaderAttribute] = item.Bytes(b)
	proof, err := structured.Verify(context.Background(), sealed, k, c)
	if last := proof.Steps[len(proof.Steps)-1]; !errors.Is(err, envelope.ErrTampered) || last.Name != "commitment" || last.Verdict != envelope.Refuted {
		t.Errorf("%v, %+v", err, last)
	}
}

func TestRefusals(t *testing.T) {
	ctx, k := context.Background(), raw(t, "one")
	c := configs()["all"]
	sealed := seal(t, sample(), c, k)
	noTable, noSort := c, c
	noTable.Table, noSort.Sort = "", "missing"
	for name, c := range map[string]struct {
		k      envelope.Keyring
		config structured.Config
		want   error
	}{
		"no keyring": {nil, c, envelope.ErrNoKey},
		"no table":   {k, noTable, envelope.ErrNoKey},
		"no sort":    {k, noSort, envelope.ErrNoKey},
		"refused":    {failing{envelope.ErrRefused}, c, envelope.ErrRefused},
		"throttled":  {failing{envelope.ErrUnavailable}, c, envelope.ErrUnavailable},
		"other key":  {failing{nil}, c, envelope.ErrTampered},
	} {
		proof, err := structured.Verify(ctx, sealed, c.k, c.config)
		if !errors.Is(err, c.want) || proof.Verdict != envelope.Says(c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// failing is a keyring that fails, or gives another key.
type failing struct{ err error }

func (f failing) Unwrap(context.Context, envelope.EncryptedDataKey, map[string]string) (envelope.DataKey, error) {
	if f.err != nil {
		return envelope.DataKey{}, fmt.Errorf("asking: %w", f.err)
	}
	return envelope.NewDataKey(make([]byte, 32)), nil
}

func (f failing) Wrap(context.Context, envelope.DataKey, map[string]string) (envelope.EncryptedDataKey, error) {
	return envelope.EncryptedDataKey{Provider: "x", Info: make([]byte, 70000)}, f.err
}

func TestInspect(t *testing.T) {
	k := raw(t, "one")
	c := configs()["mixed 2 unsigned"]
	rings := []envelope.Keyring{branchKey(t)}
	for range 16 {
		rings = append(rings, k)
	}
	sealed := seal(t, sample(), c, rings...)
	proof, err := structured.Inspect(sealed, c)
	if err != nil || proof.Verdict != envelope.Unknown || proof.Version != "2" || proof.Signed {
		t.Errorf("%v, %+v", err, proof)
	}
	if got := []string{proof.Keys[0].ID, proof.Keys[1].ID}; !slices.Equal(got, []string{"bd3842ff-3076-4092-9918-4395730050b8", "one"}) {
		t.Errorf("keys %v", got)
	}
	if got := fmt.Sprint(proof.Weaknesses); !bytes.Contains([]byte(got), []byte("many-data-keys")) || !bytes.Contains([]byte(got), []byte("unsigned")) {
		t.Errorf("weaknesses %v", got)
	}
	if !structured.Recognise(sealed) || structured.Recognise(sample()) {
		t.Error("not recognised")
	}
	if _, err := structured.Inspect(item.Item{}, c); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("an empty item: %v", err)
	}
}

func TestSealRefuses(t *testing.T) {
	ctx, k := context.Background(), raw(t, "one")
	change := func(f func(*structured.Config)) structured.Config {
		c := config(structured.EncryptAndSign, nil)
		f(&c)
		return c
	}
	rings := []envelope.Keyring{k}
	many := slices.Repeat(rings, 256)
	plain := change(func(*structured.Config) {})
	untyped := sample()
	untyped["s"] = item.Value{}
	untypedList := sample()
	untypedList["s"] = item.Value{Type: item.L, List: []item.Value{{}}}
	untypedMap := sample()
	untypedMap["s"] = item.Value{Type: item.M, Map: map[string]item.Value{"": {}}}
	badKey := sample()
	badKey["id"] = item.Number("x")
	for name, c := range map[string]struct {
		item   item.Item
		rings  []envelope.Keyring
		config structured.Config
		want   error
	}{
		"sealed":        {seal(t, sample(), plain, k), rings, plain, envelope.ErrFormat},
		"no keyring":    {sample(), nil, plain, envelope.ErrNoKey},
		"many keyrings": {sample(), many, plain, envelope.ErrFormat},
		"refused":       {sample(), []envelope.Keyring{failing{envelope.ErrRefused}}, plain, envelope.ErrRefused},
		"long key name": {sample(), []envelope.Keyring{failing{}}, plain, envelope.ErrFormat},
		"no action":     {sample(), rings, change(func(c *structured.Config) { delete(c.Actions, "s") }), envelope.ErrUnsupported},
		"bad action":    {sample(), rings, change(func(c *structured.Config) { c.Actions["s"] = "SIGN" }), envelope.ErrUnsupported},
		"not unsigned":  {sample(), rings, change(func(c *structured.Config) { c.Actions["s"] = structured.DoNothing }), envelope.ErrUnsupported},
		"unsigned":      {sample(), rings, change(func(c *structured.Config) { c.Unsigned = []string{"s"} }), envelope.ErrUnsupported},
		"key encrypted": {sample(), rings, change(func(c *structured.Config) { c.Actions["id"] = structured.EncryptAndSign }), envelope.ErrUnsupported},
		"key of v1":     {sample(), rings, change(func(c *structured.Config) { c.Actions["s"] = structured.SignAndInclude }), envelope.ErrUnsupported},
		"no table":      {sample(), rings, change(func(c *structured.Config) { c.Table = "" }), envelope.ErrNoKey},
		"untyped":       {untyped, rings, plain, envelope.ErrFormat},
		"untyped list":  {untypedList, rings, plain, envelope.ErrFormat},
		"untyped map":   {untypedMap, rings, plain, envelope.ErrFormat},
		"bad key":       {badKey, rings, plain, envelope.ErrFormat},
		"bad key 2":     {badKey, rings, config(structured.SignAndInclude, nil), envelope.ErrFormat},
		"bad signed":    {untyped, rings, config(structured.SignOnly, nil), envelope.ErrFormat},
	} {
		if _, err := structured.Seal(ctx, c.item, c.rings, c.config); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
