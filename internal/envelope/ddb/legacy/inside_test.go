package legacy

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// sealBy16 seals with names in the order of UTF-16, as Java does.
func sealBy16(t testing.TB, it item.Item, p Static, c Config) item.Item {
	t.Helper()
	out := maps.Clone(it)
	pieces, err := pieces(it, true)
	if err != nil {
		t.Fatal(err)
	}
	actions := make([]Action, len(pieces))
	for i := range actions {
		actions[i] = SignOnly
	}
	signature, err := p.Signing.sign(appendText(nil, tableDigest(c.Table), pieces, actions))
	if err != nil {
		t.Fatal(err)
	}
	out[DescriptionAttribute] = item.Bytes(appendDescription(nil, map[string]string{descMode: modeCBC}))
	out[SignatureAttribute] = item.Bytes(signature)
	return out
}

func TestJavaOrder(t *testing.T) {
	p := Static{Signing: Signing{HMAC: envelope.NewDataKey([]byte("key"))}}
	for _, it := range []item.Item{{"a": item.Text("")}, {"😀": item.Text("1"), "\uffff": item.Text("2")}} {
		c := Config{Table: "T", Partition: "a", Default: SignOnly}
		sealed := sealBy16(t, it, p, c)
		for _, c := range []Config{c, {Table: "T", Partition: "a"}} {
			if _, err := Verify(context.Background(), sealed, p, c); err != nil {
				t.Errorf("%v: %v", it, err)
			}
		}
	}
}

// PKCS #1 v1.5 wraps are read, whether the description says so or nothing.
func TestPKCS1(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 as old writers did
	b, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", wrapPKCS1} {
		got, err := Wrapped{Private: key}.unwrap(b, name)
		if err != nil || len(got) != 16 {
			t.Errorf("%q: %v", name, err)
		}
	}
	text := base64.StdEncoding.EncodeToString(b)
	if got, err := wrapped(map[string]string{descKey: text[:76] + "\r\n" + text[76:]}); err != nil || string(got) != string(b) {
		t.Errorf("broken into lines: %v", err)
	}
}

func encryptRaw(c cbc, b []byte) item.Value {
	iv := make([]byte, 16)
	out := append(iv, make([]byte, len(b))...)
	cipher.NewCBCEncrypter(c.block, iv).CryptBlocks(out[16:], b)
	return item.Bytes(out)
}

func TestDamagedAttributes(t *testing.T) {
	c, err := newCBC(envelope.NewDataKey(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	raw := func(plain string) item.Value { // serialised by hand
		b := []byte(plain)
		n := 16 - len(b)%16
		for range n {
			b = append(b, byte(n))
		}
		return encryptRaw(c, b)
	}
	for name, v := range map[string]item.Value{
		"text": item.Text("x"), "short": item.Bytes(make([]byte, 16)), "ragged": item.Bytes(make([]byte, 33)),
		"padding 0": encryptRaw(c, make([]byte, 16)), "padding 17": encryptRaw(c, []byte(strings.Repeat("\x11", 32))),
		"padding mixed": encryptRaw(c, []byte(strings.Repeat("\x01", 14)+"\x03\x02")),
		"no value":      raw("nonsense"), "key cut": raw("\x00b\x00\x00\x00\x09x"), "key empty": raw("\x00b\x00\x00\x00\x00"), "key behind": raw("\x00b\x00\x00\x00\x01xy"),
	} {
		if _, err := c.key(v); !errors.Is(err, envelope.ErrTampered) {
			t.Errorf("%s as a key: %v", name, err)
		}
		if _, _, err := c.open(v); name != "key empty" && !errors.Is(err, envelope.ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A value of nested lists, each within the last, is bounded.
func TestDeepValues(t *testing.T) {
	deep := strings.Repeat("\x00L\x00\x00\x00\x01", item.MaxDepth+2) + "\x00\x00"
	for name, b := range map[string]string{
		"deep": deep, "tag": "\x00x", "bool": "\x00?\x02", "number": "\x00n\x00\x00\x00\x01x", "utf8": "\x00s\x00\x00\x00\x01\xff",
		"map name": "\x00M\x00\x00\x00\x01\x00n\x00\x00\x00\x011\x00\x00", "map twice": "\x00M\x00\x00\x00\x02\x00s\x00\x00\x00\x00\x00\x00\x00s\x00\x00\x00\x00\x00\x00",
		"map value": "\x00M\x00\x00\x00\x01\x00s\x00\x00\x00\x02xx\x01", "count": "\x00L\xff\xff\xff\xff", "map key": "\x00M\x00\x00\x00\x01xxxxxxxx",
	} {
		if _, err := parseValue([]byte(b)); !errors.Is(err, envelope.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDeriveRefuses(t *testing.T) {
	for _, d := range [][2]string{{"DES", "HmacSHA256/256"}, {"AES/256", "HmacMD5"}, {"AES/64", "HmacSHA256/256"}, {"AES/256", "HmacSHA256/64"}, {"AES/256", "HmacSHA256/99999999"}} {
		if _, err := derive(envelope.NewDataKey(make([]byte, 32)), map[string]string{descKeyAlg: d[0], descSignAlg: d[1]}); !errors.Is(err, envelope.ErrUnsupported) {
			t.Errorf("%v: %v", d, err)
		}
	}
}

func FuzzDescription(f *testing.F) {
	f.Add(appendDescription(nil, map[string]string{descMode: modeCBC, descKey: "AAAA"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDescription(b)
		if err != nil {
			return
		}
		again, err := parseDescription(appendDescription(nil, d))
		if err != nil || !maps.Equal(d, again) {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

func FuzzValue(f *testing.F) {
	var vectors []serialised
	load(f, "deserialize_attribute.json", &vectors)
	for _, v := range vectors {
		f.Add(v.Serialized)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseValue(b)
		if err != nil {
			return
		}
		out, err := appendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseValue(out); err != nil || !again.Equal(v) {
			t.Fatalf("%q: %v", b, err)
		}
	})
}
