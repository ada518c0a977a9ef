package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
)

// showProgress tells people how far the reading is: one line that rewrites
// itself on a terminal, a start and an end line in a log. The returned
// function ends it.
func showProgress(ctx context.Context, rec *collectors.Recorder, std streams, quiet bool, services, regions int) (stop func()) {
	if quiet {
		return func() {}
	}
	started := time.Now()
	if _, ok := terminal(std.err); !ok {
		log := slog.New(slog.NewTextHandler(std.err, nil))
		log.Info("reading the account", "services", services, "regions", regions)
		return func() {
			_, read := rec.Counts()
			if ctx.Err() != nil {
				log.Warn("the reading ended early; what was not read is unknown", "why", interruption(ctx))
			}
			log.Info("read the account", "resources", read, "took", time.Since(started).Round(100*time.Millisecond).String())
		}
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		interrupted := ctx.Done()
		for {
			select {
			case <-done:
				fmt.Fprint(std.err, "\r\x1b[K")
				return
			case <-interrupted:
				interrupted = nil
				fmt.Fprintf(std.err, "\r\x1b[Kstopping: %s; what was read so far is kept (interrupt to quit)\n", interruption(ctx))
			case <-tick.C:
				listed, read := rec.Counts()
				fmt.Fprintf(std.err, "\r\x1b[Kreading %d services in %d regions: %d of %d resources, %s", services, regions, read, max(listed, read), time.Since(started).Round(time.Second))
			}
		}
	}()
	return func() { close(done); <-ended }
}
