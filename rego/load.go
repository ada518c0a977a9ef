package rego

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	stdpath "path"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"golang.org/x/sync/errgroup"
)

// Source is a tree of policies: SERVICE/NAME.rego, and beside them lib,
// schemas and frameworks.
type Source struct {
	// Name is the origin of its policies, and what errors put before a file:
	// "builtin", or the directory that the user named.
	Name string
	FS   fs.FS
	// Dir is put before a file instead of Name, when that helps to find it.
	Dir string
}

func (s Source) file(name string) string {
	if s.Dir != "" {
		return stdpath.Join(s.Dir, name)
	}
	return stdpath.Join(s.Name, name)
}

// Set is policies that are loaded and compiled.
type Set struct {
	loaded     []*Policy // by ID
	selected   []*Policy // by ID
	frameworks map[string]Framework
	schemas    map[string]*schema // by resource type
}

// Policies are the selected policies, by ID.
func (s *Set) Policies() []Policy {
	out := make([]Policy, len(s.selected))
	for i, p := range s.selected {
		out[i] = *p
	}
	return out
}

// Frameworks are the frameworks that policies may map to, by key.
func (s *Set) Frameworks() []Framework {
	out := make([]Framework, 0, len(s.frameworks))
	for _, f := range s.frameworks {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Framework) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// loader is a Load at work.
type loader struct {
	bad            Problems
	frameworks     map[string]Framework
	mappingSources map[string]string
	schemas        map[string]*schema
	policies       []*policyFile
	libs           map[string]*ast.Module // by file
}

// policyFile is a policy on its way in.
type policyFile struct {
	Policy
	text   []byte
	file   string
	bad    Problems
	formed bool // its package and rules have the form of a policy's
}

// Load reads, checks and compiles every policy of the sources. Its error is
// Problems, all that were found.
func Load(ctx context.Context, sources []Source) (*Set, error) {
	l, err := load(ctx, sources)
	if err != nil {
		return nil, err
	}
	set := &Set{frameworks: l.frameworks, schemas: l.schemas}
	for _, p := range l.policies {
		set.loaded = append(set.loaded, &p.Policy)
	}
	set.selected = set.loaded
	return set, nil
}

func load(ctx context.Context, sources []Source) (*loader, error) {
	l := &loader{frameworks: map[string]Framework{}, mappingSources: map[string]string{}, schemas: map[string]*schema{}, libs: map[string]*ast.Module{}}
	for _, s := range sources {
		if err := l.read(s); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(l.policies, func(a, b *policyFile) int { return strings.Compare(a.ID, b.ID) })
	for i, p := range l.policies[min(1, len(l.policies)):] {
		if before := l.policies[i]; before.ID == p.ID {
			p.bad.add(p.file, 0, "the policy %s is in %s too; rename one of them", p.ID, before.file)
		}
	}
	l.checkLibs()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, p := range l.policies {
		group.Go(func() error {
			l.build(p)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("loading policies: %w", err)
	}
	for _, p := range l.policies {
		l.bad = append(l.bad, p.bad...)
	}
	return l, l.bad.err()
}

var (
	policyPath  = regexp.MustCompile(`^([a-z][a-z0-9_]*)/([a-z][a-z0-9_]*)\.rego$`)
	besidePath  = regexp.MustCompile(`^([a-z][a-z0-9_]*/[a-z][a-z0-9_]*)_(?:test\.rego|cases\.json)$`)
	proseSuffix = regexp.MustCompile(`\.(md|txt|go)$`)
)

// read takes what a source has. A file that has no place in it is a problem,
// because a policy that is silently not loaded judges nothing.
func (l *loader) read(s Source) error {
	beside := map[string]string{}
	here := map[string]bool{}
	err := fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading the policies of %s: %w", s.Name, err)
		}
		if base := stdpath.Base(name); strings.HasPrefix(base, ".") && name != "." {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || proseSuffix.MatchString(name) {
			return nil
		}
		if m := besidePath.FindStringSubmatch(name); m != nil {
			beside[name] = m[1]
			return nil
		}
		text, err := fs.ReadFile(s.FS, name)
		if err != nil {
			return fmt.Errorf("reading the policies of %s: %w", s.Name, err)
		}
		l.take(s, name, text, here)
		return nil
	})
	for name, of := range beside {
		if !here[of] {
			l.bad.add(s.file(name), 0, "there is no %s.rego that it could belong to; rename or remove it", of)
		}
	}
	return err
}

func (l *loader) take(s Source, name string, text []byte, here map[string]bool) {
	file := s.file(name)
	dir, base := stdpath.Split(name)
	m := policyPath.FindStringSubmatch(name)
	switch {
	case dir == "lib/" && m != nil:
		l.addLib(file, m[2], text)
		here["lib/"+m[2]] = true
	case name == frameworksFile:
		l.addFrameworks(file, text)
	case name == sourcesFile:
		l.addMappingSources(file, text)
	case dir == "schemas/" && strings.HasSuffix(base, ".json"):
		l.addSchema(file, text)
	case m != nil && m[1] != "schemas" && m[1] != "frameworks":
		sum := sha256.Sum256(text)
		p := &policyFile{text: text, file: file}
		p.Policy = Policy{ID: m[1] + "/" + m[2], Origin: s.Name, File: file, Digest: "sha256:" + hex.EncodeToString(sum[:])}
		l.policies = append(l.policies, p)
		here[p.ID] = true
	default:
		l.bad.add(file, 0, "the file has no place among policies; a policy is SERVICE/NAME.rego, its tests are NAME_test.rego and NAME_cases.json beside it, and names are small letters, digits and _")
	}
}
