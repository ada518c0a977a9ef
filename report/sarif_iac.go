package report

import (
	"fmt"
	"path/filepath"

	"github.com/sealaudit/sealaudit/rego"
	"github.com/sealaudit/sealaudit/report/iac"
)

// logicalTag is the tag that CloudFormation puts on what it makes.
const logicalTag = "aws:cloudformation:logical-id"

// declare prepares the search for the blocks that declare resources.
func (l *locator) declare(d Data, o Options) error {
	if o.IaC == nil || o.SARIFLocation != "" && o.SARIFLocation != "auto" {
		return nil
	}
	abs, err := filepath.Abs(o.Root)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return fmt.Errorf("the repository root %q: %w; name it with --sarif-root", o.Root, err)
	}
	l.code, l.root, l.logical, l.uris = o.IaC, abs, map[string]string{}, map[string]string{}
	if d.Resources == nil {
		return nil
	}
	for r, err := range d.Resources() {
		if err != nil {
			return fmt.Errorf("reading the tags of resources: %w", err)
		}
		if id := r.Tags[logicalTag]; id != "" {
			l.logical[r.ARN] = id
		}
	}
	return nil
}

// declared is the block that declares a resource: the root module's call and
// the resource's own block where that is in a module. A block outside of the
// repository is none, and so is one whose file was changed into a link.
func (l *locator) declared(r rego.Resource) (at sarifPhysical, leaf *sarifPhysical, ok bool) {
	if l.code == nil {
		return at, nil, false
	}
	p, ok := l.code.Find(iac.Resource{Type: r.Type, ARN: r.ARN, Name: r.Name, Logical: l.logical[r.ARN]})
	if !ok {
		return at, nil, false
	}
	if at, ok = l.block(p.At); !ok {
		return at, nil, false
	}
	if p.Leaf != nil {
		if own, ok := l.block(*p.Leaf); ok {
			leaf = &own
		}
	}
	return at, leaf, true
}

func (l *locator) block(b iac.Block) (sarifPhysical, bool) {
	uri, seen := l.uris[b.File]
	if !seen {
		uri, _ = inRepository(l.root, b.File)
		l.uris[b.File] = uri
	}
	p := physical(uri, b.Line, b.End)
	p.Region.StartColumn = b.Column
	return p, uri != ""
}

// declaredBy is the sentence that names a resource's address, with a link to
// its block where that is elsewhere.
func (l *locator) declaredBy(r rego.Resource, related []sarifLocation) string {
	if l.code == nil {
		return ""
	}
	p, ok := l.code.Find(iac.Resource{Type: r.Type, ARN: r.ARN, Name: r.Name, Logical: l.logical[r.ARN]})
	if !ok {
		return ""
	}
	address := escapeMessage(p.Address, 200)
	for _, loc := range related {
		if loc.ID == leafRef {
			address = fmt.Sprintf("[%s](%d)", address, leafRef)
		}
	}
	return " Declared as " + address + "."
}
