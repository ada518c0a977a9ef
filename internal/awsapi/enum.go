package awsapi

import (
	"fmt"
	"slices"

	"github.com/sealaudit/sealaudit/collectors"
)

// Enum reads an enumerated field that AWS always sends. A value newer than
// this program's SDK, or none at all, is a gap on the attributes and never a
// default. field is the API's name of it ("KeyState").
func Enum[T interface {
	~string
	Values() []T
}](v T, field string, attributes ...string) (string, []collectors.Gap) {
	switch {
	case v == "":
		return "", []collectors.Gap{Missing(field, attributes...)}
	case !slices.Contains(v.Values(), v):
		text := string(v)
		if len(text) > 60 {
			text = text[:60]
		}
		return "", []collectors.Gap{{Attributes: attributes, Reason: collectors.UnknownValue,
			Detail: fmt.Sprintf("%s is %q, a value newer than this version of sealaudit.", field, text),
			Remedy: "Update sealaudit; until then look at the resource yourself."}}
	}
	return string(v), nil
}

// Missing is the gap of a field that AWS always sends and this reply lacks.
func Missing(field string, attributes ...string) collectors.Gap {
	return collectors.Gap{Attributes: attributes, Reason: collectors.NoData,
		Detail: fmt.Sprintf("The reply has no %s.", field),
		Remedy: "AWS always sends it; check the endpoint."}
}
