package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

const fromHelp = `--from reads an object or an item where it is:

  s3://BUCKET/KEY                the key as it stands; ?versionId=VERSION after it
                                 names an older version
  dynamodb://TABLE?pk=VALUE      the value of the partition key, and &sk=VALUE that
                                 of the sort key, if the table has one; the table
                                 says its keys' names and types. A number is
                                 decimal, bytes are base64; write %26 for & and
                                 %25 for %. pk:S=, pk:N= and pk:B= say the type,
                                 for who may not describe the table`

// fromFlags say what is read of AWS.
type fromFlags struct {
	from        []string
	customerKey string
	digest      string
	aws         awsFlags
}

func (f *fromFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.from, "from", nil, "also read this object or item, `s3://BUCKET/KEY` or dynamodb://TABLE?pk=VALUE[&sk=VALUE]")
	fs.StringVar(&f.customerKey, "sse-c-key", "", "S3 objects: the customer-provided key (SSE-C) from this `file`, 32 bytes or their hex or base64; it is sent to S3")
	f.aws.add(fs)
}

func (f *fromFlags) addDigest(fs *pflag.FlagSet) {
	fs.StringVar(&f.digest, "sha256", "", "SSE-C: the expected SHA-256 of the plaintext, in `hex`, without which it stays unknown")
}

// source is one thing to read.
type source struct {
	name string
	open func(context.Context) (*artefact, error)
}

// sources are the files and then what --from names. The error is of what can't
// be read whatever AWS says.
func (f *fromFlags) sources(files []string, c *cloud, keys *envelopeKeys, r *reading) ([]source, error) {
	var out []source
	for _, path := range files {
		out = append(out, source{path, func(context.Context) (*artefact, error) { return readArtefact(path) }})
	}
	customer, want, err := f.serverSide(keys)
	if err != nil {
		return nil, err
	}
	for _, locator := range f.from {
		object, it, err := parseLocator(locator)
		if err != nil {
			return nil, err
		}
		out = append(out, source{locator, func(ctx context.Context) (*artefact, error) {
			if object.bucket != "" {
				return c.readObject(ctx, locator, object, customer, want)
			}
			return c.readItem(ctx, locator, it, r.items)
		}})
	}
	return out, nil
}

// check refuses what names nothing, before AWS is asked who asks.
func (f *fromFlags) check() error {
	for _, locator := range f.from {
		if _, _, err := parseLocator(locator); err != nil {
			return err
		}
	}
	return nil
}

// parseLocator reads the name of an object or of an item; the other one is
// empty.
func parseLocator(locator string) (object objectID, it itemID, err error) {
	switch {
	case strings.HasPrefix(locator, "s3://"):
		object, err = parseObject(locator)
	case strings.HasPrefix(locator, "dynamodb://"):
		it, err = parseItem(locator)
	default:
		err = errors.New("it takes s3://… or dynamodb://…; a file is an argument of its own")
	}
	if err != nil {
		err = fmt.Errorf("--from %s: %w", locator, err)
	}
	return object, it, err
}

// serverSide reads the key and the digest of --sse-c-key and --sha256.
func (f *fromFlags) serverSide(keys *envelopeKeys) (key, want []byte, err error) {
	if f.customerKey != "" {
		if key, err = keys.symmetric(f.customerKey, 32); err != nil {
			return nil, nil, fmt.Errorf("--sse-c-key: %w", err)
		}
	}
	if f.digest != "" {
		if want, err = hex.DecodeString(f.digest); err != nil || len(want) != 32 {
			return nil, nil, errors.New("--sha256 takes 64 hexadecimal digits")
		}
		if key == nil {
			return nil, nil, errors.New("--sha256 is of an object under --sse-c-key; without one there is nothing to compare")
		}
	}
	return key, want, nil
}
