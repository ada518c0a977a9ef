package collectors

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// Recorder takes what collectors emit and keeps it on disk, so that an
// account of any size streams through. It is a Sink, safe for concurrent use.
type Recorder struct {
	ledger Ledger

	mu       sync.Mutex
	rows     *spool
	calls    *spool
	replies  *spool
	rowIndex []rowRef
	seen     map[string]bool // rows, by scope, type and ARN
	stored   map[string]span // replies, by digest
	listed   map[string]int  // announced, by type
	emitted  map[string]int  // by type
	err      error
}

type rowRef struct {
	account, region, kind, arn string
	at                         span
}

// NewRecorder makes a recorder with its files in dir ("" for the system's
// temporary directory). Close removes them.
func NewRecorder(dir string) (*Recorder, error) {
	r := &Recorder{seen: map[string]bool{}, stored: map[string]span{}, listed: map[string]int{}, emitted: map[string]int{}}
	for _, s := range []**spool{&r.rows, &r.calls, &r.replies} {
		f, err := newSpool(dir)
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("making a file for the evidence: %w; check the space and rights of the temporary directory (TMPDIR)", err)
		}
		*s = f
	}
	return r, nil
}

// Close removes the recorder's files.
func (r *Recorder) Close() {
	for _, s := range []*spool{r.rows, r.calls, r.replies} {
		s.remove()
	}
}

// Emit implements Sink. A resource emitted twice, as when a listing shifts
// between two pages, is kept once.
func (r *Recorder) Emit(res Resource) {
	slices.SortStableFunc(res.Gaps, func(a, b Gap) int {
		return cmp.Or(slices.Compare(a.Attributes, b.Attributes), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Detail, b.Detail))
	})
	line, err := json.Marshal(res)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.fail(fmt.Errorf("encoding the evidence of %s: %w", res.ARN, err))
		return
	}
	id := res.Scope.Account + " " + res.Scope.Region + " " + res.Type + " " + res.ARN
	if r.seen[id] {
		return
	}
	r.seen[id] = true
	at, err := r.rows.add(line)
	r.fail(err)
	r.rowIndex = append(r.rowIndex, rowRef{res.Scope.Account, res.Scope.Region, res.Type, res.ARN, at})
	r.emitted[res.Type]++
	r.ledger.Count(res)
}

// Listed implements Sink. For a type that could not be listed it records a
// stand-in, so that each of its policies answers unknown.
func (r *Recorder) Listed(scope Scope, resourceType string, gap *Gap) {
	r.ledger.Listed(scope, resourceType, gap)
	if gap == nil {
		return
	}
	r.Emit(Resource{
		ARN:  "arn:" + scope.Partition + ":sealaudit:" + scope.Region + ":" + scope.Account + ":unlisted/" + resourceType,
		Type: resourceType, Name: "(not listed)", Scope: scope, Facts: struct{}{}, Gaps: []Gap{*gap}, Unlisted: true,
	})
}

// NotOffered implements Sink.
func (r *Recorder) NotOffered(scope Scope, resourceType, why string) {
	r.ledger.NotOffered(scope, resourceType, why)
}

// Progress implements Sink.
func (r *Recorder) Progress(resourceType string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listed[resourceType] += n
}

// Counts are how many resources were announced and how many were read so far.
func (r *Recorder) Counts() (listed, read int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.listed {
		listed += n
	}
	for _, n := range r.emitted {
		read += n
	}
	return listed, read
}

// Call records one API call and its redacted reply.
func (r *Recorder) Call(ref CallRef, reply []byte) {
	line, err := json.Marshal(ref)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail(err)
	_, err = r.calls.add(line)
	r.fail(err)
	if _, known := r.stored[ref.Digest]; known || ref.Digest == "" {
		return
	}
	line, err = json.Marshal(storedReply{Digest: ref.Digest, Reply: reply})
	r.fail(err)
	at, err := r.replies.add(line)
	r.fail(err)
	r.stored[ref.Digest] = at
}

// storedReply is a line of replies.jsonl; the reply is base64, because a
// reply is bytes.
type storedReply struct {
	Digest string `json:"digest"`
	Reply  []byte `json:"reply"`
}

func (r *Recorder) fail(err error) {
	if err != nil {
		r.err = errors.Join(r.err, err)
	}
}

// sorted are the rows' places by account, region, type and ARN.
func (r *Recorder) sorted() []span {
	slices.SortFunc(r.rowIndex, func(a, b rowRef) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region), cmp.Compare(a.kind, b.kind), cmp.Compare(a.arn, b.arn))
	})
	out := make([]span, len(r.rowIndex))
	for i, row := range r.rowIndex {
		out[i] = row.at
	}
	return out
}

func (r *Recorder) sortedReplies() []span {
	digests := make([]string, 0, len(r.stored))
	for d := range r.stored {
		digests = append(digests, d)
	}
	slices.Sort(digests)
	out := make([]span, len(digests))
	for i, d := range digests {
		out[i] = r.stored[d]
	}
	return out
}

// spool is a temporary file of lines.
type spool struct {
	f    *os.File
	w    *bufio.Writer
	size int64
}

type span struct{ off, n int64 }

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "sealaudit-*")
	if err != nil {
		return nil, err
	}
	return &spool{f: f, w: bufio.NewWriterSize(f, 1<<16)}, nil
}

func (s *spool) remove() {
	if s != nil {
		_ = s.f.Close()
		_ = os.Remove(s.f.Name())
	}
}

func (s *spool) add(line []byte) (span, error) {
	at := span{s.size, int64(len(line)) + 1}
	if _, err := s.w.Write(line); err != nil {
		return at, fmt.Errorf("writing evidence: %w; check the space of the temporary directory (TMPDIR)", err)
	}
	s.size += at.n
	return at, s.w.WriteByte('\n')
}

// copyTo writes the lines at the places, in their order.
func (s *spool) copyTo(w io.Writer, places []span) error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	var buf bytes.Buffer
	for _, at := range places {
		buf.Reset()
		if _, err := io.Copy(&buf, io.NewSectionReader(s.f, at.off, at.n)); err != nil {
			return err
		}
		if _, err := w.Write(buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
