package iampolicy

import (
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	statement := func(body string) string { return `{"Version":"2012-10-17","Statement":[` + rootAll + `,` + body + `]}` }
	const rest = `"Principal":"*","Action":"s3:*","Resource":"*"`
	tests := []struct{ name, doc, want string }{
		{"empty", ``, "not JSON"},
		{"cut off", `{"Statement":[`, "not JSON"},
		{"trailing text", `{"Statement":[]} x`, "text follows"},
		{"a list", `[]`, "not a JSON object"},
		{"null", `null`, "not a JSON object"},
		{"no statement", `{"Version":"2012-10-17"}`, "no Statement"},
		{"statement is text", `{"Statement":"x"}`, "neither an object nor a list"},
		{"version", `{"Version":"2020-01-01","Statement":[]}`, `Version is "2020-01-01"`},
		{"unknown element", `{"Statements":[]}`, `"Statements"`},
		{"id", `{"Id":1,"Statement":[]}`, "Id is not a string"},
		{"statement not an object", statement(`"x"`), "statement 1: it is not an object"},
		{"effect", statement(`{"Sid":"s","Effect":"Permit",` + rest + `}`), `statement 1 ("s"): its Effect is "Permit"`},
		{"effect in lower case", statement(`{"Effect":"deny",` + rest + `}`), "its Effect"},
		{"no effect", statement(`{` + rest + `}`), "no Effect"},
		{"sid", statement(`{"Sid":1,"Effect":"Deny",` + rest + `}`), "Sid is not a string"},
		{"no principal", statement(`{"Effect":"Deny","Action":"s3:*","Resource":"*"}`), "exactly one of Principal and NotPrincipal"},
		{"action and not action", statement(`{"Effect":"Deny","NotAction":"s3:x",` + rest + `}`), "exactly one of Action and NotAction"},
		{"no resource", statement(`{"Effect":"Deny","Principal":"*","Action":"s3:*"}`), "exactly one of Resource and NotResource"},
		{"resource number", statement(`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":1}`), `"Resource" is neither`},
		{"action list of numbers", statement(`{"Effect":"Deny","Principal":"*","Action":[1],"Resource":"*"}`), `"Action" holds something`},
		{"empty action list", statement(`{"Effect":"Deny","Principal":"*","Action":[],"Resource":"*"}`), `"Action" is neither`},
		{"principal text", statement(`{"Effect":"Deny","Principal":"111122223333","Action":"s3:*","Resource":"*"}`), `only "*"`},
		{"principal type", statement(`{"Effect":"Deny","Principal":{"Robot":"x"},"Action":"s3:*","Resource":"*"}`), `principal type "Robot"`},
		{"empty principal", statement(`{"Effect":"Deny","Principal":{},"Action":"s3:*","Resource":"*"}`), "neither"},
		{"unknown statement element", statement(`{"Effect":"Deny","Conditions":{},` + rest + `}`), `"Conditions"`},
		{"condition list", statement(`{"Effect":"Deny","Condition":[],` + rest + `}`), "Condition is not an object"},
		{"operator text", statement(`{"Effect":"Deny","Condition":{"Bool":"x"},` + rest + `}`), `"Bool" is not an object`},
		{"condition null", statement(`{"Effect":"Deny","Condition":{"Bool":{"k":null}},` + rest + `}`), `on "k" holds`},
		{"condition object", statement(`{"Effect":"Deny","Condition":{"Bool":{"k":{}}},` + rest + `}`), `on "k" holds`},
		{"duplicate element", statement(`{"Effect":"Deny","Effect":"Allow",` + rest + `}`), `"Effect" occurs twice`},
		{"duplicate key in another case", statement(`{"Effect":"Deny","Condition":{"Bool":{"aws:X":"a","AWS:x":"b"}},` + rest + `}`), "occurs twice"},
		{"too deep", strings.Repeat(`{"Statement":`, 20) + `1` + strings.Repeat(`}`, 20), "nested deeper"},
		{"too large", `{"Statement":[],"Id":"` + strings.Repeat("x", MaxSize) + `"}`, "bytes, more than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse([]byte(tt.doc))
			if err == nil {
				t.Fatalf("parsed as %+v", p)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q lacks %q", err, tt.want)
			}
		})
	}
}

// TestHostileText holds names that would break a terminal or a report out of
// errors and reasons.
func TestHostileText(t *testing.T) {
	evil := "\\u001b[31m\\u202e\\n" + strings.Repeat("A", 5000)
	_, err := Parse([]byte(`{"Statement":[{"Sid":"` + evil + `","Effect":"` + evil + `"}]}`))
	if err == nil {
		t.Fatal("a hostile Effect was taken")
	}
	p := mustParse(t, `{"Version":"2012-10-17","Statement":[{"Sid":"`+evil+`","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*",
		"Condition":{"`+evil+`":{"aws:SecureTransport":"false"}}}]}`)
	a := AnalyzeS3(p, S3Bucket{Partition: "aws", Name: "b"})
	texts := []string{err.Error(), a.InsecureTransport.ObjectsDenied.Reason}
	for _, u := range a.Undecided() {
		texts = append(texts, u.Reason)
	}
	for _, text := range texts {
		if strings.ContainsAny(text, "\x1b\u202e\n") || len([]rune(text)) > maxReason {
			t.Errorf("unsafe text: %q", text)
		}
	}
	if sid := a.InsecureTransport.ObjectsDenied.Statements; len(sid) != 0 && len([]rune(sid[0].Sid)) > maxQuoted {
		t.Errorf("unbounded Sid of %d characters", len(sid[0].Sid))
	}
}
