package lab

import (
	"slices"
	"time"
)

// trim drops what is older than the stream keeps it, and the material that no
// record needs any more.
func (l *Lab) trim(s *stream) {
	oldest := l.now().Add(-time.Duration(l.retention(s)) * time.Hour)
	for _, sh := range s.shards {
		n := 0
		for n < len(sh.records) && !sh.records[n].at.After(oldest) {
			e := sh.records[n]
			l.store.delete(s.recordPlace(sh, e))
			if m := s.known[e.material]; m != nil {
				m.users--
			}
			n++
		}
		sh.records = slices.Delete(sh.records, 0, n)
	}
	for id, m := range s.known {
		if m.users == 0 && (s.producing == nil || s.producing.id != id) {
			clear(m.plain)
			delete(s.known, id)
			l.store.delete(s.place("material/" + id))
		}
	}
}

// keepStreams is what Kinesis does by itself: what was asked for happens, and
// records are dropped that are out of retention.
func keepStreams(l *Lab, _ time.Time) {
	l.settleStreams()
	for _, s := range l.kinesis.streams {
		l.trim(s)
		if s.producing != nil && !l.now().Before(s.producing.until) {
			s.forget()
		}
	}
}
