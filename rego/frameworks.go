package rego

import (
	"maps"
	"strings"
)

// Framework is a set of requirements that policies relate to, as
// frameworks/frameworks.yaml has it.
type Framework struct {
	Key       string `json:"key" yaml:"-"`
	Title     string `json:"title" yaml:"title"`
	Version   string `json:"version" yaml:"version"`
	URL       string `json:"url" yaml:"url"`
	Statement string `json:"statement,omitempty" yaml:"statement"` // what a mapping to it means
}

const (
	frameworksFile = "frameworks/frameworks.yaml"
	sourcesFile    = "frameworks/sources.yaml"
)

// addFrameworks reads a frameworks file.
func (l *loader) addFrameworks(file string, text []byte) {
	found := map[string]Framework{}
	b := block{text: text, start: 1, file: file}
	if !b.decode(&found, &l.bad) {
		return
	}
	for _, key := range keysOf(found) {
		f := found[key]
		f.Key = key
		if f.Title == "" || f.Version == "" || !strings.HasPrefix(f.URL, "https://") {
			l.bad.add(file, b.lineOf(key), "framework %q needs a title, a version and an https url", key)
		}
		if _, twice := l.frameworks[key]; twice {
			l.bad.add(file, b.lineOf(key), "framework %q is in another file too; keep one of them", key)
		}
		l.frameworks[key] = f
	}
}

// addMappingSources reads the file of who may be named as a mapping's source.
func (l *loader) addMappingSources(file string, text []byte) {
	found := map[string]string{}
	if (block{text: text, start: 1, file: file}).decode(&found, &l.bad) {
		maps.Copy(l.mappingSources, found)
	}
}

// checkFrameworks reports mappings to unknown frameworks, without an id or
// from an unknown source.
func (p *policyFile) checkFrameworks(l *loader, mapped map[string][]requirement, b block) {
	for key, list := range mapped {
		line := b.lineOf("custom", "frameworks", key)
		if _, known := l.frameworks[key]; !known {
			p.bad.add(b.file, line, "unknown framework %q%s; add it to %s or use a key that is there", key, didYouMean(key, keysOf(l.frameworks)), frameworksFile)
		}
		if len(list) == 0 {
			p.bad.add(b.file, line, "framework %q has no requirement; list them as {id: …, source: …}", key)
		}
		seen := map[string]bool{}
		for _, r := range list {
			if r.ID == "" || seen[r.ID] {
				p.bad.add(b.file, line, "framework %q lists the requirement %q twice or without an id", key, r.ID)
			}
			seen[r.ID] = true
			if _, known := l.mappingSources[r.Source]; !known {
				p.bad.add(b.file, line, "requirement %q has the source %q%s; use a key of %s", r.ID, r.Source, didYouMean(r.Source, keysOf(l.mappingSources)), sourcesFile)
			}
		}
	}
}

// mappings are the requirements by framework and as a list with sources.
func mappings(mapped map[string][]requirement) (map[string][]string, []Mapping) {
	if len(mapped) == 0 {
		return nil, nil
	}
	ids, list := map[string][]string{}, []Mapping(nil)
	for _, key := range keysOf(mapped) {
		for _, r := range mapped[key] {
			ids[key] = append(ids[key], r.ID)
			list = append(list, Mapping{key, r.ID, r.Source, r.Verified})
		}
	}
	return ids, list
}
