package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealaudit/sealaudit/internal/envelope/kms"
)

const kmsHelp = `A kms-file holds the keys of this program's own key service, which has AWS KMS's
rules and stands in for it: with it everything can be tried without AWS. The keys
in it are not protected but by the file's mode, so it is for trying and testing.

  sealaudit envelope kms create keys.json --alias app
  sealaudit envelope roundtrip --keyring kms-file:keys.json

KEY is a key's id, its ARN, or an alias.`

func newEnvelopeKMS(std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "kms",
		Short: "Make and manage a kms-file: keys to try things with, without AWS",
		Long:  "kms makes and manages a kms-file. It never shows what is in a key.\n\n" + kmsHelp,
		Args:  noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			return errors.New("envelope kms needs a command: create, add, list, rotate, disable, enable, schedule-deletion or cancel-deletion")
		},
	}
	c.AddCommand(newKMSCreate(std, true), newKMSCreate(std, false), newKMSList(std))
	for _, change := range []struct {
		name, short, done string
		with              func(*kms.Service, string) error
	}{
		{"rotate", "Give a key new material; what it encrypted before stays readable", "rotated", (*kms.Service).RotateKey},
		{"disable", "Disable a key, so that it encrypts and decrypts nothing", "disabled", (*kms.Service).DisableKey},
		{"enable", "Enable a disabled key", "enabled", (*kms.Service).EnableKey},
		{"cancel-deletion", "End a key's waiting period; it is disabled then", "no longer pending deletion", (*kms.Service).CancelKeyDeletion},
	} {
		c.AddCommand(newKMSChange(std, change.name, change.short, change.done, change.with))
	}
	days := 30
	schedule := newKMSChange(std, "schedule-deletion", "Begin the waiting period after which a key is gone", "pending deletion",
		func(s *kms.Service, key string) error { return s.ScheduleKeyDeletion(key, days) })
	schedule.Flags().IntVar(&days, "days", days, "wait this `number` of days, 7 to 30")
	c.AddCommand(schedule)
	return c
}

// keyChoice says what key to make, and where.
type keyChoice struct {
	spec, region, account string
	aliases               []string
}

// newKMSCreate makes a key in a new file, or in one that is there.
func newKMSCreate(std streams, fresh bool) *cobra.Command {
	var f keyChoice
	c := &cobra.Command{
		Use:   "add FILE",
		Short: "Add a key to a kms-file",
		Args:  exactly(1, "one file"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			return changeKMS(args[0], fresh, kms.Config{Region: f.region, Account: f.account}, func(s *kms.Service) error {
				return f.create(std, s)
			})
		},
	}
	if fresh {
		c.Use, c.Short = "create FILE", "Make a new kms-file with one key; refuses to overwrite"
		c.Flags().StringVar(&f.region, "arn-region", "us-east-1", "the `region` in the keys' ARNs")
		c.Flags().StringVar(&f.account, "arn-account", "000000000000", "the `account` in the keys' ARNs")
	}
	var specs []string
	for _, s := range kms.Specs() {
		specs = append(specs, string(s))
	}
	c.Long = c.Short + ". It prints the key's ARN.\n\nAn RSA key encrypts (keyring aws-kms-rsa), a key of a curve agrees on a secret\n(keyring aws-kms-ecdh), and the others are symmetric (keyring aws-kms).\n\n" + kmsHelp
	c.Flags().StringVar(&f.spec, "spec", string(kms.Symmetric), "make a key of this `spec`: "+strings.Join(specs, ", "))
	c.Flags().StringArrayVar(&f.aliases, "alias", nil, "name the key by this `alias` too, as often as you like; alias/ is put before it")
	return c
}

func (f *keyChoice) create(std streams, s *kms.Service) error {
	k, err := s.CreateKey(kms.KeySpec{Spec: kms.Spec(f.spec)})
	if err != nil {
		return err
	}
	for _, a := range f.aliases {
		if err := s.CreateAlias("alias/"+strings.TrimPrefix(a, "alias/"), k.ARN); err != nil {
			return err
		}
	}
	fmt.Fprintln(std.out, k.ARN)
	return nil
}

// changeKMS changes a kms-file, or makes one that is not there yet.
func changeKMS(path string, fresh bool, config kms.Config, with func(*kms.Service) error) error {
	if !fresh {
		s, err := kms.Load(path, nil)
		if err == nil {
			err = with(s)
		}
		if err != nil {
			return err
		}
		return s.Save(path)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; remove it, name another file, or add a key with envelope kms add", path)
	}
	if err != nil {
		return fmt.Errorf("making the kms-file: %w", err)
	}
	s := kms.New(config)
	if err = errors.Join(f.Close(), with(s)); err == nil {
		err = s.Save(path)
	}
	if err != nil {
		_ = os.Remove(path) // it is ours, and empty
	}
	return err
}

// keyNamed is a key as KMS takes it; an alias may come without its alias/, as
// it may where it is made.
func keyNamed(s *kms.Service, name string) string {
	for alias := range s.Aliases() {
		if strings.HasSuffix(alias, ":alias/"+name) {
			return "alias/" + name
		}
	}
	return name
}

func newKMSChange(std streams, name, short, done string, with func(*kms.Service, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   name + " FILE KEY",
		Short: short,
		Long:  short + ".\n\n" + kmsHelp,
		Args:  exactly(2, "a file and a key"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := settle(c, nil); err != nil {
				return err
			}
			err := changeKMS(args[0], false, kms.Config{}, func(s *kms.Service) error { return with(s, keyNamed(s, args[1])) })
			if err == nil {
				fmt.Fprintf(std.err, "%s: %s is %s\n", printable(args[0]), printable(args[1]), done)
			}
			return err
		},
	}
}
