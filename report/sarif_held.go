package report

import (
	"encoding/binary"
	"iter"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// words numbers the texts that many findings share: policies, regions,
// messages. What is held of a finding is a tenth of its size so.
type words struct {
	list  []string
	index map[string]uint64
}

func newWords() *words { return &words{index: map[string]uint64{}} }

// held is a list of findings, packed: the most of a report's memory.
type held struct {
	words *words
	data  []byte
	at    []uint32 // where each begins
}

// add packs what SARIF shows of a finding; its evidence is not.
func (h *held) add(f rego.Finding) {
	h.at = append(h.at, uint32(len(h.data)))
	r := f.Resource
	for _, s := range []string{f.ID, r.ARN, r.Name} {
		h.data = binary.AppendUvarint(h.data, uint64(len(s)))
		h.data = append(h.data, s...)
	}
	h.word(f.Policy, string(f.Status), string(f.Severity), r.Type, r.Partition, r.Account, r.Region)
	h.data = binary.AppendUvarint(h.data, uint64(len(f.Messages)))
	h.word(f.Messages...)
	h.data = binary.AppendUvarint(h.data, uint64(len(f.Unknowns)))
	for _, u := range f.Unknowns {
		h.word(string(u.Reason), u.Permission, u.Detail)
	}
	if w := f.Waiver; w == nil {
		h.data = append(h.data, 0)
	} else {
		h.data = append(h.data, 1)
		h.word(w.Policy, w.Resource, w.Owner, w.Reason, w.Ticket, w.Expires)
	}
}

func (h *held) word(texts ...string) {
	for _, s := range texts {
		n, ok := h.words.index[s]
		if !ok {
			n = uint64(len(h.words.list))
			h.words.list = append(h.words.list, s)
			h.words.index[s] = n
		}
		h.data = binary.AppendUvarint(h.data, n)
	}
}

func (h *held) len() int { return len(h.at) }

// drop takes the last finding off the list.
func (h *held) drop() rego.Finding {
	last := h.at[len(h.at)-1]
	f := h.unpack(h.data[last:])
	h.at, h.data = h.at[:len(h.at)-1], h.data[:last]
	return f
}

func (h *held) all() iter.Seq[rego.Finding] {
	return func(yield func(rego.Finding) bool) {
		for _, at := range h.at {
			if !yield(h.unpack(h.data[at:])) {
				return
			}
		}
	}
}

// unpack reads back what add wrote.
func (h *held) unpack(data []byte) (f rego.Finding) {
	number := func() uint64 {
		n, size := binary.Uvarint(data)
		data = data[size:]
		return n
	}
	text := func() string {
		n := number()
		s := string(data[:n])
		data = data[n:]
		return s
	}
	word := func() string { return h.words.list[number()] }
	f.ID, f.Resource.ARN, f.Resource.Name = text(), text(), text()
	f.Policy, f.Status, f.Severity = word(), rego.Status(word()), rego.Severity(word())
	r := &f.Resource
	r.Type, r.Partition, r.Account, r.Region = word(), word(), word(), word()
	for range number() {
		f.Messages = append(f.Messages, word())
	}
	for range number() {
		f.Unknowns = append(f.Unknowns, rego.Unknown{Reason: collectors.Reason(word()), Permission: word(), Detail: word()})
	}
	if number() == 1 {
		f.Waiver = &rego.Waiver{Policy: word(), Resource: word(), Owner: word(), Reason: word(), Ticket: word(), Expires: word()}
	}
	return f
}
