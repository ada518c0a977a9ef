package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/report"
)

// outputFlags say which reports are written where.
type outputFlags struct {
	outputs  []string
	location string
	anchor   string
	root     string
}

func (f *outputFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&f.outputs, "output", "o", []string{"table"}, "write a report as `FORMAT[=FILE]`, as often as you like; without a file to stdout. Formats: "+strings.Join(formatNames(), ", "))
	fs.StringVar(&f.location, "sarif-location", "auto", "where SARIF results point: auto, policy or resource")
	fs.StringVar(&f.anchor, "sarif-anchor", "", "point SARIF results without a better place at this `file` of the repository")
	fs.StringVar(&f.root, "sarif-root", ".", "the repository's root `directory`, for SARIF paths")
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}

// output is one report to write; path "" is stdout.
type output struct{ format, path string }

// parse checks the outputs before anything is read from AWS.
func (f *outputFlags) parse() ([]output, error) {
	var outs []output
	stdout := ""
	for _, o := range f.outputs {
		format, path, toFile := strings.Cut(o, "=")
		if _, err := report.Find(format); err != nil {
			return nil, fmt.Errorf("-o %s: %w", o, err)
		}
		switch {
		case toFile && path == "":
			return nil, fmt.Errorf("-o %s names no file after =", o)
		case !toFile && stdout != "":
			return nil, fmt.Errorf("both %s and %s would go to stdout; give one a file: -o %s=FILE", stdout, format, format)
		case !toFile:
			stdout = format
		default:
			if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
				return nil, fmt.Errorf("-o %s: the directory %s does not exist; make it first", o, filepath.Dir(path))
			}
		}
		outs = append(outs, output{format, path})
	}
	// Files alone still leave the summary on the terminal.
	if stdout == "" {
		outs = append(outs, output{"table", ""})
	}
	return outs, nil
}

// write writes every report; a file appears whole or not at all.
func (f *outputFlags) write(outs []output, d report.Data, std streams) error {
	for _, o := range outs {
		opts := report.Options{SARIFLocation: f.location, SARIFAnchor: f.anchor, Root: f.root,
			Warn: func(s string) { fmt.Fprintf(std.err, "sealaudit: warning: %s\n", printable(s)) }}
		if o.path == "" {
			opts.Color = color(std.out)
			opts.Width, _ = terminal(std.out)
			if err := report.Write(std.out, o.format, d, opts); err != nil {
				return fmt.Errorf("writing the %s report: %w", o.format, err)
			}
			continue
		}
		if err := writeFile(o.path, func(w io.Writer) error { return report.Write(w, o.format, d, opts) }); err != nil {
			return fmt.Errorf("writing the %s report to %s: %w", o.format, o.path, err)
		}
	}
	return nil
}

func writeFile(path string, fill func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
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
	return os.Rename(f.Name(), path)
}
