package iac

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds on what is read. The parsers call themselves for what is nested, and
// a stack that overflows can't be caught.
const (
	maxFile    = 1 << 20 // bytes
	maxFiles   = 20000
	maxNesting = 500
)

// tree is what is below the directories.
type tree struct {
	modules   map[string]*module // by directory
	templates []template
	files     int
	seen      map[string]bool // directories
	roots     []string        // directories of modules that no other calls
	twice     int             // resources of a state that more than one of them has
	notices   []string
}

func newTree() *tree {
	return &tree{modules: map[string]*module{}, seen: map[string]bool{}}
}

// walk reads everything below dir, which is absolute and real. Hidden
// directories (.git, .terraform with its copies of modules) are passed over.
func (t *tree) walk(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") || t.seen[path] {
				return fs.SkipDir
			}
			t.seen[path] = true
			return nil
		}
		if d.Type().IsRegular() {
			t.file(path)
		}
		return nil
	})
}

const separator = string(filepath.Separator)

// has says whether Terraform or a template was found below dir.
func (t *tree) has(dir string) bool {
	below := func(path string) bool {
		return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, separator)+separator)
	}
	for path := range t.modules {
		if below(path) {
			return true
		}
	}
	return slices.ContainsFunc(t.templates, func(c template) bool { return below(c.File) })
}

// follow reads the modules that are called by a path to elsewhere, and finds
// the root modules.
func (t *tree) follow() {
	called := map[string]bool{}
	for queue := sorted(t.modules); len(queue) > 0; queue = queue[1:] {
		m := t.modules[queue[0]]
		if m == nil {
			continue // a path to no module
		}
		for _, name := range sorted(m.calls) {
			if c := m.calls[name]; c != nil && c.dir != "" && c.dir != queue[0] && !called[c.dir] {
				called[c.dir] = true
				if t.flat(c.dir) {
					queue = append(queue, c.dir)
				}
			}
		}
	}
	for _, dir := range sorted(t.modules) {
		if !called[dir] {
			t.roots = append(t.roots, dir)
		}
	}
}

// flat reads the files of one directory that was not read yet.
func (t *tree) flat(dir string) bool {
	if t.seen[dir] {
		return false
	}
	t.seen[dir] = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.notice(dir, err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() && ends(e.Name(), ".tf", ".tf.json", ".tofu", ".tofu.json") {
			t.file(filepath.Join(dir, e.Name()))
		}
	}
	return true
}

// file reads a file if its name is one that Terraform or CloudFormation has.
func (t *tree) file(path string) {
	name := filepath.Base(path)
	var read func(string, []byte) error
	switch {
	case ends(name, ".tf.json", ".tofu.json"):
		read = t.terraformJSON
	case ends(name, ".tf", ".tofu"):
		read = t.terraform
	case ends(name, ".yaml", ".yml", ".json", ".template"):
		read = t.template
	default:
		return
	}
	if t.files++; t.files > maxFiles {
		if t.files == maxFiles+1 {
			t.notice(path, fmt.Errorf("only the first %d files are read; name narrower directories", maxFiles))
		}
		return
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		t.notice(path, err)
		return
	case info.Size() > maxFile && ends(name, ".json", ".template", ".yaml", ".yml") && !ends(name, ".tf.json", ".tofu.json"):
		return // data; CloudFormation takes templates up to this size
	case info.Size() > maxFile:
		t.notice(path, fmt.Errorf("it has more than %d bytes", maxFile))
		return
	}
	src, err := os.ReadFile(path)
	if err == nil {
		err = read(path, src)
	}
	if err != nil {
		t.notice(path, err)
	}
}

func ends(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

func (t *tree) notice(path string, err error) {
	t.notices = append(t.notices, fmt.Sprintf("%s is passed over: %v", path, err))
}

// nested says whether a text opens so many brackets, or repeats so many
// operators, that a parser which calls itself might not come back. It counts
// those in strings and comments too: no code that people write has as many.
func nested(src []byte) bool {
	depth, run, asked := 0, 0, 0
	for _, c := range src {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '?':
			asked++
		}
		switch c {
		case '!', '-', '(', '[', '{':
			run++
		case ' ', '\t', '\r', '\n':
		default:
			run = 0
		}
		if depth > maxNesting || run > maxNesting || asked > 20*maxNesting {
			return true
		}
	}
	return false
}

// index files the blocks by their names.
func (t *tree) index(x *Index) {
	for _, dir := range sorted(t.modules) {
		m := t.modules[dir]
		for _, address := range sorted(m.resources) {
			if r := m.resources[address]; r != nil && r.name != "" {
				key := nameKey{r.kind.typ, r.name}
				x.literal[key] = append(x.literal[key], r.Block)
			}
		}
	}
	for _, c := range t.templates {
		key := nameKey{c.kind.typ, c.Address}
		x.logical[key] = append(x.logical[key], c.Block)
		if c.name != "" {
			key := nameKey{c.kind.typ, c.name}
			x.literal[key] = append(x.literal[key], c.Block)
		}
	}
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
