package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

// counted counts the bytes that are read of a file.
type counted struct {
	io.Reader
	n atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// countedSeeker is what can be read twice, and is then counted twice.
type countedSeeker struct {
	*counted
	io.Seeker
}

// tellProgress tells people on a terminal how far a long file is read, and a
// log that something of AWS is.
func tellProgress(std streams, quiet bool) func(string, int64, io.Reader) (io.Reader, func()) {
	return func(path string, size int64, body io.Reader) (io.Reader, func()) {
		if quiet {
			return body, func() {}
		}
		if _, ok := terminal(std.err); !ok {
			if strings.HasPrefix(path, "s3://") {
				slog.New(slog.NewTextHandler(std.err, nil)).Info("reading an object", "object", printable(path), "bytes", size)
			}
			return body, func() {}
		}
		c := &counted{Reader: body}
		stop := c.show(std, path, size)
		if s, ok := body.(io.Seeker); ok {
			return countedSeeker{c, s}, stop
		}
		return c, stop
	}
}

// show rewrites one line until it is stopped.
func (c *counted) show(std streams, path string, size int64) (stop func()) {
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
	return func() { close(done); <-ended }
}
