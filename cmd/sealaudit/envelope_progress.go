package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// counted counts the bytes that are read of a file.
type counted struct {
	io.ReadSeeker
	n atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadSeeker.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// tellProgress tells people on a terminal how far a long file is read.
func tellProgress(std streams, quiet bool) func(string, int64, io.ReadSeeker) (io.ReadSeeker, func()) {
	return func(path string, size int64, body io.ReadSeeker) (io.ReadSeeker, func()) {
		if _, ok := terminal(std.err); !ok || quiet {
			return body, func() {}
		}
		c := &counted{ReadSeeker: body}
		done, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			shown := false
			for {
				select {
				case <-done:
					if shown {
						fmt.Fprint(std.err, "\r\x1b[K")
					}
					return
				case <-tick.C:
					shown = true
					fmt.Fprintf(std.err, "\r\x1b[Kreading %s: %d of %d MiB", cellText(path), c.n.Load()>>20, size>>20)
				}
			}
		}()
		return c, func() { close(done); <-ended }
	}
}
