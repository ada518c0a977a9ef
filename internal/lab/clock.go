package lab

import "time"

// now is the account's own time: the clock's, moved on by Advance.
func (l *Lab) now() time.Time { return l.set.clock().Add(time.Duration(l.ahead.Load())) }

// Now is the account's own time, which relative times of its data count from.
func (l *Lab) Now() time.Time { return l.now() }

// tickEvery is the longest that the account's services wait before they look
// at what is due.
const tickEvery = 5 * time.Minute

// Advance moves the account's clock on, and lets its services live through
// that time in steps: deliveries, retries, discards, deletions and digests
// happen at the moments at which they are due.
func (l *Lab) Advance(d time.Duration) {
	l.state.Lock()
	defer l.state.Unlock()
	for d > 0 {
		step := min(d, tickEvery)
		l.ahead.Add(int64(step))
		l.tick(l.now())
		d -= step
	}
}

// tick lets the services do what is due by now. The state is locked.
func (l *Lab) tick(now time.Time) {
	if now.Sub(l.ticked) < time.Second {
		return
	}
	l.ticked = now
	for _, due := range due() {
		due(l, now)
	}
}

// due are what the services do by themselves, in the order in which they
// depend on each other.
func due() []func(*Lab, time.Time) {
	return []func(*Lab, time.Time){
		forgetKeys,
		ageKeys,
		checkTables,
		deliverTrails,
		deliverRecords,
		keepStreams,
	}
}
