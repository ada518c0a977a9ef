package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/records"
	"github.com/sealaudit/sealaudit/internal/envelope/s3ec"
)

// maxBeside bounds metadata and instruction files. S3 keeps 2 KB of metadata.
const maxBeside = 1 << 20

// artefact is one sealed thing: a message, an S3 object or an item.
type artefact struct {
	path        string
	body        io.Reader
	closer      io.Closer
	size        int64
	item        ddb.Item
	table       ddb.Config // of an item from DynamoDB: its table's name and keys
	s3, message bool
	metadata    map[string]string
	instruction []byte
	served      *served // of an object under a customer-provided key
	record      records.Record
}

// reading is how artefacts are read.
type reading struct {
	esdk     esdk.Options
	s3       s3ec.Options
	items    ddb.Config
	seen     map[[sha256.Size]byte]bool                                        // wrapped data keys of messages
	tell     func(path string, size int64, body io.Reader) (io.Reader, func()) // progress
	shared   *ddb.Run                                                          // data keys of items
	meta     *itemStore                                                        // metastore, or nil
	material string                                                            // of the metastore, or "" for any
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
		seen:  map[[sha256.Size]byte]bool{}, shared: ddb.NewRun(),
		tell: tellProgress(std, f.quiet),
	}
	if f.commitment {
		r.esdk.Policy = esdk.RequireEncryptRequireDecrypt
	}
	return r, nil
}

// readArtefact opens a file and tells what it is, in this order: an S3 object
// by the files beside it, a message by its first bytes, a record by its content, an
// item by being JSON.
func readArtefact(path string) (*artefact, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	body, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &artefact{path: path, body: body, closer: body}
	if err := a.recognise(body); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *artefact) close() {
	if a.closer != nil {
		_ = a.closer.Close() // it was only read
	}
}

func (a *artefact) recognise(body *os.File) error {
	info, err := body.Stat()
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
	n, err := body.ReadAt(first[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if esdk.Recognise(first[:n]) {
		a.message = true
		return nil
	}
	begin := bytes.TrimLeft(first[:n], " \t\r\n")
	if found, err := a.readRecord(begin); found || err != nil {
		return err
	}
	return a.readItem(begin)
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
