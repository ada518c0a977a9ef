package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// errTrailing is for a report with something after its end.
var errTrailing = errors.New("there is something after the end of the report")

// ReadJSON reads a report that the json format wrote. Its findings are read
// again on every pass, from what start opens, so that a report of any size
// takes little memory. Resources are not in a report.
func ReadJSON(start func() (io.ReadCloser, error)) (Data, error) {
	var d Data
	var format string
	var m scan
	fields := map[string]any{"format": &format, "evidence": &d.Evidence, "manifest": &m, "judged": &d.Judged,
		"coverage": &d.Manifest.Coverage, "summary": &d.Summary, "policies": &d.Policies}
	found := false
	err := readReport(start, func(dec *json.Decoder, key string) error {
		if key == "findings" {
			found = true
		}
		into := fields[key]
		if into == nil {
			return skip(dec)
		}
		return dec.Decode(into)
	})
	if err != nil {
		return Data{}, fmt.Errorf("reading a JSON report: %w", err)
	}
	if format != JSONFormat || !found {
		return Data{}, fmt.Errorf("reading a JSON report: its format is %q, and this version reads %s; write it with -o json=FILE", format, JSONFormat)
	}
	of := d.Manifest.Coverage
	d.Manifest = collectors.Manifest{Tool: m.Tool, Demo: m.Demo, Caller: m.Caller, Accounts: m.Accounts, Regions: m.Regions, Services: m.Services,
		Started: m.Started, Ended: m.Ended, SkewMS: m.SkewMS, Endpoint: m.Endpoint, FIPS: m.FIPS, Interrupted: m.Interrupted, Coverage: of}
	d.Findings = func() iter.Seq2[rego.Finding, error] { return readFindings(start) }
	return d, nil
}

// errEnough ends a reading whose reader has enough.
var errEnough = errors.New("enough")

func readFindings(start func() (io.ReadCloser, error)) iter.Seq2[rego.Finding, error] {
	return func(yield func(rego.Finding, error) bool) {
		err := readReport(start, func(dec *json.Decoder, key string) error {
			if key != "findings" {
				return skip(dec)
			}
			return each(dec, func() error {
				var f rego.Finding
				if err := dec.Decode(&f); err != nil {
					return err
				}
				if !yield(f, nil) {
					return errEnough
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(rego.Finding{}, err)
		}
	}
}

// readReport goes through the keys of a report; take reads or skips the value.
func readReport(start func() (io.ReadCloser, error), take func(dec *json.Decoder, key string) error) error {
	in, err := start()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // reading
	dec := json.NewDecoder(bufio.NewReaderSize(in, 1<<16))
	if err := delim(dec, '{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if seen[key] {
			return fmt.Errorf("the key %q is there twice", key)
		}
		seen[key] = true
		if err := take(dec, key); err != nil {
			return err
		}
	}
	if err := delim(dec, '}'); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// skip passes over a value, element by element where it is a list.
func skip(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	if token == json.Delim('[') || token == json.Delim('{') {
		for dec.More() {
			var rest json.RawMessage
			if token == json.Delim('{') {
				if _, err := dec.Token(); err != nil {
					return err
				}
			}
			if err := dec.Decode(&rest); err != nil {
				return err
			}
		}
		_, err = dec.Token()
	}
	return err
}

// each calls take before every element of a list.
func each(dec *json.Decoder, take func() error) error {
	if err := delim(dec, '['); err != nil {
		return err
	}
	for dec.More() {
		if err := take(); err != nil {
			return err
		}
	}
	return delim(dec, ']')
}

func delim(dec *json.Decoder, want json.Delim) error {
	token, err := dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if token != want {
		return fmt.Errorf("there is %v where %v should be", token, want)
	}
	return nil
}
