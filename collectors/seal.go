package collectors

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Seal writes what was recorded as a bundle at path, all or nothing. The
// manifest's format, coverage and entries are filled in.
func (r *Recorder) Seal(path string, m Manifest) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return fmt.Errorf("the evidence is incomplete on disk: %w", r.err)
	}
	m.Format, m.Coverage = bundleFormat, r.ledger.Lines()
	return replaceFile(path, func(f *os.File) error {
		p := &packer{zip: zip.NewWriter(f), dir: filepath.Dir(r.rows.f.Name())}
		err := p.deflated(rowsName, func(w io.Writer) error { return r.rows.copyTo(w, r.sorted()) })
		if err != nil {
			return err
		}
		if err := p.deflated(callsName, func(w io.Writer) error { return r.calls.copyTo(w, []span{{0, r.calls.size}}) }); err != nil {
			return err
		}
		if err := p.deflated(repliesName, func(w io.Writer) error { return r.replies.copyTo(w, r.sortedReplies()) }); err != nil {
			return err
		}
		m.Entries = p.entries
		text, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			return err
		}
		if err := p.plain(manifestName, append(text, '\n')); err != nil {
			return err
		}
		return p.zip.Close()
	})
}

// Judgement is what a policy engine made of a bundle's evidence. Policies,
// their selection, parameters and summary are the engine's own JSON.
type Judgement struct {
	Tool     string          `json:"tool"`
	Evidence string          `json:"evidence"` // digest of manifest.json
	Policies json.RawMessage `json:"policies"`
	Judged   json.RawMessage `json:"judged"` // selection and parameters
	Summary  json.RawMessage `json:"summary"`
	Entries  []Entry         `json:"entries"` // findings.jsonl
}

// Judge writes the bundle's evidence, unchanged, with findings to path. Fill
// writes one finding a line. Attestations stay: what they say of the evidence
// is still so, and what they say of other findings is seen to be of others.
func (b *Bundle) Judge(path string, j Judgement, fill func(io.Writer) error) error {
	return replaceFile(path, func(f *os.File) error {
		p := &packer{zip: zip.NewWriter(f)}
		for _, name := range evidenceNames() {
			if err := copyRaw(p.zip, b.files[name]); err != nil {
				return fmt.Errorf("copying %s: %w", name, err)
			}
		}
		if err := p.deflated(findingsName, fill); err != nil {
			return err
		}
		j.Evidence, j.Entries = b.Evidence, p.entries
		text, err := json.MarshalIndent(j, "", "  ")
		if err != nil {
			return err
		}
		if err := p.plain(judgementName, append(text, '\n')); err != nil {
			return err
		}
		if b.Attestations != nil {
			if err := p.plain(attestationsName, b.Attestations); err != nil {
				return err
			}
		}
		return p.zip.Close()
	})
}

func evidenceNames() []string { return []string{rowsName, callsName, repliesName, manifestName} }

func copyRaw(z *zip.Writer, f *zip.File) error {
	in, err := f.OpenRaw()
	if err != nil {
		return err
	}
	out, err := z.CreateRaw(header(f.Name, f.Method, f.CRC32, f.UncompressedSize64, f.CompressedSize64))
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}

// replaceFile writes a file beside path and renames it over path, so that
// nobody meets a half one.
func replaceFile(path string, fill func(*os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w; check that the directory exists and may be written", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if err := fill(f); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := f.Chmod(0o600); err != nil { // evidence names everything in the account
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
