package iampolicy

import "strings"

type family uint8

const (
	familyUnknown family = iota
	familyString
	familyFold
	familyLike
	familyArn
	familyNumeric
	familyDate
	familyBool
	familyIP
	familyNull
)

type quantifier uint8

const (
	single quantifier = iota
	forAll
	forAny
)

// An operator is a condition operator taken apart: ForAllValues:StringNotLike
// IfExists is {familyLike, negated, ifExists, forAll}.
type operator struct {
	family   family
	negated  bool
	ifExists bool
	quant    quantifier
	// order is how the request's number or date must compare: -1 less, 0
	// equal, 1 greater; orEqual widens it.
	order   int
	orEqual bool
}

// wild tells whether * and ? are wildcards in the operator's values.
func (o operator) wild() bool { return o.family == familyLike || o.family == familyArn }

// parseOperator reads an operator's name in any case (IAM User Guide,
// "Condition operators"). One that it doesn't know is familyUnknown, whose
// conditions are Unknown.
func parseOperator(name string) operator {
	var op operator
	name = strings.ToLower(name)
	if rest, ok := strings.CutPrefix(name, "forallvalues:"); ok {
		op.quant, name = forAll, rest
	} else if rest, ok := strings.CutPrefix(name, "foranyvalue:"); ok {
		op.quant, name = forAny, rest
	}
	if name == "null" {
		// Null takes neither a prefix nor IfExists.
		if op.quant == single {
			op.family = familyNull
		}
		return op
	}
	name, op.ifExists = strings.CutSuffix(name, "ifexists")
	switch name {
	case "stringequals":
		op.family = familyString
	case "stringnotequals":
		op.family, op.negated = familyString, true
	case "stringequalsignorecase":
		op.family = familyFold
	case "stringnotequalsignorecase":
		op.family, op.negated = familyFold, true
	case "stringlike":
		op.family = familyLike
	case "stringnotlike":
		op.family, op.negated = familyLike, true
	case "arnequals", "arnlike":
		// AWS documents the two as identical.
		op.family = familyArn
	case "arnnotequals", "arnnotlike":
		op.family, op.negated = familyArn, true
	case "bool":
		op.family = familyBool
	case "ipaddress":
		op.family = familyIP
	case "notipaddress":
		op.family, op.negated = familyIP, true
	default:
		op.compare(name)
	}
	return op
}

// compare reads the numeric and date operators.
func (o *operator) compare(name string) {
	rest, numeric := strings.CutPrefix(name, "numeric")
	if !numeric {
		var date bool
		if rest, date = strings.CutPrefix(name, "date"); !date {
			return
		}
	}
	switch rest {
	case "equals":
	case "notequals":
		o.negated = true
	case "lessthan":
		o.order = -1
	case "lessthanequals":
		o.order, o.orEqual = -1, true
	case "greaterthan":
		o.order = 1
	case "greaterthanequals":
		o.order, o.orEqual = 1, true
	default:
		return
	}
	o.family = familyDate
	if numeric {
		o.family = familyNumeric
	}
}
