package legacy_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
)

// memory is a KMS that wraps with nothing: a blob stands for a key and
// context.
type memory struct {
	keys  map[string][]byte
	asked []map[string]string
}

func (m *memory) Decrypt(_ context.Context, _ string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	m.asked = append(m.asked, encryptionContext)
	k, ok := m.keys[string(blob)+fmt.Sprint(encryptionContext)]
	if !ok {
		return envelope.DataKey{}, fmt.Errorf("%w: invalid ciphertext", envelope.ErrWrongKey)
	}
	return envelope.NewDataKey(bytes.Clone(k)), nil
}

func (m *memory) GenerateDataKey(_ context.Context, _ string, n int, encryptionContext map[string]string) (envelope.DataKey, []byte, error) {
	key, blob := make([]byte, n), make([]byte, 40)
	_, _ = rand.Read(key)
	_, _ = rand.Read(blob)
	m.keys[string(blob)+fmt.Sprint(encryptionContext)] = bytes.Clone(key)
	return envelope.NewDataKey(key), blob, nil
}

func newMemory() *memory { return &memory{keys: map[string][]byte{}} }

// sample has every type.
func sample() item.Item {
	return item.Item{
		"id": item.Text("customer 7"), "when": item.Number("20.50"), "s": item.Text("a text of some length, beyond a block"), "n": item.Number("-1.5e3"),
		"b": item.Bytes(bytes.Repeat([]byte{7}, 48)), "t": {Type: item.Bool, True: true}, "f": {Type: item.Bool}, "z": {Type: item.Null},
		"ss": {Type: item.SS, Set: []string{"b", "a"}}, "ns": {Type: item.NS, Set: []string{"2", "1.0"}}, "bs": {Type: item.BS, Set: []string{"\x01", "\x00"}},
		"l": {Type: item.L, List: []item.Value{item.Text(""), {Type: item.L}}}, "m": {Type: item.M, Map: map[string]item.Value{"x": item.Number("1"), "": {Type: item.Null}}},
		"😀": item.Text("beyond U+FFFF"), "\uffff": item.Text("before it"),
	}
}

var tableConfig = legacy.Config{Table: "Orders", Partition: "id", Sort: "when"}

// providers are one of each kind.
func providers(t testing.TB) map[string]legacy.Provider {
	t.Helper()
	aes, mac, wrap, sign := published(t)
	hmac := legacy.Signing{HMAC: mac}
	out := map[string]legacy.Provider{
		"static":          legacy.Static{Key: aes, Signing: hmac},
		"static RSA":      legacy.Static{Key: aes, Signing: legacy.Signing{Private: sign}},
		"wrapped AES":     legacy.Wrapped{AES: aes, Signing: hmac},
		"wrapped RSA":     legacy.Wrapped{Private: wrap, Signing: legacy.Signing{Private: sign}},
		"wrapped RSA mac": legacy.Wrapped{Private: wrap, Public: &wrap.PublicKey, Signing: hmac},
		"KMS":             legacy.KMSDirect{Client: newMemory(), KeyID: "key"},
	}
	out["metastore"] = metastore(t, out["KMS"])
	return out
}

// metastore makes a material under a provider.
func metastore(t testing.TB, under legacy.Provider) legacy.MostRecent {
	t.Helper()
	config := legacy.Config{Table: "meta", Partition: "N", Sort: "V", Default: legacy.EncryptAndSign}
	stored, err := legacy.Seal(context.Background(), item.Item{
		"N": item.Text("orders"), "V": item.Number("3"), "t": item.Text("0"), "encAlg": item.Text("AES"), "intAlg": item.Text("HmacSHA256"),
		"enc": item.Bytes(bytes.Repeat([]byte{1}, 32)), "int": item.Bytes(bytes.Repeat([]byte{2}, 32)),
	}, under, config)
	if err != nil {
		t.Fatal(err)
	}
	return legacy.MostRecent{Table: "meta", Provider: under, Name: "orders", Version: 3, Get: func(_ context.Context, name string, version int64) (item.Item, error) {
		if name != "orders" || version != 3 {
			return nil, fmt.Errorf("%w: no such material", envelope.ErrNoKey)
		}
		return stored, nil
	}}
}

func seal(t testing.TB, p legacy.Provider, c legacy.Config) item.Item {
	t.Helper()
	sealed, err := legacy.Seal(context.Background(), sample(), p, c)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestRoundTrips(t *testing.T) {
	ctx := context.Background()
	actions := map[string]legacy.Config{
		"all":    {},
		"signed": {Default: legacy.SignOnly},
		"mixed":  {Actions: map[string]legacy.Action{"s": legacy.SignOnly, "n": legacy.DoNothing, "b": legacy.SignOnly, "ss": legacy.DoNothing}},
		"some":   {Default: legacy.SignOnly, Actions: map[string]legacy.Action{"s": legacy.EncryptAndSign, "id": legacy.DoNothing}},
	}
	for kind, p := range providers(t) {
		for name, c := range actions {
			t.Run(kind+"/"+name, func(t *testing.T) {
				c.Table, c.Partition, c.Sort = tableConfig.Table, tableConfig.Partition, tableConfig.Sort
				sealed := seal(t, p, c)
				if c.Default == "" {
					c.Default = legacy.EncryptAndSign
				}
				for _, c := range []legacy.Config{c, tableConfig} { // given, and inferred
					opened, err := legacy.Open(ctx, sealed, p, c)
					if err != nil {
						t.Fatal(err)
					}
					if !item.Equal(sample(), opened) {
						t.Errorf("got %v", opened)
					}
					proof, err := legacy.Verify(ctx, sealed, p, c)
					if err != nil || proof.Verdict != envelope.Verified {
						t.Errorf("%v, %+v", err, proof)
					}
					weak := slices.ContainsFunc(proof.Weaknesses, func(w envelope.Weakness) bool { return w.ID == "unsigned-attributes" })
					if left := len(actions[name].Actions) > 0; proof.Authenticated == left || weak != left {
						t.Errorf("authenticated %v, unsigned attributes %v", proof.Authenticated, weak)
					}
				}
				c.Table = "Others"
				if _, err := legacy.Open(ctx, sealed, p, c); err == nil {
					t.Error("opened in another table")
				}
			})
		}
	}
}

// Every bit of an item's values, names aside, is refused, or is one of the
// unsigned description's that does not change what it opens to.
func TestChangedBits(t *testing.T) {
	ctx := context.Background()
	for kind, p := range providers(t) {
		step := 1
		if strings.Contains(kind, "RSA") {
			step = 13 // an RSA operation each
		}
		it := item.Item{"id": item.Text("7"), "when": item.Number("1"), "s": item.Text("text")}
		c := tableConfig
		c.Default = legacy.EncryptAndSign
		sealed, err := legacy.Seal(ctx, it, p, c)
		if err != nil {
			t.Fatal(err)
		}
		refused, harmless := 0, 0
		for name, v := range sealed {
			for bit := 0; bit < 8*len(v.Data); bit += step {
				b := []byte(v.Data)
				b[bit/8] ^= 1 << (bit % 8)
				changed := maps.Clone(sealed)
				changed[name] = item.Value{Type: v.Type, Data: string(b)}
				opened, err := legacy.Open(ctx, changed, p, c)
				switch {
				case err != nil:
					refused++
					if envelope.Says(err) == envelope.Unknown && name != legacy.DescriptionAttribute && !strings.Contains("KMS metastore", kind) {
						t.Errorf("%s: %s bit %d: %v", kind, name, bit, err)
					}
				case name == legacy.DescriptionAttribute && item.Equal(opened, it):
					harmless++
				default:
					t.Errorf("%s: accepted %s with bit %d changed", kind, name, bit)
				}
			}
		}
		t.Logf("%s: %d refused, %d harmless: the description is not signed", kind, refused, harmless)
		if refused == 0 {
			t.Error("nothing was refused")
		}
	}
}

func TestChangedAttributes(t *testing.T) {
	ctx := context.Background()
	aes, mac, _, _ := published(t)
	p := legacy.Static{Key: aes, Signing: legacy.Signing{HMAC: mac}}
	c := tableConfig
	c.Default = legacy.SignOnly
	few := sample()
	for _, name := range []string{"n", "b", "ss", "ns", "bs", "l", "m", "😀"} {
		delete(few, name)
	}
	sealed, err := legacy.Seal(ctx, few, p, c)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(item.Item){
		"added":     func(it item.Item) { it["x"] = item.Text("") },
		"removed":   func(it item.Item) { delete(it, "z") },
		"retyped":   func(it item.Item) { it["s"] = item.Bytes([]byte(it["s"].Data)) },
		"renamed":   func(it item.Item) { it["s2"] = it["s"]; delete(it, "s") },
		"swapped":   func(it item.Item) { it["t"], it["f"] = it["f"], it["t"] },
		"key":       func(it item.Item) { it["id"] = item.Text("customer 8") },
		"signature": func(it item.Item) { it[legacy.SignatureAttribute] = item.Bytes(make([]byte, 32)) },
	} {
		changed := maps.Clone(sealed)
		change(changed)
		proof, err := legacy.Verify(ctx, changed, p, c)
		if !errors.Is(err, envelope.ErrTampered) || proof.Verdict != envelope.Refuted {
			t.Errorf("%s: %v, %s", name, err, proof.Verdict)
		}
		// Inferring, an attribute that was added looks like one that was left
		// out, and is told of.
		proof, err = legacy.Verify(ctx, changed, p, tableConfig)
		if name == "added" && (err != nil || proof.Authenticated) || name != "added" && !errors.Is(err, envelope.ErrTampered) {
			t.Errorf("%s, inferred: %v", name, err)
		}
	}
}

// An item whose attributes are too many to try them all is not refuted.
func TestSearchIsBounded(t *testing.T) {
	ctx := context.Background()
	aes, mac, _, sign := published(t)
	many := item.Item{"id": item.Text("7"), "when": item.Number("1")}
	for i := range 40 {
		many[fmt.Sprintf("a%02d", i)] = item.Number(fmt.Sprint(i))
	}
	for _, signing := range []legacy.Signing{{HMAC: mac}, {Private: sign}} {
		p := legacy.Static{Key: aes, Signing: signing}
		c := tableConfig
		c.Default = legacy.SignOnly
		sealed, err := legacy.Seal(ctx, many, p, c)
		if err != nil {
			t.Fatal(err)
		}
		sealed["a00"] = item.Number("99")
		proof, err := legacy.Verify(ctx, sealed, p, tableConfig)
		if !errors.Is(err, envelope.ErrUnsupported) || proof.Verdict != envelope.Unknown {
			t.Errorf("got %v, %s", err, proof.Verdict)
		}
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	aes, mac, wrap, sign := published(t)
	hmac := legacy.Signing{HMAC: mac}
	all := providers(t)
	given := tableConfig
	given.Default = legacy.EncryptAndSign
	static, wrapped, kms, meta := seal(t, all["static"], given), seal(t, all["wrapped AES"], given), seal(t, all["KMS"], given), seal(t, all["metastore"], given)
	rsaSealed := seal(t, all["wrapped RSA"], given)
	other := envelope.NewDataKey(make([]byte, 16))
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	another, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	with := func(it item.Item, name string, v item.Value) item.Item {
		out := maps.Clone(it)
		if out[name] = v; v.Type == "" {
			delete(out, name)
		}
		return out
	}
	describe := func(it item.Item, changes ...string) item.Item {
		return with(it, legacy.DescriptionAttribute, item.Bytes(redescribe([]byte(it[legacy.DescriptionAttribute].Data), changes...)))
	}
	store := func(m legacy.MostRecent, get func() (item.Item, error)) legacy.MostRecent {
		m.Get = func(context.Context, string, int64) (item.Item, error) { return get() }
		return m
	}
	most := all["metastore"].(legacy.MostRecent)
	metaItem, _ := most.Get(ctx, "orders", 3)
	noKeyConfig := given
	noKeyConfig.Partition = "missing"
	badConfig := given
	badConfig.Default = "ENCRYPT"
	for name, c := range map[string]struct {
		item   item.Item
		p      legacy.Provider
		config legacy.Config
		want   error
	}{
		"no provider":           {static, nil, given, envelope.ErrNoKey},
		"unknown action":        {static, all["static"], badConfig, envelope.ErrUnsupported},
		"no signature":          {with(static, legacy.SignatureAttribute, item.Value{}), all["static"], given, envelope.ErrFormat},
		"signature of 31":       {with(static, legacy.SignatureAttribute, item.Bytes(make([]byte, 31))), all["static"], given, envelope.ErrFormat},
		"no description":        {with(static, legacy.DescriptionAttribute, item.Value{}), all["static"], given, envelope.ErrFormat},
		"short description":     {with(static, legacy.DescriptionAttribute, item.Bytes([]byte{0})), all["static"], given, envelope.ErrFormat},
		"cut description":       {with(static, legacy.DescriptionAttribute, item.Bytes([]byte{0, 0, 0, 0, 255, 255, 255, 255})), all["static"], given, envelope.ErrFormat},
		"description version":   {with(static, legacy.DescriptionAttribute, item.Bytes([]byte{0, 0, 0, 1})), all["static"], given, envelope.ErrUnsupported},
		"description not text":  {with(static, legacy.DescriptionAttribute, item.Bytes([]byte("\x00\x00\x00\x00\x00\x00\x00\x01\xff\x00\x00\x00\x00"))), all["static"], given, envelope.ErrFormat},
		"description twice":     {with(static, legacy.DescriptionAttribute, item.Bytes([]byte("\x00\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x00\x00"))), all["static"], given, envelope.ErrFormat},
		"mode":                  {describe(static, "amzn-ddb-map-sym-mode", "/ECB/PKCS5Padding"), all["static"], given, envelope.ErrUnsupported},
		"claims RSA":            {describe(static, "amzn-ddb-map-signingAlg", "SHA256withRSA"), all["static"], given, envelope.ErrNoKey},
		"claims HMAC":           {describe(rsaSealed, "amzn-ddb-map-signingAlg", "HmacSHA256"), all["wrapped RSA"], given, envelope.ErrNoKey},
		"no signing key":        {static, legacy.Static{Key: aes}, given, envelope.ErrNoKey},
		"no signing key 2":      {wrapped, legacy.Wrapped{AES: aes}, given, envelope.ErrNoKey},
		"no content key":        {static, legacy.Static{Signing: hmac}, given, envelope.ErrNoKey},
		"content key of 5":      {static, legacy.Static{Key: envelope.NewDataKey(make([]byte, 5)), Signing: hmac}, given, envelope.ErrWrongKey},
		"another content key":   {static, legacy.Static{Key: other, Signing: hmac}, given, envelope.ErrTampered},
		"another HMAC key":      {static, legacy.Static{Key: aes, Signing: legacy.Signing{HMAC: other}}, given, envelope.ErrTampered},
		"static for wrapped":    {wrapped, all["static"], given, envelope.ErrNoKey},
		"wrapped for static":    {static, all["wrapped AES"], given, envelope.ErrNoKey},
		"another AES key":       {wrapped, legacy.Wrapped{AES: other, Signing: hmac}, given, envelope.ErrWrongKey},
		"AES key of 5":          {wrapped, legacy.Wrapped{AES: envelope.NewDataKey(make([]byte, 5)), Signing: hmac}, given, envelope.ErrWrongKey},
		"RSA for AES":           {wrapped, legacy.Wrapped{Private: wrap, Signing: hmac}, given, envelope.ErrNoKey},
		"another RSA key":       {rsaSealed, legacy.Wrapped{Private: another, Signing: legacy.Signing{Private: sign}}, given, envelope.ErrWrongKey},
		"small signature key":   {rsaSealed, legacy.Wrapped{Private: wrap, Signing: legacy.Signing{Private: small}}, given, envelope.ErrTampered},
		"OAEP called PKCS1":     {describe(rsaSealed, "amzn-ddb-wrap-alg", ""), all["wrapped RSA"], given, envelope.ErrWrongKey},
		"wrapped key not b64":   {describe(wrapped, "amzn-ddb-env-key", "*"), all["wrapped AES"], given, envelope.ErrFormat},
		"wrapped key long":      {describe(wrapped, "amzn-ddb-env-key", base64.StdEncoding.EncodeToString(make([]byte, 9000))), all["wrapped AES"], given, envelope.ErrFormat},
		"wrapped key odd":       {describe(wrapped, "amzn-ddb-env-key", "AAAA"), all["wrapped AES"], given, envelope.ErrFormat},
		"content algorithm":     {describe(wrapped, "amzn-ddb-env-alg", "DES"), all["wrapped AES"], given, envelope.ErrUnsupported},
		"content size":          {describe(wrapped, "amzn-ddb-env-alg", "AES/x"), all["wrapped AES"], given, envelope.ErrUnsupported},
		"content size mismatch": {describe(wrapped, "amzn-ddb-env-alg", "AES/128"), all["wrapped AES"], given, envelope.ErrTampered},
		"KMS for static":        {static, all["KMS"], given, envelope.ErrNoKey},
		"KMS denied":            {kms, legacy.KMSDirect{Client: denied{}}, given, envelope.ErrRefused},
		"KMS without blob":      {describe(kms, "amzn-ddb-env-key", ""), all["KMS"], given, envelope.ErrNoKey},
		"KMS key name":          {kms, all["KMS"], noKeyConfig, envelope.ErrNoKey},
		"KMS number":            {with(kms, "when", item.Number("x")), all["KMS"], given, envelope.ErrFormat},
		"KMS algorithm":         {describe(kms, "amzn-ddb-env-alg", "AES/64"), all["KMS"], given, envelope.ErrWrongKey},
		"no meta id":            {static, most, given, envelope.ErrNoKey},
		"meta id without #":     {describe(meta, "amzn-ddb-meta-id", "orders"), most, given, envelope.ErrNoKey},
		"meta id version":       {describe(meta, "amzn-ddb-meta-id", "orders#x"), most, given, envelope.ErrFormat},
		"meta id version minus": {describe(meta, "amzn-ddb-meta-id", "orders#-3"), most, given, envelope.ErrFormat},
		"other material":        {describe(meta, "amzn-ddb-meta-id", "others#3"), most, given, envelope.ErrNoKey},
		"no metastore":          {meta, legacy.MostRecent{}, given, envelope.ErrNoKey},
		"no such version":       {describe(meta, "amzn-ddb-meta-id", "orders#4"), most, given, envelope.ErrNoKey},
		"wrong metastore item":  {meta, store(most, func() (item.Item, error) { return static, nil }), given, envelope.ErrNoKey},
		"tampered metastore":    {meta, store(most, func() (item.Item, error) { return with(metaItem, "t", item.Text("1")), nil }), given, envelope.ErrTampered},
	} {
		proof, err := legacy.Verify(ctx, c.item, c.p, c.config)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if proof.Verdict != envelope.Says(c.want) {
			t.Errorf("%s: verdict %s", name, proof.Verdict)
		}
		if opened, err := legacy.Open(ctx, c.item, c.p, c.config); opened != nil || err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// redescribe changes entries of a description; an empty value removes one.
func redescribe(b []byte, changes ...string) []byte {
	entries := map[string]string{}
	next := func() string {
		n := binary.BigEndian.Uint32(b)
		s := string(b[4 : 4+n])
		b = b[4+n:]
		return s
	}
	for b = b[4:]; len(b) > 0; {
		name := next()
		entries[name] = next()
	}
	for i := 0; i < len(changes); i += 2 {
		if entries[changes[i]] = changes[i+1]; changes[i+1] == "" {
			delete(entries, changes[i])
		}
	}
	out := []byte{0, 0, 0, 0}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		for _, s := range []string{name, entries[name]} {
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(s))), s...)
		}
	}
	return out
}

// The description, which is not signed, does not choose the material.
func TestDescriptionDoesNotChooseTheMaterial(t *testing.T) {
	most := metastore(t, providers(t)["static"])
	sealed := seal(t, most, tableConfig)
	sealed[legacy.DescriptionAttribute] = item.Bytes(redescribe([]byte(sealed[legacy.DescriptionAttribute].Data), "amzn-ddb-meta-id", "others#3"))
	most.Get = func(_ context.Context, name string, _ int64) (item.Item, error) {
		t.Errorf("asked for %q", name)
		return nil, envelope.ErrNoKey
	}
	if _, err := legacy.Verify(context.Background(), sealed, most, tableConfig); !errors.Is(err, envelope.ErrNoKey) {
		t.Error(err)
	}
}

func TestPKCS1IsReadAndNamed(t *testing.T) {
	p := providers(t)["wrapped RSA"].(legacy.Wrapped)
	c := tableConfig
	c.Default = legacy.EncryptAndSign
	// The published wrapped-rsa-rsa-1 of Java is the positive; this one is
	// OAEP, whose key is wrapped again.
	sealed := seal(t, p, c)
	proof, err := legacy.Inspect(sealed, true)
	if err != nil || proof.Keys[0].Wrap != "RSA/ECB/OAEPWithSHA-256AndMGF1Padding" {
		t.Fatalf("%v, %+v", err, proof)
	}
	var old item.Item
	for _, v := range cases(t) {
		if strings.HasPrefix(v.name, "java/wrapped-rsa-rsa-1") && legacy.Recognise(v.stored) {
			old = v.stored
		}
	}
	proof, err = legacy.Inspect(old, false)
	if err != nil || proof.Verdict != envelope.Unknown || !proof.Signed {
		t.Fatalf("%v, %+v", err, proof)
	}
	var weak []string
	for _, w := range proof.Weaknesses {
		weak = append(weak, w.ID)
	}
	if diff := cmp.Diff([]string{"unsigned-description", "not-committing", "pkcs1-wrap"}, weak); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := legacy.Inspect(item.Item{}, false); !errors.Is(err, envelope.ErrFormat) {
		t.Errorf("an empty item: %v", err)
	}
}

func TestKMSContext(t *testing.T) {
	ctx := context.Background()
	m := newMemory()
	p := legacy.KMSDirect{Client: m}
	c := legacy.Config{Table: "T", Partition: "p", Sort: "s"}
	sealed, err := legacy.Seal(ctx, item.Item{"p": item.Bytes([]byte{0, 1}), "s": item.Number("1.50")}, p, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := legacy.Open(ctx, sealed, p, c); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"*amzn-ddb-env-alg*": "AES/256", "*amzn-ddb-sig-alg*": "HmacSHA256/256", "*aws-kms-table*": "T", "p": "AAE=", "s": "1.50"}
	if diff := cmp.Diff(want, m.asked[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSealRefuses(t *testing.T) {
	ctx := context.Background()
	aes, mac, wrap, sign := published(t)
	hmac := legacy.Signing{HMAC: mac}
	small := &rsa.PublicKey{N: wrap.N, E: wrap.E}
	all := providers(t)
	most := all["metastore"].(legacy.MostRecent)
	most.Version = 9
	bad := tableConfig
	bad.Default = "SIGN"
	nothing := tableConfig
	nothing.Partition = "missing"
	signed := tableConfig
	signed.Default = legacy.SignOnly
	for name, c := range map[string]struct {
		item   item.Item
		p      legacy.Provider
		config legacy.Config
		want   error
	}{
		"no provider":    {sample(), nil, tableConfig, envelope.ErrNoKey},
		"sealed":         {seal(t, all["static"], tableConfig), all["static"], tableConfig, envelope.ErrFormat},
		"action":         {sample(), all["static"], bad, envelope.ErrUnsupported},
		"no key":         {sample(), legacy.Static{Signing: hmac}, tableConfig, envelope.ErrNoKey},
		"no signing key": {sample(), legacy.Static{Key: aes}, tableConfig, envelope.ErrNoKey},
		"public only":    {sample(), legacy.Static{Key: aes, Signing: legacy.Signing{Public: &sign.PublicKey}}, tableConfig, envelope.ErrNoKey},
		"no wrap key":    {sample(), legacy.Wrapped{Signing: hmac}, tableConfig, envelope.ErrNoKey},
		"no wrap sign":   {sample(), legacy.Wrapped{Public: small}, tableConfig, envelope.ErrNoKey},
		"wrap key of 5":  {sample(), legacy.Wrapped{AES: envelope.NewDataKey(make([]byte, 5)), Signing: hmac}, tableConfig, envelope.ErrFormat},
		"KMS denied":     {sample(), legacy.KMSDirect{Client: denied{}}, tableConfig, envelope.ErrRefused},
		"KMS no key":     {sample(), all["KMS"], nothing, envelope.ErrNoKey},
		"no version":     {sample(), most, tableConfig, envelope.ErrNoKey},
		"untyped":        {item.Item{"id": item.Text(""), "x": {}}, all["static"], tableConfig, envelope.ErrFormat},
		"untyped signed": {item.Item{"id": item.Text(""), "x": {}}, all["static"], signed, envelope.ErrFormat},
		"untyped nested": {item.Item{"x": {Type: item.L, List: []item.Value{{}}}}, all["static"], tableConfig, envelope.ErrFormat},
		"untyped in map": {item.Item{"x": {Type: item.M, Map: map[string]item.Value{"": {}}}}, all["static"], tableConfig, envelope.ErrFormat},
		"number":         {item.Item{"x": {Type: item.NS, Set: []string{"x"}}}, all["static"], tableConfig, envelope.ErrFormat},
	} {
		if _, err := legacy.Seal(ctx, c.item, c.p, c.config); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
