package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/rego"
)

// readFlags choose what is read, and as whom.
type readFlags struct {
	profile, endpoint string
	resume            string
	previous          previousRun
	regions, services []string
	fips, demo, quiet bool
	timeout, attempt  time.Duration
	prove             proveFlags
	probe             probeFlags
}

func (f *readFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.profile, "profile", "", "AWS `profile` of the shared configuration (default: the SDK's credential chain)")
	fs.StringSliceVar(&f.regions, "region", nil, "read only these `regions` (default: all that the account has enabled)")
	fs.StringSliceVar(&f.services, "service", nil, "read only these `services` (default: all; see permissions --help for names)")
	fs.StringVar(&f.endpoint, "endpoint-url", "", "send every call to this `URL`, as AWS_ENDPOINT_URL does")
	fs.BoolVar(&f.fips, "fips", false, "use FIPS endpoints")
	fs.BoolVar(&f.demo, "demo", false, "audit the embedded demo account instead of a real one")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no progress on stderr")
	fs.StringVar(&f.resume, "resume", "", "take over what this earlier `bundle` holds completely, and read only the rest")
	fs.StringVar(&f.previous.path, "previous", "", "name the run before this one by its `bundle`: evidence verify then checks that none is replaced or missing")
	fs.DurationVar(&f.timeout, "timeout", 15*time.Minute, "stop reading after this long; what is missing then is unknown")
	fs.DurationVar(&f.attempt, "call-timeout", 30*time.Second, "give up one attempt of one API call after this long")
	f.prove.add(fs)
	f.probe.add(fs, "write a canary to this bucket, stream or table and read it back: `RESOURCE` is an ARN, s3://BUCKET, stream/NAME or table/NAME (repeatable; on the command line only)")
}

// settle shortens the time for the embedded account, which has a stream that
// is throttled for ever.
func (f *readFlags) settle(fs *pflag.FlagSet) {
	if f.demo && !fs.Changed("timeout") {
		f.timeout = demoTimeout
	}
	f.prove.settle(fs, f.demo)
}

// check refuses what can't be read, before anything is.
func (f *readFlags) check() error {
	switch u, err := url.Parse(f.endpoint); {
	case f.timeout <= 0:
		return fmt.Errorf("--timeout is %s; it must be above 0", f.timeout)
	case f.attempt <= 0:
		return fmt.Errorf("--call-timeout is %s; it must be above 0", f.attempt)
	case f.demo && (f.profile != "" || f.endpoint != "" || f.fips):
		return errors.New("--demo audits the embedded account, so --profile, --endpoint-url and --fips don't go with it")
	case len(f.probe.typed) > 0 && f.resume != "":
		return errors.New("--resume takes over earlier evidence, and --probe makes new; scan with --probe alone")
	case f.endpoint != "" && f.fips:
		return errors.New("--fips asks for AWS's own endpoints, so --endpoint-url does not go with it")
	case f.endpoint != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https"):
		return fmt.Errorf("--endpoint-url %q is no address; write http://HOST:PORT or https://HOST", f.endpoint)
	}
	if err := f.probe.check(); err != nil {
		return err
	}
	if err := f.prove.check(); f.prove.on && err != nil {
		return err
	}
	if err := checkServices(f.services, f.prove.on); err != nil {
		return err
	}
	return f.previous.read()
}

const demoTimeout = 5 * time.Second

// judgeFlags choose the policies and what fails.
type judgeFlags struct {
	dirs, profiles, include, exclude, params []string
	failOn                                   string
	workers                                  int
	noDedup                                  bool

	fileParams map[string]map[string]any // of sealaudit.yaml
	waivers    []rego.Waiver             // of sealaudit.yaml
}

func (f *judgeFlags) add(fs *pflag.FlagSet) {
	f.addSelection(fs)
	fs.StringArrayVar(&f.params, "param", nil, "set a policy's parameter: `POLICY.NAME=VALUE` (kinesis/stream_encrypted.required_level=customer-managed; *.NAME for every policy that has it)")
	fs.StringVar(&f.failOn, "fail-on", "low", "exit 1 for failures of at least this `severity`: critical, high, medium, low, info or none")
	fs.IntVar(&f.workers, "workers", 0, "judge with this many workers (default: one a processor)")
	fs.BoolVar(&f.noDedup, "no-dedup", false, "judge each resource anew instead of once for each shape of its facts; slower, with the same findings")
}

func (f *judgeFlags) addSelection(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.dirs, "policies", nil, "add the policies of this `directory`")
	fs.StringSliceVar(&f.profiles, "policy-profile", []string{"baseline"}, "judge the policies of these `profiles`: baseline, cmk, fips or all")
	fs.StringSliceVar(&f.include, "policy", nil, "judge only these `policies`, whatever their profile (s3/tls_required, 's3/*')")
	fs.StringSliceVar(&f.exclude, "exclude-policy", nil, "leave out these `policies` (ids or patterns)")
}

// severities from the least to the gravest.
func severities() []string { return []string{"info", "low", "medium", "high", "critical"} }

func (f *judgeFlags) check() error {
	if f.workers < 0 {
		return fmt.Errorf("--workers is %d; it must be 0 or more", f.workers)
	}
	if f.failOn != "none" && !slices.Contains(severities(), f.failOn) {
		return fmt.Errorf("--fail-on has no severity %q; take one of critical, high, medium, low, info or none", f.failOn)
	}
	return nil
}

// fromEnvironment sets the flags that were not given on the command line from
// SEALAUDIT_… variables.
func fromEnvironment(c *cobra.Command) error {
	var err error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		name := envName(f.Name)
		value := os.Getenv(name) // empty is unset
		if e := typedOnly(f.Name); e != nil && value != "" && err == nil {
			err = fmt.Errorf("the environment variable %s: %w", name, e)
		}
		if value == "" || f.Changed || err != nil || f.Name == "help" {
			return
		}
		if e := c.Flags().Set(f.Name, value); e != nil {
			err = fmt.Errorf("the environment variable %s: %w", name, e)
		}
	})
	return err
}

func envName(flag string) string {
	return "SEALAUDIT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
