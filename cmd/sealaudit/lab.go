package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/fixtures"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope/keyring"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// The embedded account's access key; it is checked by nobody.
const demoKey, demoSecret = "AKIADEMODEMODEMODEMO", "demo"

// demo points a session at the embedded account, over TLS: S3 takes
// customer-provided keys over nothing else.
func demo(o *awsapi.Options) (stop func(), err error) {
	account, err := lab.Load(fixtures.Demo())
	if err != nil {
		return nil, fmt.Errorf("loading the embedded account: %w", err)
	}
	url, certificate, stop, err := lab.New(account).Serve("", true)
	if err != nil {
		return nil, err
	}
	o.Roots = x509.NewCertPool()
	o.Roots.AppendCertsFromPEM(certificate)
	o.EndpointURL, o.Credentials = url, credentials.NewStaticCredentialsProvider(demoKey, demoSecret, "")
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	o.Rates = map[string]float64{} // nobody shares its quotas
	return stop, nil
}

// addDemoKeys adds the keys that the embedded account's clients used: they are
// published, and protect a demonstration.
func addDemoKeys(k *envelope.Keys) error {
	_, private, err := lab.DemoRSA()
	if err != nil {
		return err
	}
	key := lab.DemoKey("client")
	raw, err := keyring.NewAES(lab.DemoNamespace, "client", key)
	if err != nil {
		return fmt.Errorf("the demonstration key: %w; build the program anew", err)
	}
	padded, err := keyring.NewRSA(lab.DemoNamespace, "client", keyring.OAEPSHA256, private)
	if err != nil {
		return fmt.Errorf("the demonstration RSA key: %w; build the program anew", err)
	}
	k.Rings = append(k.Rings, raw, padded)
	k.S3.AES, k.S3.RSA = append(k.S3.AES, key), append(k.S3.RSA, private)
	k.Customer = append(k.Customer,
		envelope.CustomerKey{Prefix: "demo-envelopes/customer/another/", Key: lab.DemoKey("another")},
		envelope.CustomerKey{Prefix: "demo-envelopes/customer/known/", Key: lab.DemoKey("customer")})
	return nil
}

// labFlags say which account is served, where, and how it fails.
type labFlags struct {
	address, ca, data         string
	deny, vanish, expire, cut []string
	throttle                  []string
	slow                      time.Duration
}

func (f *labFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.address, "address", "", "serve on this loopback `address` (default: a free port of 127.0.0.1)")
	fs.StringVar(&f.ca, "ca", "", "serve TLS, and write the certificate that clients must trust to this `file` (S3 takes customer-provided keys over TLS only)")
	fs.StringVar(&f.data, "account", "", "serve the account in this `folder` of YAML (account.yaml, REGION/SERVICE.yaml) instead of the demo account")
	fs.StringSliceVar(&f.deny, "deny", nil, "refuse these `operations`, as without the permission: s3:GetObject")
	fs.StringSliceVar(&f.vanish, "vanish", nil, "answer these `operations` as if their resource was gone")
	fs.StringSliceVar(&f.expire, "expire", nil, "answer these `operations` as if the credentials had expired")
	fs.StringSliceVar(&f.cut, "cut", nil, "break the connection in the middle of the answers to these `operations`")
	fs.StringSliceVar(&f.throttle, "throttle", nil, "throttle operations, `OPERATION=RATE` a second: kinesis:ListShards=5")
	fs.DurationVar(&f.slow, "slow", 0, "let every answer take so long at least")
}

// faults are the flags as the account takes them.
func (f *labFlags) faults() ([]lab.Option, error) {
	for _, list := range [][]string{f.deny, f.vanish, f.expire, f.cut} {
		for _, operation := range list {
			if !lab.Knows(operation) {
				return nil, fmt.Errorf("the embedded account has no operation %q; they are spelled as in s3:GetObject", operation)
			}
		}
	}
	options := []lab.Option{lab.Latency(f.slow), lab.Fail("denied", f.deny...), lab.Fail("vanished", f.vanish...), lab.Fail("expired", f.expire...)}
	rates := map[string]float64{}
	for _, spec := range f.throttle {
		operation, rate, _ := strings.Cut(spec, "=")
		n, err := strconv.ParseFloat(rate, 64)
		if err != nil || n <= 0 || !lab.Knows(operation) {
			return nil, fmt.Errorf("--throttle %s: it takes an operation and requests a second: kinesis:ListShards=5", spec)
		}
		rates[operation] = n
	}
	if len(rates) > 0 {
		options = append(options, lab.Rate(rates))
	}
	if len(f.cut) > 0 {
		options = append(options, lab.Faults(func(r lab.Request) *lab.Fault {
			for _, operation := range f.cut {
				if operation == r.Name() {
					return &lab.Fault{Cut: 20}
				}
			}
			return nil
		}))
	}
	return options, nil
}

// open loads the account and serves it. It returns the environment that points
// clients at it.
func (f *labFlags) open() (environment string, stop func(), err error) {
	options, err := f.faults()
	if err != nil {
		return "", nil, err
	}
	files := fixtures.Demo()
	if f.data != "" {
		files = os.DirFS(f.data)
	}
	account, err := lab.Load(files)
	if err != nil {
		return "", nil, fmt.Errorf("loading the account: %w", err)
	}
	account.PageSize = 0 // AWS's own; short pages are for the collectors' sake
	l := lab.New(account, options...)
	url, certificate, stop, err := l.Serve(f.address, f.ca != "")
	if err != nil {
		return "", nil, err
	}
	environment = "AWS_ENDPOINT_URL=" + url
	if f.ca != "" {
		if err := os.WriteFile(f.ca, certificate, 0o644); err != nil { //nolint:gosec // a certificate is public
			stop()
			return "", nil, fmt.Errorf("writing the certificate: %w; give --ca a file that can be written", err)
		}
		environment += " AWS_CA_BUNDLE=" + f.ca
	}
	return environment, stop, nil
}

// what names the account that is served.
func (f *labFlags) what() string {
	if f.data != "" {
		return "the account in " + printable(f.data)
	}
	return "the embedded account, which is a demo account and not yours"
}

func newLab(std streams) *cobra.Command {
	var f labFlags
	c := &cobra.Command{
		Use:   "lab",
		Short: "Serve the embedded demo account, or one of your own, on a loopback port",
		Long: `lab serves the embedded account that scan --demo audits, until interrupted, and
prints the environment that points AWS tools at it. It really encrypts what AWS
encrypts at rest, under keys of its own. It knows the operations that sealaudit
calls and those that make something to audit. It holds no real data: what is
written is gone when it stops.

It checks no signature, and of permissions only these: a bucket policy's Deny
for everybody that asks new objects for encryption headers, what a trail's
bucket must allow CloudTrail, and what --deny, --throttle, --vanish and --expire
name.

With --account it serves another one, written as fixtures/demo of the source is:
account.yaml, and for each region a folder with a file for each service.

Its clock is its own. These are for people, and not AWS's:

  curl -X POST "$AWS_ENDPOINT_URL/_lab/clock?advance=24h"   live through a day
  curl "$AWS_ENDPOINT_URL/_lab/store"                       what its disks hold
  curl "$AWS_ENDPOINT_URL/_lab/calls"                       who asked what`,
		Example: "  sealaudit lab --address 127.0.0.1:4566\n  sealaudit lab --ca lab.pem --deny kms:Decrypt --throttle kinesis:GetRecords=5",
		Args:    exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			environment, stop, err := f.open()
			if err != nil {
				return err
			}
			defer stop()
			fmt.Fprintln(std.err, "serving "+f.what()+"; interrupt to stop")
			if _, err := fmt.Fprintf(std.out, "export %s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_REGION=us-east-1\n", environment, demoKey, demoSecret); err != nil {
				return errors.New("printing the environment failed; is the output closed?")
			}
			<-c.Context().Done()
			return nil
		},
	}
	f.add(c.Flags())
	addConfigFlag(c.Flags())
	return c
}
