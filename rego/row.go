package rego

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/valyala/fastjson"

	"github.com/sealaudit/sealaudit/collectors"
)

// row is one resource of a snapshot. Its values live until its reader reads
// the next row.
type row struct {
	Resource
	json     *fastjson.Value
	unlisted bool
	gaps     []gap
	calls    []collectors.CallRef
}

// gap is a gap of the input: collectors.Gap with its paths parsed.
type gap struct {
	collectors.Gap
	at []path
}

// visible are the fields of a row that are in the input of a policy. Gaps and
// calls are not: what is missing, the engine decides.
var visible = [...]string{"arn", "type", "name", "scope", "tags", "facts"}

// rowReader reads rows. It is for one goroutine.
type rowReader struct {
	parser fastjson.Parser
	arena  fastjson.Arena
}

func (r *rowReader) read(line []byte) (*row, error) {
	v, err := r.parser.ParseBytes(line)
	if err != nil {
		return nil, fmt.Errorf("reading a row: %w", err)
	}
	out := &row{json: v, unlisted: v.GetBool("unlisted")}
	out.ARN, out.Type, out.Name = str(v, "arn"), str(v, "type"), str(v, "name")
	out.Partition, out.Account, out.Region = str(v, "scope", "partition"), str(v, "scope", "account"), str(v, "scope", "region")
	if out.ARN == "" || out.Type == "" {
		return nil, errors.New("reading a row: it has no arn or no type")
	}
	if out.gaps, err = readGaps(v.Get("gaps")); err != nil {
		return nil, fmt.Errorf("reading the gaps of %s: %w", out.ARN, err)
	}
	if out.unlisted && len(out.gaps) == 0 { // never nothing, where nothing was read
		g := collectors.Gap{Attributes: []string{"facts"}, Reason: collectors.Failed, Detail: "The listing failed; the evidence does not say why."}
		out.gaps = []gap{{Gap: g, at: []path{{"facts"}}}}
	}
	if out.calls, err = readCalls(v.Get("calls")); err != nil {
		return nil, fmt.Errorf("reading the calls of %s: %w", out.ARN, err)
	}
	return out, nil
}

func str(v *fastjson.Value, keys ...string) string { return string(v.GetStringBytes(keys...)) }

// readCalls reads collectors.CallRef without encoding/json: every row has
// some, and they would take longer than all the rest of it.
func readCalls(v *fastjson.Value) ([]collectors.CallRef, error) {
	if v == nil {
		return nil, nil
	}
	list, err := v.Array()
	if err != nil {
		return nil, err
	}
	out := make([]collectors.CallRef, len(list))
	for i, c := range list {
		if _, err := c.Object(); err != nil {
			return nil, err
		}
		at, err := time.Parse(time.RFC3339Nano, str(c, "time"))
		if err != nil {
			return nil, err
		}
		out[i] = collectors.CallRef{Operation: str(c, "operation"), Region: str(c, "region"), RequestID: str(c, "request_id"),
			Time: at, Status: c.GetInt("status"), Error: str(c, "error"), Digest: str(c, "digest")}
	}
	return out, nil
}

func readGaps(v *fastjson.Value) ([]gap, error) {
	if v == nil {
		return nil, nil
	}
	var list []collectors.Gap
	if err := json.Unmarshal(v.MarshalTo(nil), &list); err != nil {
		return nil, err
	}
	out := make([]gap, len(list))
	for i, g := range list {
		if len(g.Attributes) == 0 { // says nothing of where: everywhere
			g.Attributes = []string{"facts"}
		}
		out[i].Gap = g
		for _, attribute := range g.Attributes {
			out[i].at = append(out[i].at, parsePath(attribute))
		}
	}
	return out, nil
}

// input is the input of policies without joins.
func (r *rowReader) input(of *row) *fastjson.Value {
	r.arena.Reset()
	return r.visible(of.json)
}

func (r *rowReader) visible(from *fastjson.Value) *fastjson.Value {
	out := r.arena.NewObject()
	for _, name := range visible {
		if v := from.Get(name); v != nil {
			out.Set(name, v)
		}
	}
	return out
}
