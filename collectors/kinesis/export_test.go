package kinesis

import "time"

// PollEvery sets how long the collector waits for a stream that is changing.
func (c *Collector) PollEvery(d time.Duration) *Collector {
	c.pollEvery = d
	return c
}
