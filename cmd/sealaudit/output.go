package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/report"
	"github.com/sealaudit/sealaudit/report/iac"
)

// outputFlags say which reports are written where.
type outputFlags struct {
	outputs  []string
	profile  string
	partial  bool
	location string
	anchor   string
	root     string
	iac      []string
	states   []string
	baseline baselineFlags
	index    *iac.Index // of iac and states, once they are parsed
	notices  []string   // what of them was passed over
}

func (f *outputFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&f.outputs, "output", "o", []string{"table"}, "write a report as `FORMAT[=FILE]`, as often as you like; without a file to stdout, where else the table goes. Formats: "+strings.Join(formatNames(), ", "))
	fs.StringVar(&f.profile, "sarif-profile", "github", "what SARIF holds: github (open failures of what was read completely, to upload) or full (everything, to keep)")
	fs.BoolVar(&f.partial, "sarif-partial", false, "let SARIF for GitHub have accounts and regions that were not read completely, whose upload closes the alerts of what was not read")
	fs.StringVar(&f.location, "sarif-location", "auto", "where SARIF results point: auto, policy or resource")
	fs.StringVar(&f.anchor, "sarif-anchor", "", "point SARIF results without a better place at this `file` of the repository")
	fs.StringArrayVar(&f.iac, "iac", nil, "point SARIF results at the Terraform or CloudFormation below this `directory` of the repository (repeatable)")
	fs.StringArrayVar(&f.states, "iac-state", nil, "find Terraform's blocks by this `file` of terraform show -json, of a state or a plan (repeatable)")
	f.baseline.add(fs)
	fs.StringVar(&f.root, "sarif-root", ".", "the repository's root `directory`, for SARIF paths")
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}

// output is one report to write; without a target it goes to stdout.
type output struct {
	format string
	file   *target
}

// parse checks the outputs before anything is read from AWS: formats, places,
// and that none of them is one of the command's other files, which it would
// overwrite.
func (f *outputFlags) parse(others ...string) ([]output, error) {
	if err := report.Check(f.options()); err != nil {
		return nil, err
	}
	if err := f.readCode(); err != nil {
		return nil, err
	}
	others = append(others, f.baseline.files...)
	var outs []output
	stdout, filed := "", false
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
			outs = append(outs, output{format: format})
			continue
		}
		t, err := newTarget(path)
		if err != nil {
			return nil, fmt.Errorf("-o %s: %w", o, err)
		}
		for _, other := range others {
			if t.same(other) {
				return nil, fmt.Errorf("-o %s would overwrite %s, which this command reads or writes too; give the report another file", o, other)
			}
		}
		filed = filed || format == "table"
		others = append(others, path)
		outs = append(outs, output{format, &t})
	}
	// Files alone still leave the summary on the terminal, unless one has it.
	if stdout == "" && !filed {
		outs = append(outs, output{format: "table"})
	}
	return outs, nil
}

// readCode reads the infrastructure code, before the account: what the user
// named and is not there is told at once.
func (f *outputFlags) readCode() error {
	if len(f.iac)+len(f.states) == 0 {
		return nil
	}
	var err error
	if f.index, f.notices, err = iac.Read(f.iac, f.states); err != nil {
		return err
	}
	for _, dir := range f.iac {
		if !below(f.root, dir) {
			return fmt.Errorf("--iac %s is outside of the repository, whose root is %s, and no result could point there; name the root with --sarif-root", dir, f.root)
		}
	}
	return nil
}

// below says whether a directory is root or below it, wherever links lead.
func below(root, dir string) bool {
	for _, p := range []*string{&root, &dir} {
		abs, err := filepath.Abs(*p)
		if err == nil {
			abs, err = filepath.EvalSymlinks(abs)
		}
		if err != nil {
			return true // whoever reads it says what is wrong
		}
		*p = abs
	}
	rel, err := filepath.Rel(root, dir)
	return err == nil && filepath.IsLocal(rel)
}

// mostNotices is how many files that were passed over are named.
const mostNotices = 10

func (f *outputFlags) warnOfCode(std streams) {
	for _, n := range f.notices[:min(len(f.notices), mostNotices)] {
		fmt.Fprintf(std.err, "sealaudit: warning: infrastructure code: %s\n", printable(n))
	}
	if more := len(f.notices) - mostNotices; more > 0 {
		fmt.Fprintf(std.err, "sealaudit: warning: infrastructure code: and %d more such\n", more)
	}
}

func (f *outputFlags) options() report.Options {
	return report.Options{SARIFProfile: f.profile, SARIFPartial: f.partial, SARIFLocation: f.location, SARIFAnchor: f.anchor, Root: f.root, IaC: f.index}
}

// write writes every report. One that can't be written does not keep the
// others from being written.
func (f *outputFlags) write(outs []output, d report.Data, std streams) error {
	var all error
	f.warnOfCode(std)
	for _, o := range outs {
		opts := f.options()
		opts.Warn = func(s string) { fmt.Fprintf(std.err, "sealaudit: warning: %s\n", printable(s)) }
		if o.file == nil {
			opts.Color = color(std.out)
			opts.Width, _ = terminal(std.out)
			if err := report.Write(std.out, o.format, d, opts); !withheld(err, "standard output", std) {
				all = errors.Join(all, err)
			}
			continue
		}
		err := o.file.write(func(w io.Writer) error { return report.Write(w, o.format, d, opts) })
		if withheld(err, o.file.path, std) {
			err = o.file.clear()
		}
		if err != nil {
			all = errors.Join(all, fmt.Errorf("%s: %w", o.file.path, err))
		}
	}
	return all
}

// withheld says whether there is nothing for GitHub, and tells the user. The
// audit is as good as it was: its exit code says that evidence is missing.
func withheld(err error, place string, std streams) bool {
	if !errors.Is(err, report.ErrWithheld) {
		return false
	}
	fmt.Fprintf(std.err, "sealaudit: warning: no SARIF for GitHub in %s: %v\n", printable(place), report.ErrWithheld)
	return true
}
