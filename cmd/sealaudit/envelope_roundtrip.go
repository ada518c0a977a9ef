package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/legacy"
	"github.com/sealaudit/sealaudit/internal/envelope/esdk"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

// trialFlags say what to seal and how.
type trialFlags struct {
	envelopeFlags
	format, suite string
	flips, size   int
}

func newEnvelopeRoundtrip(std streams) *cobra.Command {
	var f trialFlags
	var k keyFlags
	var aws awsFlags
	c := &cobra.Command{
		Use:   "roundtrip [FILE]",
		Short: "Seal and open a sample, and prove that flipped bits are refused",
		Long: `roundtrip seals a file (or random bytes, or a sample item), opens it again and
compares. Then it flips single bits of the result, one at a time, and says how
many were refused. A flip that still gives the same plaintext is harmless and
named; one that gives another is a failure.

Without --keyring it makes a key of its own; aws-kms:ARN makes one in AWS KMS
(kms:GenerateDataKey, kms:Encrypt). Nothing is written but the report.

Exit codes: 0 it came back, and no flip changed it; 1 it did not, or one did; 2
nothing was done.

` + keyringHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			var err error
			if k.cloud, err = aws.needed(c.Context(), nil, &k); err != nil {
				return err
			}
			if k.cloud != nil && !c.Flags().Changed("flips") {
				f.flips = flipsAWS
			}
			keys, err := k.load()
			if err != nil {
				return err
			}
			defer keys.zero()
			if err := keys.settle(); err != nil {
				return err
			}
			t, err := f.trial(c.Context(), keys, args)
			if err != nil {
				return err
			}
			return runTrial(c.Context(), std, t, f.flips, f.asJSON)
		},
	}
	c.Flags().StringVar(&f.format, "format", "esdk", "seal as this `format`: esdk, s3, s3-v2, ddb or ddb-legacy")
	c.Flags().StringVar(&f.suite, "suite", "0578", "esdk: the algorithm `suite`: "+suiteIDs())
	c.Flags().IntVar(&f.flips, "flips", 16384, "flip at most this `number` of bits, evenly spread; 0 flips each (default with aws-kms: 200, as each asks KMS twice)")
	c.Flags().IntVar(&f.size, "size", 1000, "seal this `number` of random bytes, when there is no file")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	c.Flags().StringArrayVar(&f.context, "context", nil, "seal under this pair of the encryption context, `KEY=VALUE`")
	f.addItem(c.Flags())
	k.add(c.Flags())
	aws.add(c.Flags())
	return c
}

func suiteIDs() string {
	var ids []string
	for _, s := range esdk.Suites() {
		ids = append(ids, fmt.Sprintf("%04x", uint16(s)))
	}
	return strings.Join(ids, ", ")
}

// settle gives the keys what sealing needs: one KMS key, or a key of its own
// when there is none.
func (k *envelopeKeys) settle() error {
	k.ring = slices.DeleteFunc(k.ring, func(r envelope.Keyring) bool { _, reads := r.(awsPairs); return reads })
	if k.service != nil {
		return k.settleKMS()
	}
	if len(k.ring) > 0 || k.signing.HMAC.Len() > 0 || k.signing.Public != nil {
		return nil
	}
	b := make([]byte, 64)
	_, _ = rand.Read(b) // never fails
	k.secrets = append(k.secrets, b)
	k.s3.AES, k.aes = [][]byte{b[:32]}, []envelope.DataKey{envelope.NewDataKey(b[:32])}
	k.signing = legacy.Signing{HMAC: envelope.NewDataKey(b[32:])}
	ring, err := keyring.NewAES("sealaudit", "roundtrip", b[:32])
	return k.push(ring, err)
}

func (k *envelopeKeys) settleKMS() error {
	if k.kmsARN == "" {
		all := k.service.Keys()
		if len(all) != 1 {
			return fmt.Errorf("the kms-file has %d keys; choose one with --kms-key", len(all))
		}
		k.kmsARN, k.s3.KMSKeyID = all[0].ARN, all[0].ARN
	}
	key, err := k.service.Describe(k.kmsARN)
	if err != nil {
		return err
	}
	var ring envelope.Keyring = kmsPairs{k.service, key.ARN}
	if key.Spec == kms.Symmetric {
		if ring, err = keyring.NewKMS(k.service, key.ARN); err != nil {
			return err
		}
	}
	// It takes the place of those that only read, as they cannot choose a key.
	var rings keyring.Multi
	placed := false
	for _, r := range k.ring {
		switch r.(type) {
		case *keyring.KMSKeyring, kmsPairs:
			if !placed {
				rings, placed = append(rings, ring), true
			}
		default:
			rings = append(rings, r)
		}
	}
	k.ring = rings
	return nil
}

// trial seals the sample.
func (f *trialFlags) trial(ctx context.Context, keys *envelopeKeys, args []string) (*trial, error) {
	pairs, err := f.pairs()
	if err != nil {
		return nil, err
	}
	if f.flips < 0 || f.size < 0 || f.size > maxSample {
		return nil, fmt.Errorf("--flips is 0 or more, and --size 0 to %d", maxSample)
	}
	if f.format == "ddb" || f.format == "ddb-legacy" {
		return f.itemTrial(ctx, keys, args)
	}
	sample := make([]byte, f.size)
	_, _ = rand.Read(sample) // never fails
	if len(args) == 1 {
		if sample, err = readSmall(args[0], maxSample); err != nil {
			return nil, err
		}
	}
	switch f.format {
	case "esdk":
		id, err := strconv.ParseUint(f.suite, 16, 16)
		if err != nil || len(f.suite) != 4 {
			return nil, fmt.Errorf("--suite %s: take one of %s", f.suite, suiteIDs())
		}
		return messageTrial(ctx, keys, sample, esdk.Suite(id), pairs)
	case "s3":
		return objectTrial(ctx, keys, sample, "V3", pairs)
	case "s3-v2":
		return objectTrial(ctx, keys, sample, "V2", pairs)
	}
	return nil, fmt.Errorf("there is no --format %q; take esdk, s3, s3-v2, ddb or ddb-legacy", f.format)
}

// flipsAWS are the flips, two questions to KMS each, that are made unless told
// otherwise.
const flipsAWS = 200

// maxSample bounds what is sealed and flipped.
const maxSample = 16 << 20

// runTrial opens the sample, flips its bits, and prints the outcome.
func runTrial(ctx context.Context, std streams, t *trial, flips int, asJSON bool) error {
	o, err := t.run(ctx, flips)
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(std.out, o)
	} else {
		err = o.write(std.out)
	}
	if err != nil {
		return fmt.Errorf("printing the outcome: %w", err)
	}
	if !o.ok() {
		return verdict(exitFail)
	}
	return nil
}

var errChanged = errors.New("what was opened is not what was sealed")
