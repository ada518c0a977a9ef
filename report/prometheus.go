package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/rego"
)

// writePrometheus writes metrics in Prometheus's text format 0.0.4, for
// node_exporter's textfile collector or a push gateway. No label names a
// resource, so an account's size does not grow the number of series. A
// policy's counts are written for every status, so that a series that falls
// to zero does not vanish.
func writePrometheus(w io.Writer, d Data, _ Options) error {
	found, err := countByAccount(d)
	if err != nil {
		return err
	}
	m := d.Manifest
	p := &exposition{jsonWriter{out: w}}
	if m.Demo {
		p.text("# " + DemoNotice + "\n")
	}
	name, version, _ := strings.Cut(m.Tool, " ")
	p.metric("sealaudit_scan_info", "The scan: always 1.")
	p.sample("sealaudit_scan_info", 1, "tool", cmp.Or(name, "sealaudit"), "version", version, "demo", strconv.FormatBool(m.Demo), "evidence", d.Evidence)
	p.gauge("sealaudit_scan_start_timestamp_seconds", "When the scan began.", seconds(m.Started))
	p.gauge("sealaudit_scan_end_timestamp_seconds", "When the scan ended.", seconds(m.Ended))
	p.gauge("sealaudit_scan_interrupted", "Whether the scan ended early: 1 if so.", zeroOrOne(m.Interrupted != ""))
	p.gauge("sealaudit_clock_skew_seconds", "Local clock minus the clock of AWS.", float64(m.SkewMS)/1000)
	p.metric("sealaudit_findings", "Findings by policy, severity and status. Unknown is neither pass nor fail.")
	for _, account := range sortedKeys(found) {
		for _, policy := range d.Policies {
			for i, status := range statuses {
				p.sample("sealaudit_findings", float64(found[account][policy.ID][i]), "account", account, "policy", policy.ID,
					"severity", string(policy.Severity), "status", string(status))
			}
		}
	}
	p.coverage(m.Coverage)
	p.metric("sealaudit_waivers", "Waivers by what became of them.")
	for _, state := range []string{rego.WaiverActive, rego.WaiverExpired, rego.WaiverUnmatched} {
		n := 0
		for _, use := range d.Summary.Waivers {
			if use.State == state {
				n++
			}
		}
		p.sample("sealaudit_waivers", float64(n), "state", state)
	}
	return p.err
}

// countByAccount counts the findings by account and policy. Accounts that
// were scanned and have none are there too.
func countByAccount(d Data) (map[string]map[string]counts, error) {
	found := map[string]map[string]counts{}
	for _, account := range d.Manifest.Accounts {
		found[account] = map[string]counts{}
	}
	for f, err := range d.checked() {
		if err != nil {
			return nil, err
		}
		account := found[f.Resource.Account]
		if account == nil {
			account = map[string]counts{}
			found[f.Resource.Account] = account
		}
		c := account[f.Policy]
		c[slices.Index(statuses[:], f.Status)]++
		account[f.Policy] = c
	}
	return found, nil
}

// coverage writes how much was read. Only listings that are complete make a
// zero a fact.
func (p *exposition) coverage(lines []collectors.Coverage) {
	p.metric("sealaudit_resources", "Resources that were listed, and how far their facts were read.")
	for _, c := range lines {
		for _, state := range []struct {
			name string
			n    int
		}{{"listed", c.Listed}, {"read", c.Read}, {"partly_read", c.Partly}, {"unread", c.Unread}} {
			p.sample("sealaudit_resources", float64(state.n), "account", c.Scope.Account, "region", cmp.Or(c.Scope.Region, "global"), "type", c.Type, "state", state.name)
		}
	}
	p.metric("sealaudit_listing_complete", "Whether the listing of a type was complete: 0 means that its counts are a lower bound.")
	for _, c := range lines {
		p.sample("sealaudit_listing_complete", zeroOrOne(c.Gap == nil), "account", c.Scope.Account, "region", cmp.Or(c.Scope.Region, "global"), "type", c.Type)
	}
}

// exposition writes metrics and keeps the first error.
type exposition struct{ jsonWriter }

func (p *exposition) metric(name, help string) {
	p.text("# HELP " + name + " " + help + "\n# TYPE " + name + " gauge\n")
}

func (p *exposition) gauge(name, help string, value float64) {
	p.metric(name, help)
	p.sample(name, value)
}

// sample writes one line. Labels are names and values in turn.
func (p *exposition) sample(name string, value float64, labels ...string) {
	var b strings.Builder
	b.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		fmt.Fprintf(&b, `%s="%s"`, labels[i], labelEscapes.Replace(printable(labels[i+1])))
	}
	if len(labels) > 0 {
		b.WriteString("}")
	}
	b.WriteString(" " + strconv.FormatFloat(value, 'f', -1, 64) + "\n")
	p.text(b.String())
}

// labelEscapes are those of the format: backslash, quote, line feed.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func zeroOrOne(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }
