package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// xmlWriter writes outputs as elements. list says how a list member is
// spelled: its wrapping element, "" for none, and each element's. spell is the
// element of a member that is called otherwise, nil where none is.
type xmlWriter struct {
	bytes.Buffer
	now   time.Time
	list  func(member string) (wrapper, element string)
	spell func(member string) string
}

// element writes one member of an output.
func (w *xmlWriter) element(name string, v any) {
	if w.spell != nil {
		name = w.spell(name)
	}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		if kind, typed := v["Type"].(string); typed && name == "Grantee" { // the type is an attribute
			w.WriteString(`<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="`)
			w.content(kind)
			w.WriteString(`">`)
			for _, member := range slices.Sorted(maps.Keys(v)) {
				if member != "Type" {
					w.element(member, v[member])
				}
			}
			w.WriteString("</Grantee>")
			return
		}
		w.tagged(name, func() { w.members(v) })
	case []any:
		elements(w, name, v)
	case []string:
		elements(w, name, v)
	case []map[string]any:
		elements(w, name, v)
	default:
		w.tagged(name, func() { w.content(w.text(v)) })
	}
}

func (w *xmlWriter) members(v map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		w.element(name, v[name])
	}
}

func elements[V any](w *xmlWriter, name string, list []V) {
	wrapper, each := w.list(name)
	write := func() {
		for _, v := range list {
			w.element(each, v)
		}
	}
	if wrapper == "" {
		write()
		return
	}
	w.tagged(wrapper, write)
}

func (w *xmlWriter) tagged(name string, content func()) {
	w.WriteString("<" + name + ">")
	content()
	w.WriteString("</" + name + ">")
}

func (w *xmlWriter) content(text string) { _ = xml.EscapeText(w, []byte(text)) } // a buffer takes all

func (w *xmlWriter) text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	}
	if t, ok := moment(v, w.now); ok {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return fmt.Sprint(v)
}

// queryReply is an answer of the query protocol, whose lists are <member>s.
func (q *Request) queryReply(output map[string]any) []byte {
	w := &xmlWriter{now: q.Now, list: func(name string) (string, string) { return name, "member" }}
	w.WriteString("<" + q.Operation + `Response xmlns="` + xmlnsOf(q.Service) + `">`)
	w.tagged(q.Operation+"Result", func() { w.members(output) })
	w.tagged("ResponseMetadata", func() { w.element("RequestId", q.ID) })
	w.WriteString("</" + q.Operation + "Response>")
	return w.Bytes()
}

func (q *Request) queryError(f *Failure) []byte {
	w := &xmlWriter{now: q.Now}
	w.WriteString(`<ErrorResponse xmlns="` + xmlnsOf(q.Service) + `">`)
	w.tagged("Error", func() {
		w.element("Type", fault(f.Status))
		w.element("Code", f.Code)
		w.element("Message", f.Message)
	})
	w.element("RequestId", q.ID)
	w.WriteString("</ErrorResponse>")
	return w.Bytes()
}
