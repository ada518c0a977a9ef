package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

func messageTrial(ctx context.Context, keys *envelopeKeys, sample []byte, suite esdk.Suite, pairs map[string]string) (*trial, error) {
	opts := esdk.WriteOptions{Suite: suite, Context: pairs}
	if !suite.Committing() {
		opts.Policy = esdk.ForbidEncryptAllowDecrypt
	}
	var b bytes.Buffer
	w, err := esdk.NewWriter(ctx, &b, keys.ring, opts)
	if err == nil {
		_, err = w.Write(sample)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("sealing the sample: %w", err)
	}
	read := esdk.Options{Context: pairs, MaxFrame: maxSample}
	sealed := b.Bytes()
	return &trial{
		parts: []part{{"the message", sealed}}, plain: sample,
		verify: func(ctx context.Context) (envelope.Proof, error) {
			return esdk.Verify(ctx, bytes.NewReader(sealed), keys.ring, read)
		},
		open: func(ctx context.Context) ([]byte, error) {
			var out bytes.Buffer
			_, err := esdk.Open(ctx, &out, bytes.NewReader(sealed), keys.ring, read)
			return out.Bytes(), err
		},
	}, nil
}

func objectTrial(ctx context.Context, keys *envelopeKeys, sample []byte, version string, pairs map[string]string) (*trial, error) {
	var b bytes.Buffer
	metadata, _, err := s3ec.Seal(ctx, &b, bytes.NewReader(sample), keys.s3, s3ec.SealOptions{Version: version, Context: pairs})
	if err != nil {
		return nil, fmt.Errorf("sealing the sample: %w", err)
	}
	body := b.Bytes()
	t := &trial{parts: []part{{"the body", body}}, plain: sample}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		t.parts = append(t.parts, part{name, []byte(metadata[name])})
	}
	object := func() s3ec.Object {
		now := map[string]string{}
		for _, p := range t.parts[1:] {
			now[p.name] = string(p.bytes)
		}
		return s3ec.Object{Metadata: now, Body: bytes.NewReader(body), Size: int64(len(body))}
	}
	t.verify = func(ctx context.Context) (envelope.Proof, error) {
		return s3ec.Verify(ctx, object(), keys.s3, s3ec.Options{Context: pairs})
	}
	t.open = func(ctx context.Context) ([]byte, error) {
		var out bytes.Buffer
		_, err := s3ec.Open(ctx, &out, object(), keys.s3, s3ec.Options{Context: pairs})
		return out.Bytes(), err
	}
	return t, nil
}

// sampleItem is an item with a value of each kind.
const sampleItem = `{"id": {"S": "sample"}, "sort": {"N": "7"}, "text": {"S": "a text"}, "number": {"N": "-12.5"},
"bytes": {"B": "AAECAwQ="}, "yes": {"BOOL": true}, "none": {"NULL": true}, "list": {"L": [{"S": "a"}, {"N": "1"}]},
"map": {"M": {"k": {"S": "v"}}}, "texts": {"SS": ["a", "b"]}, "open": {"S": "signed, not encrypted"}}`

func (f *trialFlags) itemTrial(ctx context.Context, keys *envelopeKeys, args []string) (*trial, error) {
	text := []byte(sampleItem)
	if len(args) == 1 {
		var err error
		if text, err = readSmall(args[0], item.MaxJSON); err != nil {
			return nil, err
		}
	} else if f.partition == "" {
		f.table, f.partition, f.sort = "sample", "id", "sort"
		f.actions = append([]string{"open=SIGN_ONLY"}, f.actions...)
	}
	if f.partition == "" || f.table == "" {
		return nil, fmt.Errorf("an item needs its --table and its --partition-key")
	}
	plain, err := ddb.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the item: %w", err)
	}
	c, err := f.items()
	if err != nil {
		return nil, err
	}
	if c.Default == "" {
		c.Default = item.EncryptAndSign
	}
	format := map[string]ddb.Format{"ddb": ddb.Structured, "ddb-legacy": ddb.Legacy}[f.format]
	if c.Actions == nil {
		c.Actions = map[string]ddb.Action{}
	}
	for _, key := range []string{c.Partition, c.Sort} {
		if key != "" && c.Actions[key] == "" {
			c.Actions[key] = item.SignOnly
		}
	}
	sealed, err := ddb.Seal(ctx, plain, format, keys.forItem(plain), c)
	if err != nil {
		return nil, fmt.Errorf("sealing the item: %w", err)
	}
	return itemTrialOf(plain, sealed, keys, c), nil
}

// itemTrialOf flips the bits of texts, numbers and bytes.
func itemTrialOf(plain, sealed ddb.Item, keys *envelopeKeys, c ddb.Config) *trial {
	t := &trial{plain: marshalItem(plain)}
	for _, name := range slices.Sorted(maps.Keys(sealed)) {
		if v := sealed[name]; v.Type == item.S || v.Type == item.N || v.Type == item.B {
			t.parts = append(t.parts, part{name, []byte(v.Data)})
		}
	}
	now := func() ddb.Item {
		it := maps.Clone(sealed)
		for _, p := range t.parts {
			v := it[p.name]
			v.Data = string(p.bytes)
			it[p.name] = v
		}
		return it
	}
	t.verify = func(ctx context.Context) (envelope.Proof, error) {
		it := now()
		return ddb.Verify(ctx, it, keys.forItem(it), c)
	}
	t.open = func(ctx context.Context) ([]byte, error) {
		it := now()
		got, err := ddb.Open(ctx, it, keys.forItem(it), c)
		if err != nil {
			return nil, err
		}
		if item.Equal(got, plain) {
			return t.plain, nil
		}
		return marshalItem(got), nil
	}
	return t
}

func marshalItem(it ddb.Item) []byte {
	var b bytes.Buffer
	_ = writeJSON(&b, it) // to memory
	return b.Bytes()
}
