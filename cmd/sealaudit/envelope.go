package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
)

func newEnvelope(std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "envelope",
		Short: "Inspect, verify, open and make what AWS's clients encrypt",
		Long: `envelope reads what AWS's client-side encryption libraries seal: messages of
the AWS Encryption SDK (binary or base64), objects of the S3 Encryption Client,
and items of the DynamoDB Encryption Client and the AWS Database Encryption SDK.
It finds them in records that the Kinesis Producer Library aggregated, and reads
records of Database Activity Streams and bare ciphertexts of AWS KMS, whose
encryption context it takes from --context.

An S3 object's metadata stands beside the object's body, in FILE.metadata.json,
as a JSON object of strings (aws s3api head-object --query Metadata), or its
envelope in FILE.instruction. A DynamoDB item is a FILE of DynamoDB JSON (aws
dynamodb get-item --query Item).

` + fromHelp + `

AWS is asked only with --from, --keyring aws-kms, or a --metastore or --key-store
that is a table; else nothing is sent anywhere. It is asked to read (s3:GetObject,
dynamodb:GetItem, dynamodb:DescribeTable, kms:Decrypt; for RSA and curve keys
kms:GetPublicKey and kms:DeriveSharedSecret) and changes nothing.

Exit codes: 0 all verified (inspect: all read); 1 one is refuted; 2 nothing was
done: no such file, object or item, no credentials, a wrong option; 3 none is
refuted, but one is unknown: a key is missing or refused, AWS refused to give an
object or item or did not answer, or nothing authenticates the plaintext.`,
		Args: noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			return errors.New("envelope needs a command: inspect, verify, open or roundtrip, or kms for keys to try them with")
		},
	}
	c.AddCommand(newEnvelopeInspect(std), newEnvelopeVerify(std), newEnvelopeOpen(std), newEnvelopeRoundtrip(std), newEnvelopeKMS(std))
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
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no progress on stderr")
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
	var from fromFlags
	c := &cobra.Command{
		Use:   "inspect [FILE…] [--from LOCATOR…]",
		Short: "Say what files, objects and items are, which keys open them and what weakens them; no key needed",
		Long:  "inspect says what each file, object or item is, which keys open it and what weakens\nit. It needs no key.\n\n" + fromHelp,
		RunE: func(c *cobra.Command, files []string) error {
			return runEnvelope(c, std, &f, &from, &keyFlags{}, files, func(a *artefact, _ *envelopeKeys, r *reading) envelopeResult {
				p, err := a.inspect(c.Context(), r)
				return newEnvelopeResult(a, p, err, true)
			})
		},
	}
	f.add(c.Flags())
	from.add(c.Flags())
	return c
}

func newEnvelopeVerify(std streams) *cobra.Command {
	var f envelopeFlags
	var from fromFlags
	var k keyFlags
	c := &cobra.Command{
		Use:   "verify [FILE…] [--from LOCATOR…]",
		Short: "Unwrap the data key and authenticate every byte; shows no plaintext",
		Long:  "verify unwraps the data key of each file, object or item and authenticates every\nbyte, and says step by step what that showed. It writes no plaintext.\n\n" + keyringHelp + "\n\n" + storesHelp + "\n\n" + fromHelp + "\n\n" + serverSideHelp,
		RunE: func(c *cobra.Command, files []string) error {
			return runEnvelope(c, std, &f, &from, &k, files, func(a *artefact, keys *envelopeKeys, r *reading) envelopeResult {
				p, err := a.verify(c.Context(), keys, r)
				return newEnvelopeResult(a, p, err, false)
			})
		},
	}
	f.add(c.Flags())
	f.addReading(c.Flags())
	k.add(c.Flags())
	k.stores.add(c.Flags())
	from.add(c.Flags())
	from.addDigest(c.Flags())
	return c
}

const serverSideHelp = `--sse-c-key sends S3 the key of an object under a customer-provided key (SSE-C).
That S3 takes it, echoes its digest and refuses the object without it is verified;
that the plaintext is the expected one needs --sha256.`

// envelopeRun is what a command reads with: keys, options, and AWS if needed.
type envelopeRun struct {
	keys    *envelopeKeys
	reading *reading
	sources []source
}

// prepare reads the keys and checks what is to be read, before any of it is.
func prepare(c *cobra.Command, std streams, f *envelopeFlags, from *fromFlags, k *keyFlags, files []string) (run envelopeRun, err error) {
	if err := from.check(); err != nil {
		return run, err
	}
	if run.reading, err = f.reading(std); err != nil {
		return run, err
	}
	if k.cloud, err = from.aws.needed(c.Context(), from.from, k); err != nil {
		return run, err
	}
	if run.keys, err = k.load(); err != nil {
		return run, err
	}
	defer func() {
		if err != nil {
			run.keys.zero()
		}
	}()
	run.reading.material = k.stores.material
	if run.reading.meta, err = newItemStore("--metastore", k.stores.meta, k.cloud); err != nil {
		return run, err
	}
	run.sources, err = from.sources(files, k.cloud, run.keys, run.reading)
	return run, err
}

// runEnvelope reads every file, object and item and prints what was found.
func runEnvelope(c *cobra.Command, std streams, f *envelopeFlags, from *fromFlags, k *keyFlags, files []string, read func(*artefact, *envelopeKeys, *reading) envelopeResult) error {
	if err := settle(c, nil); err != nil {
		return err
	}
	if len(files)+len(from.from) == 0 {
		return fmt.Errorf("%s takes files, and got none, nor --from; see %s --help", c.CommandPath(), c.CommandPath())
	}
	run, err := prepare(c, std, f, from, k, files)
	if err != nil {
		return err
	}
	defer run.keys.zero()
	var results envelopeResults
	for _, s := range run.sources {
		a, err := s.open(c.Context())
		if err == nil {
			results = append(results, read(a, run.keys, run.reading))
			a.close()
			continue
		}
		if c.Context().Err() != nil {
			err = unreadError{envelope.ErrUnavailable, errors.New("interrupted before it was read")}
		}
		results = append(results, envelopeResult{File: s.name, Error: err.Error(), unasked: unasked(err)})
	}
	return results.write(std, f.asJSON)
}
