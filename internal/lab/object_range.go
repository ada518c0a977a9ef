package lab

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// extent is the part of an object that a request asks for, first and last byte.
type extent struct {
	first, last, size int64
	partial           bool
	number            int // of the part, where one is asked for
}

// extent reads a request's Range or part number (recorded by
// test_get_object_range and test_get_object_part).
func (f found) extent(q *wire.Request) (extent, *wire.Failure) {
	asked, size := q.String("Range"), f.size
	if q.String("PartNumber") != "" {
		return f.partExtent(q)
	}
	whole := extent{last: size - 1, size: size}
	first, last, ok := parseRange(asked)
	switch {
	case !ok:
		return whole, nil // as if it were absent (RFC 9110 §14.2)
	case first < 0: // the last bytes
		if last == 0 || size == 0 {
			return whole, badRange(asked, size)
		}
		return extent{max(size-last, 0), size - 1, size, true, 0}, nil
	case first >= size:
		return whole, badRange(asked, size)
	}
	if last < 0 || last >= size {
		last = size - 1
	}
	return extent{first, last, size, true, 0}, nil
}

// parseRange reads bytes=first-last; first is -1 for the last so many bytes,
// last is -1 for all the rest.
func parseRange(s string) (first, last int64, ok bool) {
	spec, found := strings.CutPrefix(s, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	if !found || !dash || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	first, last = -1, -1
	var err error
	if from != "" {
		if first, err = strconv.ParseInt(from, 10, 64); err != nil {
			return 0, 0, false
		}
	}
	if to != "" {
		if last, err = strconv.ParseInt(to, 10, 64); err != nil || last < 0 {
			return 0, 0, false
		}
	}
	return first, last, (first >= 0 || last >= 0) && (first < 0 || last < 0 || first <= last)
}

func badRange(asked string, size int64) *wire.Failure {
	f := refuse(416, "InvalidRange", "The requested range is not satisfiable")
	f.Fields = map[string]string{"RangeRequested": asked, "ActualObjectSize": strconv.FormatInt(size, 10)}
	f.Header = map[string]string{"Content-Range": "bytes */" + strconv.FormatInt(size, 10)}
	return f
}

func (f found) partExtent(q *wire.Request) (extent, *wire.Failure) {
	n, ok := q.Int("PartNumber")
	switch {
	case !ok || n < 1 || n > maxPartNumber:
		return extent{}, badPartNumber(q.String("PartNumber"))
	case q.String("Range") != "":
		return extent{}, refuse(400, "InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
	case n > len(f.head.Parts):
		refusal := refuse(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
		refusal.Fields = map[string]string{"PartNumberRequested": strconv.Itoa(n), "ActualPartCount": strconv.Itoa(len(f.head.Parts))}
		return extent{}, refusal
	}
	e := extent{size: f.size, partial: true, number: n}
	for _, p := range f.head.Parts[:n-1] {
		e.first += p.Size
	}
	e.last = e.first + f.head.Parts[n-1].Size - 1
	if f.size == 0 {
		e.partial = false
	}
	return e, nil
}

// describe puts an extent into an answer.
func (e extent) describe(output map[string]any) {
	output["ContentLength"] = strconv.FormatInt(e.last-e.first+1, 10)
	if e.partial {
		output["ContentRange"] = fmt.Sprintf("bytes %d-%d/%d", e.first, e.last, e.size)
	}
}
