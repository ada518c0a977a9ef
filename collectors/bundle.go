package collectors

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// maxLine bounds a line of a bundle, in bytes. The longest come from replies
// with a large bucket policy, well below it.
const maxLine = 128 << 20

// maxDocument bounds manifest.json and judgement.json, in bytes.
const maxDocument = 32 << 20

// Bundle is a snapshot on disk, opened for reading.
type Bundle struct {
	Path     string
	Manifest Manifest
	// Evidence is the digest of manifest.json and so of all evidence:
	// "sha256:…". It stays the same when the bundle is judged.
	Evidence string
	// Judgement is nil in a bundle that was not judged.
	Judgement *Judgement
	// JudgementDigest is the digest of judgement.json, which has that of the
	// findings: "sha256:…", or "" in a bundle that was not judged.
	JudgementDigest string
	// Attestations are lines of DSSE envelopes, nil in a bundle that was not
	// signed. Nobody has checked them.
	Attestations []byte

	file  *os.File
	files map[string]*zip.File
	order []string
}

// OpenBundle opens a bundle and reads its manifest. It checks only what it
// reads; Verify checks every bit.
func OpenBundle(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the bundle: %w", err)
	}
	b := &Bundle{Path: path, file: f, files: map[string]*zip.File{}}
	if err := b.load(); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("reading the bundle %s: %w; it is damaged or was not written by sealaudit collect", path, err)
	}
	return b, nil
}

// Close closes the file.
func (b *Bundle) Close() error { return b.file.Close() }

func (b *Bundle) load() error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(b.file, info.Size())
	if err != nil {
		return err
	}
	for _, f := range z.File {
		if b.files[f.Name] != nil {
			return fmt.Errorf("the entry %q is there twice", f.Name)
		}
		b.files[f.Name] = f
		b.order = append(b.order, f.Name)
	}
	text, err := b.document(manifestName)
	if err != nil {
		return err
	}
	if err := strict(text, &b.Manifest); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	if b.Manifest.Format != bundleFormat {
		return fmt.Errorf("its format is %q and this version reads %q", b.Manifest.Format, bundleFormat)
	}
	b.Evidence = digestOf(text)
	if err := b.loadAttestations(); err != nil {
		return err
	}
	if b.files[judgementName] == nil {
		return nil
	}
	if text, err = b.document(judgementName); err != nil {
		return err
	}
	b.Judgement = &Judgement{}
	if err := strict(text, b.Judgement); err != nil {
		return fmt.Errorf("%s: %w", judgementName, err)
	}
	b.JudgementDigest = digestOf(text)
	return nil
}

func (b *Bundle) document(name string) ([]byte, error) {
	f := b.files[name]
	if f == nil {
		return nil, fmt.Errorf("it has no %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close() //nolint:errcheck // reading
	text, err := io.ReadAll(io.LimitReader(r, maxDocument))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

func strict(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after its end")
	}
	return nil
}

// Rows are the lines of resources.jsonl: one JSON Resource each, by account,
// region, type and ARN. A line is valid until the next one is asked for.
func (b *Bundle) Rows() iter.Seq2[[]byte, error] { return b.lines(rowsName) }

// Calls are the lines of calls.jsonl: one JSON CallRef for every attempt.
func (b *Bundle) Calls() iter.Seq2[[]byte, error] { return b.lines(callsName) }

// Findings are the lines of findings.jsonl, as the engine wrote them.
func (b *Bundle) Findings() iter.Seq2[[]byte, error] { return b.lines(findingsName) }

func (b *Bundle) lines(name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f := b.files[name]
		if f == nil {
			yield(nil, fmt.Errorf("the bundle %s has no %s", b.Path, name))
			return
		}
		r, err := f.Open()
		if err != nil {
			yield(nil, fmt.Errorf("reading %s of the bundle %s: %w", name, b.Path, err))
			return
		}
		defer r.Close() //nolint:errcheck // reading
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 1<<16), maxLine)
		for s.Scan() {
			if !yield(s.Bytes(), nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(nil, fmt.Errorf("reading %s of the bundle %s: %w; the bundle is damaged", name, b.Path, err))
		}
	}
}
