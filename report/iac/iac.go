// Package iac finds the block of Terraform or CloudFormation that declares a
// resource of an account, so that a report can point at the line to change.
//
// It reads directories and state files and imports nothing of ours. What it
// reads may come from a stranger's pull request: sizes, counts and nesting
// are bounded, symbolic links are not followed, no expression is evaluated
// but a plain string, and nothing is guessed: where two blocks could be meant,
// none is.
package iac

import (
	"fmt"
	"os"
	"path/filepath"
)

// Resource is what is looked for.
type Resource struct {
	Type    string // CloudFormation type: "AWS::Kinesis::Stream"
	ARN     string
	Name    string
	Logical string // the tag aws:cloudformation:logical-id, or ""
}

// Block is the head of a block: the line that names what it declares. A whole
// block would be worse: GitHub shows an alert in a pull request only when all
// of its lines are in the difference.
type Block struct {
	File    string // absolute, without symbolic links
	Line    int    // from 1
	Column  int    // from 1, in UTF-16 code units
	End     int    // the column after it
	Address string // "aws_s3_bucket.logs", "module.audit", or a logical id
}

// Place is where a resource is declared.
type Place struct {
	At Block
	// Leaf is the resource's own block when it is in a module; At is then the
	// root module's call, which is the user's own code. Nil when the module is
	// not below the directories or At is the resource's own.
	Leaf *Block
	// Address is the resource's, with its modules and keys; hostile input.
	Address string
}

// Index knows the blocks of some directories.
type Index struct {
	byARN    map[string]*Place   // of states; nil for an ARN of several addresses
	unborn   map[nameKey]*Place  // of plans, where AWS has not given an ARN yet
	literal  map[nameKey][]Block // by a name that is written in the block
	logical  map[nameKey][]Block // CloudFormation's, by type and logical id
	declared map[Block]bool      // blocks whose resources a state tells
}

// nameKey is a CloudFormation type and a name.
type nameKey struct{ typ, name string }

// Read reads directories and the output of terraform show -json for states or
// plans of them. Notices are what could not be read and is passed over, and
// directories with nothing in them; an error is for what the user named and is
// not there.
func Read(dirs, states []string) (x *Index, notices []string, err error) {
	if len(states) > 0 && len(dirs) == 0 {
		return nil, nil, fmt.Errorf("a state needs the directory that it is of; name it with --iac")
	}
	x = &Index{byARN: map[string]*Place{}, unborn: map[nameKey]*Place{}, literal: map[nameKey][]Block{},
		logical: map[nameKey][]Block{}, declared: map[Block]bool{}}
	t := newTree()
	for _, dir := range dirs {
		real, err := realDirectory(dir)
		if err != nil {
			return nil, nil, err
		}
		if err := t.walk(real); err != nil {
			return nil, nil, fmt.Errorf("reading the infrastructure code in %s: %w", dir, err)
		}
		if !t.has(real) {
			t.notices = append(t.notices, dir+" has no Terraform and no audited resource of CloudFormation, so nothing points there")
		}
	}
	t.follow()
	for _, path := range states {
		if err := x.readState(path, t); err != nil {
			return nil, nil, err
		}
	}
	t.index(x)
	return x, t.notices, nil
}

func realDirectory(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("--iac %s: %w", dir, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("--iac %s: %w; name a directory with Terraform or CloudFormation", dir, err)
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return "", fmt.Errorf("--iac %s is no directory; name one with Terraform or CloudFormation", dir)
	}
	return real, nil
}

// Find is where a resource is declared: by its ARN in a state, by its logical
// id in a template, or by its name where exactly one block has it written out.
func (x *Index) Find(r Resource) (Place, bool) {
	if p, ok := x.byARN[r.ARN]; ok && r.ARN != "" {
		if p == nil {
			return Place{}, false
		}
		return *p, true
	}
	name := nameKey{r.Type, r.Name}
	if p := x.unborn[name]; p != nil {
		return *p, true
	}
	if r.Logical != "" {
		if b := x.logical[nameKey{r.Type, r.Logical}]; len(b) == 1 {
			return Place{At: b[0], Address: b[0].Address}, true
		}
	}
	if b := x.literal[name]; r.Name != "" && len(b) == 1 && !x.declared[b[0]] {
		return Place{At: b[0], Address: b[0].Address}, true
	}
	return Place{}, false
}
