package collectors

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
)

// attestationsName is the entry with what was signed of a bundle, the last one
// where there is one. It has the name that in-toto gives a file of attestations
// (Attestation Framework, Bundle, v1). It lies in the bundle and not beside it,
// so that it stays with the evidence when that is judged, copied or filed.
const attestationsName = "attestations.intoto.jsonl"

// maxAttestations bounds attestations.intoto.jsonl, in bytes.
const maxAttestations = 1 << 20

// Attest writes the bundle with these attestations, and no others, to path:
// lines of DSSE envelopes over Statements. Everything else keeps its bytes, and
// so the evidence digest its value.
func (b *Bundle) Attest(path string, attestations []byte) error {
	if len(attestations) > maxAttestations {
		return fmt.Errorf("the bundle %s would have %d bytes of attestations; it can have %d", b.Path, len(attestations), maxAttestations)
	}
	return replaceFile(path, func(f *os.File) error {
		p := &packer{zip: zip.NewWriter(f)}
		for _, name := range b.order {
			if name == attestationsName {
				continue
			}
			if err := copyRaw(p.zip, b.files[name]); err != nil {
				return fmt.Errorf("copying %s: %w", name, err)
			}
		}
		if err := p.plain(attestationsName, attestations); err != nil {
			return err
		}
		return p.zip.Close()
	})
}

func (b *Bundle) loadAttestations() error {
	f := b.files[attestationsName]
	if f == nil {
		return nil
	}
	if f.UncompressedSize64 > maxAttestations {
		return fmt.Errorf("%s is longer than %d bytes", attestationsName, maxAttestations)
	}
	text, err := b.document(attestationsName)
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return errors.New(attestationsName + " is empty")
	}
	b.Attestations = text
	return nil
}
