package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/pflag"

	"github.com/sealaudit/sealaudit/collectors"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

// awsFlags say as whom and where AWS is asked, as those of scan do.
type awsFlags struct {
	profile, endpoint string
	regions           []string
	fips              bool
	timeout, attempt  time.Duration
}

func (f *awsFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.profile, "profile", "", "AWS `profile` of the shared configuration (default: the SDK's credential chain)")
	fs.StringSliceVar(&f.regions, "region", nil, "ask this `region`, the first if there are several (default: the profile's; a bucket and what an ARN names are asked in their own)")
	fs.StringVar(&f.endpoint, "endpoint-url", "", "send every call to this `URL`, as AWS_ENDPOINT_URL does")
	fs.BoolVar(&f.fips, "fips", false, "use FIPS endpoints")
	fs.DurationVar(&f.timeout, "timeout", 5*time.Minute, "give up one question to AWS, retries included, after this long; a long object may take longer to come")
	fs.DurationVar(&f.attempt, "call-timeout", 30*time.Second, "give up one attempt of one API call after this long")
}

// cloud is AWS as the envelope commands ask it. It only reads: objects, items,
// and the KMS keys that a keyring names.
type cloud struct {
	session *awsapi.Session
	timeout time.Duration

	mu      sync.Mutex
	regions map[string]string // of buckets that are not in the session's
	objects map[string]*s3.Client
	tables  map[string]*dynamodb.Client
	keys    map[string]*kms.Client
}

// needed opens AWS if anything that was asked for is there; else it is nil.
func (f *awsFlags) needed(ctx context.Context, from []string, k *keyFlags) (*cloud, error) {
	is := len(from) > 0
	for _, spec := range k.keyrings {
		_, kms := awsKMSSpec(spec)
		is = is || kms
	}
	for _, store := range slices.Concat(k.stores.meta, k.stores.key) {
		is = is || strings.HasPrefix(store, "dynamodb://") || strings.Contains(store, "=dynamodb://")
	}
	if !is {
		return nil, nil
	}
	return f.open(ctx)
}

// open asks AWS who the caller is.
func (f *awsFlags) open(ctx context.Context) (*cloud, error) {
	if err := (&readFlags{endpoint: f.endpoint, fips: f.fips, timeout: f.timeout, attempt: f.attempt}).check(); err != nil {
		return nil, err
	}
	o := awsapi.Options{Profile: f.profile, EndpointURL: f.endpoint, FIPS: f.fips, CallTimeout: f.attempt}
	if len(f.regions) > 0 {
		o.Region = f.regions[0]
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	s, err := awsapi.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &cloud{session: s, timeout: f.timeout, regions: map[string]string{}, objects: map[string]*s3.Client{},
		tables: map[string]*dynamodb.Client{}, keys: map[string]*kms.Client{}}, nil
}

// client is a region's client of a service, "" for the session's region.
func client[C any](c *cloud, made map[string]*C, region string, make func() *C) *C {
	c.mu.Lock()
	defer c.mu.Unlock()
	if made[region] == nil {
		made[region] = make()
	}
	return made[region]
}

func (c *cloud) s3(region string) *s3.Client {
	return client(c, c.objects, region, func() *s3.Client {
		return s3.NewFromConfig(c.session.Streaming(region), func(o *s3.Options) {
			o.UsePathStyle = c.session.Endpoint != "" // which resolves no bucket's host name
			o.DisableS3ExpressSessionAuth = aws.Bool(true)
		})
	})
}

func (c *cloud) dynamodb(region string) *dynamodb.Client {
	return client(c, c.tables, region, func() *dynamodb.Client {
		return dynamodb.NewFromConfig(c.session.Config(region), func(o *dynamodb.Options) {
			o.DisableValidateResponseChecksum = true // its only effect is a line on stderr, also where no checksum was sent
		})
	})
}

func (c *cloud) kms(region string) *kms.Client {
	return client(c, c.keys, region, func() *kms.Client { return kms.NewFromConfig(c.session.Config(region)) })
}

// unreadError says why nothing was read, in its own words and not those of its
// class, which speak of keys.
type unreadError struct{ class, err error }

func (e unreadError) Error() string   { return e.err.Error() }
func (e unreadError) Unwrap() []error { return []error{e.class, e.err} }

// answered gives the error of a call the class of what it says about the
// artefact. What is not there has none: it is like a file that is not there.
func answered(err error) error {
	var e *awsapi.Error
	if !errors.As(err, &e) {
		return unreadError{envelope.ErrUnavailable, err}
	}
	switch e.Reason {
	case collectors.Denied:
		return unreadError{envelope.ErrRefused, fmt.Errorf("%w; allow %s to the identity, or log in again if its credentials have expired", err, awsapi.Action(e.Operation))}
	case collectors.Vanished:
		return err
	case collectors.Unsupported:
		return unreadError{envelope.ErrUnsupported, err}
	case collectors.Throttled, collectors.TimedOut:
		return unreadError{envelope.ErrUnavailable, fmt.Errorf("%w; try again, with a longer --timeout", err)}
	}
	return unreadError{envelope.ErrUnavailable, err}
}

// unasked says that an error is of a question to AWS that was refused or not
// answered: what was asked for is unknown, and not missing.
func unasked(err error) bool {
	return errors.Is(err, envelope.ErrRefused) || errors.Is(err, envelope.ErrUnavailable) || errors.Is(err, envelope.ErrUnsupported)
}

// arnRegion is the region of an ARN, or "".
func arnRegion(s string) string {
	if parts := strings.SplitN(s, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return parts[3]
	}
	return ""
}
