package iampolicy

import "strings"

// A Request is what a policy is asked about: one request or, with wildcards
// and AnyPrincipal, every request of a kind.
type Request struct {
	Principal Principal
	// Action is "s3:PutObject", or with * and ? every action that fits:
	// "s3:*" is every action of S3.
	Action string
	// Resource is an ARN, or with * and ? every resource that fits:
	// "arn:aws:s3:::b/*" is every object of bucket b.
	Resource string
	Context  Context
}

// Context holds the condition keys of a request, in any case. A key with
// values is known to be present, a key with none (nil) is known to be absent,
// and a key that isn't in the map is unknown.
type Context map[string][]string

// A Principal is who makes a request. The zero value is AnyPrincipal.
type Principal struct {
	kind principalKind
	name string
}

type principalKind uint8

const (
	kindAny principalKind = iota
	kindAnonymous
	kindAWS
	kindAccount
	kindService
)

// AnyPrincipal stands for every principal: a statement applies only if it
// applies to all of them.
func AnyPrincipal() Principal { return Principal{} }

// Anonymous is a request without credentials.
func Anonymous() Principal { return Principal{kind: kindAnonymous} }

// AWSPrincipal is one user, role, role session or account root, by its ARN.
func AWSPrincipal(arn string) Principal { return Principal{kindAWS, arn} }

// AccountPrincipal stands for every principal of an account, by its id.
func AccountPrincipal(id string) Principal { return Principal{kindAccount, id} }

// ServicePrincipal is an AWS service: "cloudtrail.amazonaws.com".
func ServicePrincipal(host string) Principal { return Principal{kindService, host} }

// applies tells whether the statement's principal element includes the
// request's principal.
func (e *evaluation) applies(s *statement) Tri {
	named := e.named(s)
	if s.notPrincipal {
		return named.Not()
	}
	return named
}

func (e *evaluation) named(s *statement) Tri {
	set := &s.principal
	if set.everyone {
		return True
	}
	switch e.principal.kind {
	case kindAny:
		return Unknown // some, never all
	case kindAnonymous:
		return False
	case kindService:
		for _, service := range set.services {
			if strings.EqualFold(service, e.principal.name) {
				return True
			}
		}
		return False
	}
	result := False
	if len(set.canonical) > 0 {
		result = Unknown // whose canonical id that is only S3 knows
	}
	for _, name := range set.aws {
		result = max3(result, e.namedBy(s, name))
	}
	return result
}

// namedBy compares a concrete AWS principal with one name of the policy.
func (e *evaluation) namedBy(s *statement, name string) Tri {
	if strings.ContainsAny(name, "*?") {
		return Unknown // IAM refuses partial wildcards in a principal
	}
	account, whole := principalAccount(name)
	if e.principal.kind == kindAccount {
		if account != e.principal.name || account == "" {
			return False
		}
		if whole {
			return True
		}
		return Unknown // some principals of the account
	}
	if name == e.principal.name || roleOf(e.principal.name) == roleOf(name) {
		return True
	}
	own, root := principalAccount(e.principal.name)
	if !whole || own == "" || own != account {
		return False
	}
	if s.deny || s.notPrincipal || root {
		return True
	}
	// Naming the account delegates to its identity policies, which are not
	// here to be read.
	return Unknown
}

// principalAccount is the account in a principal's name, "" for a unique id
// of a deleted principal; whole when it names the account itself.
func principalAccount(name string) (id string, whole bool) {
	if isAccountID(name) {
		return name, true
	}
	parts := strings.SplitN(name, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !isAccountID(parts[4]) {
		return "", false
	}
	return parts[4], parts[5] == "root"
}

func isAccountID(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// roleOf reduces a role and the sessions of that role to the same text: the
// session's ARN has neither the role's path nor iam as its service. Other
// ARNs stay as they are.
func roleOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return arn
	}
	role, isRole := strings.CutPrefix(parts[5], "role/")
	session, isSession := strings.CutPrefix(parts[5], "assumed-role/")
	switch {
	case parts[2] == "iam" && isRole:
		return "role:" + parts[4] + ":" + role[strings.LastIndexByte(role, '/')+1:]
	case parts[2] == "sts" && isSession:
		name, _, _ := strings.Cut(session, "/")
		return "role:" + parts[4] + ":" + name
	}
	return arn
}
