package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// target is a file that a command will write. It is checked before any work is
// done for it, and appears whole or not at all; what is no regular file, such
// as a device or a pipe, is written straight through.
type target struct {
	path    string // symbolic links resolved
	through bool
}

// newTarget checks that a file can be written at path.
func newTarget(path string) (target, error) {
	t := target{path: path}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		t.path = resolved
	} else if link, err := os.Readlink(path); err == nil { // to what is not there yet
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		t.path = link
	}
	info, err := os.Stat(t.path)
	switch {
	case err == nil && info.IsDir():
		return t, fmt.Errorf("%s is a directory; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		t.through = true
		return t, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return t, fmt.Errorf("%w; choose another file", err)
	}
	dir := filepath.Dir(t.path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return t, fmt.Errorf("the directory %s does not exist; make it first", dir)
	}
	probe, err := os.CreateTemp(dir, ".sealaudit-*")
	if err != nil {
		return t, fmt.Errorf("a file can't be made in %s: %w; check its rights and space", dir, errors.Unwrap(err))
	}
	return t, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// bundleTarget checks a place for a bundle, which is never written through.
func bundleTarget(path string) (target, error) {
	t, err := newTarget(path)
	if err == nil && t.through {
		err = fmt.Errorf("%s is no regular file; a bundle needs one", path)
	}
	return t, err
}

// same says whether two paths are one file, existing or not.
func (t target) same(path string) bool {
	if path == "" || t.through {
		return false
	}
	a, errA := os.Stat(t.path)
	b, errB := os.Stat(path)
	if errA == nil && errB == nil {
		return os.SameFile(a, b)
	}
	absA, errA := filepath.Abs(t.path)
	absB, errB := filepath.Abs(path)
	return errA == nil && errB == nil && absA == absB
}

// write fills the file.
func (t target) write(fill func(io.Writer) error) error {
	if t.through {
		f, err := os.OpenFile(t.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(fill(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(t.path), "."+filepath.Base(t.path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone after the rename
	if err := fill(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), t.path)
}

// clear removes an earlier file where this time there is none, so that nobody
// takes the old one for new.
func (t target) clear() error {
	if t.through {
		return nil
	}
	if err := os.Remove(t.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the earlier file, which must not be used any more: %w; remove it yourself", err)
	}
	return nil
}
