package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func readCSV(t *testing.T, doc []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(doc)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestCSVGolden(t *testing.T) {
	got := render(t, "csv", machineSample(), Options{})
	golden(t, "report.csv", got)
	rows := readCSV(t, got)
	if !slices.Equal(rows[0], append(slices.Clone(csvColumns), DemoNotice)) || bytes.Count(got, []byte("\r\n")) != len(rows) || bytes.Count(got, []byte("\n")) != len(rows) {
		t.Errorf("%d rows, columns %v", len(rows), rows[0])
	}
	i := 0
	for f := range machineSample().Findings() {
		i++
		if row := rows[i]; row[0] != f.ID || row[1] != f.Policy || row[4] != string(f.Status) {
			t.Errorf("row %d is %v, want finding %s", i, row, f.ID)
		}
	}
	if i+1 != len(rows) {
		t.Errorf("%d rows of %d findings", len(rows)-1, i)
	}
	if nothing := readCSV(t, render(t, "csv", withoutEvidence(), Options{})); len(nothing) != 1 {
		t.Errorf("of nothing: %v", nothing)
	}
}

// No cell begins a formula, where a comma separates cells and where a
// semicolon does.
func TestCSVHasNoFormula(t *testing.T) {
	d := machineSample()
	findings := sampleFindings()
	for i, name := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "a;=1", `x"; "=1`, "＝1", "a; @b"} {
		f := finding("s3/tls_required", "fail", "eu-west-1", name)
		f.Resource.ARN, f.Messages = name, []string{name}
		findings[i] = f
	}
	d.Findings = seq(findings)
	for _, row := range readCSV(t, render(t, "csv", d, Options{})) {
		for _, cell := range row {
			for _, part := range strings.Split(cell, ";") {
				if part = strings.TrimLeft(part, ` "`); part != "" && strings.ContainsAny(part[:1], "=+-@\t\r") || strings.HasPrefix(part, "＝") {
					t.Errorf("%q begins a formula", cell)
				}
			}
		}
	}
	for in, want := range map[string]string{"=1": "'=1", "a=1": "a=1", "": "", "a;-b": "a;'-b", "arn:aws:s3:::x": "arn:aws:s3:::x", "SC-28; AC-3": "SC-28; AC-3"} {
		if got := csvCell(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := csvCell(strings.Repeat("x", 40000)); len([]rune(got)) != cellLimit || !strings.HasSuffix(got, "…") {
		t.Errorf("a long cell has %d characters", len([]rune(got)))
	}
}
