package rego_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealaudit/sealaudit/rego"
)

// twoLevels are parameters for the tests of bodies that they settle.
const twoLevels = "params:\n  level: {default: low, enum: [low, high], description: D}\n" +
	"  other: {default: low, enum: [low, high], description: D}\n  words: {default: [], description: D}"

// settles are policies by what their parameters leave them to read. ";;"
// stands between rules.
var settles = map[string]struct {
	code     string
	low      string // reads with level low, the default
	high     string // with level high
	bothHigh string // with level and other high; "": as with high
}{
	"the test first":                {`violations contains "x" if { data.params.level == "high"; input.facts.a == "1" }`, "", "facts.a", ""},
	"the test last":                 {`violations contains "x" if { input.facts.a == "1"; data.params.level == "high" }`, "", "facts.a", ""},
	"the test in the middle":        {`violations contains "x" if { input.facts.a in {"1"}; data.params.level == "high"; to_number(input.facts.b) > 1 }`, "", "facts.a facts.b", ""},
	"one body of two":               {`violations contains "x" if { data.params.level == "high"; input.facts.a == "1" } ;; violations contains "y" if input.facts.b == "1"`, "facts.b", "facts.a facts.b", ""},
	"a head":                        {`violations contains input.facts.a if data.params.level == "high"`, "", "facts.a", ""},
	"a function of the test":        {`rank(l) := {"low": 1, "high": 2}[l] ;; violations contains "x" if { rank(data.params.level) > rank("low"); input.facts.a == "1" }`, "", "facts.a", ""},
	"not":                           {`violations contains "x" if { not data.params.level == "low"; input.facts.a == "1" }`, "", "facts.a", ""},
	"not a helper":                  {`lax if data.params.level == "low" ;; violations contains "x" if { not lax; input.facts.a == "1" }`, "", "facts.a", ""},
	"a helper of parameters":        {`strict if data.params.level == "high" ;; violations contains "x" if { strict; input.facts.a == "1" }`, "", "facts.a", ""},
	"a helper that is dead":         {`strict if { data.params.level == "high"; input.facts.a } ;; violations contains "x" if { strict; input.facts.b == "1" }`, "", "facts.a facts.b", ""},
	"not a helper that is dead":     {`lax if { input.facts.a; data.params.level == "high" } ;; violations contains "x" if { not lax; input.facts.b == "1" }`, "facts.b", "facts.a facts.b", ""},
	"what only a dead body uses":    {`violations contains v if data.params.level == "high" ;; v := input.facts.a`, "", "facts.a", ""},
	"a function that is dead":       {`violations contains "x" if bad(input.facts.deep) ;; bad(d) if { data.params.level == "high"; d.c == "1" }`, "facts.deep", "facts.deep facts.deep.c", ""},
	"one function of two":           {`violations contains "x" if bad(input.facts.deep) ;; bad(d) if { data.params.level == "high"; d.c == "1" } ;; bad(d) if d.d == "1"`, "facts.deep facts.deep.d", "facts.deep facts.deep.c facts.deep.d", ""},
	"an else":                       {`violations contains "x" if bad ;; bad if input.facts.a == "1" else if { data.params.level == "high"; input.facts.b == "1" }`, "facts.a", "facts.a facts.b", ""},
	"before an else":                {`violations contains "x" if bad ;; bad if { data.params.level == "high"; input.facts.a == "1" } else if input.facts.b == "1"`, "facts.b", "facts.a facts.b", ""},
	"a helper with an else":         {`strict := true if data.params.level == "high" else := false ;; violations contains "x" if { strict; input.facts.a == "1" }`, "", "facts.a", ""},
	"a function with an else":       {`violations contains "x" if bad(input.facts.deep) ;; bad(d) if { data.params.level == "high"; d.c == "1" } else if d.d == "1"`, "facts.deep facts.deep.d", "facts.deep facts.deep.c facts.deep.d", ""},
	"a default":                     {`default strict := false ;; strict if data.params.level == "high" ;; violations contains "x" if { strict; input.facts.a == "1" }`, "", "facts.a", ""},
	"a default that stays":          {`default strict := true ;; strict := false if { data.params.level == "high"; input.facts.b == "1" } ;; violations contains "x" if { strict; input.facts.a == "1" }`, "facts.a", "facts.a facts.b", ""},
	"two parameters":                {`violations contains "x" if { data.params.level == "high"; data.params.other == "high"; input.facts.a == "1" }`, "", "", "facts.a"},
	"two that contradict":           {`violations contains "x" if { some w in ["high", "none"]; w == data.params.level; w != data.params.level; input.facts.a == "1" }`, "", "", ""},
	"a comprehension":               {`violations contains "x" if { count([w | some w in [data.params.level, data.params.other]; w == "high"]) == 2; input.facts.a == "1" }`, "", "", "facts.a"},
	"every":                         {`violations contains "x" if { every w in [data.params.level, data.params.other] { w == "high" }; input.facts.a == "1" }`, "", "", "facts.a"},
	"a name that they give":         {`violations contains "x" if { some w in data.params.words; input.facts.a == w }`, "", "", ""},
	"applies":                       {`applies if not special ;; special if { input.facts.a in {"1", "2"}; data.params.level == "high" } ;; violations contains "x" if input.facts.b == "1"`, "facts.b", "facts.a facts.b", ""},
	"a part that fails after it":    {`violations contains "x" if { data.params.level == "high"; to_number(input.facts.a) > 1 }`, "", "facts.a", ""},
	"a quiet helper before it":      {`violations contains "x" if { good; not data.params.level == "low" } ;; good if { some w in input.facts.list; w == "1" } ;; good if count({1}) == 2`, "", "facts.list", ""},
	"a set of quiet ones before":    {`violations contains "x" if { bad["1"]; data.params.level == "high" } ;; bad contains w if some w in input.facts.list`, "", "facts.list", ""},
	"a name from another join":      {`violations contains "x" if { some w in input.facts.list; not w in data.params.words }`, "facts.list", "facts.list", ""},
	"a name in a comprehension":     {`violations contains "x" if { w := input.facts.a; count([1 | w == data.params.level]) == 1 }`, "facts.a", "facts.a", ""},
	"compared with the input":       {`violations contains "x" if input.facts.a == data.params.level`, "facts.a", "facts.a", ""},
	"a field that the input names":  {`violations contains "x" if { data.params.words[input.facts.n] == "1" }`, "facts.n", "facts.n", ""},
	"a function of both":            {`same(x, y) if x == y ;; violations contains "x" if same(input.facts.a, data.params.level)`, "facts.a", "facts.a", ""},
	"an argument":                   {`violations contains "x" if bad(input.facts.a) ;; bad(a) if { a == data.params.level; input.facts.b == "1" }`, "facts.a facts.b", "facts.a facts.b", ""},
	"a helper that reads":           {`strict if data.params.level == input.facts.b ;; violations contains "x" if { strict; input.facts.a == "1" }`, "facts.a facts.b", "facts.a facts.b", ""},
	"keys that read":                {`all[k] := data.params.level if some k in [input.facts.b] ;; violations contains "x" if { all["1"] == "high"; input.facts.a == "1" }`, "facts.a facts.b", "facts.a facts.b", ""},
	"a test that fails":             {`violations contains "x" if { to_number(data.params.level) > 1; input.facts.a == "1" }`, "facts.a", "facts.a", ""},
	"a helper that fails":           {`strict if to_number(data.params.level) > 1 ;; violations contains "x" if { strict; input.facts.a == "1" }`, "facts.a", "facts.a", ""},
	"a helper of two values":        {`v := 1 if data.params.level ;; v := 2 if data.params.other ;; violations contains "x" if { v == 3; input.facts.a == "1" }`, "facts.a", "facts.a", ""},
	"a part that fails before it":   {`violations contains "x" if { to_number(input.facts.a) > 1; data.params.level == "high" }`, "facts.a", "facts.a", ""},
	"a helper that fails before it": {`violations contains "x" if { good; data.params.level == "high" } ;; good if to_number(input.facts.a) > 1`, "facts.a", "facts.a", ""},
	"a conflict before it":          {`violations contains "x" if { v == "1"; data.params.level == "high" } ;; v := input.facts.a ;; v := input.facts.b`, "facts.a facts.b", "facts.a facts.b", ""},
	"keys of a conflict before it":  {`violations contains "x" if { {k: v | some k, v in {"1": input.facts.a}}["1"] == "1"; data.params.level == "high" }`, "facts.a", "facts.a", ""},
	"the clock":                     {`violations contains "x" if { time.now_ns() < 0; data.params.level == "low"; input.facts.a == "1" }`, "facts.a", "facts.a", ""},
}

// What only bodies read that the parameters settle has no say: whatever it is,
// the finding is the same, and so is what fails.
func TestParametersSettleBodies(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for name, c := range settles {
		t.Run(name, func(t *testing.T) {
			set := things(t, twoLevels, strings.ReplaceAll(c.code, " ;; ", "\n"))
			if c.bothHigh == "" {
				c.bothHigh = c.high
			}
			for _, want := range []struct{ level, other, reads string }{{"low", "low", c.low}, {"high", "low", c.high}, {"high", "high", c.bothHigh}} {
				e := engine(t, set, rego.Options{Params: map[string]map[string]any{"test/thing": {"level": want.level, "other": want.other}}})
				reads := e.ReadsOf("test/thing")
				if reads != want.reads {
					t.Errorf("level %s, other %s: it reads %q, want %q", want.level, want.other, reads, want.reads)
				}
				for range 20 {
					facts := someFacts(random)
					var lines rows
					for i, of := range []map[string]any{facts, onlyRead(facts, someFacts(random), strings.Fields(reads))} {
						text, _ := json.Marshal(of)
						lines = append(lines, row("AWS::Test::Thing", fmt.Sprint("arn:", i), `"facts": `+string(text)))
					}
					got, _ := evaluate(t, e, lines)
					if got[0].Status != got[1].Status || !cmp.Equal(got[0].Messages, got[1].Messages) || !cmp.Equal(got[0].Unknowns, got[1].Unknowns) {
						t.Errorf("level %s, other %s: it reads %q, and alters its mind:\n%s\n%s", want.level, want.other, reads, lines[0], lines[1])
					}
				}
			}
		})
	}
}

// someFacts are facts of an AWS::Test::Thing.
func someFacts(random *rand.Rand) map[string]any {
	word := func() any { return []any{"1", "2", "low", "high"}[random.IntN(4)] }
	all := map[string]any{"a": word(), "b": word(), "n": random.IntN(2), "deep": map[string]any{"c": word(), "d": word()}, "list": []any{word(), word()}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if random.IntN(4) == 0 {
			delete(all, name)
		}
	}
	return all
}

// onlyRead are the facts as far as they are read, and else those of others.
func onlyRead(facts, others map[string]any, reads []string) map[string]any {
	out := maps.Clone(others)
	for _, name := range []string{"a", "b", "n", "deep", "list"} {
		if slices.ContainsFunc(reads, func(read string) bool { return overlap(read, "facts."+name) }) {
			delete(out, name)
			if v, given := facts[name]; given {
				out[name] = v
			}
		}
	}
	return out
}

// What is required decides whether it matters that nobody says whose a key is.
func TestAnUnreadKeyMattersOnlyToThoseWhoAskForMore(t *testing.T) {
	s3 := func(place string) string {
		return `{"type": "Redshift", "destination": {"` + place + `": {"bucket_arn": "arn:aws:s3:::b", "key": {"id": "k"}}}}`
	}
	builtin := loadBuiltin(t)
	inherits := func(place string) string {
		return strings.Replace(s3(place), `"key": {"id": "k"}`, `"inherits": "arn:aws:s3:::b"`, 1)
	}
	for _, c := range []struct{ policy, key, good, bad string }{
		{"kinesis/stream_encrypted", "facts.encryption.key", `{"encryption": {"type": "KMS", "key": {"id": "k"}}}`, `{"encryption": {"type": "NONE"}}`},
		{"s3/default_encryption_kms", "facts.encryption.key", `{"encryption": {"algorithm": "aws:kms", "key": {"id": "k"}}}`, `{"encryption": {"algorithm": "AES256"}}`},
		{"firehose/stream_encrypted", "facts.encryption.key", `{"source": {"type": "DirectPut"}, "encryption": {"status": "ENABLED", "key_type": "CUSTOMER_MANAGED_CMK", "key": {"id": "k"}}}`,
			`{"source": {"type": "DirectPut"}, "encryption": {"status": "DISABLED"}}`},
		{"firehose/destination_encrypted", "facts.destination.s3.key", s3("s3"), inherits("s3")},
		{"firehose/backup_encrypted", "facts.destination.backup.key", s3("backup"), inherits("backup")},
		{"firehose/intermediate_encrypted", "facts.destination.intermediate.key", s3("intermediate"), inherits("intermediate")},
		{"dynamodb/table_encrypted", "facts.encryption.key", `{"encryption": {"aws_owned_key": false, "key": {"id": "k"}}}`, `{"encryption": {"key": {"id": "k"}}}`},
	} {
		set, err := builtin.Select(rego.Selection{Include: []string{c.policy}})
		if err != nil {
			t.Fatal(err)
		}
		gap := ", " + gapAt(c.key+".manager", c.key+".origin")
		bucket := row("AWS::S3::Bucket", "arn:aws:s3:::b", `"facts": {"encryption": {"algorithm": "AES256"}}, `+gapAt("facts.encryption.key.manager"))
		for level, want := range map[string][2]rego.Status{"": {rego.Pass, rego.Fail}, "external-hsm": {rego.Undecided, rego.Undecided}} {
			o := rego.Options{}
			if level != "" {
				o.Params = map[string]map[string]any{"*": {"required_level": level}}
			}
			for i, facts := range []string{c.good, c.bad} {
				got, _ := evaluate(t, engine(t, set, o), rows{row(set.Policies()[0].Resource, "arn:1", `"facts": `+facts+gap), bucket})
				if got[0].Status != want[i] {
					t.Errorf("%s, required %q, %s: %s %q %+v, want %s", c.policy, level, facts, got[0].Status, got[0].Messages, got[0].Unknowns, want[i])
				}
			}
		}
	}
}
