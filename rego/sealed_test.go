package rego_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealaudit/sealaudit/rego"
)

// Policies are sealed: what looks outside of the evidence does not load.
func TestNothingLooksOutside(t *testing.T) {
	for call, name := range map[string]string{
		`http.send({"method": "GET", "url": "http://localhost"}).status_code == 200`: "http.send",
		`rand.intn("x", 10) == 1`:                                   "rand.intn",
		`opa.runtime().env.HOME != ""`:                              "opa.runtime",
		`uuid.rfc4122("x") != ""`:                                   "uuid.rfc4122",
		`count(net.lookup_ip_addr("x")) > 0`:                        "net.lookup_ip_addr",
		`io.jwt.verify_hs256("a", "b")`:                             "io.jwt.verify_hs256",
		`count(rego.metadata.rule()) > 0`:                           "rego.metadata.rule",
		`count(crypto.x509.parse_and_verify_certificates("x")) > 0`: "crypto.x509.parse_and_verify_certificates",
	} {
		t.Run(name, func(t *testing.T) {
			text := policy("test/thing", "AWS::Test::Thing", "", `violations contains "x" if `+call)
			_, err := rego.Load(t.Context(), []rego.Source{source(map[string]string{"test/thing.rego": text})})
			if err == nil || !strings.Contains(err.Error(), "src/test/thing.rego:11: "+name+" is not for policies: its answer does not depend on the evidence alone") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestTheClockIsTheSnapshots(t *testing.T) {
	set := things(t, "", `violations contains sprintf("%d", [time.now_ns()])`)
	for _, at := range []time.Time{clock, clock.Add(1000 * time.Hour)} {
		findings, _ := evaluate(t, engine(t, set, rego.Options{Time: at}), rows{thing(`"facts": {}`)})
		if got, want := findings[0].Messages[0], strconv.FormatInt(at.UnixNano(), 10); got != want {
			t.Errorf("now_ns is %s, want %s", got, want)
		}
	}
}

// A policy sees its own parameters and nobody else's, and no store.
func TestPoliciesSeeOnlyTheirParameters(t *testing.T) {
	level := "params:\n  level: {default: a, description: d}"
	set := load(t, map[string]string{
		"test/one.rego": policy("test/one", "AWS::Test::Thing", level, `violations contains data.params.level`),
		"test/two.rego": policy("test/two", "AWS::Test::Thing", level, `violations contains data.params.level`),
	})
	e := engine(t, set, rego.Options{Params: map[string]map[string]any{"test/two": {"level": "b"}}})
	findings, _ := evaluate(t, e, rows{thing(`"facts": {}`)})
	if findings[0].Messages[0] != "a" || findings[1].Messages[0] != "b" {
		t.Errorf("messages %q and %q, want a and b", findings[0].Messages, findings[1].Messages)
	}
}
