package main

import (
	"fmt"
	"slices"
)

// previousRun is the run that a new one names as the one before it.
type previousRun struct {
	path     string // of its bundle, "" for none
	evidence string // its evidence digest
	accounts []string
}

// read reads the previous run's bundle, before the account is read.
func (p *previousRun) read() error {
	if p.path == "" {
		return nil
	}
	b, err := openIntact(p.path)
	if err != nil {
		return fmt.Errorf("--previous: %w", err)
	}
	defer b.Close() //nolint:errcheck // reading
	p.evidence, p.accounts = b.Evidence, b.Manifest.Accounts
	return nil
}

// of refuses a run of another account, which is no link of this one's chain.
func (p previousRun) of(account string) error {
	if p.path != "" && !slices.Equal(p.accounts, []string{account}) {
		return fmt.Errorf("--previous %s is a run of account %v and the caller's is %s; name a run of the same account", p.path, p.accounts, account)
	}
	return nil
}

// spared refuses to overwrite the previous run, without which a chain can't be
// checked.
func (p previousRun) spared(t target) error {
	if t.same(p.path) {
		return fmt.Errorf("--previous %s would be overwritten, and the chain could not be checked any more; write the new bundle to another file", p.path)
	}
	return nil
}
