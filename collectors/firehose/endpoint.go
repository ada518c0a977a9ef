package firehose

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
)

// clusterEndpoint is the endpoint of a search cluster, which may be named by
// its domain's ARN instead: Firehose then asks the domain for its endpoint.
func (r *reading) clusterEndpoint(endpoint, domainARN *string) []Endpoint {
	if aws.ToString(endpoint) == "" && aws.ToString(domainARN) != "" {
		return nil
	}
	return r.endpoint("ClusterEndpoint", endpoint)
}

// endpoint is where a URL points, or a gap when that can't be told. name is
// the API's field.
func (r *reading) endpoint(name string, url *string) []Endpoint {
	if aws.ToString(url) == "" {
		r.Gap(awsapi.Missing(name, endpointsPath))
		return nil
	}
	scheme, host, ok := splitURL(*url)
	if !ok {
		r.Gap(collectors.Gap{Attributes: []string{endpointsPath}, Reason: collectors.Unmodelled,
			Detail: name + " is not a URL whose scheme and host can be told; it is not shown, because it may hold a secret.",
			Remedy: "Look at the destination yourself."})
		return nil
	}
	return []Endpoint{{Name: name, Scheme: scheme, Host: host}}
}

var (
	schemeSyntax = regexp.MustCompile(`^(jdbc:([a-z]{1,20}:)?)?[A-Za-z][A-Za-z0-9+.-]{0,19}$`)
	hostSyntax   = regexp.MustCompile(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$`)
)

// splitURL gives the scheme and the host with its port. Everything else of a
// URL, user, path and query, may hold a secret and is dropped; so is a host
// that is none. net/url is not used because its errors quote the whole URL.
// Without "://" the scheme is "", and then only a host makes it a URL.
func splitURL(url string) (scheme, host string, ok bool) {
	scheme, rest, schemed := strings.Cut(url, "://")
	if !schemed {
		scheme, rest = "", url
	} else if !schemeSyntax.MatchString(scheme) {
		return "", "", false
	}
	if end := strings.IndexAny(rest, `/?#\;`); end >= 0 {
		rest = rest[:end]
	}
	host = rest[strings.LastIndexByte(rest, '@')+1:]
	if !hostSyntax.MatchString(host) {
		return scheme, "", schemed
	}
	return scheme, host, true
}
