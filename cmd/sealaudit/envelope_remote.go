package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/records"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
	"github.com/sealaudit/sealaudit/internal/envelope/ssec"
)

// served is what S3 said of its own encryption with a key of the customer.
type served struct {
	headers map[string]string
	key     []byte // as given, or nil
	want    []byte // digest of the plaintext, or nil
	refused error  // why S3 gave no object
	without func(context.Context) error
}

// readObject gets an object and tells what it is, in this order: an object of
// the S3 Encryption Client by its metadata, a message by its first bytes, an
// item by being one, an object of the S3 Encryption Client by its instruction
// file.
func (c *cloud) readObject(ctx context.Context, name string, id objectID, key, want []byte) (*artefact, error) {
	a := &artefact{path: name}
	body, err := c.object(ctx, id, key)
	if errors.As(err, new(*ssec.Error)) { // it says something about the object
		a.served = &served{key: key, refused: err}
		return a, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a.closer = body
	buffered := bufio.NewReaderSize(body, 64<<10)
	a.body, a.size, a.metadata = buffered, body.size, body.metadata
	if key != nil {
		a.served = &served{headers: body.headers, key: key, want: want, without: func(ctx context.Context) error { return c.refusesWithout(ctx, id) }}
	}
	if err := c.recognise(ctx, a, id, buffered, body.headers); err != nil {
		a.close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return a, nil
}

func (c *cloud) recognise(ctx context.Context, a *artefact, id objectID, body *bufio.Reader, headers map[string]string) error {
	whole, part := claims(a.metadata)
	if whole {
		a.s3 = true
		return nil
	}
	if !part {
		if done, err := a.recogniseBody(body); done || err != nil {
			return err
		}
	}
	err := c.readInstruction(ctx, a, id)
	switch {
	case err == nil || part:
		a.s3 = true // without the file the proof says what is missing
		return err
	case unasked(err):
		return err
	case a.served != nil:
		return nil // what S3 served is the plaintext
	}
	sse := headers[ssec.Encryption]
	if sse == "" {
		sse = "nothing"
	}
	return fmt.Errorf("no client encrypted it: it is no message and no item, and has no metadata or instruction file of the S3 Encryption Client; S3 itself encrypts it with %s", sse)
}

// claims tells whether metadata names a wrapped data key of the S3 Encryption
// Client, and whether it has any other part of an envelope, so that the key is
// in an instruction file.
func claims(metadata map[string]string) (whole, part bool) {
	for name := range metadata {
		switch strings.ToLower(name) {
		case "x-amz-key", "x-amz-key-v2", "x-amz-3":
			whole = true
		case "x-amz-iv", "x-amz-matdesc", "x-amz-wrap-alg", "x-amz-cek-alg", "x-amz-c", "x-amz-d", "x-amz-i", "x-amz-unencrypted-content-length":
			part = true
		}
	}
	return whole, part
}

// recogniseBody looks for a message and for an item.
func (a *artefact) recogniseBody(body *bufio.Reader) (bool, error) {
	first, err := body.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if a.message = esdk.Recognise(first); a.message {
		return true, nil
	}
	first = bytes.TrimLeft(first, " \t\r\n")
	if a.size > records.MaxRecord || len(first) == 0 || first[0] != '{' && !beginsRecord(first) {
		return false, nil
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return false, err
	}
	a.body = bytes.NewReader(text)
	// Ciphertext may begin like these too, so what is none may be an object
	// with an instruction file.
	if a.record, err = records.Parse(text); err == nil && a.record != nil {
		return true, nil
	}
	a.record = nil
	if it, err := ddb.Parse(text); err == nil && ddb.Recognise(it) != ddb.Plain {
		a.item = it
		return true, nil
	}
	return false, nil
}

// readInstruction gets an object's instruction file, which may be under the
// customer's key or not.
func (c *cloud) readInstruction(ctx context.Context, a *artefact, id objectID) error {
	id = objectID{bucket: id.bucket, key: id.key + s3ec.InstructionSuffix}
	var key []byte
	if a.served != nil {
		key = a.served.key
	}
	file, err := c.object(ctx, id, key)
	if errors.Is(err, ssec.ErrNotApplicable) {
		file, err = c.object(ctx, id, nil)
	}
	if err != nil {
		return fmt.Errorf("reading its instruction file: %w", err)
	}
	defer file.Close() //nolint:errcheck // reading
	text, err := io.ReadAll(io.LimitReader(file, maxBeside+1))
	if err == nil && len(text) > maxBeside {
		err = fmt.Errorf("its instruction file is longer than %d bytes", maxBeside)
	}
	a.instruction = text
	return err
}

// readItem gets an item, with what its table says of it.
func (c *cloud) readItem(ctx context.Context, name string, id itemID, given ddb.Config) (*artefact, error) {
	it, s, err := c.item(ctx, id, given)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if ddb.Recognise(it) == ddb.Plain {
		return nil, fmt.Errorf("%s is an item that no client encrypted", name)
	}
	return &artefact{path: name, item: it, table: ddb.Config{Table: tableName(id.table), Partition: s.partition, Sort: s.sort}}, nil
}

// refusesWithout asks for an object without its key, which S3 must refuse.
func (c *cloud) refusesWithout(ctx context.Context, id objectID) error {
	body, err := c.object(ctx, id, nil)
	switch {
	case err == nil:
		_ = body.Close()
		return fmt.Errorf("%w: S3 serves the object without its key", envelope.ErrFormat)
	case errors.Is(err, ssec.ErrNoHeaders):
		return nil
	case unasked(err):
		return err
	}
	return fmt.Errorf("%w: %w", envelope.ErrUnavailable, err)
}
