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

// A file is of version 1 while all its keys are symmetric and of customers, and
// of version 2 when one is not. So old files load, and a program that knows
// only version 1 reads all that it can.
const (
	plainVersion = 1
	kindsVersion = 2
	maxFile      = 64 << 20
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
	out := stored{0, s.home.partition, s.home.region, s.home.account, []storedKey{}, maps.Clone(s.aliases)}
	for _, name := range s.sorted() {
		k := s.keys[name]
		if s.gone(k) {
			continue
		}
		told := s.described(k) // with its date, when the replicas that held it up are gone
		told.Material = ""
		sk := storedKey{Key: told, Materials: k.materials}
		if k.imported != [32]byte{} {
			sk.Imported = k.imported[:]
		}
		out.Keys = append(out.Keys, sk)
	}
	maps.DeleteFunc(out.Aliases, func(_, target string) bool { return s.gone(s.keys[target]) })
	out.Version = out.needs()
	return out
}

// needs is the version that the keys need.
func (in stored) needs() int {
	for _, k := range in.Keys {
		if !k.Spec.IsZero() || !k.Usage.IsZero() || !k.Manager.IsZero() {
			return kindsVersion
		}
	}
	return plainVersion
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
	switch {
	case in.Version != plainVersion && in.Version != kindsVersion:
		return nil, fmt.Errorf("%w: version %d of the key file; this program reads %d and %d", envelope.ErrUnsupported, in.Version, plainVersion, kindsVersion)
	case in.Version != in.needs():
		return nil, fmt.Errorf("%w: version %d of the key file, and its keys are of version %d", envelope.ErrFormat, in.Version, in.needs())
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
		if sk.Usage == "" {
			sk.Usage = EncryptDecrypt // which a file leaves out
		}
		sk.settle()
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
		if p := s.keys[k.ReplicaOf]; k.ReplicaOf != "" && (p == nil || p.ReplicaOf != "" || p.External || p.name() != k.name() || p.Spec != k.Spec || p.Usage != k.Usage) {
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
