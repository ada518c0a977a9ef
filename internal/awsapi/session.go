// Package awsapi is how collectors talk to AWS: SDK configuration, per-API
// rate limits, retries until the scan's deadline, error classes, the call log
// and redaction.
//
// It makes only the calls that collectors ask for, all of them read-only but
// those of a probe. No secret that a reply carries leaves it: replies are redacted
// before their digest is taken and before anything is stored. It never decides
// what a reply means for encryption.
package awsapi

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/sealaudit/sealaudit/collectors"
)

// Options choose the identity and endpoints of a session.
type Options struct {
	Profile     string             // shared configuration profile; "" is the default chain
	Region      string             // region of the first call; "" takes the environment's, then us-east-1
	EndpointURL string             // one endpoint for every service, as AWS_ENDPOINT_URL
	FIPS        bool               // ask for FIPS endpoints
	CallTimeout time.Duration      // for one attempt of one call; 0 is 30 s
	Log         *CallLog           // takes every attempt; nil keeps none
	Rates       map[string]float64 // documented requests a second by "kinesis:DescribeStreamSummary"; nil is AWS's
	// Credentials replace the default chain; the embedded account uses it.
	Credentials aws.CredentialsProvider
	// Roots are the certificates that an endpoint's must descend from; nil are
	// the system's, or those of AWS_CA_BUNDLE.
	Roots *x509.CertPool
}

// Session is one identity with its limits and its call log. It is safe for
// concurrent use, and meant to be shared: limits are per session.
type Session struct {
	Partition string // of the caller's ARN
	Account   string // twelve digits
	Caller    string // ARN of the identity
	Region    string // of the first call
	Endpoint  string // custom endpoint, or ""
	FIPS      bool
	Skew      time.Duration // local clock minus AWS's
	Demo      bool          // the embedded account answered

	cfg     aws.Config
	limits  *limits
	tags    tagCache
	attempt time.Duration // that one may take
}

// Open loads configuration and credentials and asks STS who the caller is.
func Open(ctx context.Context, o Options) (*Session, error) {
	s := &Session{FIPS: o.FIPS, limits: newLimits(o.Rates)}
	opts := s.loadOptions(o)
	cfg, err := config.LoadDefaultConfig(ctx, append(opts, config.WithEC2IMDSRegion())...)
	if err != nil && strings.Contains(err.Error(), "ec2imds") { // not on EC2: then there is no region to find
		cfg, err = config.LoadDefaultConfig(ctx, opts...)
	}
	if err != nil {
		return nil, fmt.Errorf("loading AWS configuration: %w; check --profile and ~/.aws/config", shorten(err))
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.BaseEndpoint != nil {
		s.Endpoint = *cfg.BaseEndpoint
	}
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = c.WithTimeout(0) // attempts have their own limit; what finds credentials keeps this one
	}
	s.cfg, s.Region = cfg, cfg.Region
	return s, s.identify(ctx)
}

func (s *Session) loadOptions(o Options) []func(*config.LoadOptions) error {
	if s.attempt = o.CallTimeout; s.attempt == 0 {
		s.attempt = 30 * time.Second
	}
	client := awshttp.NewBuildableClient().WithTimeout(s.attempt).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 512, 256 // the SDK's 10 makes a busy scan re-dial
		if o.Roots != nil {
			t.TLSClientConfig.RootCAs = o.Roots
		}
	})
	opts := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client),
		config.WithRetryer(func() aws.Retryer { return newRetryer() }),
		config.WithAPIOptions(apiOptions(s.limits, o.Log, s.attempt)),
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	}
	if o.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		opts = append(opts, config.WithRegion(o.Region))
	}
	if o.EndpointURL != "" {
		opts = append(opts, config.WithBaseEndpoint(strings.TrimSuffix(o.EndpointURL, "/")))
	}
	if o.FIPS {
		opts = append(opts, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if o.Credentials != nil {
		opts = append(opts, config.WithCredentialsProvider(o.Credentials))
	}
	return opts
}

// identify asks STS; it is also the test that credentials and endpoint work.
func (s *Session) identify(ctx context.Context) error {
	if _, err := s.cfg.Credentials.Retrieve(ctx); err != nil {
		return fmt.Errorf("finding AWS credentials: %w; log in, set AWS_PROFILE or --profile, or try --demo", shorten(err))
	}
	ctx, trace := WithTrace(ctx)
	out, err := sts.NewFromConfig(s.cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("asking AWS who the caller is: %w; %s", shorten(err), identityRemedy(err))
	}
	id, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil || aws.ToString(out.Account) == "" {
		return errors.New("asking AWS who the caller is: the answer holds no account and ARN; check --endpoint-url")
	}
	s.Partition, s.Account, s.Caller = id.Partition, aws.ToString(out.Account), aws.ToString(out.Arn)
	s.Skew, s.Demo = trace.skew(), trace.demo
	return nil
}

func identityRemedy(err error) string {
	switch code := Code(err); {
	case strings.HasPrefix(code, "Expired"):
		return "the credentials have expired: log in again"
	case code == "InvalidClientTokenId" || code == "UnrecognizedClientException" || code == "SignatureDoesNotMatch":
		return "the credentials are not valid here: check AWS_PROFILE and --profile"
	case code != "" && code != unknownError:
		return "check that the identity may be used"
	}
	return "check the network, --region and --endpoint-url"
}

// Now is the time by AWS's clock, as far as the session knows it, in UTC.
func (s *Session) Now() time.Time { return time.Now().Add(-s.Skew).UTC() }

// Config is the SDK configuration for one region. Every client made from it
// shares the session's limits, retries and call log.
func (s *Session) Config(region string) aws.Config {
	cfg := s.cfg.Copy()
	if region != "" {
		cfg.Region = region
	}
	return cfg
}

// Scope is the session's account in one region.
func (s *Session) Scope(region string) collectors.Scope {
	return collectors.Scope{Partition: s.Partition, Account: s.Account, Region: region}
}
