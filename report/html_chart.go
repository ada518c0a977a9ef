package report

import (
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/collectors"
)

// chart is a picture of bars beside their names and numbers.
type chart struct {
	Title, Table string // Table is the section that has the numbers in full
	Legend       []tile
	Rows         []chartRow
}

type chartRow struct {
	Name, Text string
	Bar        []slice
}

// verdictChart draws what was decided; n/a is in the table only.
func verdictChart(title string, rows []matrixRow) chart {
	c := chart{Title: title, Table: "results"}
	of := make([]counts, len(rows))
	most := 1
	for i, r := range rows {
		for s := range r.Counts[:len(statuses)-1] {
			of[i][s] = r.Counts[s].Count
		}
		most = max(most, of[i].total())
	}
	seen := counts{}
	for i, r := range rows {
		var text []string
		for s := range of[i] {
			if of[i][s] > 0 {
				text = append(text, thousands(of[i][s])+" "+statusWords[s])
			}
		}
		if text == nil {
			text = []string{"nothing to decide"}
		}
		c.Rows = append(c.Rows, chartRow{r.Name, strings.Join(text, ", "), scaledBar(of[i], most)})
		seen.add(of[i])
	}
	c.Legend = seen.tiles(false)
	return c
}

// coverageChart draws how much of each type was read.
func coverageChart(types []typeRow) chart {
	c := chart{Title: "Coverage", Table: "coverage", Legend: []tile{{Word: "read", Class: "read"}, {Word: "partly", Class: "partly"}, {Word: "unread", Class: "unread"}}}
	most := 1
	for _, t := range types {
		most = max(most, t.Listed)
	}
	for _, t := range types {
		if t.Listed == 0 && t.Incomplete == 0 {
			continue
		}
		text := thousands(t.Read) + " of " + thousands(t.Listed) + " read"
		if t.Partly > 0 {
			text += ", " + thousands(t.Partly) + " partly"
		}
		if t.Unread > 0 {
			text += ", " + thousands(t.Unread) + " unread"
		}
		if t.Incomplete > 0 {
			text += ", listing incomplete"
		}
		c.Rows = append(c.Rows, chartRow{t.Type, text, coverageBar(t.Coverage, most)})
	}
	return c
}

// coverageBar divides a bar of which 100 units are of.
func coverageBar(c collectors.Coverage, of int) []slice {
	return divide([]string{"read", "partly", "unread"}, []int{c.Read, c.Partly, c.Unread}, of)
}

func scaledBar(c counts, of int) []slice {
	classes := make([]string, len(statuses))
	for i, s := range statuses {
		classes[i] = string(s)
	}
	return divide(classes, c[:], of)
}

func divide(classes []string, values []int, of int) []slice {
	var out []slice
	x := 0.0
	for i, v := range values {
		if v > 0 {
			w := 100 * float64(v) / float64(of)
			out = append(out, slice{classes[i], strconv.FormatFloat(x, 'f', 2, 64), strconv.FormatFloat(w, 'f', 2, 64)})
			x += w
		}
	}
	return out
}
