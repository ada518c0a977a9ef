//go:build crosscheck

package crosscheck

import (
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

func kmsRoutes(t *testing.T, w *world) []route {
	t.Helper()
	one, related := ring(keyring.NewKMS(w.kms, w.key))(t), ring(keyring.NewKMSMRK(w.kms, w.mrk))(t)
	k, mrk := key{Kind: "kms", ARN: w.key}, key{Kind: "kms-mrk", ARN: w.mrk}
	return []route{both("KMS", one, k), both("KMS multi-Region", related, mrk)}
}

// asymmetricRoutes are RSA and elliptic-curve keys of KMS.
func asymmetricRoutes(t *testing.T, w *world) []route {
	t.Helper()
	var out []route
	arn := w.newKey(t, kms.RSA2048)
	for _, algorithm := range []string{kms.OAEPSHA1, kms.OAEPSHA256} {
		r := both("KMS "+algorithm, ring(keyring.NewKMSRSA(t.Context(), w.kms, arn, algorithm))(t),
			key{Kind: "kms-rsa", ARN: arn, Padding: algorithm, Public: w.public(t, arn)})
		r.unsigned = true
		out = append(out, r)
	}
	for curve, spec := range map[string]kms.Spec{"P256": kms.P256, "P384": kms.P384, "P521": kms.P521} {
		one, two := w.newKey(t, spec), w.newKey(t, spec)
		recipient, err := keyring.ParsePublicECDH([]byte(w.public(t, two)))
		if err != nil {
			t.Fatal(err)
		}
		ourSeal := ring(keyring.NewKMSECDH(t.Context(), w.kms, one, recipient))(t)
		theirSeal := key{Kind: "kms-ecdh", ARN: one, Curve: curve, Scheme: "static", Public: w.public(t, two)}
		out = append(out, both("KMS ECDH "+curve+", sender opens", ourSeal, theirSeal), route{name: "KMS ECDH " + curve + ", recipient opens",
			ourSeal: ourSeal, ourOpen: ring(keyring.NewKMSECDH(t.Context(), w.kms, two, nil))(t),
			theirSeal: theirSeal, theirOpen: key{Kind: "kms-ecdh", ARN: two, Curve: curve, Scheme: "discovery"}})
	}
	return out
}

// newKey makes an asymmetric key, and public is its public half in PEM.
func (w *world) newKey(t *testing.T, spec kms.Spec) string {
	t.Helper()
	k, err := w.kms.CreateKey(kms.KeySpec{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	return k.ARN
}

func (w *world) public(t *testing.T, arn string) string {
	t.Helper()
	der, err := w.kms.GetPublicKey(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

const logicalName = "logical name"

// branchRoutes are a branch key that we made, as a key store has it, and one
// that the peer made.
func branchRoutes(t *testing.T, w *world, p *peer) []route {
	t.Helper()
	theirs := key{Kind: "hierarchy", Name: "theirs " + p.name, Table: keyStoreTable, Logical: logicalName, ARN: w.key}
	if _, made := w.item(keyStoreTable, activeKey(theirs.Name)); !made {
		makeBranchKey(t, w, "ours "+p.name)
		if a := p.do(t, job{Do: "branchkey.create", Key: theirs, Context: map[string]string{"owner": "them", "ü": "é"}}); a.Error != "" {
			t.Fatalf("the peer %s makes a branch key: %s", p.name, a.Error)
		}
	}
	var out []route
	for _, name := range []string{"ours ", "theirs "} {
		k := theirs
		k.Name = name + p.name
		stored, ok := w.item(keyStoreTable, activeKey(k.Name))
		if !ok {
			t.Fatalf("the key store has no branch key %q", k.Name)
		}
		branch, err := ddb.ParseBranchKey(stored, logicalName)
		if err != nil {
			t.Fatal(err)
		}
		ours := ring(branch.Keyring(t.Context(), w.kms))(t)
		out = append(out, both("branch key of "+strings.TrimSpace(name), ours, k))
	}
	return out
}

func activeKey(id string) item.Item {
	return item.Item{"branch-key-id": item.Text(id), "type": item.Text("branch:ACTIVE")}
}

// makeBranchKey puts a branch key into the key store: its active item, and
// that of its version.
func makeBranchKey(t *testing.T, w *world, id string) {
	t.Helper()
	const version = "branch:version:0a1b2c3d-4e5f-4061-8273-849505162738"
	material := random(32)
	for _, kind := range []string{"branch:ACTIVE", version} {
		it := item.Item{
			"branch-key-id": item.Text(id), "type": item.Text(kind), "create-time": item.Text(time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")),
			"kms-arn": item.Text(w.key), "hierarchy-version": item.Number("1"),
		}
		if kind != version {
			it["version"] = item.Text(version)
		}
		context := map[string]string{"tablename": logicalName}
		for name, v := range it {
			context[name] = v.Data
		}
		blob, err := w.kms.Encrypt(t.Context(), w.key, envelope.NewDataKey(material), context)
		if err != nil {
			t.Fatal(err)
		}
		it["enc"] = item.Bytes(blob)
		if err := w.add(keyStoreTable, it); err != nil {
			t.Fatal(err)
		}
	}
}
