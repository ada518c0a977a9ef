package iampolicy

import "strings"

// holds evaluates one condition by the rules of the IAM User Guide: a missing
// key makes a positive operator false and a negated one true, IfExists makes
// it true; ForAllValues is true on a missing key, ForAnyValue false.
func (e *evaluation) holds(c *condition) Tri {
	values, known := e.context[c.key]
	if c.op.family == familyUnknown || !known || len(c.values) == 0 {
		return Unknown
	}
	present := len(values) > 0
	if c.op.family == familyNull {
		return holdsNull(c, present)
	}
	if !present {
		return missing(c.op)
	}
	switch c.op.quant {
	case forAll:
		result := True
		for _, v := range values {
			result = min3(result, e.one(c, v))
		}
		return result
	case forAny:
		result := False
		for _, v := range values {
			result = max3(result, e.one(c, v))
		}
		return result
	}
	if len(values) > 1 {
		return Unknown // AWS doesn't document it
	}
	return e.one(c, values[0])
}

func missing(op operator) Tri {
	switch {
	case op.quant == forAll:
		return True
	case op.quant == forAny && op.ifExists:
		return Unknown // AWS doesn't document which of the two wins
	case op.quant == forAny:
		return False
	}
	return triOf(op.ifExists || op.negated)
}

func holdsNull(c *condition, present bool) Tri {
	result := False
	for i := range c.values {
		switch strings.ToLower(c.values[i].raw) {
		case "true":
			result = max3(result, triOf(!present))
		case "false":
			result = max3(result, triOf(present))
		default:
			result = max3(result, Unknown)
		}
	}
	return result
}

// one compares one value of the request with the condition's list.
func (e *evaluation) one(c *condition, value string) Tri {
	result := False
	for i := range c.values {
		result = max3(result, e.compare(c.op, &c.values[i], value))
		if result == True {
			break
		}
	}
	if c.op.negated {
		return result.Not()
	}
	return result
}

// min3 and max3 are Kleene's and, or.
func min3(a, b Tri) Tri {
	switch {
	case a == False || b == False:
		return False
	case a == True && b == True:
		return True
	}
	return Unknown
}

func max3(a, b Tri) Tri { return min3(a.Not(), b.Not()).Not() }

// expand compiles a pattern for this request.
func (e *evaluation) expand(p *pattern, wild bool) glob {
	if !p.variable {
		return p.compiled
	}
	return compileGlob(p.raw, wild, e.variable)
}

// variable is the value of a policy variable: of a key with one known value,
// or the default after a comma when the key is known to be absent.
func (e *evaluation) variable(name string) (string, bool) {
	name, fallback, hasFallback := strings.Cut(name, ",")
	values, known := e.context[strings.ToLower(strings.TrimSpace(name))]
	switch {
	case !known:
		return "", false
	case len(values) == 1:
		return values[0], true
	case len(values) == 0 && hasFallback:
		fallback = strings.TrimSpace(fallback)
		if len(fallback) >= 2 && strings.HasPrefix(fallback, "'") && strings.HasSuffix(fallback, "'") {
			return fallback[1 : len(fallback)-1], true
		}
	}
	return "", false
}
