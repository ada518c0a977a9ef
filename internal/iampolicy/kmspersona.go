package iampolicy

import (
	"slices"
	"strings"
)

// kmsUses are the actions that let somebody use or govern a key (AWS Service
// Authorization Reference, "Actions … for AWS Key Management Service").
func kmsUses() []string {
	return prefixed("kms:", `
		Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair
		GenerateDataKeyPairWithoutPlaintext ReEncryptFrom ReEncryptTo CreateGrant PutKeyPolicy
		ScheduleKeyDeletion DisableKey EnableKey Sign Verify GenerateMac VerifyMac DeriveSharedSecret
		CancelKeyDeletion CreateAlias DeleteAlias UpdateAlias DeleteImportedKeyMaterial
		DisableKeyRotation EnableKeyRotation GetParametersForImport ImportKeyMaterial
		ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand SynchronizeMultiRegionKey TagResource
		UntagResource UpdateKeyDescription UpdatePrimaryRegion`)
}

// kmsReads are the actions that only tell something about a key.
func kmsReads() []string {
	return prefixed("kms:", `
		DescribeKey GetKeyPolicy GetKeyRotationStatus GetKeyLastUsage GetPublicKey ListGrants
		ListKeyPolicies ListKeyRotations ListResourceTags`)
}

func fresh(value string) [][]string { return [][]string{{value}} }

func absent() [][]string { return [][]string{nil} }

// strangerContext is what every request of a principal of another account
// has: it is nobody's service, and KMS sees its account.
func (a *keyAnalysis) strangerContext(arn string) func() Context {
	return func() Context {
		account := []string{a.stranger}
		return Context{
			"aws:principalisawsservice": {"false"}, "aws:principalaccount": account, "kms:calleraccount": account,
			"aws:principalservicename": nil, "aws:principalservicenameslist": nil,
			"aws:sourceaccount": nil, "aws:sourcearn": nil, "aws:sourceorgid": nil, "aws:sourceorgpaths": nil,
			"aws:sourceowner": nil,
		}
	}
}

// strangerKeys are the keys of such a request: its identity and its network
// are its own, everything else is its choice. A key that isn't known here
// stays unknown.
func (a *keyAnalysis) strangerKeys(key string, d derivedValues) ([][]string, bool) {
	switch key {
	case "aws:principalarn":
		own := []string{"arn:" + a.key.Partition + ":iam::" + a.stranger + ":role/" + unlisted}
		return each(append(own, a.strangersOwn(d.patterns)...)), true
	case "aws:principalorgid":
		return append(absent(), []string{"o-" + unlisted}), true
	case "aws:principalorgpaths":
		return append(absent(), []string{"o-" + unlisted + "/r-zz/ou-zz-zz/"}), true
	case "aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:userid":
		return append(absent(), []string{unlisted}), true
	}
	if chosen(key) {
		return d.options(), d.complete
	}
	return nil, false
}

// serviceContext is what every request of a service has.
func serviceContext(service string) func() Context {
	return func() Context {
		return Context{
			"aws:principalisawsservice": {"true"}, "aws:principalservicename": {service},
			"aws:principalservicenameslist": {service},
			"aws:principalarn":              nil, "aws:principalaccount": nil, "aws:principalorgid": nil,
			"aws:principalorgpaths": nil, "aws:sourcevpc": nil, "aws:sourcevpce": nil,
		}
	}
}

// deputyKeys are the keys of a service that acts for a stranger's resource.
func (a *keyAnalysis) deputyKeys(key string, d derivedValues) ([][]string, bool) {
	switch key {
	case "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount":
		return fresh(a.stranger), true
	case "aws:sourceorgid":
		return fresh("o-" + unlisted), true
	case "aws:sourceorgpaths":
		return fresh("o-" + unlisted + "/r-zz/ou-zz-zz/"), true
	case "aws:sourcearn":
		return a.strangerArns(d), true
	}
	if strings.HasPrefix(key, "kms:encryptioncontext:") {
		return a.strangerArns(d), true
	}
	if chosen(key) {
		return d.options(), d.complete
	}
	return nil, false
}

// silentDeputyKeys are those of a service that sends no source keys.
func (a *keyAnalysis) silentDeputyKeys(key string, d derivedValues) ([][]string, bool) {
	options, complete := a.deputyKeys(key, d)
	if strings.HasPrefix(key, "aws:source") || strings.HasPrefix(key, "kms:encryptioncontext") {
		options = append(absent(), options...)
	}
	return options, complete
}

// strangerArns are ARNs of a stranger's resources, also such as fit the
// policy's patterns.
func (a *keyAnalysis) strangerArns(d derivedValues) [][]string {
	own := []string{"arn:" + a.key.Partition + ":" + unlisted + ":us-east-1:" + a.stranger + ":" + unlisted}
	return each(append(own, a.strangersOwn(d.patterns)...))
}

// strangersOwn fills ARN patterns with the stranger's account. A pattern that
// names an account, or one resource of a type without account in its ARN (a
// bucket, also when any of its objects will do), isn't the stranger's.
func (a *keyAnalysis) strangersOwn(patterns []string) []string {
	var list []string
	for _, raw := range patterns {
		g := compileGlob(raw, true, nil)
		if len(arnParts(g)) != 6 {
			if g.has(anyRun) { // "*", "arn:aws:cloudtrail:*"
				list = append(list, instance(g, ":"+a.stranger+":"))
			}
			continue
		}
		parts := arnParts(g)
		account := relate(parts[4], []rune(a.stranger), &meter{left: maxWork})
		if account != True && (len(parts[4]) > 0 || !anyResource(parts)) {
			continue
		}
		var text []string
		for i, part := range parts {
			if i == 4 && account == True {
				text = append(text, a.stranger)
			} else {
				text = append(text, instance(part, "x"))
			}
		}
		list = append(list, strings.Join(text, ":"))
	}
	return list
}

// anyResource tells whether a pattern without an account leaves open which
// resource it means. In S3 the bucket does, the objects in it don't.
func anyResource(parts []glob) bool {
	resource := parts[5]
	if slash := slices.Index(resource, '/'); slash >= 0 && parts[2].text() == "s3" {
		resource = resource[:slash]
	}
	return resource.has(anyRun) || resource.has(anyOne)
}

// chosen tells whether the requester decides the key's value freely.
func chosen(key string) bool {
	if strings.HasPrefix(key, "kms:") || strings.HasPrefix(key, "aws:principaltag/") ||
		strings.HasPrefix(key, "aws:requesttag/") {
		return true
	}
	return slices.Contains([]string{
		"aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:viaawsservice",
		"aws:currenttime", "aws:epochtime", "aws:multifactorauthpresent", "aws:multifactorauthage",
		"aws:principaltype", "aws:referer", "aws:requestedregion", "aws:securetransport",
		"aws:sourceidentity", "aws:sourceip", "aws:tagkeys", "aws:tokenissuetime", "aws:useragent",
		"aws:username", "aws:vpcsourceip", "aws:federatedprovider",
	}, key)
}

// each makes one-value lists of values.
func each(values []string) [][]string {
	var list [][]string
	for _, v := range values {
		if len(v) <= maxValue && len(list) < maxOptions {
			list = append(list, []string{v})
		}
	}
	return list
}
