package report

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report/iac"
)

// locator says where an alert points. GitHub rejects a whole file for one
// result without a relative path, so there always is one; the first that
// applies of
//
//  1. the block of Terraform or CloudFormation that declares the resource;
//     the root module's call where that is in a module;
//  2. the policy, where it is a file of the repository (the user's own):
//     the line of its violations rule;
//  3. the anchor, a file of the repository that the user named;
//  4. a path made of the resource, aws/<account>/<region>/<service>/<id>, that no file has
//     but that GitHub filters by.
type locator struct {
	policies map[string]rego.Policy
	files    map[string]string // policy id to its URI in the repository
	anchor   string            // URI, "" for none
	code     *iac.Index        // nil for none
	root     string            // of the repository, without symbolic links
	uris     map[string]string // of files with blocks; "" outside of the repository
	logical  map[string]string // ARN to CloudFormation's logical id
	resource bool              // always the resource's path
}

func newLocator(d Data, o Options) (*locator, error) {
	l := &locator{policies: map[string]rego.Policy{}, files: map[string]string{}}
	switch o.SARIFLocation {
	case "", "auto", "policy":
	case "resource":
		l.resource = true
	default:
		return nil, fmt.Errorf("unknown SARIF location %q; choose one of auto, policy, resource", o.SARIFLocation)
	}
	for _, p := range d.Policies {
		l.policies[p.ID] = p
		if uri, ok := inRepository(o.Root, p.File); ok && p.Line > 0 {
			l.files[p.ID] = uri
		}
	}
	if o.SARIFAnchor != "" {
		uri, ok := inRepository(o.Root, o.SARIFAnchor)
		if !ok {
			return nil, fmt.Errorf("SARIF anchor %q is not a file below the repository root %q; name a file that is committed there", o.SARIFAnchor, o.Root)
		}
		l.anchor = uri
	}
	return l, l.declare(d, o)
}

// policyRef is the id that a message links its policy by.
const policyRef = 1

// leafRef is the id that a message links a module's own block by.
const leafRef = 2

// locate is where a finding points, and the policy's place when that is
// another file of the repository.
func (l *locator) locate(f rego.Finding) (at sarifPhysical, related []sarifLocation) {
	policy := l.policies[f.Policy]
	uri := l.files[f.Policy]
	declared, leaf, ok := l.declared(f.Resource)
	switch {
	case ok:
		at = declared
	case uri != "" && !l.resource:
		return policyLine(uri, policy.Line), nil
	case l.anchor != "" && !l.resource:
		at = physical(l.anchor, 1, 2)
	default:
		at = physical(resourcePath(f.Resource), 1, 2)
	}
	if uri != "" {
		p := policyLine(uri, policy.Line)
		related = append(related, sarifLocation{ID: policyRef, Physical: &p, Message: &sarifText{Text: "policy " + f.Policy}})
	}
	if leaf != nil {
		related = append(related, sarifLocation{ID: leafRef, Physical: leaf, Message: &sarifText{Text: "the block in the module"}})
	}
	return at, related
}

// policyLine is the word "violations" at the head of the rule.
func policyLine(uri string, line int) sarifPhysical {
	return physical(uri, line, 1+len("violations"))
}

func physical(uri string, line, endColumn int) sarifPhysical {
	var p sarifPhysical
	p.Artifact.URI = uri
	p.Region = sarifRegion{line, 1, line, endColumn}
	return p
}

// inRepository is the relative URI of a file below root: a regular one, with
// no symbolic link on the way, because GitHub follows none. A relative file
// is relative to root.
func inRepository(root, file string) (uri string, ok bool) {
	if root == "" || file == "" {
		return "", false
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(root, file)
	}
	rel, err := filepath.Rel(root, file)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return "", false
	}
	parts := strings.Split(filepath.ToSlash(rel), "/")
	at := root
	for i, part := range parts {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		if err != nil || (i < len(parts)-1 && !info.IsDir()) || (i == len(parts)-1 && !info.Mode().IsRegular()) {
			return "", false
		}
		parts[i] = segment(part)
	}
	return strings.Join(parts, "/"), true
}

// resourcePath is the path that stands for a resource.
func resourcePath(r rego.Resource) string {
	fields := strings.SplitN(r.ARN, ":", 6)
	service, id := "", cmp.Or(r.Name, r.ARN)
	if len(fields) == 6 && fields[0] == "arn" {
		service, id = fields[2], cmp.Or(fields[5], id)
	} else if parts := strings.Split(r.Type, "::"); len(parts) == 3 {
		service = strings.ToLower(parts[1])
	}
	return "aws/" + segment(cmp.Or(r.Account, "unknown")) + "/" + segment(cmp.Or(r.Region, "global")) + "/" +
		segment(cmp.Or(service, "unknown")) + "/" + segment(clip(cmp.Or(id, "unknown"), 512))
}

// segment is text as one segment of a relative URI: nothing in it can be a
// scheme, a separator or a step to another directory.
func segment(s string) string {
	s = strings.ReplaceAll(url.PathEscape(printable(s)), ":", "%3A")
	if strings.Trim(s, ".") == "" {
		return "_" + s
	}
	return s
}
