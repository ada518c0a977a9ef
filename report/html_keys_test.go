package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/sealaudit/sealaudit/collectors"
)

// rowsOf are the cells of a table's rows, by its caption's beginning.
func rowsOf(t *testing.T, doc []byte, caption string) (rows []string) {
	t.Helper()
	walk(t, doc, func(n *html.Node) {
		if n.Data != "table" {
			return
		}
		var of []string
		found := false
		for c := range n.Descendants() {
			switch {
			case c.Data == "caption":
				found = strings.HasPrefix(textOf(c), caption)
			case c.Data == "tr":
				var cells []string
				for cell := range c.ChildNodes() {
					if cell.Type == html.ElementNode {
						cells = append(cells, spaced(cell))
					}
				}
				of = append(of, strings.Join(cells, " | "))
			}
		}
		if found {
			rows = of[1:]
		}
	})
	return rows
}

func TestHTMLKeys(t *testing.T) {
	doc := render(t, "html", htmlSample(), Options{})
	got := rowsOf(t, doc, "What each key protects")
	want := []string{
		"gone | does not exist | 1 delivery stream's destination: clicks | Writing to the bucket fails; what can't be delivered for 24 hours is lost.",
		"off | Disabled | 1 trail: main | Log files are no longer delivered, and those under it can't be read.",
		"alias/data | Enabled | 1 table: ledger | Can't be read or written; after 7 days it is archived.",
		"1 delivery stream: clicks | What it holds can't be delivered; after 24 hours records are discarded.",
		"1 bucket: vault | Uploads that name no other key fail, and objects under it can't be read.",
		"3 sampled objects: of vault | Can't be opened by anyone.",
		"3 sampled objects: of vault | Can't be read.",
		"far | Enabled | 1 table replica: ledger | Can't be read or written; after 20 hours it leaves the global table.",
		"1 replication rule: vault | Objects are not replicated any more; what was replicated under it can't be read.",
		"alias/aws/kinesis | not read | 1 stream: orders | Producers can't write and consumers can't read; records that age out meanwhile are lost.",
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("the table lacks %q", w)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
	if at := slices.Index(got, want[2]); at < slices.Index(got, want[0]) || at < slices.Index(got, want[1]) {
		t.Error("keys that can't be used are not the first")
	}
	inventory := strings.Join(rowsOf(t, doc, "KMS keys"), "\n")
	for _, w := range []string{
		"alias/data " + keyARN + "data | 123456789012, eu-west-1 | Enabled | CUSTOMER AWS_KMS | SYMMETRIC_DEFAULT ENCRYPT_DECRYPT | every 365 days | 444455556666; 1 grant | 5 | E",
		"off " + keyARN + "off | 123456789012, eu-west-1 | Disabled | CUSTOMER EXTERNAL | not read not read | can't by itself | not read | 1 |",
		"| by AWS, every year |",
	} {
		if !strings.Contains(inventory, w) {
			t.Errorf("the inventory lacks %q:\n%s", w, inventory)
		}
	}
}

// The graph has a box for each key in use and lines to what names it; those of
// keys that can't be used look otherwise. Beyond its size only the table is
// there.
func TestHTMLGraph(t *testing.T) {
	classes := map[string]int{}
	walk(t, render(t, "html", htmlSample(), Options{}), func(n *html.Node) {
		if n.Data == "rect" || n.Data == "path" {
			classes[attribute(n, "class")]++
		}
	})
	if classes["node key"] != 3 || classes["node key broken"] != 3 || classes["edge broken"] != 3 || classes["edge"] < 7 {
		t.Errorf("%v", classes)
	}
	d := sample()
	var rows []collectors.Resource
	for i := range maxDrawn + 1 {
		key := fmt.Sprint(keyARN, i)
		rows = append(rows, resource("AWS::Kinesis::Stream", fmt.Sprint("arn:aws:kinesis:::stream/", i), fmt.Sprint("s", i), `{'encryption':{'key':{'id':'`+key+`','arn':'`+key+`'}}}`))
	}
	d.Resources = stream(rows...)
	doc := render(t, "html", d, Options{})
	if strings.Contains(string(doc), `class="edge"`) || !strings.Contains(string(doc), "41 keys are in use, too many for a graph; the table has them.") {
		t.Error("41 keys are drawn, or it is not said that they are not")
	}
	if n := len(rowsOf(t, doc, "What each key protects")); n != maxDrawn+1 {
		t.Errorf("the table has %d keys", n)
	}
}

// Alike resources are one box of the graph, and names beyond a few a number.
func TestHTMLGraphJoins(t *testing.T) {
	d := sample()
	var rows []collectors.Resource
	for i := range 60 {
		rows = append(rows, resource("AWS::S3::Bucket", fmt.Sprint("arn:aws:s3:::b", i), fmt.Sprintf("b%02d", i), `{'encryption':{'key':{'id':'`+keyARN+`k','arn':'`+keyARN+`k'}}}`))
	}
	d.Resources = stream(rows...)
	doc := render(t, "html", d, Options{})
	if !strings.Contains(string(doc), "60 × bucket b00, b01, b02, …") {
		t.Error("60 buckets are not one box")
	}
	got := rowsOf(t, doc, "What each key protects")
	if len(got) != 1 || !strings.Contains(got[0], "60 buckets: b00, ") || !strings.Contains(got[0], "b24 and 35 more |") {
		t.Errorf("%q", got)
	}
}

// A key's state is what its own row says, not what a resource's says of it,
// whatever comes first.
func TestKeyRowWins(t *testing.T) {
	use := resource("AWS::Kinesis::Stream", "arn:aws:kinesis:::stream/s", "s", `{'encryption':{'key':{'id':'`+keyARN+`k','arn':'`+keyARN+`k','state':'Enabled','origin':'AWS_KMS'}}}`)
	key := resource("AWS::KMS::Key", keyARN+"k", "k", `{'state':'PendingDeletion'}`)
	for _, rows := range [][]collectors.Resource{{use, key}, {key, use}} {
		e, err := readEvidence(Data{Resources: stream(rows...)})
		if err != nil {
			t.Fatal(err)
		}
		if len(e.keys.list) != 1 || e.keys.list[0].Facts.State != "PendingDeletion" || e.keys.list[0].Facts.Origin != "" || len(e.keys.list[0].Users) != 1 {
			t.Errorf("%+v", e.keys.list[0])
		}
	}
}
