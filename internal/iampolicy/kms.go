package iampolicy

import "slices"

// A KMSKey is the key that a policy belongs to.
type KMSKey struct {
	Partition string // aws, aws-cn, aws-us-gov, …
	Account   string // the key's owner, twelve digits
	ARN       string // may be empty: then any key of the account
}

// A KMSAnalysis says whom a key policy lets in. Grants and identity policies
// are not part of it.
type KMSAnalysis struct {
	// Public says whether a principal of an account that the policy doesn't
	// name can use, govern or read about the key. A condition counts as a limit only if it limits
	// who: kms:CallerAccount, aws:PrincipalOrgID, aws:PrincipalAccount,
	// aws:PrincipalArn, the source keys of services and the requester's VPC do;
	// kms:ViaService, an encryption context or an address by itself doesn't.
	Public Answer `json:"public"`
	// ExternalAccounts are those other than the owner that Allow statements
	// name, as principals or in a condition that limits everybody to them:
	// account ids, organisations ("o-…") and "*". Sorted.
	ExternalAccounts []string `json:"external_accounts"`
	// RootEnabled says whether the account root may do everything, which is
	// what lets the account's IAM policies govern the key.
	RootEnabled Answer `json:"root_enabled"`
	// UnguardedServices are AWS services that could use or govern the key on
	// behalf of a stranger's resource (the confused deputy); AnyService stands
	// for all. What only reads about the key is not asked. Sorted; absent when
	// it can't be told for one of them.
	UnguardedServices []ServiceGrant  `json:"unguarded_services,omitzero"`
	CloudTrail        CloudTrailGrant `json:"cloudtrail"`

	undecidedService string
}

// A ServiceGrant is an Allow statement for a service principal.
type ServiceGrant struct {
	Service   string       `json:"service"`
	Statement StatementRef `json:"statement"`
}

// CloudTrailGrant is what the policy allows CloudTrail. The two scopes are
// absent when nothing is allowed.
type CloudTrailGrant struct {
	// Allowed: kms:GenerateDataKey for cloudtrail.amazonaws.com, for some trail.
	Allowed Answer `json:"allowed"`
	// ScopedBySourceArn: not for a trail of a stranger, by aws:SourceArn.
	ScopedBySourceArn *Answer `json:"scoped_by_source_arn,omitempty"`
	// ScopedByEncryptionContext: the same, by
	// kms:EncryptionContext:aws:cloudtrail:arn.
	ScopedByEncryptionContext *Answer `json:"scoped_by_encryption_context,omitempty"`
	// Trails are the trails it is allowed for, as ARN patterns in which * and ?
	// stand for any characters. Sorted; absent when it can't be told.
	Trails []string `json:"trails,omitzero"`

	undecidedTrails string
}

// AnalyzeKMS asks a key policy the questions of the KMS collector. A nil
// policy allows nobody anything.
func AnalyzeKMS(p *Policy, k KMSKey) KMSAnalysis {
	if p == nil {
		p = &Policy{}
	}
	p = p.bind(Context{"aws:resourceaccount": {k.Account}})
	a := keyAnalysis{policy: p, key: k, stranger: p.strangerAccount(k.Account)}
	result := KMSAnalysis{
		Public:           a.public(),
		ExternalAccounts: a.externalAccounts(),
		RootEnabled:      a.rootEnabled(),
		CloudTrail:       a.cloudTrail(),
	}
	result.UnguardedServices, result.undecidedService = a.unguardedServices()
	return result
}

// Undecided lists what the policy alone doesn't decide, in a stable order.
func (r KMSAnalysis) Undecided() []Undecided {
	var list []Undecided
	add := func(path string, an *Answer) {
		if an != nil && an.Value == nil {
			list = append(list, Undecided{path + ".value", an.Reason})
		}
	}
	add("public", &r.Public)
	add("root_enabled", &r.RootEnabled)
	if r.UnguardedServices == nil {
		list = append(list, Undecided{"unguarded_services", r.undecidedService})
	}
	add("cloudtrail.allowed", &r.CloudTrail.Allowed)
	add("cloudtrail.scoped_by_source_arn", r.CloudTrail.ScopedBySourceArn)
	add("cloudtrail.scoped_by_encryption_context", r.CloudTrail.ScopedByEncryptionContext)
	if r.CloudTrail.Trails == nil {
		list = append(list, Undecided{"cloudtrail.trails", r.CloudTrail.undecidedTrails})
	}
	return list
}

type keyAnalysis struct {
	policy   *Policy
	key      KMSKey
	stranger string // an account that is neither the owner's nor named
}

func (a *keyAnalysis) evaluation(who Principal, action string, context Context) *evaluation {
	resource := a.key.ARN
	if resource == "" {
		resource = "arn:" + a.key.Partition + ":kms:*:" + a.key.Account + ":key/*"
	}
	context["aws:resourceaccount"] = []string{a.key.Account}
	return newEvaluation(Request{who, action, resource, context}, &meter{left: maxWork})
}

func allowed(v verdict) Tri { return v.allowed }

// granted asks whether the Allow statement s by itself, with every Deny of
// the policy, lets some request of who through, over those of the actions that
// it covers.
func (a *keyAnalysis) granted(s *statement, actions []string, who Principal, context func() Context, keys persona) (Tri, string) {
	kept := a.policy.only(s.index)
	result, why := False, ""
	work := &meter{left: maxWork}
	for _, action := range actions {
		e := a.evaluation(who, action, context())
		e.meter = work
		if e.acts(s) == False {
			continue
		}
		got := exists(kept, e, keys, allowed)
		if got == True {
			return True, ""
		}
		if got == Unknown && result == False {
			result, why = Unknown, e.hangsOn(s, e.fit(s))
		}
	}
	return result, why
}

func (a *keyAnalysis) public() Answer {
	use := a.publicFor(kmsUses(), "%s allows principals of any account: %s")
	if use.Tri() == True {
		return use
	}
	if read := a.publicFor(kmsReads(), "%s lets principals of any account read about the key: %s"); read.Tri() == True || use.Tri() == False {
		return read
	}
	return use
}

// publicFor asks about some actions; found is how the answer says that they
// are public, with the statement and its limits.
func (a *keyAnalysis) publicFor(actions []string, found string) Answer {
	var open *statement
	var why string
	for i := range a.policy.statements {
		s := &a.policy.statements[i]
		if s.deny || !s.principal.everyone && !s.notPrincipal {
			continue
		}
		arn := "arn:" + a.key.Partition + ":iam::" + a.stranger + ":role/" + unlisted
		got, reason := a.granted(s, actions, AWSPrincipal(arn), a.strangerContext(arn), a.strangerKeys)
		switch got {
		case True:
			return answer(True, []StatementRef{s.ref()}, found, s.label(), limits(s))
		case Unknown:
			if open == nil {
				open, why = s, reason
			}
		}
	}
	if open != nil {
		return answer(Unknown, []StatementRef{open.ref()}, "%s", why)
	}
	return answer(False, nil, "no statement allows principals of an account that the policy does not name")
}

// limits says what the conditions of a public statement are worth.
func limits(s *statement) string {
	if s.notPrincipal {
		return "NotPrincipal with Allow includes everybody else"
	}
	if len(s.conditions) == 0 {
		return "it has no condition"
	}
	var names []string
	for i := range s.conditions {
		if len(names) < 3 {
			names = append(names, quote(s.conditions[i].name)+" on "+quote(s.conditions[i].raw))
		}
	}
	return "its condition " + sentence(names) + " does not limit who"
}

func (a *keyAnalysis) rootEnabled() Answer {
	root := "arn:" + a.key.Partition + ":iam::" + a.key.Account + ":root"
	owner := []string{a.key.Account}
	e := a.evaluation(AWSPrincipal(root), "kms:*", Context{
		"aws:principalarn": {root}, "aws:principalaccount": owner, "kms:calleraccount": owner,
		"aws:principalisawsservice": {"false"},
	})
	v := e.decide(a.policy)
	if v.denied == Unknown && !slices.ContainsFunc(v.because[:len(v.denies)], otherThanAction) {
		// A Deny of some actions leaves the delegation of the others.
		v = e.decide(a.policy.allowsOnly())
	}
	switch {
	case v.allowed == True:
		return answer(True, refs(v.allows), "%s lets the account root do everything, so IAM policies of the account apply", labels(v.allows))
	case v.allowed == False:
		return answer(False, nil, "no statement lets the account root do everything")
	case v.denied == Unknown || slices.ContainsFunc(v.because, otherThanAction):
		return e.allowedAnswer(v)
	}
	return answer(False, refs(v.allows), "%s lets the account root do only some actions", labels(v.allows))
}

func otherThanAction(f fit) bool { return f.part != partAction }
