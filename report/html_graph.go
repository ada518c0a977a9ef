package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The graph of keys and resources, in pixels. Beyond maxDrawn keys, or twice
// as many kinds of resources each, nobody reads it.
const (
	maxDrawn    = 40
	graphWidth  = 960 // fits beside the contents in a window of 1,280
	keyLeft     = 1
	keyWidth    = 340
	keyHeight   = 38
	userLeft    = 500
	userWidth   = graphWidth - userLeft - 1
	userHeight  = 22
	graphGap    = 8
	keyColumns  = 40 // characters that fit
	userColumns = 60
)

// graph is keys on the left, what names them on the right, and lines between.
type graph struct {
	Width, Height int
	Keys, Users   []box
	Lines         []line
}

type box struct {
	X, Y, Width, Height, TextX, Text1, Text2 int
	Class, Name, Sub                         string
}

type line struct{ Class, D string }

// drawn is a box of resources: those of one type that name the same keys.
type drawn struct {
	kind  string
	names []string
	keys  []int
	more  int
	y     int
}

// drawKeys draws the keys in use. Without a graph it says why.
func drawKeys(keys []*kmsKey) (*graph, string) {
	if len(keys) == 0 {
		return nil, "No resource names a key, so there is no graph."
	}
	if len(keys) > maxDrawn {
		return nil, fmt.Sprintf("%s keys are in use, too many for a graph; the table has them.", thousands(len(keys)))
	}
	boxes := gather(keys)
	if len(boxes) > 6*maxDrawn {
		return nil, "So many kinds of resources name a key that a graph would say nothing; the table has them."
	}
	accounts, regions := map[string]bool{}, map[string]bool{}
	for _, k := range keys {
		accounts[k.Scope.Account], regions[k.Scope.Region] = true, true
	}
	g := &graph{Width: graphWidth}
	y := 1
	for i, k := range keys {
		top := y
		for _, b := range boxes {
			if b.keys[0] == i {
				b.y = y
				g.Users = append(g.Users, userBox(b))
				y += userHeight + graphGap/2
			}
		}
		middle := (top + max(y-graphGap/2, top+keyHeight)) / 2
		y = max(y, top+keyHeight) + graphGap
		g.Keys = append(g.Keys, keyBox(k, middle-keyHeight/2, len(accounts) > 1, len(regions) > 1))
	}
	g.Height = y
	for _, b := range boxes {
		for _, i := range b.keys {
			l := line{Class: "edge"}
			if keys[i].broken() {
				l.Class = "edge broken"
			}
			from, to := g.Keys[i].Y+keyHeight/2, b.y+userHeight/2
			middle := (keyLeft + keyWidth + userLeft) / 2
			l.D = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", keyLeft+keyWidth, from, middle, from, middle, to, userLeft, to)
			g.Lines = append(g.Lines, l)
		}
	}
	return g, ""
}

// gather joins the users of keys that are alike, in the order of their first
// key.
func gather(keys []*kmsKey) []*drawn {
	of := map[keyUse]*drawn{} // by resource
	kinds := map[keyUse]string{}
	var order []keyUse
	for i, k := range keys {
		for _, u := range k.Users {
			id := keyUse{u.Type, u.ARN, u.Scope.Account + " " + u.Scope.Region}
			d := of[id]
			if d == nil {
				d = &drawn{kind: u.Type, names: []string{cmp.Or(u.Name, u.ARN)}}
				of[id] = d
				order = append(order, id)
			}
			if !slices.Contains(d.keys, i) {
				d.keys = append(d.keys, i)
			}
		}
	}
	for id, d := range of {
		kinds[id] = fmt.Sprint(d.kind, d.keys)
	}
	var out []*drawn
	alike := map[string]*drawn{}
	for _, id := range order {
		d := of[id]
		if first := alike[kinds[id]]; first == nil {
			alike[kinds[id]] = d
			out = append(out, d)
		} else if len(first.names) < 3 {
			first.names = append(first.names, d.names[0])
		} else {
			first.more++
		}
	}
	return out
}

// kindWord is a resource type in a word.
func kindWord(resourceType string) string {
	if proves(resourceType) {
		return thingOf(resourceType) + "s in " + parentWord(resourceType)
	}
	what, _ := consequence(resourceType, "")
	return cmp.Or(what, printable(resourceType))
}

func userBox(d *drawn) box {
	name := kindWord(d.kind) + " "
	if n := len(d.names) + d.more; n > 1 {
		name = strconv.Itoa(n) + " × " + name
	}
	var names []string
	for _, n := range d.names {
		names = append(names, shorten(printable(n), max(8, userColumns/(len(d.names)+1))))
	}
	name += strings.Join(names, ", ")
	if d.more > 0 {
		name += ", …"
	}
	return box{X: userLeft, Y: d.y, Width: userWidth, Height: userHeight, TextX: userLeft + 8, Text1: d.y + 15, Class: "node", Name: shorten(name, userColumns+6)}
}

func keyBox(k *kmsKey, y int, account, region bool) box {
	b := box{X: keyLeft, Y: y, Width: keyWidth, Height: keyHeight, TextX: keyLeft + 10, Text1: y + 16, Text2: y + 31, Class: "node key", Name: shorten(printable(cmp.Or(k.Name, k.ID)), keyColumns)}
	sub := []string{cmp.Or(printable(k.Facts.State), "state not read")}
	if k.Facts.Manager != "" {
		sub = append(sub, map[string]string{"AWS": "AWS's", "CUSTOMER": "customer's"}[k.Facts.Manager])
	}
	if account {
		sub = append(sub, printable(cmp.Or(k.Scope.Account, "unknown account")))
	}
	if region {
		sub = append(sub, printable(cmp.Or(k.Scope.Region, "global")))
	}
	if k.broken() {
		b.Class += " broken"
	}
	b.Sub = shorten(strings.Join(sub, " · "), keyColumns+12)
	return b
}
