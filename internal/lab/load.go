package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Load reads an account from a file tree: account.yaml, and one folder a
// region with one file a service. Everything must be known and in its place.
func Load(files fs.FS) (*Account, error) {
	a := &Account{Regions: map[string]*Region{}}
	if err := decode(files, "account.yaml", a); err != nil {
		return nil, err
	}
	var all []error
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "account.yaml" {
			return err
		}
		all = append(all, loadFile(files, name, a))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the account's files: %w; the folder must be readable", err)
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	return a, a.check()
}

func loadFile(files fs.FS, name string, a *Account) error {
	region, file := path.Split(name)
	region = strings.TrimSuffix(region, "/")
	r := a.Regions[region]
	if r == nil {
		r = &Region{}
	}
	section := map[string]any{
		"s3.yaml": &r.S3, "kinesis.yaml": &r.Kinesis, "firehose.yaml": &r.Firehose, "cloudwatch.yaml": &r.CloudWatch,
		"dynamodb.yaml": &r.DynamoDB, "dax.yaml": &r.DAX, "cloudtrail.yaml": &r.CloudTrail, "kms.yaml": &r.KMS,
	}[file]
	if section == nil || region == "" || strings.Contains(region, "/") {
		return fmt.Errorf("%s: no such file in an account; it must be account.yaml or REGION/SERVICE.yaml", name)
	}
	a.Regions[region] = r
	return decode(files, name, section)
}

// decode reads one file strictly; the errors of yaml name the line.
func decode(files fs.FS, name string, into any) error {
	body, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("reading the account: %w; it must have account.yaml", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w; see the types of internal/lab for what may stand there", name, err)
	}
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more than one document; keep one", name)
	}
	if err := settle(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
