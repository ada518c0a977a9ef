package collectors

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
)

// The names of a bundle's entries, in their order.
const (
	rowsName      = "resources.jsonl"
	callsName     = "calls.jsonl"
	repliesName   = "replies.jsonl"
	manifestName  = "manifest.json"
	findingsName  = "findings.jsonl"
	judgementName = "judgement.json"
)

const bundleFormat = "sealaudit-bundle/1"

// packer writes a zip whose every byte follows from its contents: no time, no
// owner, no comment, fixed order, sizes in the headers. That is what lets
// Verify find any flipped bit.
type packer struct {
	zip     *zip.Writer
	dir     string // for temporary files
	entries []Entry
}

// deflated writes a compressed entry from what fill writes.
func (p *packer) deflated(name string, fill func(io.Writer) error) error {
	tmp, err := os.CreateTemp(p.dir, "sealaudit-*")
	if err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	defer func() { _ = tmp.Close(); _ = os.Remove(tmp.Name()) }()
	content, packed := newMeter(nil), newMeter(tmp)
	z, err := flate.NewWriter(packed, flate.DefaultCompression)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(io.MultiWriter(z, content), 1<<16)
	if err := fill(w); err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out, err := p.zip.CreateRaw(header(name, zip.Deflate, content.crc.Sum32(), uint64(content.n), uint64(packed.n)))
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, tmp); err != nil {
		return fmt.Errorf("packing %s: %w", name, err)
	}
	p.entries = append(p.entries, Entry{Name: name, Size: content.n, Digest: content.digest(), Packed: packed.digest()})
	return nil
}

// plain writes an uncompressed entry.
func (p *packer) plain(name string, content []byte) error {
	out, err := p.zip.CreateRaw(header(name, zip.Store, crc32.ChecksumIEEE(content), uint64(len(content)), uint64(len(content))))
	if err != nil {
		return err
	}
	_, err = io.Copy(out, bytes.NewReader(content))
	return err
}

func header(name string, method uint16, crc uint32, size, packed uint64) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Method: method, CRC32: crc, UncompressedSize64: size, CompressedSize64: packed}
}

// meter counts, sums and digests what is written through it.
type meter struct {
	w   io.Writer // may be nil
	n   int64
	crc hash.Hash32
	sha hash.Hash
}

func newMeter(w io.Writer) *meter { return &meter{w: w, crc: crc32.NewIEEE(), sha: sha256.New()} }

func (m *meter) Write(b []byte) (int, error) {
	m.n += int64(len(b))
	_, _ = m.crc.Write(b) // never fails
	_, _ = m.sha.Write(b)
	if m.w == nil {
		return len(b), nil
	}
	return m.w.Write(b)
}

func (m *meter) digest() string { return "sha256:" + hex.EncodeToString(m.sha.Sum(nil)) }

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
