package lab

import (
	"time"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// managedKey is the key that AWS manages in the account for a service; it is
// made when it is first needed (KMS Developer Guide, "AWS managed keys").
func (l *Lab) managedKey(region, service, description string) (arn string) {
	p, name := l.index.regions[region], "alias/aws/"+service
	if known := p.aliases.by[name]; known != nil && known.target != "" {
		return arnOf("kms", region, l.account.ID, "key/"+known.target)
	}
	id := uuidOf("managed key", region, service)
	arn = arnOf("kms", region, l.account.ID, "key/"+id)
	if !l.makeManagedKey(arn, name) {
		return arn // which KMS does not know: it says so
	}
	p.keys.add(id, &Key{Output: map[string]any{"KeyId": id, "KeyManager": "AWS", "Description": description, "CreationDate": l.now().UTC().Truncate(time.Second)}, Aliases: []string{name}})
	p.aliases.add(name, &alias{name: name, target: id})
	return arn
}

// makeManagedKey gives a key that AWS manages its material.
func (l *Lab) makeManagedKey(arn, name string) bool {
	if _, err := l.keys.CreateKey(kms.KeySpec{ARN: arn, Manager: kms.AWS}); err != nil {
		return false
	}
	return l.keys.CreateAlias(name, arn) == nil
}
