package lab

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
)

// payload is what a producer puts for a record of the data.
func (l *Lab) payload(region string, r Record) ([]byte, error) {
	switch {
	case len(r.KPL) == 0:
		return l.clientSealed(region, r.Client, r.Data, r.Tampered)
	case r.Data != "" || r.Client != nil:
		return nil, errors.New("a record has KPL and Data or Client; a KPL record's parts have their own")
	}
	return l.aggregated(region, r.KPL)
}

// clientSealed is a payload as its producer encrypted it, with a bit changed
// when somebody tampered with it.
func (l *Lab) clientSealed(region string, c *ClientRecord, data string, tampered bool) ([]byte, error) {
	if c == nil {
		return []byte(data), nil
	}
	if c.Format != "esdk" {
		return nil, fmt.Errorf("no client-side format %q of records; take esdk", c.Format)
	}
	opts := esdk.WriteOptions{Context: c.Context}
	if c.Suite != "" {
		id, err := strconv.ParseUint(c.Suite, 16, 16)
		if err != nil {
			return nil, fmt.Errorf("the suite %q: %w; give an algorithm suite's id in four hex digits", c.Suite, err)
		}
		if opts.Suite = esdk.Suite(id); !opts.Suite.Committing() {
			opts.Policy = esdk.ForbidEncryptAllowDecrypt
		}
	}
	var message []byte
	err := l.asBefore(region, c.Key, func() (err error) {
		message, err = l.esdkMessage(region, c.Key, opts, data)
		return err
	})
	if err == nil && tampered {
		message[len(message)/2] ^= 1
	}
	return message, err
}

func (l *Lab) esdkMessage(region, key string, opts esdk.WriteOptions, data string) ([]byte, error) {
	k, err := l.keys.Describe(l.keyName(region, key))
	if err != nil {
		return nil, fmt.Errorf("the key of a client: %w; name one that is there", err)
	}
	kr, err := keyring.NewKMS(clientKMS{l, region}, k.ARN)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := esdk.NewWriter(context.Background(), &out, kr, opts)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte(data)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// clientKMS is KMS as a client of the account calls it, which CloudTrail
// records.
type clientKMS struct {
	l      *Lab
	region string
}

// GenerateDataKey implements keyring.KMS.
func (c clientKMS) GenerateDataKey(_ context.Context, keyID string, size int, encryptionContext map[string]string) (envelope.DataKey, []byte, error) {
	plain, blob, _, failure := c.l.generate(use{region: c.region, key: keyID, context: encryptionContext}, size)
	if failure != nil {
		return envelope.DataKey{}, nil, failure
	}
	return envelope.NewDataKey(plain), blob, nil
}

// Decrypt implements keyring.KMS.
func (c clientKMS) Decrypt(_ context.Context, keyID string, blob []byte, encryptionContext map[string]string) (envelope.DataKey, error) {
	plain, _, failure := c.l.unwrap(use{region: c.region, key: keyID, context: encryptionContext}, blob)
	if failure != nil {
		return envelope.DataKey{}, failure
	}
	return envelope.NewDataKey(plain), nil
}

// aggregated is an aggregated record (Amazon Kinesis Producer Library, "KPL
// aggregated record format": a magic number, a protocol buffers message, the MD5
// of that).
func (l *Lab) aggregated(region string, parts []KPLRecord) ([]byte, error) {
	var message []byte
	for _, p := range parts {
		message = appendField(message, 1, []byte(p.PartitionKey)) // partition_key_table
	}
	for i, p := range parts {
		data, err := l.clientSealed(region, p.Client, p.Data, false)
		if err != nil {
			return nil, err
		}
		record := binary.AppendUvarint([]byte{1 << 3}, uint64(i)) // partition_key_index
		record = appendField(record, 3, data)                     // data
		message = appendField(message, 3, record)                 // records
	}
	sum := md5.Sum(message) // the format's checksum
	return append(append([]byte{0xF3, 0x89, 0x9A, 0xC2}, message...), sum[:]...), nil
}

// appendField appends a length-delimited field of protocol buffers.
func appendField(b []byte, number int, value []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number)<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(value))), value...)
}
