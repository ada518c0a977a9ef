package lab

import (
	"maps"
	"slices"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
	"github.com/sealaudit/sealaudit/internal/lab/wire"
)

// expressions are a request's (DynamoDB Developer Guide, "Using expressions in
// DynamoDB"), with what stands for names and values in them.
type expressions struct {
	q      *wire.Request
	names  map[string]string
	values item.Item
	used   map[string]bool
}

func newExpressions(q *wire.Request) (*expressions, *wire.Failure) {
	e := &expressions{q: q, names: map[string]string{}, used: map[string]bool{}}
	names, _ := q.Input["ExpressionAttributeNames"].(map[string]any)
	for placeholder, v := range names {
		s, _ := v.(string)
		if !strings.HasPrefix(placeholder, "#") || len(placeholder) < 2 {
			return nil, validation("ExpressionAttributeNames contains invalid key: Syntax error; key: \"" + placeholder + "\"")
		}
		e.names[placeholder] = s
	}
	values, failure := attributesOf(q.Input["ExpressionAttributeValues"], 0)
	if failure != nil {
		return nil, validation("ExpressionAttributeValues contains invalid value: " + failure.Message)
	}
	for placeholder := range values {
		if !strings.HasPrefix(placeholder, ":") || len(placeholder) < 2 {
			return nil, validation("ExpressionAttributeValues contains invalid key: Syntax error; key: \"" + placeholder + "\"")
		}
	}
	e.values = values
	for _, member := range []string{"Expected", "AttributeUpdates", "KeyConditions", "ScanFilter", "QueryFilter", "AttributesToGet", "ConditionalOperator"} {
		if q.Input[member] != nil {
			return nil, validation("The embedded account takes expressions only; write " + member + " as one.")
		}
	}
	return e, nil
}

// finish refuses names and values that no expression used.
func (e *expressions) finish() *wire.Failure {
	for _, placeholder := range slices.Sorted(maps.Keys(e.names)) {
		if !e.used[placeholder] {
			return validation("Value provided in ExpressionAttributeNames unused in expressions: keys: {" + placeholder + "}")
		}
	}
	for _, placeholder := range slices.Sorted(maps.Keys(e.values)) {
		if !e.used[placeholder] {
			return validation("Value provided in ExpressionAttributeValues unused in expressions: keys: {" + placeholder + "}")
		}
	}
	return nil
}

// reader reads one expression.
type exprReader struct {
	*expressions
	kind   string // "ConditionExpression"
	tokens []string
	i      int
	depth  int
}

// read prepares the request's expression of a kind; nil where it has none.
func (e *expressions) read(kind string) (*exprReader, *wire.Failure) {
	v, given := e.q.Input[kind]
	if !given {
		return nil, nil
	}
	s, _ := v.(string)
	if s == "" {
		return nil, validation("Invalid " + kind + ": The expression can not be empty;")
	}
	if len(s) > 4096 {
		return nil, validation("Invalid " + kind + ": Expression size has exceeded the maximum allowed size;")
	}
	return &exprReader{expressions: e, kind: kind, tokens: tokensOf(s)}, nil
}

// tokensOf cuts an expression into words, comparators and punctuation.
func tokensOf(s string) (out []string) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case isWord(c) || c == '#' || c == ':':
			start := i
			for i++; i < len(s) && isWord(s[i]); i++ {
			}
			out = append(out, s[start:i])
		case i+1 < len(s) && slices.Contains([]string{"<>", "<=", ">="}, s[i:i+2]):
			out = append(out, s[i:i+2])
			i += 2
		default:
			out = append(out, s[i:i+1])
			i++
		}
	}
	return out
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (r *exprReader) peek() string {
	if r.i < len(r.tokens) {
		return r.tokens[r.i]
	}
	return ""
}

// is takes the next token if it is a keyword, whatever its case, or a sign.
func (r *exprReader) is(word string) bool {
	if r.i < len(r.tokens) && strings.EqualFold(r.tokens[r.i], word) {
		r.i++
		return true
	}
	return false
}

func (r *exprReader) expect(sign string) *wire.Failure {
	if !r.is(sign) {
		return r.syntax()
	}
	return nil
}

// end is a failure if something is left.
func (r *exprReader) end() *wire.Failure {
	if r.i < len(r.tokens) {
		return r.syntax()
	}
	return nil
}

func (r *exprReader) syntax() *wire.Failure {
	token := "<EOF>"
	if r.i < len(r.tokens) {
		token = r.tokens[r.i]
	}
	near := strings.Join(r.tokens[max(0, min(r.i, len(r.tokens))-1):min(len(r.tokens), r.i+2)], " ")
	return validation("Invalid " + r.kind + `: Syntax error; token: "` + token + `", near: "` + near + `"`)
}

// enterLevel counts nesting, which an expression may not have without end.
func (r *exprReader) enterLevel() *wire.Failure {
	if r.depth++; r.depth > 150 {
		return validation("Invalid " + r.kind + ": The expression contains too many operators or levels;")
	}
	return nil
}
