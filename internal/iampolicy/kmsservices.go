package iampolicy

import (
	"slices"
	"strings"
)

// AnyService stands for every AWS service.
const AnyService = "*"

// unguardedServices lists the grants to services that a stranger could have
// used for him. A nil list with a reason means that one can't be told.
func (a *keyAnalysis) unguardedServices() ([]ServiceGrant, string) {
	list := []ServiceGrant{}
	for i := range a.policy.statements {
		s := &a.policy.statements[i]
		if s.deny {
			continue
		}
		for _, name := range serviceNames(s) {
			service := instance(compileGlob(name, true, nil), unlisted)
			got, why := a.granted(s, kmsUses(), ServicePrincipal(service), serviceContext(service), a.deputyKeys)
			if got == False {
				silent, _ := a.granted(s, kmsUses(), ServicePrincipal(service), serviceContext(service), a.silentDeputyKeys)
				if silent != False {
					got = Unknown
					why = s.label() + " guards " + quote(name) + " only if that service sends the keys of the condition, which depends on the service"
				}
			}
			switch got {
			case Unknown:
				return nil, why
			case True:
				list = append(list, ServiceGrant{clip(name, maxQuoted), s.ref()})
			}
		}
	}
	slices.SortFunc(list, func(x, y ServiceGrant) int {
		if c := strings.Compare(x.Service, y.Service); c != 0 {
			return c
		}
		return x.Statement.Index - y.Statement.Index
	})
	return list, ""
}

// serviceNames are the services that a statement lets in, as principals or by
// its conditions. A name may have wildcards.
func serviceNames(s *statement) []string {
	if s.notPrincipal {
		return nil
	}
	return append(slices.Clone(s.principal.services), servicesAmong(s)...)
}

// servicesAmong are the services that a statement for everybody is limited to
// by a condition: those that it names, or else AnyService.
func servicesAmong(s *statement) []string {
	var named []string
	limited := false
	for i := range s.conditions {
		c := &s.conditions[i]
		if !s.principal.everyone || c.op.negated || c.op.ifExists || c.op.quant == forAll {
			continue
		}
		switch c.key {
		case "aws:principalisawsservice":
			limited = limited || c.op.family == familyBool && len(c.values) == 1 && strings.EqualFold(c.values[0].raw, "true")
		case "aws:principalservicename", "aws:principalservicenameslist":
			for j := range c.values {
				if c.op.family != familyNull {
					named = append(named, c.values[j].raw)
				}
			}
		}
	}
	if limited && len(named) == 0 {
		return []string{AnyService}
	}
	return named
}
