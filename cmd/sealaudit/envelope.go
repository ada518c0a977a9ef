package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
)

func newEnvelope(std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "envelope",
		Short: "Inspect, verify, open and make what AWS's clients encrypt",
		Long: `envelope reads what AWS's client-side encryption libraries seal: messages of
the AWS Encryption SDK (binary or base64), objects of the S3 Encryption Client,
and items of the DynamoDB Encryption Client and the AWS Database Encryption SDK.

An S3 object's metadata stands beside the object's body, in FILE.metadata.json,
as a JSON object of strings (aws s3api head-object --query Metadata), or its
envelope in FILE.instruction. A DynamoDB item is a FILE of DynamoDB JSON (aws
dynamodb get-item --query Item). It sends nothing anywhere.

Exit codes: 0 all verified (inspect: all read); 1 one is refuted; 2 nothing was
done; 3 none is refuted, but one is unknown: a key is missing or refused, or
nothing authenticates the plaintext.`,
		Args: noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			return errors.New("envelope needs a command: inspect, verify, open or roundtrip")
		},
	}
	c.AddCommand(newEnvelopeInspect(std), newEnvelopeVerify(std), newEnvelopeOpen(std), newEnvelopeRoundtrip(std))
	return c
}

// envelopeFlags are what artefacts do not say about themselves.
type envelopeFlags struct {
	context                      []string
	table, partition, sort       string
	actions, unsigned            []string
	defaultAction, unsignedStart string
	values, commitment, net400   bool
	quiet, asJSON                bool
}

func (f *envelopeFlags) add(fs *pflag.FlagSet) {
	fs.BoolVar(&f.asJSON, "json", false, "print JSON")
	fs.BoolVar(&f.values, "values", false, "also show the values of the encryption context, which may tell something")
	f.addItem(fs)
}

func (f *envelopeFlags) addItem(fs *pflag.FlagSet) {
	fs.StringVar(&f.table, "table", "", "DynamoDB items: the `name` of the table that they were encrypted for")
	fs.StringVar(&f.partition, "partition-key", "", "DynamoDB items: the `name` of the partition key attribute")
	fs.StringVar(&f.sort, "sort-key", "", "DynamoDB items: the `name` of the sort key attribute, if there is one")
	fs.StringArrayVar(&f.actions, "action", nil, "DynamoDB items: what the writer did with an attribute, `NAME=ACTION`: ENCRYPT_AND_SIGN, SIGN_ONLY, DO_NOTHING or SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT (default: inferred)")
	fs.StringVar(&f.defaultAction, "default-action", "", "DynamoDB items: what the writer did with other attributes, an `ACTION`")
	fs.StringArrayVar(&f.unsigned, "unsigned", nil, "DynamoDB items: the `name` of an attribute that the writer left out of the signature (default: inferred)")
	fs.StringVar(&f.unsignedStart, "unsigned-prefix", "", "DynamoDB items: how the names of unsigned attributes `begin`")
}

func (f *envelopeFlags) addReading(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.context, "context", nil, "refuse what was not encrypted under this pair of the encryption context, `KEY=VALUE`")
	fs.BoolVar(&f.commitment, "require-commitment", false, "refuse messages of the AWS Encryption SDK that do not commit to their key")
	fs.BoolVar(&f.net400, "net-4.0.0", false, "also accept what ESDK-NET 4.0.0 wrote against the specification")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no progress on stderr")
}

// pairs are the pairs of --context, nil without any.
func (f *envelopeFlags) pairs() (map[string]string, error) {
	var out map[string]string
	for _, p := range f.context {
		key, value, ok := strings.Cut(p, "=")
		if _, twice := out[key]; !ok || twice {
			return nil, errors.New("--context takes KEY=VALUE, each key once")
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out, nil
}

func (f *envelopeFlags) items() (ddb.Config, error) {
	c := ddb.Config{Table: f.table, Partition: f.partition, Sort: f.sort, Default: ddb.Action(f.defaultAction),
		Unsigned: f.unsigned, UnsignedPrefix: f.unsignedStart, Values: f.values}
	for _, a := range f.actions {
		i := strings.LastIndex(a, "=")
		if i < 1 {
			return ddb.Config{}, fmt.Errorf("--action %s: it takes NAME=ACTION", a)
		}
		if c.Actions == nil {
			c.Actions = map[string]ddb.Action{}
		}
		c.Actions[a[:i]] = ddb.Action(a[i+1:])
	}
	return c, nil
}

func newEnvelopeInspect(std streams) *cobra.Command {
	var f envelopeFlags
	c := &cobra.Command{
		Use:   "inspect FILE…",
		Short: "Say what files are, which keys open them and what weakens them; no key needed",
		Args:  someFiles,
		RunE: func(c *cobra.Command, files []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			return eachEnvelope(std, &f, files, func(a *artefact, r *reading) envelopeResult {
				p, err := a.inspect(c.Context(), r)
				return newEnvelopeResult(a, p, err, true)
			})
		},
	}
	f.add(c.Flags())
	return c
}

func newEnvelopeVerify(std streams) *cobra.Command {
	var f envelopeFlags
	var k keyFlags
	c := &cobra.Command{
		Use:   "verify FILE…",
		Short: "Unwrap the data key and authenticate every byte; shows no plaintext",
		Long:  "verify unwraps the data key of each file and authenticates every byte, and says\nstep by step what that showed. It writes no plaintext.\n\n" + keyringHelp,
		Args:  someFiles,
		RunE: func(c *cobra.Command, files []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			keys, err := k.load()
			if err != nil {
				return err
			}
			defer keys.zero()
			return eachEnvelope(std, &f, files, func(a *artefact, r *reading) envelopeResult {
				p, err := a.verify(c.Context(), keys, r)
				return newEnvelopeResult(a, p, err, false)
			})
		},
	}
	f.add(c.Flags())
	f.addReading(c.Flags())
	k.add(c.Flags())
	return c
}

func someFiles(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return fmt.Errorf("%s takes files, and got none; see %s --help", c.CommandPath(), c.CommandPath())
}

// eachEnvelope reads every file and prints what was found.
func eachEnvelope(std streams, f *envelopeFlags, files []string, read func(*artefact, *reading) envelopeResult) error {
	r, err := f.reading(std)
	if err != nil {
		return err
	}
	var results envelopeResults
	for _, path := range files {
		a, err := readArtefact(path)
		if err != nil {
			results = append(results, envelopeResult{File: path, Error: err.Error()})
			continue
		}
		results = append(results, read(a, r))
		a.close()
	}
	return results.write(std, f.asJSON)
}
