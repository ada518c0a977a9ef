package iampolicy

import "strings"

// cloudTrail asks what CloudTrail may do for some trail, and for a stranger's.
func (a *keyAnalysis) cloudTrail() CloudTrailGrant {
	var grant CloudTrailGrant
	ask := func(keys persona) (Tri, *evaluation) {
		e := a.trailRequest()
		return exists(a.policy, e, keys, allowed), e
	}
	grant.Trails, grant.undecidedTrails = a.trails()
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
