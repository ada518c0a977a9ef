package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// Published items whose keys are in a metastore are verified with its item,
// from a file or from its table.
func TestEnvelopeMetastore(t *testing.T) {
	vectors := filepath.Join(vectorFiles(t), "ddbec-legacy-python", "encrypted_item")
	a, e := newAccount(t), newEnvelopes(t)
	var keys map[string]struct {
		Material []byte `json:"material"`
	}
	readVectors(t, filepath.Join(vectors, "keys.json"), &keys)
	with := []string{"--keyring", "raw-aes:any:key=" + e.put("aes", keys["aesKey"].Material), "--keyring", "signing:" + e.put("mac", keys["hmacKey"].Material)}
	verified := 0
	for _, language := range []string{"python", "java"} {
		var meta, tables map[string][]json.RawMessage
		readVectors(t, filepath.Join(vectors, "ciphertext", language, "metastore-aes-hmac-2.json"), &meta)
		readVectors(t, filepath.Join(vectors, "ciphertext", language, "metastore-data-tables-2.json"), &tables)
		stored := e.put("meta.json", meta["metastore"][0])
		parsed, err := ddb.Parse(meta["metastore"][0])
		if err != nil {
			t.Fatal(err)
		}
		a.tables["metastore"] = storedTable{partition: "N", sort: "V", types: map[string]string{"N": "S", "V": "N"}, items: []ddb.Item{parsed}}
		if out := e.wants(exitPass, append([]string{"verify", stored, "--table", "metastore"}, with...)...); !strings.Contains(out, "metastore") {
			t.Error(out)
		}
		from := "dynamodb://metastore?pk=" + parsed["N"].Data + "&sk=" + parsed["V"].Data
		e.wants(exitPass, append([]string{"verify", "--from", from}, with...)...)
		for _, it := range tables["HashKeyOnly"] {
			if !strings.Contains(string(it), "*amzn-ddb-map-sig*") {
				continue
			}
			args := append([]string{"verify", e.put("item", it), "--table", "HashKeyOnly", "--partition-key", "hashKey"}, with...)
			e.wants(exitPass, append(args, "--metastore", "metastore="+stored)...)
			e.wants(exitPass, append(args, "--metastore", "dynamodb://metastore", "--material", parsed["N"].Data)...)
			e.wants(exitUnknown, append(args, "--metastore", "metastore="+stored, "--material", "another")...)
			e.wants(exitFail, append(args, "--metastore", "another="+stored)...)
			e.wants(exitUnknown, append(args, "--metastore", "metastore="+args[1])...)
			e.wants(exitUnknown, args...)
			a.fail("dynamodb:GetItem", "AccessDeniedException")
			if out := e.wants(exitUnknown, append(args, "--metastore", "dynamodb://metastore")...); !strings.Contains(out, "allow dynamodb:GetItem") {
				t.Error(out)
			}
			a.fail("dynamodb:GetItem", "")
			verified++
		}
	}
	if verified < 2 {
		t.Errorf("%d items verified", verified)
	}
	for says, value := range map[string]string{"NAME=FILE": "x", "no such file": "x=none", "reading": "x=" + e.put("bad", []byte("?"))} {
		out := e.wants(exitNothing, "verify", e.put("item", nil), "--metastore", value)
		if says != "reading" && !strings.Contains(out, says) {
			t.Errorf("no %q in %s", says, out)
		}
	}
}

// branchItems makes the items of a branch key, as a key store has them.
func branchItems(t *testing.T, a *account, store string) (id, version string, items []ddb.Item) {
	t.Helper()
	id, version = "tenant", "11111111-2222-4333-8444-555555555555"
	key := envelope.NewDataKey(bytes.Repeat([]byte{9}, 32))
	for _, active := range []bool{true, false} {
		it := ddb.Item{"branch-key-id": item.Text(id), "type": item.Text("branch:version:" + version), "create-time": item.Text("2025-01-01T00:00:00.000000Z"),
			"kms-arn": item.Text(a.key), "hierarchy-version": item.Number("1"), "aws-crypto-ec:purpose": item.Text("demo")}
		if active {
			it["type"], it["version"] = item.Text("branch:ACTIVE"), item.Text("branch:version:"+version)
		}
		context := map[string]string{"tablename": store}
		for name, v := range it {
			context[name] = v.Data
		}
		blob, err := a.kms.Encrypt(t.Context(), a.key, key, context)
		if err != nil {
			t.Fatal(err)
		}
		it["enc"] = item.Bytes(blob)
		items = append(items, it)
	}
	return id, version, items
}

// The items of a key store are verified by KMS, and open what is under their
// branch keys.
func TestEnvelopeKeyStore(t *testing.T) {
	a, e := newAccount(t), newEnvelopes(t)
	id, version, items := branchItems(t, a, "Logical")
	a.tables["keys"] = storedTable{partition: "branch-key-id", sort: "type", types: map[string]string{"branch-key-id": "S", "type": "S"}, items: items}
	file := a.file(e)
	active := e.put("active.json", marshalItem(items[0]))
	from := "dynamodb://keys?pk=" + id + "&sk=branch:ACTIVE"
	if out := e.wants(exitPass, "inspect", "--from", from, active); !strings.Contains(out, "key store") || !strings.Contains(out, a.key) || !strings.Contains(out, "aws-crypto-ec:purpose") {
		t.Error(out)
	}
	e.wants(exitPass, "verify", "--from", from, "--table", "Logical", "--keyring", "aws-kms")
	e.wants(exitPass, "verify", active, "--table", "Logical", "--keyring", file)
	e.wants(exitFail, "verify", "--from", from, "--keyring", "aws-kms") // another table's name
	e.wants(exitUnknown, "verify", active, "--keyring", file)
	e.wants(exitUnknown, "verify", active, "--table", "Logical")
	changed := maps.Clone(items[0])
	changed["aws-crypto-ec:purpose"] = item.Text("other")
	e.wants(exitFail, "verify", e.put("changed.json", marshalItem(changed)), "--table", "Logical", "--keyring", file)
	e.wants(exitUnknown, "open", active, "--table", "Logical", "--keyring", file, "-o", filepath.Join(e.dir, "never"))

	message := e.put("message", hierarchical(t, a, items[1], id, version))
	for _, tc := range []struct {
		code int
		args []string
	}{
		{exitPass, []string{"--key-store", "Logical=dynamodb://keys", "--keyring", "aws-kms"}},
		{exitPass, []string{"--key-store", "Logical=dynamodb://keys", "--keyring", "aws-kms:" + a.key}},
		{exitPass, []string{"--key-store", "Logical=" + active, "--keyring", file}},
		{exitFail, []string{"--key-store", "dynamodb://keys", "--keyring", "aws-kms"}}, // bound to another name
		{exitUnknown, []string{"--key-store", "Logical=" + active}},
		{exitUnknown, []string{"--key-store", "Logical=dynamodb://none", "--keyring", "aws-kms"}},
		{exitUnknown, []string{"--key-store", "Logical=" + e.put("other.json", []byte(`{"id": {"S": "x"}}`)), "--keyring", file}},
	} {
		e.wants(tc.code, append([]string{"verify", message}, tc.args...)...)
	}
}

// hierarchical is a message under a branch key.
func hierarchical(t *testing.T, a *account, it ddb.Item, id, version string) []byte {
	t.Helper()
	branch, err := ddb.ParseBranchKey(it, "Logical")
	if err != nil || branch.ID != id || branch.Version != version {
		t.Fatal(err, branch)
	}
	ring, err := branch.Keyring(t.Context(), a.kms)
	if err != nil {
		t.Fatal(err)
	}
	message, err := messageTrial(t.Context(), &envelopeKeys{ring: keyring.Multi{ring}}, []byte("plain"), esdk.Suite(0x0478), nil)
	if err != nil {
		t.Fatal(err)
	}
	return message.parts[0].bytes
}

var _ envelope.Keyring = (*keyStore)(nil)
var _ keyring.AsymmetricKMS = (*awsKMS)(nil)
