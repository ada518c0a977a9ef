package legacy

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// Attributes of a metastore's items (DynamoDB Encryption Client, "Most Recent
// Provider").
const (
	metaName    = "N"
	metaVersion = "V"
	metaKey     = "enc"
	metaMAC     = "int"
)

// MostRecent is a provider whose wrapping keys are items of a table, the
// metastore, which another provider protects (DynamoDB Encryption Client,
// "Most Recent Provider").
type MostRecent struct {
	Table    string   // the metastore's name
	Provider Provider // of the metastore's items
	Name     string   // of the material, for sealing and, when given, for opening
	Version  int64    // of the material, for sealing
	// Get reads a version of a material from the metastore. Its error wraps
	// ErrNoKey when there is none.
	Get func(ctx context.Context, name string, version int64) (item.Item, error)
}

func (p MostRecent) open(ctx context.Context, of subject) (*materials, error) {
	id := of.description[descMeta]
	i := strings.LastIndexByte(id, '#')
	if i < 0 {
		return nil, fmt.Errorf("%w: the item names no material of a metastore", envelope.ErrNoKey)
	}
	version, err := strconv.ParseInt(id[i+1:], 10, 64)
	if err != nil || version < 0 {
		return nil, fmt.Errorf("%w: the item's material has no version", envelope.ErrFormat)
	}
	// The description is not authenticated, so it must not choose among
	// materials of other names.
	if p.Name != "" && p.Name != id[:i] {
		return nil, fmt.Errorf("%w: the item names another material than the given one", envelope.ErrNoKey)
	}
	w, err := p.wrapped(ctx, id[:i], version)
	if err != nil {
		return nil, err
	}
	defer w.zero()
	return w.open(ctx, of)
}

func (p MostRecent) seal(ctx context.Context, of subject) (*materials, map[string]string, error) {
	w, err := p.wrapped(ctx, p.Name, p.Version)
	if err != nil {
		return nil, nil, err
	}
	defer w.zero()
	m, description, err := w.seal(ctx, of)
	if err != nil {
		return nil, nil, err
	}
	description[descMeta] = p.Name + "#" + strconv.FormatInt(p.Version, 10)
	return m, description, nil
}

// wrapped opens a metastore's item to the provider that it holds.
func (p MostRecent) wrapped(ctx context.Context, name string, version int64) (Wrapped, error) {
	if p.Get == nil || p.Provider == nil {
		return Wrapped{}, fmt.Errorf("%w: there is no metastore to read; give its items", envelope.ErrNoKey)
	}
	it, err := p.Get(ctx, name, version)
	if err != nil {
		return Wrapped{}, fmt.Errorf("reading the metastore: %w", err)
	}
	if it[metaName].Data != name || it[metaVersion].Data != strconv.FormatInt(version, 10) {
		return Wrapped{}, fmt.Errorf("%w: the metastore's item is not the one asked for", envelope.ErrNoKey)
	}
	a, err := authenticated(ctx, it, p.Provider, Config{Table: p.Table, Partition: metaName, Sort: metaVersion, Default: EncryptAndSign})
	if err != nil {
		return Wrapped{}, fmt.Errorf("opening the metastore's item: %w", err)
	}
	defer a.materials.zero()
	cipher, err := newCBC(a.materials.content)
	if err != nil {
		return Wrapped{}, fmt.Errorf("opening the metastore's item: %w", err)
	}
	var w Wrapped
	if w.AES, err = cipher.key(it[metaKey]); err == nil {
		w.Signing.HMAC, err = cipher.key(it[metaMAC])
	}
	if err != nil {
		w.zero()
		return Wrapped{}, fmt.Errorf("opening the metastore's item: %w", err)
	}
	return w, nil
}

func (p Wrapped) zero() {
	p.AES.Zero()
	p.Signing.HMAC.Zero()
}
