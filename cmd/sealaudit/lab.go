package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/fixtures"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/lab"
)

// The embedded account's access key; it is checked by nobody.
const demoKey, demoSecret = "AKIADEMODEMODEMODEMO", "demo"

// startLab serves the embedded account on a loopback port.
func startLab() (url string, stop func(), err error) {
	account, err := lab.Load(fixtures.Demo())
	if err != nil {
		return "", nil, fmt.Errorf("loading the embedded account: %w", err)
	}
	return lab.New(account).Start()
}

// demo points a session at the embedded account.
func demo(o *awsapi.Options) (stop func(), err error) {
	url, stop, err := startLab()
	if err != nil {
		return nil, err
	}
	o.EndpointURL, o.Credentials = url, credentials.NewStaticCredentialsProvider(demoKey, demoSecret, "")
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	o.Rates = map[string]float64{} // nobody shares its quotas
	return stop, nil
}

func newLab(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "lab",
		Short: "Serve the embedded demo account on a loopback port",
		Long: `lab serves the embedded account that scan --demo audits, until interrupted, and
prints the environment that points AWS tools at it. It knows the operations
that sealaudit calls, no others, and holds no real data.`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			url, stop, err := startLab()
			if err != nil {
				return err
			}
			defer stop()
			_, err = fmt.Fprintf(std.out, "export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_REGION=us-east-1\n", url, demoKey, demoSecret)
			if err != nil {
				return err
			}
			fmt.Fprintln(std.err, "serving the embedded account; interrupt to stop")
			<-c.Context().Done()
			return nil
		},
	}
}
