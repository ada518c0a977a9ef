package dsse

import (
	"crypto/ed25519"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func testKey(t testing.TB) PrivateKey {
	t.Helper()
	key := ed25519.NewKeyFromSeed([]byte("a seed of thirty-two characters."))
	public, err := newPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return PrivateKey{Public: public, key: key}
}

func signed(t testing.TB, key PrivateKey) []byte {
	t.Helper()
	e := Envelope{Payload: []byte(`{"_type":"https://in-toto.io/Statement/v1"}`), PayloadType: "application/vnd.in-toto+json"}
	e.Signatures = []Signature{{KeyID: key.Public.ID, Sig: key.Sign(e.PAE())}}
	line, err := e.Line()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestReadIsStrict(t *testing.T) {
	const ok = `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AA=="}]}` + "\n"
	if list, err := Read([]byte(ok + ok)); err != nil || len(list) != 2 {
		t.Fatalf("%d, %v", len(list), err)
	}
	many := `{"payload":"","payloadType":"t","signatures":[` + strings.TrimSuffix(strings.Repeat(`{"sig":""},`, 17), ",") + "]}\n"
	for name, text := range map[string]string{
		"nothing":             "",
		"an empty line":       "\n",
		"a line between":      ok + "\n" + ok,
		"cut":                 ok[:len(ok)-1],
		"no object":           "[]\n",
		"null":                "null\n",
		"something after":     ok[:len(ok)-1] + "{}\n",
		"a comma too many":    `{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AA=="}],}` + "\n",
		"no UTF-8":            strings.Replace(ok, `"t"`, "\"\xff\"", 1),
		"two payloads":        strings.Replace(ok, `"payload"`, `"payload":"e30=","payload"`, 1),
		"two, one escaped":    strings.Replace(ok, `"payload"`, `"payload":"e30=","\u0070ayload"`, 1),
		"two signatures":      strings.Replace(ok, `"sig"`, `"sig":"AA==","sig"`, 1),
		"two unknown":         strings.Replace(ok, `"payload"`, `"x":1,"x":2,"payload"`, 1),
		"another case":        strings.Replace(ok, `"payload"`, `"Payload"`, 1),
		"no payload":          strings.Replace(ok, `"payload":"e30=",`, ``, 1),
		"null payload":        strings.Replace(ok, `"e30="`, `null`, 1),
		"no type":             strings.Replace(ok, `"payloadType":"t",`, ``, 1),
		"null type":           strings.Replace(ok, `"t"`, `null`, 1),
		"no signatures":       `{"payload":"e30=","payloadType":"t"}` + "\n",
		"null signatures":     `{"payload":"e30=","payloadType":"t","signatures":null}` + "\n",
		"an empty list":       `{"payload":"e30=","payloadType":"t","signatures":[]}` + "\n",
		"a null in the list":  `{"payload":"e30=","payloadType":"t","signatures":[null]}` + "\n",
		"no sig":              `{"payload":"e30=","payloadType":"t","signatures":[{"keyid":"k"}]}` + "\n",
		"null key id":         strings.Replace(ok, `{"sig"`, `{"keyid":null,"sig"`, 1),
		"a long key id":       strings.Replace(ok, `{"sig"`, `{"keyid":"`+strings.Repeat("k", 257)+`","sig"`, 1),
		"too many":            many,
		"too many lines":      strings.Repeat(ok, 65),
		"too long":            strings.Repeat(" ", MaxText) + ok,
		"no padding":          strings.Replace(ok, "AA==", "AA", 1),
		"bits in the padding": strings.Replace(ok, "AA==", "AB==", 1),
		"a line break":        strings.Replace(ok, "AA==", `AA\n==`, 1),
		"a space":             strings.Replace(ok, "AA==", "AA ==", 1),
		"two alphabets":       strings.Replace(ok, "AA==", "+_8=", 1),
	} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	// What envelope.md lets a later version or another producer add.
	more := strings.Replace(strings.Replace(ok, `{"payload"`, `{"extension":{"a":[1]},"payload"`, 1), `{"sig"`, `{"cert":"c","sig"`, 1)
	if list, err := Read([]byte(more)); err != nil || string(list[0].Payload) != "{}" {
		t.Errorf("unknown fields: %v", err)
	}
	for _, text := range []string{"-_8=", "+/8="} {
		list, err := Read([]byte(strings.Replace(ok, "AA==", text, 1)))
		if err != nil || !slices.Equal(list[0].Signatures[0].Sig, []byte{0xfb, 0xff}) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Every flipped bit of an envelope is refused, or changes nothing but the hint
// at the key, which nobody relies on.
func TestEveryFlippedBitIsRefusedOrHarmless(t *testing.T) {
	key := testKey(t)
	line := signed(t, key)
	want, err := Read(line)
	if err != nil {
		t.Fatal(err)
	}
	refused, harmless := 0, 0
	for i := range line {
		for bit := range 8 {
			line[i] ^= 1 << bit
			list, err := Read(line)
			good := err == nil && len(list) == 1 && key.Public.Verify(list[0].PAE(), list[0].Signatures[0].Sig)
			line[i] ^= 1 << bit
			if !good {
				refused++
				continue
			}
			harmless++
			list[0].Signatures[0].KeyID = want[0].Signatures[0].KeyID
			if !reflect.DeepEqual(list, want) {
				t.Fatalf("bit %d of byte %d changes what is accepted", bit, i)
			}
		}
	}
	t.Logf("%d bits: %d refused, %d in the key's hint", 8*len(line), refused, harmless)
	if hint := 8 * len(`keyid`+key.Public.ID); harmless > hint || refused < 8*len(line)-hint {
		t.Errorf("%d bits are harmless, and the hint has only %d", harmless, hint)
	}
}

// An ed25519 signature with S + L instead of S is the same to a verifier that
// does not look (RFC 8032, section 8.4).
func TestASignatureHasOneForm(t *testing.T) {
	key := testKey(t)
	sig := key.Sign([]byte("text"))
	if !key.Public.Verify([]byte("text"), sig) {
		t.Fatal("a good signature is refused")
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(sig[32:])
	slices.Reverse(s) // little-endian
	s = order.Add(order, new(big.Int).SetBytes(s)).FillBytes(make([]byte, 32))
	slices.Reverse(s)
	copy(sig[32:], s)
	if key.Public.Verify([]byte("text"), sig) {
		t.Error("a second form of a signature is accepted")
	}
}

func TestAKeyPrintsAsItsID(t *testing.T) {
	key := testKey(t)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, key); got != key.Public.ID {
			t.Errorf("%s prints %s", format, got)
		}
		if got := fmt.Sprintf(format, &key); got != key.Public.ID {
			t.Errorf("%s prints %s", format, got)
		}
	}
	key.Zero()
	if strings.Trim(string(key.key), "\x00") != "" {
		t.Error("the key is still there")
	}
}

// Whatever is read can be written, and is then read as the same.
func FuzzRead(f *testing.F) {
	f.Add(signed(f, testKey(f)))
	f.Add([]byte(`{"payload":"-_8=","payloadType":"t","x":[{}],"signatures":[{"sig":"AA==","keyid":"\u0041"},{"sig":""}]}` + "\n"))
	f.Add([]byte("{}\n[]\n"))
	f.Fuzz(func(t *testing.T, text []byte) { readTwice(t, text) })
}

// FuzzFields puts hostile JSON where an envelope has values, which bytes at
// random seldom do.
func FuzzFields(f *testing.F) {
	f.Add(`"e30="`, `"t"`, `"AA=="`, `"k"`, `"x":1`)
	f.Add(`"-_8="`, `"\u00e4"`, `"AA\n=="`, `null`, `"payload":""`)
	f.Add(`{"a":[]}`, `""`, `""`, `"\ud800"`, `"\u0070ayload":"e30="`)
	f.Fuzz(func(t *testing.T, payload, payloadType, sig, keyID, more string) {
		text := `{"payload":` + payload + `,"payloadType":` + payloadType + `,` + more + `,"signatures":[{"keyid":` + keyID + `,"sig":` + sig + "}]}\n"
		readTwice(t, []byte(text))
	})
}

func readTwice(t *testing.T, text []byte) {
	list, err := Read(text)
	if err != nil {
		return
	}
	var again []byte
	for _, e := range list {
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, line...)
	}
	if len(again) > MaxText { // an escape can be longer than what it stands for
		return
	}
	second, err := Read(again)
	if err != nil || !reflect.DeepEqual(list, second) {
		t.Fatalf("%q is read, and then not the same: %v", text, err)
	}
}

// What is empty is written as envelope.md wants it, and not as null.
func TestEmptyPartsAreThere(t *testing.T) {
	line, err := Envelope{PayloadType: "t", Signatures: []Signature{{}}}.Line()
	if want := `{"payload":"","payloadType":"t","signatures":[{"sig":""}]}` + "\n"; err != nil || string(line) != want {
		t.Errorf("%s, %v", line, err)
	}
}
