package collectors

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Verify checks every bit of the bundle: each entry against its digests, each
// call's reply against its own, the judgement against the evidence, and the
// file against the one way in which a bundle with these contents is written.
// It says nothing of who wrote it, nor of what its attestations say.
func (b *Bundle) Verify() error {
	for _, check := range []func() error{b.verifyNames, b.verifyEntries, b.verifyReplies, b.verifyRows, b.verifyLayout} {
		if err := check(); err != nil {
			return fmt.Errorf("the bundle %s is not intact: %w; do not rely on it, collect again or take another copy", b.Path, err)
		}
	}
	return nil
}

func (b *Bundle) verifyNames() error {
	want := evidenceNames()
	if b.Judgement != nil {
		want = append(want, findingsName, judgementName)
	}
	if b.Attestations != nil {
		want = append(want, attestationsName)
	}
	if !slices.Equal(b.order, want) {
		return fmt.Errorf("its entries are %q and not %q", b.order, want)
	}
	return nil
}

func (b *Bundle) verifyEntries() error {
	entries := b.Manifest.Entries
	if len(entries) != 3 {
		return fmt.Errorf("%s names %d entries", manifestName, len(entries))
	}
	if b.Judgement != nil {
		if b.Judgement.Evidence != b.Evidence {
			return errors.New("its findings were made from other evidence")
		}
		if n := len(b.Judgement.Entries); n != 1 {
			return fmt.Errorf("%s names %d entries", judgementName, n)
		}
		entries = append(slices.Clone(entries), b.Judgement.Entries...)
	}
	for i, e := range entries {
		if want := []string{rowsName, callsName, repliesName, findingsName}[i]; e.Name != want {
			return fmt.Errorf("%s names %q instead of %s", manifestName, e.Name, want)
		}
		if err := b.verifyEntry(e); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	return nil
}

func (b *Bundle) verifyEntry(e Entry) error {
	f := b.files[e.Name]
	raw, err := f.OpenRaw()
	if err != nil {
		return err
	}
	packed := newMeter(nil)
	if _, err := io.Copy(packed, raw); err != nil {
		return err
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // reading
	content := newMeter(nil)
	if _, err := io.Copy(content, r); err != nil {
		return err
	}
	if content.n != e.Size || content.digest() != e.Digest || packed.digest() != e.Packed {
		return errors.New("its bytes are not those that were sealed")
	}
	return nil
}

// verifyReplies checks that each reply has its digest, and each call its reply.
func (b *Bundle) verifyReplies() error {
	known := map[string]bool{}
	for line, err := range b.lines(repliesName) {
		var reply storedReply
		if err == nil {
			err = json.Unmarshal(line, &reply)
		}
		if err != nil {
			return err
		}
		if digestOf(reply.Reply) != reply.Digest {
			return fmt.Errorf("the reply %s has another digest", reply.Digest)
		}
		known[reply.Digest] = true
	}
	for line, err := range b.lines(callsName) {
		var call CallRef
		if err == nil {
			err = json.Unmarshal(line, &call)
		}
		if err != nil {
			return err
		}
		if call.Digest != "" && !known[call.Digest] {
			return fmt.Errorf("the reply %s of %s is missing", call.Digest, call.Operation)
		}
	}
	return nil
}

// verifyRows checks that rows are resources.
func (b *Bundle) verifyRows() error {
	for line, err := range b.Rows() {
		if err == nil {
			_, err = DecodeResource(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// verifyLayout writes the bundle's contents again and compares the bytes:
// that finds a flipped bit in what no digest covers, the zip's own headers.
func (b *Bundle) verifyLayout() error {
	if _, err := b.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	same := &comparer{with: b.file}
	z := zip.NewWriter(same)
	for _, name := range b.order {
		if err := copyRaw(z, b.files[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	if n, _ := b.file.Read(make([]byte, 1)); n != 0 {
		return errors.New("there is something after its end")
	}
	return nil
}

var errDiffers = errors.New("its headers are not those of a sealed bundle")

// comparer is a writer that fails on the first byte that differs from a reader.
type comparer struct {
	with io.Reader
	buf  []byte
}

func (c *comparer) Write(b []byte) (int, error) {
	if cap(c.buf) < len(b) {
		c.buf = make([]byte, len(b))
	}
	got := c.buf[:len(b)]
	if _, err := io.ReadFull(c.with, got); err != nil || !bytes.Equal(got, b) {
		return 0, errDiffers
	}
	return len(b), nil
}
