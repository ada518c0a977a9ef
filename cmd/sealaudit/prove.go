package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/collectors/envelope"
)

const proveHelp = `With --prove it also samples what is stored: objects of every bucket that is
read, records of every shard, items of every table. It reads their headers and
first bytes, and has what AWS's client-side encryption libraries sealed
verified: the data key by KMS, with the context that it claims, and then every
byte by its tag. Nothing is decrypted to be seen or kept, and nothing is
written. A random sample of --prove-sample of each is read; reports say of how
many, how it was chosen and with which seed. In CloudTrail's event history of 14
days it reads for which buckets, streams, tables and trails AWS services asked
KMS for keys. sealaudit permissions --prove prints what that needs.`

// proveFlags say what is sampled and what it may be opened with.
type proveFlags struct {
	on       bool
	sampling collectors.Sampling
	seeded   bool // the seed was given
	keyrings []string
	customer string

	options *envelope.Options // with the keys, once they are read; nil without --prove
}

func (f *proveFlags) add(fs *pflag.FlagSet) {
	fs.BoolVar(&f.on, "prove", false, "also sample what is stored, and verify what clients encrypted")
	fs.IntVar(&f.sampling.Size, "prove-sample", 50, "sample this `many` of each bucket, shard and table")
	fs.Int64Var(&f.sampling.Seed, "prove-seed", 0, "choose the sample by this `number`, so that another run chooses the same (default: a random one, which reports show)")
	fs.IntVar(&f.sampling.List, "prove-list", 100_000, "list at most this `many` of each bucket, stream and table to choose from")
	fs.Int64Var(&f.sampling.MaxBytes, "prove-max-bytes", 64<<20, "verify what has at most so many `bytes`; of what is longer, read the header")
	fs.StringArrayVar(&f.keyrings, "prove-keyring", nil, "also try a key from a file: `SPEC`, spelled as for envelope verify --keyring (AWS KMS is asked anyway)")
	fs.StringVar(&f.customer, "prove-sse-c", "", "try customer-provided keys: a `file` of lines BUCKET/PREFIX=KEYFILE, or a JSON object of them; paths are relative to it")
}

// settle chooses a seed where none is given; the embedded account has a fixed
// one, so that it looks the same every time.
func (f *proveFlags) settle(fs *pflag.FlagSet, demo bool) {
	f.seeded = fs.Changed("prove-seed")
	switch {
	case f.seeded:
	case demo:
		f.sampling.Seed = 1
	default:
		f.sampling.Seed = rand.Int64N(1 << 53) // what every JSON reader takes as it is
	}
}

func (f *proveFlags) check() error {
	const most = 1 << 53
	switch s := f.sampling; {
	case s.Size < 1 || s.Size > 1_000_000:
		return fmt.Errorf("--prove-sample is %d; it must be 1 to 1000000", s.Size)
	case s.List < 1:
		return fmt.Errorf("--prove-list is %d; it must be above 0", s.List)
	case s.MaxBytes < 0:
		return fmt.Errorf("--prove-max-bytes is %d; it must be 0 or more", s.MaxBytes)
	case s.Seed < -most || s.Seed > most:
		return fmt.Errorf("--prove-seed is %d; it must be between -2^53 and 2^53", s.Seed)
	}
	return nil
}

// proofs reads the keys of --prove, and does nothing without it; zero overwrites
// them. A resumed run has the seed of the earlier one, unless one is given.
func (f *readFlags) proofs() (zero func(), err error) {
	if !f.prove.on {
		return func() {}, nil
	}
	if f.resume != "" && !f.prove.seeded {
		b, err := collectors.OpenBundle(f.resume)
		if err != nil {
			return nil, fmt.Errorf("--resume: %w", err)
		}
		if s := b.Manifest.Sampling; s != nil {
			f.prove.sampling.Seed = s.Seed
		}
		_ = b.Close() // it was only read
	}
	zero, err = f.prove.load()
	if err == nil && f.demo {
		err = addDemoKeys(&f.prove.options.Keys)
	}
	return zero, err
}

// load reads the keys into the options.
func (f *proveFlags) load() (zero func(), err error) {
	specs := &keyFlags{}
	for _, spec := range f.keyrings {
		if spec != "aws-kms" { // which is asked anyway
			specs.keyrings = append(specs.keyrings, spec)
		}
	}
	keys, err := specs.load()
	if err != nil {
		return nil, errors.New("--prove-" + strings.TrimPrefix(err.Error(), "--"))
	}
	o := envelope.Options{Sampling: f.sampling, Keys: envelope.Keys{Rings: keys.ring, S3: keys.s3}}
	if keys.client != nil || len(keys.aes) > 0 || len(keys.s3.RSA) > 0 || keys.signing.HMAC.Len() > 0 || keys.signing.Public != nil {
		o.Keys.Legacy = keys.forItem
	}
	if o.Keys.Customer, err = f.customerKeys(keys); err != nil {
		keys.zero()
		return nil, fmt.Errorf("--prove-sse-c: %w", err)
	}
	f.options = &o
	return keys.zero, nil
}

// customerKeys reads the keys of the file.
func (f *proveFlags) customerKeys(keys *envelopeKeys) ([]envelope.CustomerKey, error) {
	if f.customer == "" {
		return nil, nil
	}
	text, err := readSmall(f.customer, maxBeside)
	if err != nil {
		return nil, err
	}
	paths, err := parseCustomer(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.customer, err)
	}
	var out []envelope.CustomerKey
	for _, p := range paths {
		file := p[1]
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(f.customer), file)
		}
		key, err := keys.symmetric(file, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: the key of %s: %w", f.customer, p[0], err)
		}
		out = append(out, envelope.CustomerKey{Prefix: p[0], Key: key})
	}
	return out, nil
}

// parseCustomer reads pairs of a prefix and a key file, in their order: lines,
// or a JSON object.
func parseCustomer(text []byte) ([][2]string, error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return parseCustomerJSON(text)
	}
	var out [][2]string
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndex(line, "=")
		if at < 1 || at == len(line)-1 {
			return nil, fmt.Errorf("line %d is not BUCKET/PREFIX=KEYFILE", i+1)
		}
		out = append(out, [2]string{strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])})
	}
	if len(out) == 0 {
		return nil, errors.New("it names no key")
	}
	return out, nil
}

func parseCustomerJSON(text []byte) ([][2]string, error) {
	var byPrefix map[string]string
	if err := json.Unmarshal(text, &byPrefix); err != nil {
		return nil, fmt.Errorf("it is not a JSON object of BUCKET/PREFIX to KEYFILE: %w", err)
	}
	var out [][2]string
	for _, prefix := range slices.Sorted(maps.Keys(byPrefix)) {
		out = append(out, [2]string{prefix, byPrefix[prefix]})
	}
	return out, nil
}
