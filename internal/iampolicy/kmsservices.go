package iampolicy

import (
	"slices"
	"strings"
)

// unguardedServices lists the grants to services that a stranger could have
// used for him. A nil list with a reason means that one can't be told.
func (a *keyAnalysis) unguardedServices() ([]ServiceGrant, string) {
	list := []ServiceGrant{}
	for i := range a.policy.statements {
		s := &a.policy.statements[i]
		if s.deny || s.notPrincipal {
			continue
		}
		for _, service := range s.principal.services {
			got, why := a.granted(s, ServicePrincipal(service), serviceContext(service), a.deputyKeys)
			if got == False {
				silent, _ := a.granted(s, ServicePrincipal(service), serviceContext(service), a.silentDeputyKeys)
				if silent != False {
					got = Unknown
					why = s.label() + " guards " + quote(service) + " only if that service sends the keys of the condition, which depends on the service"
				}
			}
			switch got {
			case Unknown:
				return nil, why
			case True:
				list = append(list, ServiceGrant{clip(service, maxQuoted), s.ref()})
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

const (
	trailService = "cloudtrail.amazonaws.com"
	trailAction  = "kms:GenerateDataKey"
	trailContext = "kms:encryptioncontext:aws:cloudtrail:arn"
)

func (a *keyAnalysis) cloudTrail() CloudTrailGrant {
	var grant CloudTrailGrant
	ask := func(keys persona) (Tri, *evaluation) {
		e := a.evaluation(ServicePrincipal(trailService), trailAction, serviceContext(trailService)())
		return exists(a.policy, e, keys, allowed), e
	}
	got, e := ask(anyTrail)
	v := e.decide(a.policy)
	switch got {
	case False:
		grant.Allowed = answer(False, nil, "no statement allows CloudTrail kms:GenerateDataKey")
		return grant
	case Unknown:
		grant.Allowed = e.allowedAnswer(v)
		grant.Allowed.Value = nil
		return grant
	}
	grant.Allowed = answer(True, refs(v.allows), "%s allows CloudTrail kms:GenerateDataKey", labels(v.allows))
	scope := func(key, name string) *Answer {
		outside, _ := ask(func(k string, d derivedValues) ([][]string, bool) {
			if k == key {
				return a.strangerArns(d), true
			}
			return anyTrail(k, d)
		})
		var an Answer
		switch outside {
		case True:
			an = answer(False, refs(v.allows), "%s allows it for a trail of any account, as far as %s goes", labels(v.allows), name)
		case False:
			an = answer(True, refs(v.allows), "%s allows it only for trails that %s names", labels(v.allows), name)
		default:
			an = answer(Unknown, refs(v.allows), "whether %s limits the trails is not decided by the policy alone", name)
		}
		return &an
	}
	grant.ScopedBySourceArn = scope("aws:sourcearn", "aws:SourceArn")
	grant.ScopedByEncryptionContext = scope(trailContext, "kms:EncryptionContext:aws:cloudtrail:arn")
	return grant
}

// anyTrail fills what CloudTrail sends for some trail: any value that fits.
func anyTrail(key string, d derivedValues) ([][]string, bool) {
	if strings.HasPrefix(key, "aws:source") && key != "aws:sourceip" || chosen(key) {
		return d.options(), d.complete
	}
	return nil, false
}
