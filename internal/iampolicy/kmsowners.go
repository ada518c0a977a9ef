package iampolicy

import (
	"slices"
	"strings"
)

// externalAccounts reads the names, not the conditions' effect: whoever a
// statement names is named. A service is nobody's account.
func (a *keyAnalysis) externalAccounts() []string {
	found := []string{}
	add := func(name string) {
		name = clip(name, maxQuoted)
		if name != "" && name != a.key.Account && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	for i := range a.policy.statements {
		s := &a.policy.statements[i]
		if s.deny {
			continue
		}
		if s.notPrincipal {
			add("*")
			continue
		}
		for _, name := range s.principal.aws {
			account, _ := principalAccount(name)
			add(account)
		}
		if !s.principal.everyone {
			continue
		}
		limited := len(servicesAmong(s)) > 0
		for j := range s.conditions {
			for _, name := range namedOwners(&s.conditions[j]) {
				limited = true
				add(name)
			}
		}
		if !limited {
			add("*")
		}
	}
	slices.Sort(found)
	return found
}

// namedOwners are the accounts and organisations that a positive condition
// limits everybody to. IfExists is no limit, but on kms:CallerAccount, which
// every request to KMS has.
func namedOwners(c *condition) []string {
	if c.op.negated || c.op.ifExists && c.key != "kms:calleraccount" || c.op.quant == forAll {
		return nil
	}
	var names []string
	for i := range c.values {
		v := c.values[i].raw
		switch c.key {
		case "kms:calleraccount", "aws:principalaccount", "aws:sourceaccount":
			names = append(names, v)
		case "aws:principalorgid", "aws:sourceorgid":
			names = append(names, v)
		case "aws:principalorgpaths", "aws:sourceorgpaths":
			org, _, _ := strings.Cut(v, "/")
			names = append(names, org)
		case "aws:principalarn", "aws:sourcearn":
			account, _ := principalAccount(v)
			if account == "" {
				account = "*"
			}
			names = append(names, account)
		}
	}
	return names
}
