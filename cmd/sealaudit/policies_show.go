package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealaudit/sealaudit/rego"
)

// showWidth is the number of columns of what show prints.
const showWidth = 80

// showPolicy prints a policy for people. All that its file says of itself
// goes through printable.
func showPolicy(w io.Writer, p rego.Policy, frameworks []rego.Framework) error {
	s := &shown{}
	s.line(p.ID + ": " + cellText(p.Title))
	s.line("")
	s.prose(p.Description)
	s.line("")
	s.field("control", orDash(p.Control))
	s.field("severity", string(p.Severity))
	s.field("judges", p.Resource)
	s.field("profiles", strings.Join(p.Profiles, ", "))
	s.field("from", fmt.Sprintf("%s, %s:%d", cellText(p.Origin), cellText(p.File), p.Line))
	s.field("digest", p.Digest)
	s.list("reads", p.Reads)
	var joins []string
	for _, name := range slices.Sorted(maps.Keys(p.Related)) {
		joins = append(joins, fmt.Sprintf("%s: the %s at %s", name, p.Related[name].Type, p.Related[name].At))
	}
	s.list("joins", joins)
	s.list("parameters", parameters(p))
	s.list("relates to", requirements(p, frameworks))
	s.list("see", p.RelatedResources)
	s.line("")
	s.line("What to do about a failure:")
	s.prose(p.Remediation)
	_, err := io.WriteString(w, s.text.String())
	return err
}

func parameters(p rego.Policy) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Params)) {
		param := p.Params[name]
		line := fmt.Sprintf("%s (default %s): %s", name, asJSON(param.Default), cellText(param.Description))
		if len(param.Enum) > 0 {
			var words []string
			for _, v := range param.Enum {
				words = append(words, asJSON(v))
			}
			line += "; one of " + strings.Join(words, ", ")
		}
		out = append(out, line)
	}
	return out
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// requirements are the mappings, with the framework's title and who says so.
func requirements(p rego.Policy, frameworks []rego.Framework) []string {
	titles := map[string]string{}
	for _, f := range frameworks {
		titles[f.Key] = f.Title + ", " + f.Version
	}
	var out []string
	for _, m := range p.Mappings {
		out = append(out, fmt.Sprintf("%s of %s (%s), by %s", cellText(m.ID), m.Framework, cellText(titles[m.Framework]), m.Source))
	}
	return out
}

// shown is what show prints, being made.
type shown struct{ text strings.Builder }

func (s *shown) line(text string) { s.text.WriteString(printable(text) + "\n") }

func (s *shown) field(name, value string) { s.line(fmt.Sprintf("%-11s %s", name, cellText(value))) }

// list prints the items below each other, nothing when there are none.
func (s *shown) list(name string, items []string) {
	for _, item := range items {
		s.field(name, item)
		name = ""
	}
}

// prose breaks text into lines.
func (s *shown) prose(text string) {
	line := ""
	for _, word := range strings.Fields(printable(text)) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > showWidth {
			s.line(line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		s.line(line)
	}
}
