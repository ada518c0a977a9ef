package lab

import (
	"strings"

	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

func startLogging(l *Lab, _ *wire.Request, t *homed) (map[string]any, *wire.Failure) {
	if isLogging(t) {
		return nil, nil
	}
	arn := text(l.trail(t), "TrailARN")
	l.breakChain(arn)
	l.cloudTrail().touched[arn] = true
	now := l.now()
	h := l.changeTrail(t, func(c *Trail) { c.Status["IsLogging"], c.Status["StartLoggingTime"] = true, now })
	for _, region := range l.regionsOf(h) {
		l.trailDelivery(arn, region, now)
	}
	return nil, nil
}

func stopLogging(l *Lab, _ *wire.Request, t *homed) (map[string]any, *wire.Failure) {
	if !isLogging(t) {
		return nil, nil
	}
	t = l.lastDelivery(t)
	l.changeTrail(t, func(c *Trail) { c.Status["IsLogging"], c.Status["StopLoggingTime"] = false, l.now() })
	l.breakChain(text(l.trail(t), "TrailARN"))
	return nil, nil
}

// newChains lets a trail's next digests begin new chains.
func (l *Lab) newChains(arn string) {
	for key, d := range l.cloudTrail().deliveries {
		if strings.HasPrefix(key, arn+" ") {
			d.since, d.files, d.before = l.now(), nil, nil
		}
	}
}

// breakChain ends a trail's deliveries; the next digests begin new chains.
func (l *Lab) breakChain(arn string) {
	for key := range l.cloudTrail().deliveries {
		if strings.HasPrefix(key, arn+" ") {
			delete(l.trails.deliveries, key)
		}
	}
}
