package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/rego"
)

func newPoliciesNew(std streams) *cobra.Command {
	var dir, resourceType string
	c := &cobra.Command{
		Use:   "new SERVICE/NAME",
		Short: "Begin a policy with its tests",
		Long: `new writes SERVICE/NAME.rego, NAME_test.rego and NAME_cases.json into the
directory: a policy that judges one fact of the resource type, whose tests pass
as they are. It overwrites nothing. Name the policy for the good state.`,
		Example: `  sealaudit policies new kinesis/stream_retention_short --resource AWS::Kinesis::Stream --dir my-policies
  sealaudit policies test my-policies
  sealaudit scan --policies my-policies`,
		Args: exactly(1, "the id of the policy, SERVICE/NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			if dir == "" || resourceType == "" {
				return errors.New("policies new needs --resource, the type that the policy judges (AWS::S3::Bucket), and --dir, where to write it")
			}
			return begin(c.Context(), args[0], resourceType, dir, std)
		},
	}
	c.Flags().StringVar(&resourceType, "resource", "", "the CloudFormation `type` that the policy judges")
	c.Flags().StringVar(&dir, "dir", "", "write into this `directory`; it is made if it is not there")
	addConfigFlag(c.Flags())
	return c
}

func begin(ctx context.Context, id, resourceType, dir string, std streams) error {
	sources, err := (&judgeFlags{}).sources()
	if err != nil {
		return err
	}
	set, err := rego.Load(ctx, sources)
	if err != nil {
		return fmt.Errorf("loading policies:\n%w", err)
	}
	files, err := set.Draft(id, resourceType)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already (or can't be looked at), and new overwrites nothing; choose another name or --dir", path)
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := writeNew(path, files[name]); err != nil {
			return fmt.Errorf("writing the policy: %w", err)
		}
		if _, err := fmt.Fprintln(std.out, printable(path)); err != nil {
			return err
		}
	}
	fmt.Fprintf(std.err, "sealaudit: now change it, and run: sealaudit policies test %s\n", printable(dir))
	return nil
}

// writeNew writes a file that is not there yet.
func writeNew(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
