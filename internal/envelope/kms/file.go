package kms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

const (
	fileVersion = 1
	maxFile     = 64 << 20
)

// stored is a service as its file has it.
type stored struct {
	Version   int               `json:"sealauditKMS"`
	Partition string            `json:"partition"`
	Region    string            `json:"region"`
	Account   string            `json:"account"`
	Keys      []storedKey       `json:"keys"`
	Aliases   map[string]string `json:"aliases"`
}

type storedKey struct {
	Key
	Imported  []byte     `json:"imported,omitempty"` // digest
	Materials []material `json:"materials,omitempty"`
}

// Save writes the keys to a file that only its owner can read. The file appears
// whole or not at all.
func (s *Service) Save(path string) error {
	s.mu.RLock()
	b, err := json.MarshalIndent(s.stored(), "", "  ")
	s.mu.RUnlock()
	if err != nil {
		return fmt.Errorf("saving the keys to %s: %w", path, err)
	}
	defer clear(b)
	if err := writeOwn(path, append(b, '\n')); err != nil {
		return fmt.Errorf("saving the keys to %s: %w", path, err)
	}
	return nil
}

func (s *Service) stored() stored {
	out := stored{fileVersion, s.home.partition, s.home.region, s.home.account, []storedKey{}, maps.Clone(s.aliases)}
	for _, name := range s.sorted() {
		k := s.keys[name]
		if k.gone(s.now()) {
			continue
		}
		sk := storedKey{Key: k.Key, Materials: k.materials}
		if k.imported != [32]byte{} {
			sk.Imported = k.imported[:]
		}
		out.Keys = append(out.Keys, sk)
	}
	maps.DeleteFunc(out.Aliases, func(_, target string) bool { return s.keys[target].gone(s.now()) })
	return out
}

func writeOwn(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone after the rename
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Load reads a service from a file that Save wrote. The time is now's, or the
// time of day if it is nil.
func Load(path string, now func() time.Time) (*Service, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("loading the keys: %w: %w", envelope.ErrNoKey, err)
	}
	defer f.Close() //nolint:errcheck // reading
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	defer clear(b)
	switch {
	case err != nil:
		return nil, fmt.Errorf("loading the keys: %w: %w", envelope.ErrNoKey, err)
	case len(b) > maxFile:
		return nil, fmt.Errorf("loading the keys of %s: %w: more than %d bytes", path, envelope.ErrFormat, maxFile)
	}
	s, err := parse(b, now)
	if err != nil {
		return nil, fmt.Errorf("loading the keys of %s: %w", path, err)
	}
	return s, nil
}

// parse reads a file strictly: it must be what Save would write again, but for
// white space. So nothing unknown, doubled or misspelt passes. Errors quote
// nothing of the file but key names, since all else may be a key.
func parse(b []byte, now func() time.Time) (*Service, error) {
	var in stored
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, fmt.Errorf("%w: not the JSON of a key file", envelope.ErrFormat)
	}
	if in.Version != fileVersion {
		return nil, fmt.Errorf("%w: version %d of the key file; this program reads %d", envelope.ErrUnsupported, in.Version, fileVersion)
	}
	again, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("%w: not the JSON of a key file", envelope.ErrFormat)
	}
	defer clear(again)
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil || !bytes.Equal(compact.Bytes(), again) {
		return nil, fmt.Errorf("%w: the key file has a field that is unknown, doubled, empty or out of order", envelope.ErrFormat)
	}
	defer clear(compact.Bytes())
	return in.service(now)
}

func (in stored) service(now func() time.Time) (*Service, error) {
	home := arn{in.Partition, in.Region, in.Account, "key/x"}
	if _, ok := parseARN(home.String()); !ok {
		return nil, fmt.Errorf("%w: the key file's partition, region or account is not one", envelope.ErrFormat)
	}
	s := New(Config{in.Partition, in.Region, in.Account, now})
	last := ""
	for _, sk := range in.Keys {
		if err := sk.check(); err != nil {
			return nil, err
		}
		if sk.ARN <= last {
			return nil, fmt.Errorf("%w: the keys are not in order, or %q is there twice", envelope.ErrFormat, sk.ARN)
		}
		last = sk.ARN
		k := &key{Key: sk.Key, materials: sk.Materials}
		copy(k.imported[:], sk.Imported)
		s.keys[sk.ARN] = k
	}
	for _, k := range s.keys {
		if p := s.keys[k.ReplicaOf]; k.ReplicaOf != "" && (p == nil || p.ReplicaOf != "" || p.External || p.name() != k.name()) {
			return nil, fmt.Errorf("%w: %q is not a replica of what it says", envelope.ErrFormat, k.ARN)
		}
	}
	for alias, target := range in.Aliases {
		a, ok := parseARN(alias)
		if !ok || len(a.resource) < 7 || a.resource[:6] != "alias/" || s.keys[target] == nil {
			return nil, fmt.Errorf("%w: the alias %q names no key of the file", envelope.ErrFormat, alias)
		}
		s.aliases[alias] = target
	}
	return s, nil
}

// check holds a key to the rules that the operations keep.
func (sk storedKey) check() error {
	if err := sk.checkName(); err != nil {
		return fmt.Errorf("%w: a key of the file: %w", envelope.ErrFormat, err)
	}
	bad := ""
	switch n := len(sk.Materials); {
	case sk.ReplicaOf != "" && (!sk.MultiRegion || sk.External || n > 0):
		bad = "a replica has no material of its own"
	case sk.External && (n > 1 || n == 1 && len(sk.Imported) != 32):
		bad = "imported material is one key with its digest"
	case !sk.External && (len(sk.Imported) > 0 || sk.State == PendingImport):
		bad = "its material is not imported"
	case sk.External && n == 0 && sk.State != PendingImport && sk.State != PendingDeletion:
		bad = "it has no material"
	case sk.External && n == 1 && sk.State == PendingImport:
		bad = "it has its material"
	case !sk.External && sk.ReplicaOf == "" && (n == 0 || n > maxMaterials):
		bad = "it has no material, or too much"
	case sk.Deletion.IsZero() == (sk.State == PendingDeletion):
		bad = "a date of deletion is there if it is pending, and only then"
	case len(sk.Imported) != 0 && len(sk.Imported) != 32:
		bad = "a digest has 32 bytes"
	}
	for _, m := range sk.Materials {
		d := digest(m.Key)
		if len(m.Key) != 32 || sk.External && !bytes.Equal(d[:], sk.Imported) {
			bad = "its material has 32 bytes, and the digest that the file says"
		}
	}
	switch sk.State {
	case Enabled, Disabled, PendingDeletion, PendingImport:
	default:
		bad = "its state is not one"
	}
	if bad != "" {
		return fmt.Errorf("%w: the key %q of the file: %s", envelope.ErrFormat, sk.ARN, bad)
	}
	return nil
}
