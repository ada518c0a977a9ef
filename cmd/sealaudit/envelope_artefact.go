package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// maxBeside bounds metadata and instruction files. S3 keeps 2 KB of metadata.
const maxBeside = 1 << 20

// artefact is one sealed thing: a message, an S3 object or an item.
type artefact struct {
	path        string
	body        *os.File
	size        int64
	item        ddb.Item
	s3          bool
	metadata    map[string]string
	instruction []byte
}

// reading is how artefacts are read.
type reading struct {
	esdk  esdk.Options
	s3    s3ec.Options
	items ddb.Config
	seen  map[[sha256.Size]byte]bool                                                // wrapped data keys of messages
	tell  func(path string, size int64, body io.ReadSeeker) (io.ReadSeeker, func()) // progress
}

func (f *envelopeFlags) reading(std streams) (*reading, error) {
	pairs, err := f.pairs()
	if err != nil {
		return nil, err
	}
	items, err := f.items()
	if err != nil {
		return nil, err
	}
	r := &reading{
		esdk:  esdk.Options{Context: pairs, AllowNET400: f.net400, Values: f.values},
		s3:    s3ec.Options{Context: pairs, Values: f.values, Run: s3ec.NewRun()},
		items: items,
		seen:  map[[sha256.Size]byte]bool{},
		tell:  tellProgress(std, f.quiet),
	}
	if f.commitment {
		r.esdk.Policy = esdk.RequireEncryptRequireDecrypt
	}
	return r, nil
}

// readArtefact opens a file and tells what it is, in this order: an S3 object
// by the files beside it, a message by its first bytes, an item by being JSON.
func readArtefact(path string) (*artefact, error) {
	body, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &artefact{path: path, body: body}
	if err := a.recognise(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *artefact) close() { _ = a.body.Close() } // it was only read

func (a *artefact) recognise() error {
	info, err := a.body.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", a.path)
	}
	a.size = info.Size()
	if a.s3, err = a.readBeside(); err != nil || a.s3 {
		return err
	}
	var first [8]byte
	n, err := a.body.ReadAt(first[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if esdk.Recognise(first[:n]) {
		return nil
	}
	return a.readItem(bytes.TrimLeft(first[:n], " \t\r\n"))
}

// readBeside reads what stands beside the body of an S3 object.
func (a *artefact) readBeside() (found bool, err error) {
	text, err := readSmall(a.path+".metadata.json", maxBeside)
	switch {
	case err == nil:
		if a.metadata, err = parseMetadata(text); err != nil {
			return true, fmt.Errorf("%s.metadata.json: %w", a.path, err)
		}
		found = true
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	a.instruction, err = readSmall(a.path+s3ec.InstructionSuffix, maxBeside)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return found, nil
	}
	return found, err
}

// parseMetadata reads a JSON object of strings, each name once.
func parseMetadata(text []byte) (map[string]string, error) {
	bad := errors.New("it is not one JSON object of strings, each name once; aws s3api head-object --query Metadata writes it")
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	out := map[string]string{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, bad
		}
		value, err := d.Token()
		text, ok := value.(string)
		if _, twice := out[name.(string)]; err != nil || !ok || twice {
			return nil, bad
		}
		out[name.(string)] = text
	}
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	return out, nil
}

func (a *artefact) readItem(first []byte) error {
	none := fmt.Errorf("%s is nothing that AWS's clients encrypt: no message, no item in DynamoDB JSON, and for an S3 object %s.metadata.json or %s%s is missing", a.path, a.path, a.path, s3ec.InstructionSuffix)
	if !bytes.HasPrefix(first, []byte("{")) {
		if bytes.HasPrefix(first, []byte{1, 2}) || bytes.HasPrefix(first, []byte{1, 1}) {
			return fmt.Errorf("%w (it looks like a bare KMS ciphertext, which only KMS opens)", none)
		}
		return none
	}
	text, err := readSmall(a.path, item.MaxJSON)
	if err != nil {
		return err
	}
	it, err := ddb.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: reading it as an item: %w", a.path, err)
	}
	if ddb.Recognise(it) == ddb.Plain {
		return fmt.Errorf("%s is an item that no client encrypted", a.path)
	}
	a.item = it
	return nil
}

// readSmall reads a file of at most so many bytes.
func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // reading
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is longer than %d bytes", path, most)
	}
	return text, err
}

func (a *artefact) object(body io.ReadSeeker) s3ec.Object {
	return s3ec.Object{Metadata: a.metadata, Instruction: a.instruction, Body: body, Size: a.size}
}

func (a *artefact) inspect(ctx context.Context, r *reading) (envelope.Proof, error) {
	switch {
	case a.s3:
		return s3ec.Inspect(a.object(a.body), r.s3)
	case a.item != nil:
		return ddb.Inspect(a.item, r.items)
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	p, err := esdk.Inspect(ctx, body, r.esdk)
	a.compare(&p, r)
	return p, err
}

func (a *artefact) verify(ctx context.Context, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	if a.item != nil {
		return ddb.Verify(ctx, a.item, keys.forItem(a.item), r.items)
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	if a.s3 {
		return s3ec.Verify(ctx, a.object(body), keys.s3, r.s3)
	}
	p, err := esdk.Verify(ctx, body, keys.ring, r.esdk)
	a.compare(&p, r)
	return p, err
}

// compare finds a wrapped data key that an earlier message of the run had.
func (a *artefact) compare(p *envelope.Proof, r *reading) {
	if _, err := a.body.Seek(0, io.SeekStart); err != nil {
		return
	}
	h, err := esdk.ParseHeader(a.body, r.esdk.MaxDataKeys)
	if err != nil {
		return // the proof says so
	}
	for _, edk := range h.DataKeys {
		key := sha256.Sum256(edk.Ciphertext)
		if r.seen[key] {
			p.Weak("duplicate-data-key")
		}
		defer func() { r.seen[key] = true }() // not for the same message
	}
}

// open writes the plaintext to dst after all of it was authenticated.
func (a *artefact) open(ctx context.Context, dst io.Writer, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	if a.item != nil {
		return a.openItem(ctx, dst, keys, r)
	}
	body, done := r.tell(a.path, a.size, a.body)
	defer done()
	if a.s3 {
		return s3ec.Open(ctx, dst, a.object(body), keys.s3, r.s3)
	}
	return esdk.Open(ctx, dst, body, keys.ring, r.esdk)
}

func (a *artefact) openItem(ctx context.Context, dst io.Writer, keys *envelopeKeys, r *reading) (envelope.Proof, error) {
	p, err := a.verify(ctx, keys, r)
	if err != nil {
		return p, err
	}
	plain, err := ddb.Open(ctx, a.item, keys.forItem(a.item), r.items)
	if err != nil {
		return p, err
	}
	return p, writeJSON(dst, plain)
}
