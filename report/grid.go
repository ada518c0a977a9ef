package report

import (
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// column is one column of a grid.
type column struct {
	title string
	right bool // numbers
	// flex columns give way, and wrap, when the grid is wider than the
	// terminal; short columns instead cut the middle out of their cells.
	flex, short bool
}

// text is a cell; paint is the colour of all of it.
type text struct {
	s     string
	paint paint
}

// plain are unpainted cells.
func plain(cells ...string) []text {
	out := make([]text, len(cells))
	for i, s := range cells {
		out[i].s = s
	}
	return out
}

// gridWidth is how many columns the widest rows need.
func gridWidth(cols []column, rows [][]text) (widths []int, total int) {
	widths = make([]int, len(cols))
	total = 1
	for i, c := range cols {
		widths[i] = width(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], width(row[i].s))
		}
		total += widths[i] + 3
	}
	return widths, total
}

// grid draws a table no wider than the terminal.
func (t *terminal) grid(cols []column, rows [][]text) error {
	widths, total := gridWidth(cols, rows)
	squeeze(cols, widths, total-t.width)
	table := tablewriter.NewTable(t.out,
		tablewriter.WithEastAsian(tw.Off), // or the locale would change the report
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{Symbols: tw.NewSymbols(tw.StyleLight)})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
	)
	aligns := make([]tw.Align, len(cols))
	titles := make([]string, len(cols))
	for i, c := range cols {
		aligns[i], titles[i] = tw.AlignLeft, c.title
		if c.right {
			aligns[i] = tw.AlignRight
		}
	}
	table.Configure(func(c *tablewriter.Config) {
		c.Header.Alignment.PerColumn = aligns
		c.Row.Alignment.PerColumn = aligns
	})
	table.Header(titles)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = t.cell(c, cols[i], widths[i])
		}
		if err := table.Append(cells); err != nil {
			return err
		}
	}
	return table.Render()
}

// squeeze takes excess columns of width from those that may give, the widest
// first.
func squeeze(cols []column, widths []int, excess int) {
	for ; excess > 0; excess-- {
		widest := -1
		for i, c := range cols {
			if (c.flex || c.short) && widths[i] > 9 && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// cell lays the text out in n columns and paints every line of it.
func (t *terminal) cell(c text, col column, n int) string {
	lines := []string{c.s}
	switch {
	case col.short:
		lines[0] = shorten(c.s, n)
	case width(c.s) > n:
		lines = wrap(c.s, n)
	}
	for i := range lines {
		lines[i] = t.paint(c.paint, lines[i])
	}
	return strings.Join(lines, "\n")
}
